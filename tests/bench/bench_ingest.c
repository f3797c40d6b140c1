/* bench_ingest.c - how many lines a second follow, parse, classify and tally manage on one core. */
/* SPDX-License-Identifier: MIT */

/* "generate FILE LINES" writes a log in nginx's own format: 200 routes, ids, some 4xx and 5xx.
 * "measure FILE ROUNDS" reads it through the functions that the thread uses, without a ledger, and
 * beside it, in the same round, counts the lines for /metrics, which is a second reading, and
 * decodes a share of them with jansson.  Times are the thread's CPU time: other work on the machine
 * is not the reader's. */
#include "config.h"

#include "base/clock.h"
#include "ingest/file.h"
#include "ingest/follower.h"
#include "ingest/requests.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ROUNDS_MAX = 25, BASELINE_LINES = 200000, LINE_BYTES = 512 };

#define GOAL_LINES_PER_S 5e6

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Every third route holds a number, every tenth a UUID. */
static void print_path(char *path, size_t bytes, unsigned route, uint64_t random)
{
    static const char *const nouns[] = { "orders", "users", "invoices", "panels", "reports" };
    const char *noun = nouns[route % 5];

    if (route % 10 == 0)
        (void)snprintf(path, bytes, "/api/v1/%s/%u/%08x-1b2c-4d3e-8f90-%012" PRIx64, noun, route,
                       (unsigned)random, random);
    else if (route % 3 == 0)
        (void)snprintf(path, bytes, "/api/v1/%s/%" PRIu64 "/part-%u", noun, random % 100000, route);
    else
        (void)snprintf(path, bytes, "/api/v1/%s/view-%u", noun, route);
}

static int generate(const char *name, long lines)
{
    static const char *const methods[] = { "GET", "GET", "GET", "POST", "PUT", "DELETE" };
    static const int statuses[] = { 200, 200, 200, 200, 201, 204, 304, 404 };
    FILE *file = fopen(name, "we");
    int64_t time_ms = clock_wall_ms() - 3600000;
    uint64_t state = 1;
    bool failed;

    if (file == NULL)
        return 1;
    for (long i = 0; i < lines; i++) {
        uint64_t random = next_random(&state);
        unsigned ms = (unsigned)(random % 97 + (random % 211 == 0 ? 700 : 0));
        char path[128];

        print_path(path, sizeof(path), (unsigned)(next_random(&state) % 190), random);
        time_ms += i % 2000 == 0;
        (void)fprintf(file,
                      "{\"time\":%" PRId64 ".%03d,\"request_id\":\"%016" PRIx64 "%016" PRIx64
                      "\",\"service\":\"app\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,"
                      "\"request_time\":%u.%03u,\"bytes\":%u,\"upstream_time\":\"%u.%03u\"}\n",
                      time_ms / 1000, (int)(time_ms % 1000), random * 0x9e3779b97f4a7c15u,
                      (uint64_t)i, methods[random % 6], path,
                      random % 301 == 0 ? 503 : statuses[random % 8], ms / 1000, ms % 1000,
                      (unsigned)(random % 20000), ms / 1000, ms % 1000);
    }
    failed = ferror(file) != 0;
    return (fclose(file) != 0 || failed) ? 1 : 0;
}

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads the whole file once, as the thread does.  Returns lines a second; 0 if it failed. */
static double measure_ours(const char *name, struct counting *counting, char *buffer)
{
    AUTO(file_close) struct log_file *file = NULL;
    uint64_t lines = counting->counters.lines;
    enum file_result result = FILE_MORE;
    double started = cpu_seconds();

    if (file_open(name, NULL, &file, NULL) != 0)
        return 0;
    file_name(file);
    file_seek(file, 0);
    while (result == FILE_MORE || result == FILE_FULL) {
        result = file_read(file, counting, buffer);
        if (result == FILE_FULL || file->read_offset - file->committed_offset > 16 << 20) {
            sheet_clear(&file->sheet);
            file->committed_offset = file->read_offset;
        }
    }
    if (file->read_offset != file->size)
        return 0;
    return (double)(counting->counters.lines - lines) / (cpu_seconds() - started);
}

static uint64_t requests_told(struct requests *requests)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };
    uint64_t told = 0;

    if (!requests_look(requests, &view))
        return 0;
    for (int i = 0; i < view.series_count; i++)
        told += view.series[i].count;
    return told;
}

/* The same file for /metrics alone, as without a ledger.  Returns lines a second; 0 if it failed.
 */
static double measure_meter(const struct follow_settings *settings)
{
    AUTO(requests_free) struct requests *requests = requests_new();
    AUTO(follower_free) struct follower *follower = NULL;
    AUTO(queue_free) struct queue *positions = queue_new(sizeof(struct file_position), 1);
    struct follow_settings offline = *settings;
    struct requests_mark start = { .path = settings->sources[0].path };
    struct stat status;
    double started;

    if (requests == NULL || positions == NULL || stat(start.path, &status) != 0)
        return 0;
    start.device = status.st_dev;
    start.inode = status.st_ino;
    requests_keep_marks(requests, &start, 1);
    offline.requests = requests;
    offline.offline = true;
    follower = follower_new(&offline, NULL, positions);
    if (follower == NULL)
        return 0;
    started = cpu_seconds();
    while (follower_turn(follower, clock_wall_ms(), clock_boot_ms()))
        ;
    return (double)requests_told(requests) / (cpu_seconds() - started);
}

/* What a decoder for any JSON manages on the first lines of the same file. */
static double measure_jansson(const char *name)
{
    FILE *file = fopen(name, "re");
    char line[LINE_BYTES];
    int lines = 0;
    double started = cpu_seconds();

    if (file == NULL)
        return 0;
    while (lines < BASELINE_LINES && fgets(line, sizeof(line), file) != NULL) {
        json_t *object = json_loads(line, 0, NULL);

        if (json_integer_value(json_object_get(object, "status")) == 0)
            break;
        json_decref(object);
        lines++;
    }
    (void)fclose(file);
    return lines / (cpu_seconds() - started);
}

static int compare_rates(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *rates, int count)
{
    qsort(rates, (size_t)count, sizeof(rates[0]), compare_rates);
    return rates[count / 2];
}

static int measure(const char *name, int rounds)
{
    const struct source_config source = { .path = name, .service = "app" };
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(counting_free) struct counting *counting = NULL;
    AUTO(auto_free) char *buffer = malloc(FILE_CHUNK_BYTES);
    double ours[ROUNDS_MAX];
    double theirs[ROUNDS_MAX];
    double metered[ROUNDS_MAX];
    double line_bytes;
    struct follow_settings settings = { .sources = &source, .source_count = 1, .service = "app" };

    if (catalogue_built_in("app", &catalogue, NULL) != 0 || plan_new(catalogue, &plan, NULL) != 0)
        return 1;
    settings.plan = plan;
    counting = counting_new(&source, &settings);
    if (counting == NULL || buffer == NULL || rounds < 1 || rounds > ROUNDS_MAX)
        return 1;
    counting->now_wall_ms = clock_wall_ms();
    for (int i = 0; i < rounds; i++) {
        ours[i] = measure_ours(name, counting, buffer);
        metered[i] = measure_meter(&settings);
        theirs[i] = measure_jansson(name);
    }
    line_bytes = (double)counting->counters.bytes / (double)counting->counters.lines;
    if (counting->counters.events != counting->counters.lines || ours[0] <= 0)
        return 1;
    printf("ingest: %.2f million lines/s on one core, %.0f bytes a line, %.0f MB/s; goal 5.00: "
           "%.2f of it\n",
           median(ours, rounds) / 1e6, line_bytes, median(ours, rounds) * line_bytes / 1e6,
           median(ours, rounds) / GOAL_LINES_PER_S);
    printf("ingest: jansson a line: %.2f million lines/s; ratio %.1f (medians of %d rounds)\n",
           median(theirs, rounds) / 1e6, median(ours, rounds) / median(theirs, rounds), rounds);
    printf("ingest: for /metrics: %.2f million lines/s; ratio %.2f\n",
           median(metered, rounds) / 1e6, median(metered, rounds) / median(ours, rounds));
    return median(ours, rounds) >= GOAL_LINES_PER_S ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "generate") == 0)
        return generate(argv[2], strtol(argv[3], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "measure") == 0)
        return measure(argv[2], (int)strtol(argv[3], NULL, 10));
    (void)fprintf(stderr, "usage: bench_ingest generate FILE LINES | measure FILE ROUNDS\n");
    return 2;
}
