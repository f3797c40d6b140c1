/* bench_ledger.c - how many lines a second become committed rows, through the follower and the
 * writer as the daemon runs them. */
/* SPDX-License-Identifier: MIT */

/* "CONNINFO FILE" follows the file from its beginning until the ledger has all of it; the ledger's
 * schema is there and empty.  Prints one JSON object: the seconds from the start of both threads
 * until the last row was committed, the lines, and the CPU seconds of this process. */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "ingest/follow.h"
#include "ledger/writer.h"
#include "slo/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { WAIT_MS = 120 * 1000, STEP_MS = 2 };

struct parts {
    struct catalogue *catalogue;
    struct plan *plan;
    struct queue *flushes;
    struct queue *positions;
    struct ledger_writer *writer;
    struct follower *follower;
};

static int parts_start(struct parts *parts, const char *conninfo, const char *path)
{
    static struct source_config source = { .name = "bench", .service = "app" };
    struct ledger_settings ledger = {
        .conninfo = conninfo, .service = "app", .host = "host", .instance = "bench"
    };
    struct follow_settings follow = { .sources = &source, .source_count = 1, .service = "app" };
    struct error err = { 0 };

    source.path = path;
    if (catalogue_built_in("app", &parts->catalogue, &err) != 0
        || plan_new(parts->catalogue, &parts->plan, &err) != 0)
        return 1;
    ledger.catalogue = parts->catalogue;
    follow.plan = parts->plan;
    parts->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    parts->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    if (parts->flushes == NULL || parts->positions == NULL
        || ledger_writer_start(&ledger, parts->flushes, parts->positions, &parts->writer, &err) != 0
        || follower_start(&follow, parts->flushes, parts->positions, &parts->follower, &err) != 0) {
        (void)fprintf(stderr, "bench_ledger: %s\n", err.text);
        return 1;
    }
    return 0;
}

static void parts_stop(struct parts *parts)
{
    follower_stop(&parts->follower);
    ledger_writer_stop(&parts->writer);
    queue_free(&parts->positions);
    queue_free(&parts->flushes);
    plan_free(&parts->plan);
    catalogue_free(&parts->catalogue);
}

/* Until everything is committed.  Returns when that was, by the boot clock, or -1. */
static int64_t wait_committed(const struct parts *parts, int64_t size)
{
    int64_t until_ms = clock_boot_ms() + WAIT_MS;

    while (clock_boot_ms() < until_ms) {
        struct follow_counters read;
        struct ledger_counters written;

        follower_counters(parts->follower, &read);
        ledger_writer_counters(parts->writer, &written);
        if ((int64_t)read.bytes >= size && read.lag_bytes == 0)
            return written.last_commit_at_ms;
        clock_sleep_ms(STEP_MS);
    }
    return -1;
}

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct parts parts = { 0 };
    struct ledger_counters written;
    struct follow_counters read;
    struct stat file;
    int64_t started_ms = clock_boot_ms();
    int64_t done_ms;

    if (argc != 3 || stat(argv[2], &file) != 0) {
        (void)fprintf(stderr, "usage: bench_ledger CONNINFO FILE\n");
        return 2;
    }
    if (parts_start(&parts, argv[1], argv[2]) != 0)
        return 1;
    done_ms = wait_committed(&parts, file.st_size);
    follower_counters(parts.follower, &read);
    ledger_writer_counters(parts.writer, &written);
    printf("{\"seconds\": %.3f, \"lines\": %" PRIu64 ", \"events\": %" PRIu64
           ", \"commits\": %" PRIu64 ", \"rows\": %" PRIu64 ", \"cpu_seconds\": %.2f}\n",
           (double)(done_ms - started_ms) / 1e3, read.lines, read.events, written.commits,
           written.rows, cpu_seconds());
    parts_stop(&parts);
    return done_ms < 0 ? 1 : 0;
}
