/* render.c - the API's "SLO", field by field in its order. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/render.h"

#include "accountant/alarm_render.h"
#include "base/clock.h"
#include "base/json.h"
#include "slo/slices.h"

#include <stdio.h>
#include <string.h>

/* A bucket's width: histogram.h. */
#define DERIVED_WITHIN "0.008"

static void put_ratio(struct json_writer *json, const char *key, struct fraction value,
                      enum fraction_rounding rounding)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(value, RENDER_RATIO_DECIMALS, rounding, text);
    json_key(json, key);
    json_put_raw(json, slice_of(text));
}

/* "30d", "90m"; by the calendar as OpenSLO has it: "1M". */
static void put_window(struct json_writer *json, const struct objective *objective)
{
    static const char units[] = {
        [CALENDAR_DAY] = 'd',     [CALENDAR_WEEK] = 'w', [CALENDAR_MONTH] = 'M',
        [CALENDAR_QUARTER] = 'Q', [CALENDAR_YEAR] = 'Y',
    };
    int32_t minutes = objective->window_minutes;
    char text[32];

    if (objective->calendar.unit != CALENDAR_NONE)
        (void)snprintf(text, sizeof(text), "%d%c", objective->calendar.count,
                       units[objective->calendar.unit]);
    else if (minutes % 1440 == 0)
        (void)snprintf(text, sizeof(text), "%dd", minutes / 1440);
    else
        (void)snprintf(text, sizeof(text), "%dm", minutes);
    json_text(json, "window", text);
}

static void put_promise(struct json_writer *json, const struct objective *objective)
{
    json_text(json, "name", objective->name);
    json_text(json, "service", objective->service);
    json_text(json, "description", objective->description);
    json_text(json, "type", objective_type_text(objective->type));
    json_key(json, "objective");
    json_put_raw(json, slice_of(objective->target_text));
    put_window(json, objective);
    if (objective->type == OBJECTIVE_LATENCY)
        json_int(json, "threshold_ms", objective->threshold_ms);
}

static void put_nulls(struct json_writer *json, const char *key, const char *const fields[],
                      int count)
{
    json_key(json, key);
    json_open_object(json);
    for (int i = 0; i < count; i++)
        json_null_at(json, fields[i]);
    json_close_object(json);
}

/* Nothing has been read: not even whether there were events. */
static void put_unknown(struct json_writer *json)
{
    static const char *const coverage[] = { "ratio", "last_event" };
    static const char *const budget[] = {
        "allowed_bad_events",
        "consumed_ratio",
        "remaining_ratio",
        "exhausts_at",
    };
    const char *spans[VERDICT_SPANS];

    for (int i = 0; i < VERDICT_SPANS; i++)
        spans[i] = verdict_spans[i].name;
    json_null_at(json, "sli");
    json_text(json, "status", budget_status_text(BUDGET_NO_DATA));
    json_null_at(json, "total_events");
    json_null_at(json, "bad_events");
    json_null_at(json, "measured_since");
    put_nulls(json, "coverage", coverage, (int)ARRAY_LENGTH(coverage));
    put_nulls(json, "error_budget", budget, (int)ARRAY_LENGTH(budget));
    put_nulls(json, "burn_rate", spans, VERDICT_SPANS);
}

static void put_coverage(struct json_writer *json, const struct render_objective *of, bool details)
{
    const struct ledger_coverage *coverage = book_coverage_of(of->book, of->index);

    json_key(json, "coverage");
    json_open_object(json);
    put_ratio(json, "ratio", book_coverage(of->book, of->index), FRACTION_DOWN);
    json_time(json, "last_event", coverage->last_event_ms);
    if (details) {
        json_time(json, "watched_until", coverage->watched_until_ms);
        json_int(json, "watched_minutes", of->book->verdicts[of->index].watch.watched_minutes);
        json_int(json, "unwatched_minutes", of->book->verdicts[of->index].watch.unwatched_minutes);
        json_uint(json, "lines", coverage->lines);
        json_uint(json, "late_events", coverage->late_events);
        json_uint(json, "rejected_lines", coverage->rejected_lines);
        json_uint(json, "lost_bytes", coverage->lost_bytes);
    }
    json_close_object(json);
}

/* Parts of slices are shown as slices. */
static void put_count(struct json_writer *json, const char *key, const struct objective *objective,
                      uint64_t count)
{
    if (objective->budgeting == BUDGETING_RATIO_TIMESLICES)
        put_ratio(json, key, (struct fraction){ (int128)count, SLICES_UNIT }, FRACTION_UP);
    else
        json_uint(json, key, count);
}

static struct fraction allowed_of(const struct objective *objective, const struct verdict *verdict)
{
    struct fraction allowed = budget_allowed(objective->target, verdict->whole);

    if (objective->budgeting == BUDGETING_RATIO_TIMESLICES) {
        allowed = fraction_shorten(allowed, 90);
        allowed.denominator *= SLICES_UNIT;
    }
    return allowed;
}

/* Time that nobody watched, and that counts as bad, may be excluded without an event in it. */
static bool is_changed_by_exclusions(const struct verdict *verdict)
{
    return verdict->excluded.total > 0 || verdict->plain.total != verdict->whole.total
           || verdict->plain.bad != verdict->whole.bad;
}

static void put_budget(struct json_writer *json, const struct objective *objective,
                       const struct verdict *verdict)
{
    json_key(json, "error_budget");
    json_open_object(json);
    put_ratio(json, "allowed_bad_events", allowed_of(objective, verdict), FRACTION_DOWN);
    /* What is consumed is the burn rate over the whole window. */
    put_ratio(json, "consumed_ratio", budget_burn_rate(objective->target, verdict->whole),
              FRACTION_UP);
    put_ratio(json, "remaining_ratio", budget_remaining(objective->target, verdict->whole),
              FRACTION_DOWN);
    json_time(json, "exhausts_at", verdict->exhausts_at_wall_ms);
    if (is_changed_by_exclusions(verdict))
        put_ratio(json, "remaining_ratio_without_exclusions",
                  budget_remaining(objective->target, verdict->plain), FRACTION_DOWN);
    json_close_object(json);
}

static void put_burn_rates(struct json_writer *json, const struct objective *objective,
                           const struct verdict *verdict)
{
    json_key(json, "burn_rate");
    json_open_object(json);
    for (int i = 0; i < VERDICT_SPANS; i++)
        put_ratio(json, verdict_spans[i].name,
                  budget_burn_rate(objective->target, verdict->spans[i]), FRACTION_UP);
    json_close_object(json);
}

static enum budget_status status_of(const struct render_objective *of)
{
    return of->alarms == NULL ? of->book->verdicts[of->index].status
                              : alarms_status(of->alarms, of->index);
}

static void put_figures(struct json_writer *json, const struct render_objective *of, bool details)
{
    const struct objective *objective = &of->book->objectives[of->index];
    const struct verdict *verdict = &of->book->verdicts[of->index];

    if (verdict->whole.total == 0)
        json_null_at(json, "sli"); /* no events: 1 would be a promise kept by nobody */
    else
        put_ratio(json, "sli", budget_sli(verdict->whole), FRACTION_DOWN);
    json_text(json, "status", budget_status_text(status_of(of)));
    put_count(json, "total_events", objective, verdict->whole.total);
    put_count(json, "bad_events", objective, verdict->whole.bad);
    if (is_changed_by_exclusions(verdict))
        put_count(json, "excluded_events", objective, verdict->excluded.total);
    json_time(json, "measured_since", book_coverage_of(of->book, of->index)->measured_since_ms);
    put_coverage(json, of, details);
    put_budget(json, objective, verdict);
    put_burn_rates(json, objective, verdict);
}

static void put_latency(struct json_writer *json, const struct latency_percentiles *latency)
{
    json_key(json, "latency_ms");
    if (!latency->known) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    json_uint(json, "p50", latency->p50_ms);
    json_uint(json, "p95", latency->p95_ms);
    json_uint(json, "p99", latency->p99_ms);
    json_close_object(json);
}

static void put_objective(struct json_writer *json, const struct render_objective *of, bool details)
{
    put_promise(json, &of->book->objectives[of->index]);
    if (of->book->as_of_wall_ms == 0)
        put_unknown(json);
    else
        put_figures(json, of, details);
    if (of->latency != NULL)
        put_latency(json, of->latency);
    json_key(json, "alerts");
    alarm_put_array(json, of->alarms, of->index);
    alarm_put_maintenance(json, of->alarms, of->index);
}

static void put_route(struct json_writer *json, const struct render_objective *of,
                      const struct ledger_route *route)
{
    const struct objective *objective = &of->book->objectives[of->index];
    uint64_t events = of->book->verdicts[of->index].whole.total;

    json_open_object(json);
    json_text(json, "route", route->route);
    if (route->total_known)
        json_uint(json, "total_events", route->total);
    else
        json_null_at(json, "total_events");
    json_uint(json, "bad_events", route->bad);
    /* Its share of what the whole objective may spend, not of what the route may.  Where slices are
     * counted, events have no share. */
    if (objective->budgeting == BUDGETING_OCCURRENCES)
        put_ratio(json, "consumed_ratio",
                  budget_burn_rate(objective->target, (struct window_sum){ events, route->bad }),
                  FRACTION_UP);
    else
        json_null_at(json, "consumed_ratio");
    json_close_object(json);
}

static void put_routes(struct json_writer *json, const struct render_objective *of)
{
    int indicator = of->book->objectives[of->index].indicator;
    bool any = of->routes != NULL && of->book->verdicts[of->index].counted.bad > 0;

    json_key(json, "routes");
    json_open_array(json);
    for (int i = 0; any && i < of->routes->count; i++) {
        if (of->routes->routes[i].indicator == indicator)
            put_route(json, of, &of->routes->routes[i]);
    }
    json_close_array(json);
}

static void put_exclusion(struct json_writer *json, const struct render_objective *of,
                          const struct ledger_exclusion *exclusion)
{
    const struct objective *objective = &of->book->objectives[of->index];
    struct verdict_window window = of->book->verdicts[of->index].window;
    struct window_sum sum = { 0, 0 };

    if (window.from_minute < exclusion->from_minute)
        window.from_minute = exclusion->from_minute;
    if (window.until_minute > exclusion->until_minute)
        window.until_minute = exclusion->until_minute;
    if (window.until_minute > window.from_minute && !book_events(of->book, of->index, window, &sum))
        return;
    json_open_object(json);
    json_text(json, "id", exclusion->id);
    json_time(json, "from", (int64_t)exclusion->from_minute * 60000);
    json_time(json, "to", (int64_t)exclusion->until_minute * 60000);
    json_text(json, "reason", exclusion->reason);
    json_text(json, "author", exclusion->author);
    json_bool(json, "maintenance", exclusion->is_maintenance);
    put_count(json, "excluded_events", objective, sum.total);
    put_count(json, "excluded_bad_events", objective, sum.bad);
    json_close_object(json);
}

static void put_exclusions(struct json_writer *json, const struct render_objective *of)
{
    const struct ledger_exclusion *exclusion = NULL;

    json_key(json, "exclusions");
    json_open_array(json);
    while ((exclusion = book_exclusion(of->book, of->index, exclusion)) != NULL)
        put_exclusion(json, of, exclusion);
    json_close_array(json);
}

/* Where a definition is younger than what it counts, durations before it come from histograms. */
static void put_derived(struct json_writer *json, const struct render_objective *of)
{
    const struct ledger_derived *derived = of->book->news.derived;
    struct verdict_window window = of->book->verdicts[of->index].window;

    if (derived == NULL)
        return;
    derived += of->book->objectives[of->index].indicator;
    if (derived->until_minute <= window.from_minute || derived->from_minute >= window.until_minute)
        return;
    json_key(json, "derived");
    json_open_object(json);
    json_time(json, "from", (int64_t)derived->from_minute * 60000);
    json_time(json, "to", (int64_t)derived->until_minute * 60000);
    json_key(json, "within_ratio");
    json_put_raw(json, slice_of(DERIVED_WITHIN));
    json_close_object(json);
}

/* What was added for time that nobody watched. */
static void put_unwatched(struct json_writer *json, const struct render_objective *of)
{
    static const char *const means[] = {
        [UNWATCHED_IGNORE] = "ignore",
        [UNWATCHED_GOOD] = "good",
        [UNWATCHED_BAD] = "bad",
        [UNWATCHED_FREEZE] = "freeze",
    };
    const struct objective *objective = &of->book->objectives[of->index];
    const struct verdict *verdict = &of->book->verdicts[of->index];
    uint64_t counted = verdict->counted.total - verdict->excluded.total;

    json_text(json, "unwatched_counts_as", means[objective->unwatched]);
    put_count(json, "unwatched_events", objective,
              verdict->whole.total > counted ? verdict->whole.total - counted : 0);
}

/* What is computed in the background, and so a little behind. */
static void put_outlook(struct json_writer *json, const struct render_objective *of)
{
    json_key(json, "forecast");
    if (of->forecasts == NULL)
        json_put_null(json);
    else
        forecasts_put(of->forecasts, of->index, json);
    json_key(json, "incidents");
    if (of->incidents == NULL)
        json_put_null(json);
    else
        incidents_put(of->incidents, of->index, json);
}

void render_listed(const struct render_objective *objective, struct buf *buf)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    json_open_object(&json);
    put_objective(&json, objective, false);
    json_close_object(&json);
}

enum { NOT_STALE_BYTES = 16 /* , "stale": false */ };

void render_page(const struct render_objective *objective, struct buf *buf,
                 struct render_marks *marks)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    json_open_object(&json);
    put_objective(&json, objective, true);
    json_time(&json, "as_of", objective->book->as_of_wall_ms);
    marks->stale_at = buf->length;
    marks->as_of_at = buf->length - (CLOCK_TEXT_BYTES - 1) - 1;
    json_bool(&json, "stale", false);
    put_derived(&json, objective);
    put_exclusions(&json, objective);
    put_unwatched(&json, objective);
    put_routes(&json, objective);
    put_outlook(&json, objective);
    json_close_object(&json);
}

void render_stale(struct slice page, const struct render_marks *marks, const char *because,
                  struct buf *buf)
{
    size_t behind = marks->stale_at + NOT_STALE_BYTES;

    buf_append(buf, (struct slice){ page.data, marks->stale_at });
    buf_append(buf, SLICE(", \"stale\": true, \"reason\": \""));
    json_escape(buf, slice_of(because));
    buf_append_char(buf, '"');
    buf_append(buf, (struct slice){ page.data + behind, page.length - behind });
}

void render_retime(struct buf *page, const struct render_marks *marks, int64_t as_of_wall_ms)
{
    char text[CLOCK_TEXT_BYTES];

    clock_format(as_of_wall_ms, text);
    memcpy(page->data + marks->as_of_at, text, CLOCK_TEXT_BYTES - 1);
}

/* --- what is shown, as one number --- */

/* The multiplier is 2^64 divided by the golden ratio. */
static void mix(uint64_t *version, uint64_t value)
{
    *version = (*version ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *version ^= *version >> 29;
}

static void mix_sum(uint64_t *version, struct window_sum sum)
{
    mix(version, sum.total);
    mix(version, sum.bad);
}

static void mix_verdict(uint64_t *version, const struct verdict *verdict)
{
    mix(version, (uint64_t)verdict->status);
    mix(version, (uint64_t)verdict->window.from_minute);
    mix_sum(version, verdict->whole);
    mix_sum(version, verdict->counted);
    mix_sum(version, verdict->plain);
    mix_sum(version, verdict->excluded);
    for (int i = 0; i < VERDICT_SPANS; i++)
        mix_sum(version, verdict->spans[i]);
    mix(version, (uint64_t)verdict->exhausts_at_wall_ms);
    mix(version, (uint64_t)verdict->watch.watched_minutes);
    mix(version, (uint64_t)verdict->watch.unwatched_minutes);
}

static void mix_coverage(uint64_t *version, const struct render_objective *of)
{
    const struct ledger_coverage *coverage = book_coverage_of(of->book, of->index);
    struct fraction ratio = book_coverage(of->book, of->index);

    mix(version, (uint64_t)ratio.numerator);
    mix(version, (uint64_t)ratio.denominator);
    mix(version, (uint64_t)coverage->measured_since_ms);
    mix(version, (uint64_t)coverage->watched_until_ms);
    mix(version, (uint64_t)coverage->last_event_ms);
    mix(version, coverage->lines);
    mix(version, coverage->rejected_lines);
    mix(version, coverage->lost_bytes);
    mix(version, coverage->late_events);
}

/* One that has been booked is never rewritten, but maintenance may end before its time. */
static void mix_exclusions(uint64_t *version, const struct render_objective *of)
{
    const struct ledger_exclusion *exclusion = NULL;

    while ((exclusion = book_exclusion(of->book, of->index, exclusion)) != NULL) {
        for (const char *c = exclusion->id; *c != '\0'; c++)
            mix(version, (uint64_t)(unsigned char)*c);
        mix(version, (uint64_t)exclusion->until_minute);
    }
}

static void mix_derived(uint64_t *version, const struct render_objective *of)
{
    const struct ledger_derived *derived = of->book->news.derived;

    if (derived == NULL)
        return;
    derived += of->book->objectives[of->index].indicator;
    mix(version, (uint64_t)derived->from_minute);
    mix(version, (uint64_t)derived->until_minute);
}

uint64_t render_version(const struct render_objective *of)
{
    uint64_t version = of->book->as_of_wall_ms == 0;

    mix_verdict(&version, &of->book->verdicts[of->index]);
    mix_coverage(&version, of);
    mix_exclusions(&version, of);
    mix_derived(&version, of);
    if (of->latency != NULL) {
        mix(&version, of->latency->known);
        mix(&version, of->latency->p50_ms);
        mix(&version, of->latency->p95_ms);
        mix(&version, of->latency->p99_ms);
    }
    mix(&version, of->routes == NULL ? 0 : of->routes->version);
    mix(&version, of->alarms == NULL ? 0 : alarms_version(of->alarms, of->index));
    mix(&version, of->incidents == NULL ? 0 : incidents_version(of->incidents, of->index));
    mix(&version, of->forecasts == NULL ? 0 : forecasts_version(of->forecasts, of->index));
    return version;
}
