/* bench_fleet.c - many writers at one ledger, and one reader of what they write: the ledger's own
 * code, driven as followers and the accountant drive it. */
/* SPDX-License-Identifier: MIT */

/* "write CONNINFO WRITERS SERVICES OBJECTIVES EVENTS SECONDS MINUTES" stands for WRITERS instances,
 * each with a connection and a log file of its own and EVENTS requests a second, whose services
 * have OBJECTIVES objectives.  Each hands over what has come 250 ms after the last time, as the
 * follower does, and never before the answer.  With MINUTES, instead of going on for SECONDS, each
 * writes so many past minutes, one with each flush.
 * "read CONNINFO OBJECTIVES TICKS" reads the first service from nothing, then once a second.
 * Prints one JSON object. */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "ledger/reader.h"
#include "ledger/writer.h"
#include "slo/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WRITERS_MAX = 400,
    SAMPLES_MAX = 1 << 20,
    HANDOVER_MS = 250,
    POLL_MS = 100, /* how long a line waits for the follower's next look, at most */
    STEP_MS = 2,
    LINE_BYTES = 200,
    ANSWER_MS = 60 * 1000,
    READ_BYTES = 64 * 1024 * 1024,
    NAME_BYTES = 32,
};

struct task {
    const char *conninfo;
    int writers;
    int services;
    int objectives;
    int events_per_s;
    int seconds;
    int minutes;
};

/* --- what is promised: two objectives on every route --- */

static void add_objective(struct catalogue_builder *builder, const char *service, int number)
{
    struct objective objective = { .type = number % 2 == 0 ? OBJECTIVE_CUSTOM : OBJECTIVE_LATENCY,
                                   .target = { 999, 1000 },
                                   .target_text = "0.999",
                                   .threshold_ms = number % 2 == 0 ? 0 : 500,
                                   .window_minutes = LIMIT_WINDOW_MINUTES };
    struct arena *arena = catalogue_builder_arena(builder);
    const char **routes = arena_alloc(arena, sizeof(*routes));
    char *route = arena_alloc(arena, NAME_BYTES);
    struct indicator indicator = { .service = service };
    struct error err = { 0 };

    if (routes == NULL || route == NULL)
        exit(1);
    (void)snprintf(route, NAME_BYTES, "/api/v1/route-%d", number / 2);
    routes[0] = route;
    indicator.total.routes = routes;
    indicator.total.route_count = 1;
    if (number % 2 == 0) {
        status_set_add(&indicator.mark.statuses, 500, STATUS_HIGH);
    } else {
        status_set_add(&indicator.total.statuses, STATUS_LOW, STATUS_CLIENT_CLOSED);
        indicator.mark.from_ms = objective.threshold_ms;
    }
    (void)snprintf(objective.service, sizeof(objective.service), "%s", service);
    (void)snprintf(objective.name, sizeof(objective.name), "%s-%d", service, number);
    if (catalogue_add(builder, &objective, &indicator, &err) != 0) {
        (void)fprintf(stderr, "bench_fleet: %s\n", err.text);
        exit(1);
    }
}

static struct catalogue *catalogue_of(int service, int objectives)
{
    char name[NAME_BYTES];
    struct catalogue_builder *builder;
    struct catalogue *catalogue;

    (void)snprintf(name, sizeof(name), "service-%d", service);
    builder = catalogue_builder_new(name);
    if (builder == NULL)
        exit(1);
    for (int i = 0; i < objectives; i++)
        add_objective(builder, name, i);
    catalogue = catalogue_finish(&builder);
    if (catalogue == NULL)
        exit(1);
    return catalogue;
}

/* --- an instance --- */

struct instance {
    struct catalogue *catalogue;
    struct plan *plan;
    struct queue *flushes;
    struct queue *positions;
    struct ledger_writer *writer;
    struct file_id file;
    char name[NAME_BYTES];
    int64_t offset;
    int64_t watched_until_ms;
    int64_t counted_ms; /* events until then are on their way */
    int64_t handed_ms;
    int64_t handed_us;
    int64_t next_ms;
    bool in_flight;
    int minutes; /* that are written */
};

struct fleet {
    struct task task;
    struct instance instances[WRITERS_MAX];
    int64_t *samples_us; /* from the push to the answer */
    int sample_count;
    uint64_t random;
    uint64_t seeks;
};

static uint64_t next_random(struct fleet *fleet)
{
    fleet->random = fleet->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return fleet->random >> 33;
}

static void instance_start(struct fleet *fleet, int number)
{
    struct instance *instance = &fleet->instances[number];
    struct ledger_settings settings = { .conninfo = fleet->task.conninfo };
    struct error err = { 0 };

    (void)snprintf(instance->name, sizeof(instance->name), "host-%d", number);
    memcpy(instance->file.bytes, "fleet", 5);
    instance->file.bytes[14] = (unsigned char)(number / 256);
    instance->file.bytes[15] = (unsigned char)number;
    instance->catalogue = catalogue_of(number % fleet->task.services, fleet->task.objectives);
    settings.catalogue = instance->catalogue;
    settings.service = instance->catalogue->services[0];
    settings.host = instance->name;
    settings.instance = instance->name;
    instance->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    instance->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    if (instance->flushes == NULL || instance->positions == NULL
        || plan_new(instance->catalogue, &instance->plan, &err) != 0
        || ledger_writer_start(&settings, instance->flushes, instance->positions, &instance->writer,
                               &err)
               != 0) {
        (void)fprintf(stderr, "bench_fleet: %s\n", err.text);
        exit(1);
    }
    instance->next_ms = clock_boot_ms() + (int64_t)(next_random(fleet) % 1000);
    instance->counted_ms = clock_boot_ms();
}

static void instance_stop(struct instance *instance)
{
    ledger_writer_stop(&instance->writer);
    queue_free(&instance->positions);
    queue_free(&instance->flushes);
    plan_free(&instance->plan);
    catalogue_free(&instance->catalogue);
}

/* One request in 100 fails and one in 50 is slow, the routes in turn at random. */
static void count_event(struct fleet *fleet, struct tally *tally, int64_t time_ms, int route)
{
    uint64_t random = next_random(fleet);
    char text[NAME_BYTES];
    int series;

    (void)snprintf(text, sizeof(text), "/api/v1/route-%d", route);
    series = tally_series(tally, 0, slice_of(text), EVENT_GET);
    if (series < 0
        || !tally_add(tally, &(struct tally_event){
                                 .time_ms = time_ms,
                                 .duration_ms = random % 50 == 0 ? 700 : random % 97,
                                 .series = (uint32_t)series,
                                 .status = random % 100 == 0 ? 503 : 200,
                             }))
        exit(1);
}

/* What came since the last time; at most a minute of it, so that a ledger that is late is not
 * measured by ever larger flushes. */
static int fill_tally(struct fleet *fleet, struct instance *instance, struct tally *tally)
{
    int routes = fleet->task.objectives / 2;
    int64_t now_ms = clock_boot_ms();
    int64_t events = (now_ms - instance->counted_ms) * fleet->task.events_per_s / 1000;
    int64_t time_ms = clock_wall_ms();

    if (fleet->task.minutes > 0) {
        events = (int64_t)fleet->task.events_per_s * 60;
        time_ms -= (int64_t)(fleet->task.minutes - instance->minutes++) * 60000;
    }
    for (int64_t i = 0; i < events; i++)
        count_event(fleet, tally, time_ms, (int)(next_random(fleet) % (uint64_t)routes));
    if (events > 0)
        instance->counted_ms += events * 1000 / fleet->task.events_per_s;
    return (int)events;
}

static void hand_over(struct fleet *fleet, struct instance *instance)
{
    struct flush *flush = calloc(1, sizeof(*flush));
    struct tally *tally = tally_new(instance->plan);
    int events;

    if (flush == NULL || tally == NULL)
        exit(1);
    events = fill_tally(fleet, instance, tally);
    *flush = (struct flush){ .kind = FLUSH_COUNTS,
                             .file = instance->file,
                             .from_offset = instance->offset,
                             .to_offset = instance->offset + (int64_t)events * LINE_BYTES,
                             .tally = tally,
                             .lines = (uint64_t)events,
                             .last_event_ms = clock_wall_ms(),
                             .watched_from_ms = clock_wall_ms(),
                             .watched_until_ms = clock_wall_ms() };
    (void)snprintf(flush->path, sizeof(flush->path), "/var/log/nginx/access.log");
    instance->handed_ms = clock_boot_ms();
    instance->handed_us = clock_boot_us();
    instance->in_flight = true;
    if (!queue_push(instance->flushes, &flush))
        exit(1);
}

static void take_answer(struct fleet *fleet, struct instance *instance)
{
    struct file_position position;

    if (!queue_pop(instance->positions, &position, 0))
        return;
    if (fleet->sample_count < SAMPLES_MAX)
        fleet->samples_us[fleet->sample_count++] = clock_boot_us() - instance->handed_us;
    fleet->seeks += !position.committed;
    instance->offset = position.offset;
    instance->in_flight = false;
    instance->next_ms = instance->handed_ms + HANDOVER_MS;
    if (instance->next_ms < clock_boot_ms())
        instance->next_ms = clock_boot_ms();
    instance->next_ms += (int64_t)(next_random(fleet) % POLL_MS);
    if (fleet->task.minutes > 0)
        instance->next_ms = 0;
}

static bool has_more(const struct fleet *fleet, const struct instance *instance, int64_t until_ms)
{
    return fleet->task.minutes > 0 ? instance->minutes < fleet->task.minutes
                                   : clock_boot_ms() < until_ms;
}

static void run_fleet(struct fleet *fleet)
{
    int64_t until_ms = clock_boot_ms() + (int64_t)fleet->task.seconds * 1000;
    int64_t give_up_ms = until_ms + ANSWER_MS;
    bool busy = true;

    while (busy && clock_boot_ms() < give_up_ms) {
        busy = false;
        for (int i = 0; i < fleet->task.writers; i++) {
            struct instance *instance = &fleet->instances[i];

            if (instance->in_flight)
                take_answer(fleet, instance);
            else if (has_more(fleet, instance, until_ms) && clock_boot_ms() >= instance->next_ms)
                hand_over(fleet, instance);
            busy = busy || instance->in_flight || has_more(fleet, instance, until_ms);
        }
        clock_sleep_ms(STEP_MS);
    }
}

static double cpu_seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_samples(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static double share_ms(const int64_t *samples_us, int count, int percent)
{
    return count == 0 ? 0 : (double)samples_us[(int64_t)(count - 1) * percent / 100] / 1e3;
}

static void print_fleet(const struct fleet *fleet, double seconds)
{
    struct ledger_counters sum = { 0 };

    for (int i = 0; i < fleet->task.writers; i++) {
        struct ledger_counters one;

        ledger_writer_counters(fleet->instances[i].writer, &one);
#define X(field, metric, help) sum.field += one.field;
        FOR_EACH_LEDGER_COUNTER(X)
#undef X
    }
    qsort(fleet->samples_us, (size_t)fleet->sample_count, sizeof(int64_t), compare_samples);
    printf("{\"seconds\": %.3f, \"flushes\": %d, \"p50_ms\": %.1f, \"p99_ms\": %.1f, "
           "\"max_ms\": %.1f, \"seeks\": %" PRIu64 ", \"cpu_seconds\": %.2f",
           seconds, fleet->sample_count, share_ms(fleet->samples_us, fleet->sample_count, 50),
           share_ms(fleet->samples_us, fleet->sample_count, 99),
           share_ms(fleet->samples_us, fleet->sample_count, 100), fleet->seeks,
           cpu_seconds(CLOCK_PROCESS_CPUTIME_ID));
#define X(field, metric, help) printf(", \"" #field "\": %" PRIu64, sum.field);
    FOR_EACH_LEDGER_COUNTER(X)
#undef X
    printf("}\n");
}

static int write_all(const struct task *task)
{
    static struct fleet fleet = { .random = 1 };
    int64_t started_us;

    fleet.task = *task;
    fleet.samples_us = calloc(SAMPLES_MAX, sizeof(*fleet.samples_us));
    if (fleet.samples_us == NULL || task->writers < 1 || task->writers > WRITERS_MAX
        || task->services < 1 || task->objectives < 2)
        return 1;
    for (int i = 0; i < task->writers; i++)
        instance_start(&fleet, i);
    started_us = clock_boot_us();
    run_fleet(&fleet);
    print_fleet(&fleet, (double)(clock_boot_us() - started_us) / 1e6);
    for (int i = 0; i < task->writers; i++)
        instance_stop(&fleet.instances[i]);
    free(fleet.samples_us);
    return 0;
}

/* --- the reader --- */

struct reading {
    struct catalogue *catalogue;
    struct tracks *tracks;
    struct window **windows;
    struct ledger_reader *reader;
};

static int reading_start(struct reading *reading, const char *conninfo, int objectives)
{
    static const int32_t shown[] = { 5, 30, 60, 120, 360, 1440, 4320 };
    struct ledger_settings settings = { .conninfo = conninfo };
    struct error err = { 0 };

    reading->catalogue = catalogue_of(0, objectives);
    settings.catalogue = reading->catalogue;
    settings.service = reading->catalogue->services[0];
    reading->tracks = tracks_new(reading->catalogue, shown, (int)ARRAY_LENGTH(shown));
    if (reading->tracks == NULL
        || ledger_reader_open(&settings, reading->tracks, &reading->reader, &err) != 0)
        return -1;
    reading->windows = calloc((size_t)reading->tracks->count, sizeof(*reading->windows));
    for (int i = 0; reading->windows != NULL && i < reading->tracks->count; i++) {
        reading->windows[i] = track_window(&reading->tracks->tracks[i]);
        if (reading->windows[i] == NULL)
            return -1;
    }
    return reading->windows == NULL ? -1 : 0;
}

static void reading_stop(struct reading *reading)
{
    ledger_reader_close(&reading->reader);
    for (int i = 0; i < reading->tracks->count; i++)
        window_free(&reading->windows[i]);
    free((void *)reading->windows);
    tracks_free(&reading->tracks);
    catalogue_free(&reading->catalogue);
}

/* One tick.  Returns how long it took, or -1. */
static int64_t tick(struct reading *reading)
{
    AUTO(arena_free) struct arena *arena = arena_new(READ_BYTES);
    struct ledger_news news = { 0 };
    struct error err = { 0 };
    int64_t started_us = clock_boot_us();

    if (arena == NULL)
        return -1;
    while (!news.complete) {
        struct ledger_look look = { .now_wall_ms = clock_wall_ms(),
                                    .until_ms = clock_boot_ms() + 800,
                                    .deadline_ms = clock_boot_ms() + ANSWER_MS };

        for (int i = 0; i < reading->tracks->count; i++)
            window_advance(reading->windows[i], (int32_t)(look.now_wall_ms / 60000));
        if (ledger_reader_read(reading->reader, &look, reading->windows, arena, &news, &err) != 0) {
            (void)fprintf(stderr, "bench_fleet: %s\n", err.text);
            return -1;
        }
    }
    return clock_boot_us() - started_us;
}

static int read_all(const char *conninfo, int objectives, int ticks)
{
    struct reading reading = { 0 };
    AUTO(auto_free) int64_t *samples_us = calloc((size_t)ticks + 1, sizeof(*samples_us));
    int64_t cold_us;
    double cpu;

    if (samples_us == NULL || reading_start(&reading, conninfo, objectives) != 0)
        return 1;
    cold_us = tick(&reading);
    cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < ticks; i++) {
        clock_sleep_ms(1000);
        samples_us[i] = tick(&reading);
        if (samples_us[i] < 0)
            return 1;
    }
    cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    qsort(samples_us, (size_t)ticks, sizeof(*samples_us), compare_samples);
    printf("{\"cold_ms\": %.1f, \"tick_p50_ms\": %.1f, \"tick_max_ms\": %.1f, "
           "\"tick_cpu_ms\": %.2f}\n",
           (double)cold_us / 1e3, share_ms(samples_us, ticks, 50), share_ms(samples_us, ticks, 100),
           ticks == 0 ? 0 : cpu * 1e3 / ticks);
    reading_stop(&reading);
    return cold_us < 0 ? 1 : 0;
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "write") == 0)
        return write_all(&(struct task){ .conninfo = argv[2],
                                         .writers = number(argv[3]),
                                         .services = number(argv[4]),
                                         .objectives = number(argv[5]),
                                         .events_per_s = number(argv[6]),
                                         .seconds = number(argv[7]),
                                         .minutes = number(argv[8]) });
    if (argc == 5 && strcmp(argv[1], "read") == 0)
        return read_all(argv[2], number(argv[3]), number(argv[4]));
    (void)fprintf(stderr,
                  "usage: bench_fleet write CONNINFO WRITERS SERVICES OBJECTIVES EVENTS SECONDS "
                  "MINUTES | read CONNINFO OBJECTIVES TICKS\n");
    return 2;
}
