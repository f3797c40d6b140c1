/* history.c - GET /slo/{name}/history: counts and budgets over time, for charts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/clock.h"
#include "base/json.h"
#include "config/value.h"
#include "front/account.h"
#include "front/query.h"
#include "front/when.h"
#include "ledger/exclusions.h"
#include "slo/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60000,
    POINTS_MAX = 2000,
    POINTS_WANTED = 300, /* where no step is given */
    P95_MINUTES_MAX = 7 * 1440,
    P95_LEAST_MS = 500, /* percentiles are left out rather than the whole answer */
    DAYS_KEPT_MINUTES = 400 * 1440,
    FINE_MINUTES_MAX = 60 * 1440, /* a window beginning anywhere within them is a cell each */
    ARENA_BYTES = 4 * 1024 * 1024,
};

enum { FROM, TO, STEP, PARAMETERS };

/* A point is the step that begins at its time; its budget is that of the window that ends with the
 * step, or with now. */
struct chart {
    struct exchange *exchange;
    struct account account;
    struct minute_span span; /* whole steps */
    int32_t step;            /* minutes */
    int count;
    int cell_minutes;
    struct minute_span *excluded;
    int excluded_count;
    struct history *history;
    int64_t *p95_ms;      /* by point; -1: none */
    int32_t *window_from; /* of each point's budget; -1: it has none */
    struct buf notes;     /* JSON strings, with commas between */
};

static void note(struct chart *chart, const char *text)
{
    struct json_writer json;

    json_writer_init(&json, &chart->notes);
    json.comma = chart->notes.length > 0;
    json_put_text(&json, text);
}

static struct minute_span step_of(const struct chart *chart, int index)
{
    int32_t from = chart->span.from + index * chart->step;

    return (struct minute_span){ from, from + chart->step };
}

/* --- what is asked for --- */

static int32_t choose_step(int64_t minutes)
{
    static const int32_t steps[] = { 1, 5, 15, 60, 360 };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        if (minutes / steps[i] <= POINTS_WANTED)
            return steps[i];
    }
    return 1440;
}

static bool read_step(const struct query_parameter *given, int64_t minutes, int32_t *ret)
{
    int64_t step_ms;

    if (!given->given) {
        *ret = choose_step(minutes);
        return true;
    }
    if (!value_parse_duration(slice_of(given->value), &step_ms) || step_ms < MINUTE_MS
        || step_ms % MINUTE_MS != 0 || step_ms > (int64_t)366 * 1440 * MINUTE_MS)
        return false;
    *ret = (int32_t)(step_ms / MINUTE_MS);
    return true;
}

static void say_too_many(int64_t points, int64_t minutes, struct buf *trouble)
{
    static const struct {
        int32_t minutes;
        const char *text;
    } steps[] = { { 1, "1m" },  { 5, "5m" },   { 15, "15m" },
                  { 60, "1h" }, { 360, "6h" }, { 1440, "1d" } };
    size_t i = 0;

    buf_printf(trouble, "that would be %lld points, and 2,000 are the most: ", (long long)points);
    while (i < ARRAY_LENGTH(steps) && minutes / steps[i].minutes + 2 > POINTS_MAX)
        i++;
    if (i < ARRAY_LENGTH(steps))
        buf_printf(trouble, "step=%s would fit, or a shorter time", steps[i].text);
    else
        buf_append_text(trouble, "ask for a shorter time");
}

/* Steps begin at multiples of their length since 1970, so that a chart's points stay where they are
 * from one look to the next. */
static bool align(struct chart *chart, int64_t from_ms, int64_t to_ms, struct buf *trouble)
{
    int64_t step_ms = (int64_t)chart->step * MINUTE_MS;
    int64_t first = from_ms / step_ms;
    int64_t last = (to_ms + step_ms - 1) / step_ms;

    if (last - first > POINTS_MAX) {
        say_too_many(last - first, (to_ms - from_ms) / MINUTE_MS, trouble);
        return false;
    }
    chart->count = (int)(last - first);
    chart->span =
        (struct minute_span){ (int32_t)(first * chart->step), (int32_t)(last * chart->step) };
    return true;
}

static bool read_query(struct chart *chart, int64_t now_ms, struct buf *trouble)
{
    struct query_parameter given[PARAMETERS] = {
        [FROM] = { .name = "from" }, [TO] = { .name = "to" }, [STEP] = { .name = "step" }
    };
    int64_t to_ms = now_ms;
    int64_t from_ms;

    if (!query_parse(chart->exchange->request->query, given, PARAMETERS, trouble))
        return false;
    if (given[TO].given && !when_parse(slice_of(given[TO].value), now_ms, &to_ms)) {
        buf_append_text(trouble, "to is no time: " WHEN_FORMS);
        return false;
    }
    if (to_ms > now_ms)
        to_ms = now_ms;
    from_ms = to_ms > (int64_t)1440 * MINUTE_MS ? to_ms - (int64_t)1440 * MINUTE_MS : 0;
    if (given[FROM].given && !when_parse(slice_of(given[FROM].value), now_ms, &from_ms)) {
        buf_append_text(trouble, "from is no time: " WHEN_FORMS);
        return false;
    }
    if (from_ms >= to_ms) {
        buf_append_text(trouble, "from is not before to (and to is never after now)");
        return false;
    }
    if (!read_step(&given[STEP], (to_ms - from_ms) / MINUTE_MS, &chart->step)) {
        buf_append_text(trouble, "step is no duration of whole minutes, for instance 5m or 1h");
        return false;
    }
    return align(chart, from_ms, to_ms, trouble);
}

/* --- what has to be read --- */

/* Minutes and quarter hours go with retention, days stay for 13 months. */
static bool is_kept(struct chart *chart, struct buf *trouble)
{
    const struct kept *kept = &chart->account.kept;
    bool days = chart->step % HISTORY_DAY == 0;
    bool quarters = chart->step % HISTORY_QUARTER == 0;
    int32_t from = quarters ? kept->quarters_from : kept->minutes_from;
    char text[CLOCK_TEXT_BYTES];

    chart->cell_minutes = HISTORY_QUARTER;
    if (chart->span.from >= from && chart->span.from >= kept->quarters_from)
        return true;
    chart->cell_minutes = HISTORY_DAY;
    if (days) {
        from = chart->account.now_minute - DAYS_KEPT_MINUTES;
        if (chart->span.from >= from)
            return true;
    }
    clock_format((int64_t)from * MINUTE_MS, text);
    buf_printf(trouble, "steps like this can be told from %s on%s", text,
               days       ? ""
               : quarters ? ": whole days reach further back"
                          : ": multiples of 15m, and whole days, reach further back");
    return false;
}

/* Whether sums can still begin at this minute. */
static bool can_begin_at(const struct chart *chart, int32_t minute)
{
    const struct kept *kept = &chart->account.kept;
    int32_t fine_from = chart->account.now_minute - FINE_MINUTES_MAX;

    if (minute % chart->cell_minutes == 0)
        return chart->cell_minutes == HISTORY_DAY || minute >= kept->quarters_from;
    return minute >= kept->minutes_from && minute >= fine_from;
}

/* Where the window of each point's budget begins, -1 for a point without one. */
static int find_windows(struct chart *chart)
{
    const char *trouble = account_budget_trouble(&chart->account);
    AUTO(buf_done) struct buf said = { .max_bytes = 256 };
    bool missing = false;

    chart->window_from = malloc((size_t)chart->count * sizeof(*chart->window_from));
    if (chart->window_from == NULL)
        return -ENOMEM;
    for (int i = 0; i < chart->count; i++) {
        int32_t from =
            trouble != NULL ? -1 : account_window(&chart->account, step_of(chart, i).until).from;

        chart->window_from[i] = from >= 0 && can_begin_at(chart, from) ? from : -1;
        missing = missing || chart->window_from[i] < 0;
    }
    if (trouble == NULL)
        trouble = "what its window needs is not kept that long; step=1d reaches back 13 months";
    buf_printf(&said, "budget_remaining_ratio is null: %s", trouble);
    if (missing)
        note(chart, buf_text(&said));
    return 0;
}

static void widen(struct minute_span *span, int32_t minute)
{
    if (span->until <= span->from)
        *span = (struct minute_span){ minute, minute + 1 };
    else if (minute < span->from)
        span->from = minute;
    else if (minute >= span->until)
        span->until = minute + 1;
}

/* Everything that any point or window needs, and the minutes of the cells within which one begins.
 */
static void find_spans(const struct chart *chart, struct history_request *request)
{
    request->whole = chart->span;
    if (chart->step % chart->cell_minutes != 0)
        request->fine[0] = chart->span;
    for (int i = 0; i < chart->count; i++) {
        int32_t from = chart->window_from[i];

        if (from < 0)
            continue;
        widen(&request->whole, from);
        if (from % chart->cell_minutes != 0)
            widen(&request->fine[1], from);
    }
}

static int load(struct chart *chart, struct desk_visit *visit)
{
    const struct exclusion_scope scope = { chart->account.name.service, chart->account.name.name };
    struct history_request request = {
        .service = scope.service,
        .indicator_id = chart->account.current->indicator_id,
        .cell_minutes = chart->cell_minutes,
    };
    int code;

    code = find_windows(chart);
    if (code != 0)
        return code;
    find_spans(chart, &request);
    code = exclusions_spans(visit, &scope, request.whole, &chart->excluded, &chart->excluded_count);
    request.excluded = chart->excluded;
    request.excluded_count = chart->excluded_count;
    return code != 0 ? code : history_load(visit, &request, &chart->history);
}

/* --- percentiles --- */

struct percentiles {
    struct chart *chart;
    struct arena *arena;
    struct histogram histogram;
    int index; /* of the point that the histogram is of */
    bool failed;
};

static void finish_point(struct percentiles *percentiles)
{
    if (percentiles->histogram.count > 0)
        percentiles->chart->p95_ms[percentiles->index] =
            (int64_t)histogram_quantile(&percentiles->histogram, 95, 100);
    arena_clear(percentiles->arena);
    histogram_init(&percentiles->histogram, percentiles->arena);
}

static bool take_histogram(void *context, int32_t minute, struct slice encoded)
{
    struct percentiles *percentiles = context;
    const struct chart *chart = percentiles->chart;
    int index = (minute - chart->span.from) / chart->step;

    if (minute_spans_cover(chart->excluded, chart->excluded_count,
                           (struct minute_span){ minute, minute + 1 })
        > 0)
        return true;
    if (index != percentiles->index)
        finish_point(percentiles);
    percentiles->index = index;
    percentiles->failed = histogram_merge_encoded(&percentiles->histogram, encoded, 1) != 0;
    return !percentiles->failed;
}

static void load_percentiles(struct chart *chart, struct desk_visit *visit)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct percentiles percentiles = { .chart = chart, .arena = arena };
    const struct history_histograms request = {
        .service = chart->account.name.service,
        .indicator_id = chart->account.current->indicator_id,
        .span = chart->span,
        .take = take_histogram,
        .context = &percentiles,
    };

    if (strcmp(chart->account.current->type, "latency") != 0)
        return;
    if (chart->span.until - chart->span.from > P95_MINUTES_MAX) {
        note(chart, "p95_ms is null: it is told for at most 7 days at a time");
        return;
    }
    if (arena == NULL || clock_left_ms(chart->exchange->deadline_ms) < P95_LEAST_MS
        || (histogram_init(&percentiles.histogram, arena),
            history_read_histograms(visit, &request) != 0)
        || percentiles.failed) {
        note(chart, "p95_ms is null where it took too long to read: ask for a shorter time");
        return;
    }
    finish_point(&percentiles);
}

/* --- the answer --- */

static void put_ratio(struct json_writer *json, const char *key, bool known, struct fraction value)
{
    char text[FRACTION_TEXT_BYTES];

    json_key(json, key);
    if (!known) {
        json_put_null(json);
        return;
    }
    fraction_print(value, 6, FRACTION_DOWN, text);
    json_put_raw(json, slice_of(text));
}

static void put_point(const struct chart *chart, int index, struct json_writer *json)
{
    const struct account *account = &chart->account;
    struct minute_span step = step_of(chart, index);
    struct window_sum sum = history_sum(chart->history, step);
    struct window_sum whole = { 0 };
    int32_t excluded = minute_spans_cover(chart->excluded, chart->excluded_count, step);
    int64_t end_ms = (int64_t)step.until * MINUTE_MS - 1;
    const struct objective_version *version =
        &account->versions[versions_in_force(account->versions, account->version_count, end_ms)];

    if (chart->window_from[index] >= 0)
        whole = history_sum(chart->history,
                            (struct minute_span){ chart->window_from[index], step.until });
    json_open_object(json);
    json_time(json, "t", (int64_t)step.from * MINUTE_MS);
    json_uint(json, "total", sum.total);
    json_uint(json, "bad", sum.bad);
    put_ratio(json, "sli", sum.total > 0, budget_sli(sum));
    put_ratio(json, "budget_remaining_ratio", chart->window_from[index] >= 0,
              budget_remaining(version->target, whole));
    json_int_or_null(json, "p95_ms", chart->p95_ms[index]);
    if (excluded > 0)
        json_int(json, "excluded_minutes", excluded);
    json_close_object(json);
}

static void put_versions(const struct account *account, struct json_writer *json)
{
    json_key(json, "versions");
    json_open_array(json);
    for (int i = 0; i < account->version_count; i++) {
        const struct objective_version *version = &account->versions[i];

        json_open_object(json);
        json_int(json, "version", version->version);
        json_key(json, "objective");
        json_put_raw(json, slice_of(version->target_text));
        json_int(json, "window_minutes", version->window_minutes);
        json_time(json, "effective_from", version->effective_from_ms);
        json_time(json, "retired_at", version->retired_at_ms);
        json_close_object(json);
    }
    json_close_array(json);
}

static void write_answer(const struct chart *chart)
{
    struct json_writer json;

    json_writer_init(&json, &chart->exchange->response->own_body);
    json_open_object(&json);
    json_text(&json, "slo", chart->account.name.name);
    json_text(&json, "service", chart->account.name.service);
    json_time(&json, "from", (int64_t)chart->span.from * MINUTE_MS);
    json_time(&json, "to", (int64_t)chart->span.until * MINUTE_MS);
    json_int(&json, "step_seconds", (int64_t)chart->step * 60);
    put_versions(&chart->account, &json);
    json_key(&json, "notes");
    json_open_array(&json);
    if (chart->notes.length > 0)
        json_put_raw(&json, buf_slice(&chart->notes));
    json_close_array(&json);
    json_key(&json, "points");
    json_open_array(&json);
    for (int i = 0; i < chart->count; i++)
        put_point(chart, i, &json);
    json_close_array(&json);
    json_close_object(&json);
    response_text(chart->exchange->response, &(struct page_text){ .status = 200 });
}

/* Returns 0, -EINVAL with `trouble`, -ENOENT, or -errno as desk_run(). */
static int draw(struct chart *chart, struct desk_visit *visit, const struct named_objective *name,
                struct buf *trouble)
{
    int code =
        desk_enter(chart->exchange->sources->desk, DESK_READ, chart->exchange->deadline_ms, visit);

    if (code == 0)
        code = account_open(visit, name, clock_wall_ms(), &chart->account);
    if (code == 0 && !is_kept(chart, trouble))
        code = -EINVAL;
    if (code == 0)
        code = load(chart, visit);
    chart->p95_ms = code == 0 ? malloc((size_t)chart->count * sizeof(*chart->p95_ms)) : NULL;
    if (chart->p95_ms == NULL)
        return code == 0 ? -ENOMEM : code;
    memset(chart->p95_ms, 0xff, (size_t)chart->count * sizeof(*chart->p95_ms)); /* all -1 */
    load_percentiles(chart, visit);
    return 0;
}

static void chart_done(struct chart *chart)
{
    account_close(&chart->account);
    history_free(&chart->history);
    free(chart->excluded);
    free(chart->window_from);
    free(chart->p95_ms);
    buf_done(&chart->notes);
}

void history_give(struct exchange *exchange)
{
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    AUTO(chart_done) struct chart chart = { .exchange = exchange };
    AUTO(buf_done) struct buf trouble = { .max_bytes = 1024 };
    struct named_objective name;
    int code;

    buf_init(&chart.notes, 4096);
    if (!ledger_find_objective(exchange, &name))
        return;
    if (!read_query(&chart, clock_wall_ms(), &trouble)) {
        ledger_refuse_request(exchange, buf_text(&trouble));
        return;
    }
    code = draw(&chart, &visit, &name, &trouble);
    if (code == -EINVAL)
        ledger_refuse_request(exchange, buf_text(&trouble));
    else if (code == -ENOENT && visit.cause.code == 0)
        account_refuse(exchange);
    else if (code != 0)
        ledger_refuse(exchange, &visit);
    else
        write_answer(&chart);
}
