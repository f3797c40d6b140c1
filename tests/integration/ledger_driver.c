/* ledger_driver.c - the ledger's writer and reader at the end of a pipe, for test_ledger*.py.
 *
 *   ledger_driver CONNINFO SERVICE [CATALOGUE] < commands     one JSON object a line is the answer
 *
 * Its "log file" is imaginary: the event at offset k takes one byte, happened in minute
 * base + k / 100 on route /r{k % 3}, is a POST when k % 5 is 0 and else a GET, a 500 when k % 10 is
 * 0, a 404 when it is 7 and else a 200, and took k % 3000 ms.  CATALOGUE is what is counted:
 * "built-in", "more" (five objectives beside those), or "two" (a second service, `other`, to which
 * events with an odd k / 10 belong).
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/queue.h"
#include "ledger/migrate.h"
#include "ledger/reader.h"
#include "ledger/writer.h"
#include "slo/objective.h"
#include "slo/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 60000, LINE_BYTES = 512, READ_BYTES = 64 * 1024 * 1024 };

struct driver {
    struct ledger_settings settings;
    struct catalogue *catalogue;
    struct plan *plan;
    struct queue *flushes;
    struct queue *positions;
    struct ledger_writer *writer;
    struct ledger_reader *reader;
    struct tracks *tracks;
    struct window **windows;
};

static void die(const char *what)
{
    fprintf(stderr, "ledger_driver: %s\n", what);
    exit(1);
}

static struct file_id file_of(const char *name)
{
    struct file_id file = { { 0 } };

    memcpy(file.bytes, name, strnlen(name, sizeof(file.bytes)));
    return file;
}

/* --- what is counted --- */

static void add_objective(struct catalogue_builder *builder, const struct objective *objective,
                          struct indicator indicator)
{
    struct error err = { 0 };

    indicator.service = objective->service;
    if (catalogue_add(builder, objective, &indicator, &err) != 0)
        die(err.text);
}

static void add_built_ins(struct catalogue_builder *builder, const char *service)
{
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];

    objective_built_in(service, objectives);
    for (int i = 0; i < OBJECTIVE_BUILT_IN_COUNT; i++) {
        struct indicator indicator = { 0 };

        if (objectives[i].type == OBJECTIVE_LATENCY) {
            status_set_add(&indicator.total.statuses, STATUS_LOW, 499);
            indicator.mark.from_ms = objectives[i].threshold_ms;
        } else {
            status_set_add(&indicator.mark.statuses, 500, STATUS_HIGH);
        }
        add_objective(builder, &objectives[i], indicator);
    }
}

/* Five that sort behind the built-in ones: by status, by a duration that is no bucket's edge, by
 * route and method, by what is good, and one that counts slices of availability. */
static void add_more(struct catalogue_builder *builder, const char *service)
{
    static const char *const routes[] = { "/r1" };
    static const char *const names[] = { "not-found", "quick", "posts", "fine", "sliced" };
    struct indicator indicators[5] = { 0 };
    struct objective objective;

    status_set_add(&indicators[0].mark.statuses, 404, 404);
    status_set_add(&indicators[1].total.statuses, STATUS_LOW, 499);
    indicators[1].mark.from_ms = 1003;
    indicators[2].total.routes = routes;
    indicators[2].total.route_count = 1;
    indicators[2].total.methods = 1u << EVENT_POST;
    status_set_add(&indicators[2].mark.statuses, 500, STATUS_HIGH);
    status_set_add(&indicators[3].mark.statuses, 200, 299);
    indicators[3].marks_good = true;
    status_set_add(&indicators[4].mark.statuses, 500, STATUS_HIGH);
    for (int i = 0; i < 5; i++) {
        objective =
            (struct objective){ .type = i == 1 ? OBJECTIVE_LATENCY : OBJECTIVE_CUSTOM,
                                .target = { 99, 100 },
                                .target_text = "0.99",
                                .threshold_ms = i == 1 ? 1003 : 0,
                                .window_minutes = LIMIT_WINDOW_MINUTES,
                                .budgeting = i == 4 ? BUDGETING_TIMESLICES : BUDGETING_OCCURRENCES,
                                .slice_minutes = i == 4 ? 5 : 0,
                                .slice_target = { 95, 100 } };
        (void)snprintf(objective.service, sizeof(objective.service), "%s", service);
        (void)snprintf(objective.name, sizeof(objective.name), "%s-z-%s", service, names[i]);
        add_objective(builder, &objective, indicators[i]);
    }
}

static struct catalogue *catalogue_of(const char *service, const char *name)
{
    struct catalogue_builder *builder = catalogue_builder_new(service);
    struct catalogue *catalogue;

    if (builder == NULL)
        die("out of memory");
    add_built_ins(builder, service);
    if (strcmp(name, "more") == 0)
        add_more(builder, service);
    if (strcmp(name, "two") == 0)
        add_built_ins(builder, "other");
    catalogue = catalogue_finish(&builder);
    if (catalogue == NULL)
        die("out of memory");
    return catalogue;
}

/* The service of the files: the one that is not "other". */
static int home_of(const struct catalogue *catalogue)
{
    return strcmp(catalogue->services[0], "other") == 0 && catalogue->service_count > 1 ? 1 : 0;
}

/* --- flushes --- */

static void count_event(struct tally *tally, int64_t k, int64_t base_minute, const char *suffix)
{
    struct tally_event event = {
        .time_ms = (base_minute + k / 100) * 60000 + k % 60000,
        .duration_ms = (uint64_t)(k % 3000),
        .status = k % 10 == 0   ? 500
                  : k % 10 == 7 ? 404
                                : 200,
    };
    const struct catalogue *catalogue = plan_catalogue(tally_plan(tally));
    int service = catalogue->service_count > 1 && k / 10 % 2 == 1
                      ? catalogue_service(catalogue, SLICE("other"))
                      : home_of(catalogue);
    char route[64];
    int index;

    (void)snprintf(route, sizeof(route), "/r%d%s", (int)(k % 3), suffix);
    index = tally_series(tally, service, slice_of(route), k % 5 == 0 ? EVENT_POST : EVENT_GET);
    if (index < 0)
        die("the tally has no room for a series");
    event.series = (uint32_t)index;
    if (!tally_add(tally, &event))
        die("the tally is full");
}

struct part {
    const char *file;
    int64_t from;
    int64_t to;
    int64_t base_minute;
    const char *suffix; /* of the routes' names */
};

static struct flush *flush_of(const struct driver *driver, const struct part *part)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        die("out of memory");
    flush->kind = FLUSH_COUNTS;
    flush->home = home_of(driver->catalogue);
    flush->file = file_of(part->file);
    flush->from_offset = part->from;
    flush->to_offset = part->to;
    flush->lines = (uint64_t)(part->to - part->from);
    flush->watched_from_ms = part->base_minute * 60000;
    flush->watched_until_ms = part->base_minute * 60000 + part->to * 600;
    if (part->to > part->from) {
        flush->tally = tally_new(driver->plan);
        if (flush->tally == NULL)
            die("out of memory");
        flush->last_event_ms = (part->base_minute + (part->to - 1) / 100) * 60000;
    }
    for (int64_t k = part->from; k < part->to; k++)
        count_event(flush->tally, k, part->base_minute, part->suffix);
    (void)snprintf(flush->path, sizeof(flush->path), "/var/log/\xff%s", part->file);
    flush->inode = 42;
    return flush;
}

static struct file_position send_flush(struct driver *driver, struct flush *flush)
{
    struct file_position position;

    if (!queue_push(driver->flushes, &flush))
        die("the queue is full");
    if (!queue_pop(driver->positions, &position, clock_boot_ms() + ANSWER_MS))
        die("no answer");
    return position;
}

static struct file_position ask(struct driver *driver, const char *file)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        die("out of memory");
    flush->kind = FLUSH_ASK;
    flush->home = home_of(driver->catalogue);
    flush->file = file_of(file);
    return send_flush(driver, flush);
}

static void print_position(struct file_position position)
{
    printf("{\"offset\": %" PRId64
           ", \"known\": %d, \"committed\": %d, \"watched_until_ms\": %" PRId64 "}\n",
           position.offset, position.known, position.committed, position.watched_until_ms);
}

/* flush FILE FROM TO BASE_MINUTE [SUFFIX] */
static void do_flush(struct driver *driver, const char *arguments)
{
    char file[17] = "";
    char suffix[32] = "";
    struct part part = { .file = file, .suffix = suffix };

    if (sscanf(arguments, "%16s %" SCNd64 " %" SCNd64 " %" SCNd64 " %31s", file, &part.from,
               &part.to, &part.base_minute, suffix)
        < 4)
        die("flush: arguments");
    print_position(send_flush(driver, flush_of(driver, &part)));
}

/* follow FILE END STEP BASE_MINUTE PAUSE_MS: goes where the ledger says until all is committed. */
static void do_follow(struct driver *driver, const char *arguments)
{
    char file[17] = "";
    struct part part = { .file = file, .suffix = "" };
    struct file_position position;
    int64_t end;
    int64_t step;
    int64_t pause_ms;
    int seeks = 0;

    if (sscanf(arguments, "%16s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, file, &end, &step,
               &part.base_minute, &pause_ms)
        != 5)
        die("follow: arguments");
    position = ask(driver, file);
    while (position.offset < end) {
        part.from = position.offset;
        part.to = part.from + step < end ? part.from + step : end;
        position = send_flush(driver, flush_of(driver, &part));
        seeks += !position.committed;
        clock_sleep_ms(pause_ms);
    }
    printf("{\"offset\": %" PRId64 ", \"seeks\": %d}\n", position.offset, seeks);
}

/* hand FILE FROM TO BASE_MINUTE: a flush without waiting for its answer. */
static void do_hand(struct driver *driver, const char *arguments)
{
    char file[17] = "";
    struct part part = { .file = file, .suffix = "" };
    struct flush *flush;

    if (sscanf(arguments, "%16s %" SCNd64 " %" SCNd64 " %" SCNd64, file, &part.from, &part.to,
               &part.base_minute)
        != 4)
        die("hand: arguments");
    flush = flush_of(driver, &part);
    if (!queue_push(driver->flushes, &flush))
        die("the queue is full");
    printf("{}\n");
}

static void do_ask(struct driver *driver, const char *arguments)
{
    char file[17] = "";

    (void)sscanf(arguments, "%16s", file);
    print_position(ask(driver, file));
}

static void do_counters(struct driver *driver, const char *arguments)
{
    struct ledger_counters counters;

    (void)arguments;
    ledger_writer_counters(driver->writer, &counters);
    printf("{");
#define X(field, metric, help) printf("\"" #field "\": %" PRIu64 ", ", counters.field);
    FOR_EACH_LEDGER_COUNTER(X)
#undef X
    printf("\"definitions_changed\": %d, \"trouble\": \"%s\"}\n", counters.definitions_changed,
           counters.trouble);
}

static void do_stop(struct driver *driver, const char *arguments)
{
    int64_t begun_ms = clock_boot_ms();

    (void)arguments;
    ledger_writer_stop(&driver->writer);
    printf("{\"took_ms\": %" PRId64 "}\n", clock_boot_ms() - begun_ms);
}

/* --- reads --- */

static void make_windows(struct driver *driver)
{
    static const int32_t shown[] = { 5, 30, 60, 120, 360, 1440, 4320 };

    driver->tracks = tracks_new(driver->catalogue, shown, (int)ARRAY_LENGTH(shown));
    if (driver->tracks == NULL)
        die("out of memory");
    driver->windows = calloc((size_t)driver->tracks->count, sizeof(struct window *));
    if (driver->windows == NULL)
        die("out of memory");
    for (int i = 0; i < driver->tracks->count; i++) {
        driver->windows[i] = track_window(&driver->tracks->tracks[i]);
        if (driver->windows[i] == NULL)
            die("out of memory");
    }
}

static void free_windows(struct driver *driver)
{
    for (int i = 0; i < driver->tracks->count; i++)
        window_free(&driver->windows[i]);
    free((void *)driver->windows);
    tracks_free(&driver->tracks);
}

static void print_coverage(const struct ledger_coverage *coverage)
{
    struct coverage_span all = { 0, INT64_MAX };
    int64_t watched_ms = 0;

    for (int i = 0; i < coverage->span_count; i++) {
        struct coverage_span span = coverage->spans[i];

        watched_ms += coverage_union_ms(&span, 1, all);
    }
    printf("\"measured_since_ms\": %" PRId64 ", \"watched_until_ms\": %" PRId64
           ", \"watched_ms\": %" PRId64 ", \"last_event_ms\": %" PRId64 ", \"lines\": %" PRIu64
           ", \"rejected_lines\": %" PRIu64 ", \"late_events\": %" PRIu64,
           coverage->measured_since_ms, coverage->watched_until_ms, watched_ms,
           coverage->last_event_ms, coverage->lines, coverage->rejected_lines,
           coverage->late_events);
}

static void print_minutes(const struct window *window, int32_t now_minute)
{
    const char *separator = "";

    printf("\"minutes\": [");
    for (int32_t minute = now_minute - WINDOW_NEWEST_MINUTES + WINDOW_QUARTER_MINUTES;
         minute < now_minute + 60; minute++) {
        struct window_sum sum;

        if (!window_sum(window, minute, minute + 1, &sum) || sum.total == 0)
            continue;
        printf("%s[%d, %" PRIu64 ", %" PRIu64 "]", separator, minute, sum.total, sum.bad);
        separator = ", ";
    }
    printf("], ");
}

static void print_quarters(const struct window *window)
{
    const char *separator = "";

    printf("\"quarters\": [");
    for (int32_t quarter = window_first_quarter(window); quarter <= window_last_quarter(window);
         quarter++) {
        struct window_sum sum = window_quarter(window, quarter);

        if (sum.total == 0)
            continue;
        printf("%s[%d, %" PRIu64 ", %" PRIu64 "]", separator, quarter, sum.total, sum.bad);
        separator = ", ";
    }
    printf("], ");
}

static void print_spans(const struct track *track, const struct window *window)
{
    printf("\"spans\": {");
    for (int i = 0; i < track->span_count; i++) {
        struct window_sum sum;

        printf("%s\"%d\": ", i == 0 ? "" : ", ", track->spans[i]);
        if (window_total(window, track->spans[i], &sum))
            printf("[%" PRIu64 ", %" PRIu64 "]", sum.total, sum.bad);
        else
            printf("null");
    }
    printf("}}");
}

static void print_tracks(const struct driver *driver, int32_t now_minute)
{
    printf("\"tracks\": [");
    for (int i = 0; i < driver->tracks->count; i++) {
        const struct track *track = &driver->tracks->tracks[i];
        const struct indicator *indicator = &driver->catalogue->indicators[track->indicator];

        printf("%s{\"service\": \"%s\", \"definition\": \"%s\", \"slice_minutes\": %d, ",
               i == 0 ? "" : ", ", indicator->service, indicator->definition, track->slice_minutes);
        print_minutes(driver->windows[i], now_minute);
        print_quarters(driver->windows[i]);
        print_spans(track, driver->windows[i]);
    }
    printf("]");
}

static int read_all(struct driver *driver, const struct ledger_look *look, struct arena *arena,
                    struct ledger_news *news, struct error *err)
{
    int code = 0;
    bool anew = false;

    do {
        code = ledger_reader_read(driver->reader, look, driver->windows, arena, news, err);
        anew = anew || news->anew;
    } while (code == 0 && !news->complete);
    news->anew = anew;
    return code;
}

/* read NOW_MINUTE [STEP]: brings the windows up to date, with STEP one step of a load at a time. */
static void do_read(struct driver *driver, const char *arguments)
{
    AUTO(arena_free) struct arena *arena = arena_new(READ_BYTES);
    struct ledger_look look = { .deadline_ms = clock_boot_ms() + 10000 };
    struct ledger_news news = { 0 };
    struct error err = { 0 };
    int64_t now_minute = 0;
    char step[8] = "";
    int64_t begun_us = clock_boot_us();
    int code;

    (void)sscanf(arguments, "%" SCNd64 " %7s", &now_minute, step);
    look.now_wall_ms = now_minute * 60000 + 30000;
    look.until_ms = step[0] != '\0' ? 0 : look.deadline_ms;
    for (int i = 0; i < driver->tracks->count; i++)
        window_advance(driver->windows[i], (int32_t)now_minute);
    code = read_all(driver, &look, arena, &news, &err);
    if (code != 0) {
        printf("{\"error\": \"%s\", \"code\": %d}\n", err.text, code);
        return;
    }
    printf("{\"took_us\": %" PRId64 ", \"reload\": %d, ", clock_boot_us() - begun_us, news.anew);
    print_coverage(&news.coverage[0]);
    printf(", ");
    print_tracks(driver, (int32_t)now_minute);
    printf("}\n");
}

/* Every indicator of the first service. */
static struct ledger_range range_of(const struct driver *driver, int from, int to, int indicators[])
{
    struct ledger_range range = {
        .indicators = indicators,
        .from_minute = from,
        .to_minute = to,
        .deadline_ms = clock_boot_ms() + 10000,
    };

    for (int i = 0; i < driver->catalogue->indicator_count; i++) {
        if (strcmp(driver->catalogue->indicators[i].service, driver->catalogue->services[0]) == 0)
            indicators[range.indicator_count++] = i;
    }
    return range;
}

/* histograms FROM TO SINCE_LAST: events per definition, and how many elements it took. */
static void do_histograms(struct driver *driver, const char *arguments)
{
    enum { MAX = 64 };
    AUTO(arena_free) struct arena *arena = arena_new(READ_BYTES);
    const struct ledger_histogram *found = NULL;
    struct histogram sums[MAX];
    int indicators[MAX];
    struct ledger_range range;
    struct error err = { 0 };
    int from = 0;
    int to = 0;
    int since_last = 0;
    int count = 0;

    (void)sscanf(arguments, "%d %d %d", &from, &to, &since_last);
    range = range_of(driver, from, to, indicators);
    if (ledger_reader_histograms(driver->reader, &range, since_last != 0, arena, &found, &count,
                                 &err)
        != 0) {
        printf("{\"error\": \"%s\"}\n", err.text);
        return;
    }
    for (int i = 0; i < driver->catalogue->indicator_count; i++)
        histogram_init(&sums[i], arena);
    for (int i = 0; i < count; i++) {
        if (histogram_merge_encoded(&sums[found[i].indicator], found[i].encoded, 1) != 0)
            die("a histogram can't be merged");
    }
    printf("{\"elements\": %d, \"counts\": {", count);
    for (int i = 0; i < range.indicator_count; i++)
        printf("%s\"%s\": %" PRIu64, i == 0 ? "" : ", ",
               driver->catalogue->indicators[indicators[i]].definition, sums[indicators[i]].count);
    printf("}}\n");
}

/* routes FROM TO: [definition, route, total, bad]. */
static void do_routes(struct driver *driver, const char *arguments)
{
    AUTO(arena_free) struct arena *arena = arena_new(READ_BYTES);
    const struct ledger_route *routes = NULL;
    int indicators[64];
    struct ledger_range range;
    struct error err = { 0 };
    int from = 0;
    int to = 0;
    int count = 0;

    (void)sscanf(arguments, "%d %d", &from, &to);
    range = range_of(driver, from, to, indicators);
    if (ledger_reader_routes(driver->reader, &range, arena, &routes, &count, &err) != 0) {
        printf("{\"error\": \"%s\"}\n", err.text);
        return;
    }
    printf("{\"routes\": [");
    for (int i = 0; i < count; i++) {
        printf("%s[\"%s\", \"%s\", ", i == 0 ? "" : ", ",
               driver->catalogue->indicators[routes[i].indicator].definition, routes[i].route);
        if (routes[i].total_known)
            printf("%" PRIu64, routes[i].total);
        else
            printf("null");
        printf(", %" PRIu64 "]", routes[i].bad);
    }
    printf("]}\n");
}

/* --- the pipe --- */

static void obey(struct driver *driver, const char *line)
{
    static const struct {
        const char *word;
        void (*act)(struct driver *driver, const char *arguments);
    } commands[] = {
        { "ask ", do_ask },   { "flush ", do_flush },           { "follow ", do_follow },
        { "hand ", do_hand }, { "counters", do_counters },      { "stop", do_stop },
        { "read ", do_read }, { "histograms ", do_histograms }, { "routes ", do_routes },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        size_t length = strlen(commands[i].word);

        if (strncmp(line, commands[i].word, length) == 0) {
            commands[i].act(driver, line + length);
            (void)fflush(stdout);
            return;
        }
    }
    die("no such command");
}

int main(int argc, char **argv)
{
    struct driver driver = { .flushes = queue_new(sizeof(struct flush *), 8),
                             .positions = queue_new(sizeof(struct file_position), 8) };
    struct error err = { 0 };
    char line[LINE_BYTES];

    if (argc < 3 || argc > 4 || driver.flushes == NULL || driver.positions == NULL)
        die("usage: ledger_driver CONNINFO SERVICE [CATALOGUE]");
    driver.catalogue = catalogue_of(argv[2], argc > 3 ? argv[3] : "built-in");
    if (plan_new(driver.catalogue, &driver.plan, &err) != 0)
        die(err.text);
    make_windows(&driver);
    driver.settings = (struct ledger_settings){
        .conninfo = argv[1],
        .service = argv[2],
        .host = "host",
        .instance = "instance",
        .catalogue = driver.catalogue,
    };
    if (ledger_writer_start(&driver.settings, driver.flushes, driver.positions, &driver.writer,
                            &err)
            != 0
        || ledger_reader_open(&driver.settings, driver.tracks, &driver.reader, &err) != 0)
        die(err.text);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(&driver, line);
    ledger_writer_stop(&driver.writer);
    ledger_reader_close(&driver.reader);
    queue_free(&driver.flushes);
    queue_free(&driver.positions);
    free_windows(&driver);
    plan_free(&driver.plan);
    catalogue_free(&driver.catalogue);
    return 0;
}
