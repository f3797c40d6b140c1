/* incidents.c - whose turn it is, what is new there, and how it is shown. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/incidents.h"

#include "accountant/render.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    /* Events may come late, and exclusions later: now and then everything is read anew. */
    ANEW_MS = 60 * 60 * 1000,
    SHARE = 20, /* at most a twentieth of the time goes into it */
    MIN_PAUSE_MS = 1000,
    RETRY_MS = 60 * 1000,
    DEADLINE_MS = 2000,
    ARENA_BYTES = 8 * 1024 * 1024,
    /* Behind the last minute that was read there may be more of it: late events, an open minute. */
    OVERLAP_MINUTES = 10,
};

struct one {
    struct incident incident;
    struct {
        char route[LIMIT_ROUTE_BYTES];
        uint64_t bad;
    } routes[LEDGER_BURN_ROUTES];
    int route_count;
};

/* What is known of an objective. */
struct past {
    struct one *list; /* INCIDENTS_KEPT of them, the newest first; NULL before there was one */
    int count;
    int32_t read_until;   /* the first minute that has not been read; 0: nothing has */
    int64_t read_anew_ms; /* boot: when all of it was read */
    uint64_t seen_bad;    /* bad events of the window when it was last read */
    uint64_t version;
};

struct incidents {
    const struct book *book;
    const struct catalogue *catalogue;
    struct past *pasts; /* of each objective */
    int next;
    int64_t next_at_ms; /* boot */
};

struct incidents *incidents_new(const struct book *book, const struct catalogue *catalogue)
{
    struct incidents *incidents = calloc(1, sizeof(*incidents));

    if (incidents == NULL)
        return NULL;
    incidents->book = book;
    incidents->catalogue = catalogue;
    incidents->pasts = calloc((size_t)book->count + 1, sizeof(*incidents->pasts));
    if (incidents->pasts == NULL) {
        free(incidents);
        return NULL;
    }
    return incidents;
}

void incidents_free(struct incidents **incidents)
{
    if (*incidents == NULL)
        return;
    for (int i = 0; i < (*incidents)->book->count; i++)
        free((*incidents)->pasts[i].list);
    free((*incidents)->pasts);
    free(*incidents);
    *incidents = NULL;
}

/* --- whose turn it is --- */

static bool has_incidents(const struct objective *objective)
{
    return !objective->composite && objective->budgeting == BUDGETING_OCCURRENCES;
}

static bool is_due(const struct incidents *incidents, int objective, int64_t boot_ms)
{
    const struct past *past = &incidents->pasts[objective];
    uint64_t bad = incidents->book->verdicts[objective].whole.bad;

    if (!has_incidents(&incidents->book->objectives[objective]))
        return false;
    return past->read_until == 0 || bad != past->seen_bad
           || (bad > 0 && boot_ms - past->read_anew_ms >= ANEW_MS);
}

static int choose(struct incidents *incidents, int64_t boot_ms)
{
    for (int i = 0; i < incidents->book->count; i++) {
        int at = (incidents->next + i) % incidents->book->count;

        if (is_due(incidents, at, boot_ms)) {
            incidents->next = (at + 1) % incidents->book->count;
            return at;
        }
    }
    return -1;
}

/* --- what is new there --- */

/* From where on to read.  An incident that may go on is read from its beginning. */
static int32_t read_from(const struct past *past, int32_t window_from, bool anew)
{
    int32_t from = past->read_until - OVERLAP_MINUTES;

    if (anew)
        return window_from;
    for (int i = 0; i < past->count; i++) {
        const struct incident *incident = &past->list[i].incident;

        if (incident->until_minute + INCIDENT_PAUSE_MINUTES + INCIDENT_LOOK_MINUTES > from)
            from = incident->from_minute < from ? incident->from_minute : from;
    }
    from -= INCIDENT_LOOK_MINUTES;
    return from > window_from ? from : window_from;
}

static void take_routes(struct one *one, const struct ledger_burn_route routes[], int count,
                        int incident)
{
    for (int i = 0; i < count && one->route_count < LEDGER_BURN_ROUTES; i++) {
        if (routes[i].incident != incident)
            continue;
        (void)snprintf(one->routes[one->route_count].route, LIMIT_ROUTE_BYTES, "%s",
                       routes[i].route);
        one->routes[one->route_count++].bad = routes[i].bad;
    }
}

/* Those found, then of the old ones what lies before `from`, and still within the window. */
static int merge(struct past *past, const struct one found[], int found_count, int32_t from,
                 int32_t window_from)
{
    struct one list[INCIDENTS_KEPT];
    int count = 0;

    for (int i = 0; i < found_count; i++)
        list[count++] = found[i];
    for (int i = 0; i < past->count && count < INCIDENTS_KEPT; i++) {
        const struct incident *incident = &past->list[i].incident;

        if (incident->until_minute <= from && incident->until_minute > window_from)
            list[count++] = past->list[i];
    }
    if (count > 0 && past->list == NULL)
        past->list = calloc(INCIDENTS_KEPT, sizeof(*past->list));
    if (count > 0 && past->list == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(past->list, list, (size_t)count * sizeof(*list));
    past->count = count;
    past->version++;
    return 0;
}

static bool is_excluded(const struct book *book, int objective, int32_t minute)
{
    const struct ledger_exclusion *exclusion = NULL;

    while ((exclusion = book_exclusion(book, objective, exclusion)) != NULL) {
        if (minute >= exclusion->from_minute && minute < exclusion->until_minute)
            return true;
    }
    return false;
}

/* What does not count against the budget is no incident.  Returns how many minutes are left. */
static int drop_excluded(const struct book *book, int objective, struct incident_minute minutes[],
                         int count)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        if (!is_excluded(book, objective, minutes[i].minute))
            minutes[kept++] = minutes[i];
    }
    return kept;
}

static int read_one(struct incidents *incidents, int at, struct ledger_reader *reader,
                    const struct ledger_burns *burns, struct one found[INCIDENTS_KEPT])
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    int64_t deadline_ms = clock_boot_ms() + DEADLINE_MS;
    struct incident list[INCIDENTS_KEPT];
    struct incident_minute *minutes = NULL;
    struct ledger_burn_route *routes = NULL;
    int route_count = 0;
    int count = 0;
    int code = -ENOMEM;

    if (arena != NULL)
        code = ledger_burns_read(reader, burns, deadline_ms, arena, &minutes, &count, NULL);
    if (code != 0)
        return code;
    count = drop_excluded(incidents->book, at, minutes, count);
    count =
        incident_find(incidents->book->objectives[at].target, minutes, count, list, INCIDENTS_KEPT);
    if (count > 0)
        code = ledger_burns_routes(reader, burns, list, count, deadline_ms, arena, &routes,
                                   &route_count, NULL);
    if (code != 0)
        return code;
    for (int i = 0; i < count; i++) {
        found[i] = (struct one){ .incident = list[i] };
        take_routes(&found[i], routes, route_count, i);
    }
    return count;
}

static int read_on(struct incidents *incidents, int at, const struct incidents_scene *scene)
{
    const struct objective *objective = &incidents->book->objectives[at];
    struct past *past = &incidents->pasts[at];
    struct one found[INCIDENTS_KEPT];
    int32_t minute = (int32_t)(scene->wall_ms / MINUTE_MS);
    int32_t window_from = objective->calendar.unit == CALENDAR_NONE
                              ? minute - objective->window_minutes + 1
                              : incidents->book->verdicts[at].window.from_minute;
    bool anew = past->read_until == 0 || scene->boot_ms - past->read_anew_ms >= ANEW_MS;
    struct ledger_burns burns = {
        .service = objective->service,
        .definition = incidents->catalogue->indicators[objective->indicator].definition,
        .from_minute = read_from(past, window_from, anew),
        .until_minute = minute + 1,
    };
    int count = read_one(incidents, at, scene->reader, &burns, found);
    int code = count < 0
                   ? count
                   : merge(past, found, count, anew ? window_from : burns.from_minute, window_from);

    if (code != 0)
        return code;
    if (anew)
        past->read_anew_ms = scene->boot_ms;
    past->read_until = burns.until_minute;
    past->seen_bad = incidents->book->verdicts[at].whole.bad;
    return 0;
}

void incidents_turn(struct incidents *incidents, const struct incidents_scene *scene)
{
    int64_t began_at_ms = clock_boot_ms();
    int64_t pause_ms;
    int code;
    int at;

    if (scene->boot_ms < incidents->next_at_ms)
        return;
    at = choose(incidents, scene->boot_ms);
    if (at < 0)
        return;
    code = read_on(incidents, at, scene);
    pause_ms = (clock_boot_ms() - began_at_ms) * SHARE;
    if (pause_ms < MIN_PAUSE_MS)
        pause_ms = MIN_PAUSE_MS;
    incidents->next_at_ms = scene->boot_ms + (code == 0 ? pause_ms : (int64_t)RETRY_MS);
}

/* --- how it is shown --- */

static void put_share(struct json_writer *json, const struct objective *objective,
                      struct window_sum whole, uint64_t bad)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(budget_burn_rate(objective->target, (struct window_sum){ whole.total, bad }),
                   RENDER_RATIO_DECIMALS, FRACTION_UP, text);
    json_key(json, "budget_consumed_ratio");
    json_put_raw(json, slice_of(text));
}

static void put_routes(struct json_writer *json, const struct objective *objective,
                       struct window_sum whole, const struct one *one)
{
    json_key(json, "routes");
    json_open_array(json);
    for (int i = 0; i < one->route_count; i++) {
        json_open_object(json);
        json_text(json, "route", one->routes[i].route);
        json_uint(json, "bad_events", one->routes[i].bad);
        put_share(json, objective, whole, one->routes[i].bad);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_one(struct json_writer *json, const struct objective *objective,
                    struct window_sum whole, const struct one *one)
{
    const struct incident *incident = &one->incident;

    json_open_object(json);
    json_time(json, "from", (int64_t)incident->from_minute * MINUTE_MS);
    json_time(json, "to", (int64_t)incident->until_minute * MINUTE_MS);
    json_uint(json, "total_events", incident->sum.total);
    json_uint(json, "bad_events", incident->sum.bad);
    put_share(json, objective, whole, incident->sum.bad);
    json_bool(json, "postmortem", incident_is_grave(objective->target, whole, incident));
    put_routes(json, objective, whole, one);
    json_close_object(json);
}

void incidents_put(const struct incidents *incidents, int objective, struct json_writer *json)
{
    const struct past *past = &incidents->pasts[objective];

    if (past->read_until == 0) {
        json_put_null(json);
        return;
    }
    json_open_array(json);
    for (int i = 0; i < past->count; i++)
        put_one(json, &incidents->book->objectives[objective],
                incidents->book->verdicts[objective].whole, &past->list[i]);
    json_close_array(json);
}

uint64_t incidents_version(const struct incidents *incidents, int objective)
{
    return incidents->pasts[objective].version;
}
