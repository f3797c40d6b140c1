/* clerk.c - one turn a second: read, judge, publish; then latencies and routes, in portions. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/clerk.h"

#include "accountant/publish.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_DEADLINE_MS = 5000,
    DETAIL_DEADLINE_MS = 2000,
    MINUTE_MS = 60 * 1000,
    DAY_MINUTES = 1440,

    /* A minute of one objective on its way: the reader's own working memory included. */
    READ_BYTES_PER_MINUTE = 96,
    READ_BYTES = 1 << 20,
    /* A day of histograms of a busy fleet; the slice is halved when it does not fit. */
    DETAIL_BYTES = 16 * 1024 * 1024,

    LATENCY_REFRESH_MS = 60 * 1000,
    LATENCY_RETRY_MS = 10 * 1000,
    SLICE_HOURS = 24,
    FILL_MS = 100, /* how much of a turn may go into slices that have not been read yet */

    ROUTES_MIN_PAUSE_MS = 5 * 1000,
    ROUTES_MAX_PAUSE_MS = 60 * 1000,
    ROUTES_SHARE = 20, /* at most a twentieth of the time goes into them */

    /* The wall clock was set: minutes were sorted in or left out by a wrong one. */
    CLOCK_STEP_MS = 60 * 1000,
};

static int first_latency(const struct ledger_settings *ledger)
{
    for (int i = 0; i < ledger->objective_count; i++) {
        if (ledger->objectives[i].type == OBJECTIVE_LATENCY)
            return i;
    }
    return -1;
}

static void say_no_ledger(struct clerk *clerk)
{
    const char *why = clerk->settings.config->ledger_misconfigured;

    if (clerk->settings.objectives_trouble != NULL) {
        clerk->no_ledger = (struct trouble){
            .code = "objectives_unreadable",
            .message = clerk->settings.objectives_trouble,
        };
        return;
    }
    if (clerk->settings.ledger->conninfo != NULL)
        return;
    clerk->no_ledger = (struct trouble){
        .code = "no_ledger",
        .message = why != NULL ? why
                               : "there is no ledger: set DATABASE_URL or PROBITY_LEDGER_URL, then "
                                 "run `probity migrate upgrade`",
    };
}

int clerk_init(struct clerk *clerk, const struct accountant_settings *settings,
               const atomic_bool *stopping, struct error *err)
{
    const struct ledger_settings *ledger = settings->ledger;

    *clerk = (struct clerk){
        .settings = *settings,
        .stopping = stopping,
        .read_at_ms = -1,
        .latency_objective = first_latency(ledger),
        .slice_hours = SLICE_HOURS,
    };
    say_no_ledger(clerk);
    clerk->latency = latency_new(LIMIT_WINDOW_MINUTES);
    clerk->routes = calloc((size_t)ledger->objective_count * CLERK_ROUTES, sizeof(*clerk->routes));
    if (book_init(&clerk->book, ledger->objectives, ledger->objective_count) != 0
        || clerk->latency == NULL || clerk->routes == NULL
        || alarms_init(&clerk->alarms, &clerk->book, ledger->service) != 0)
        return error_set(err, ENOMEM, "accountant: out of memory");
    return 0;
}

void clerk_done(struct clerk *clerk)
{
    ledger_reader_close(&clerk->reader);
    alarms_done(&clerk->alarms);
    book_done(&clerk->book);
    latency_free(&clerk->latency);
    free(clerk->routes);
    clerk->routes = NULL;
}

bool clerk_is_usable(const struct clerk *clerk, int64_t now_ms)
{
    return clerk->read_at_ms >= 0 && clerk->unwritten.code == NULL
           && now_ms - clerk->read_at_ms <= clerk->settings.config->slo_max_age_ms;
}

static void forget_latency(struct clerk *clerk)
{
    latency_forget(clerk->latency);
    clerk->percentiles = (struct latency_percentiles){ 0 };
    clerk->latency_following = false;
}

/* The next read begins with everything again. */
static void close_reader(struct clerk *clerk)
{
    ledger_reader_close(&clerk->reader);
    forget_latency(clerk);
}

/* Said once per change, not once a second. */
static void set_trouble(struct clerk *clerk, const struct trouble *trouble, const char *text)
{
    const char *before = clerk->trouble == NULL ? NULL : clerk->trouble->code;

    if (trouble == NULL && before != NULL)
        log_info("ledger: the figures can be read again");
    else if (trouble == NULL && clerk->read_at_ms < 0)
        log_info("ledger: the figures have been read");
    else if (trouble != NULL && (before == NULL || strcmp(before, trouble->code) != 0))
        log_warning("ledger: the figures can't be read: %s", text);
    clerk->trouble = trouble;
}

/* A reload that finds no memory half way must not be taken for the whole. */
static int take_changes(struct clerk *clerk, const struct ledger_changes *changes,
                        int64_t now_wall_ms, struct error *err)
{
    clerk->read_much = changes->reload;
    if (changes->reload)
        forget_latency(clerk);
    if (book_apply(&clerk->book, changes, now_wall_ms) == 0)
        return 0;
    close_reader(clerk);
    return error_set(err, ENOMEM, "accountant: out of memory");
}

static int read_ledger(struct clerk *clerk, struct clerk_time now, struct error *err)
{
    size_t max_bytes =
        READ_BYTES + (size_t)clerk->book.count * LIMIT_RETENTION_MINUTES * READ_BYTES_PER_MINUTE;
    AUTO(arena_free) struct arena *arena = arena_new(max_bytes);
    struct ledger_changes changes = { 0 };
    int code = 0;

    if (arena == NULL)
        return error_set(err, ENOMEM, "accountant: out of memory");
    if (clerk->reader == NULL)
        code = ledger_reader_open(clerk->settings.ledger, &clerk->reader, err);
    if (code == 0)
        code = ledger_reader_read(clerk->reader, now.wall_ms, now.boot_ms + READ_DEADLINE_MS, arena,
                                  &changes, err);
    return code != 0 ? code : take_changes(clerk, &changes, now.wall_ms, err);
}

static void watch_clock(struct clerk *clerk, struct clerk_time now)
{
    int64_t difference_ms = now.wall_ms - now.boot_ms;
    int64_t step_ms = difference_ms - clerk->wall_minus_boot_ms;

    if (clerk->reader != NULL && (step_ms > CLOCK_STEP_MS || step_ms < -CLOCK_STEP_MS)) {
        log_warning("the wall clock stepped by %lld s: reading the ledger anew",
                    (long long)(step_ms / 1000));
        close_reader(clerk);
    }
    clerk->wall_minus_boot_ms = difference_ms;
}

static void read_figures(struct clerk *clerk, struct clerk_time now)
{
    struct error err = { 0 };
    int code = read_ledger(clerk, now, &err);

    if (code != 0) {
        clerk->failed_reads++;
        set_trouble(clerk, trouble_of(-code), err.text);
        return;
    }
    set_trouble(clerk, NULL, NULL);
    clerk->read_at_ms = now.boot_ms;
}

/* What can be read is no news while nothing can be written: a full disk or a replica would let the
 * gate say go through any outage. */
static void watch_writer(struct clerk *clerk, struct clerk_time now)
{
    struct ledger_counters counters;

    clerk->unwritten = (struct trouble){ 0 };
    if (clerk->settings.writer == NULL)
        return;
    ledger_writer_counters(clerk->settings.writer, &counters);
    if (counters.trouble[0] == '\0'
        || now.boot_ms - counters.trouble_since_ms <= clerk->settings.config->slo_max_age_ms)
        return;
    (void)snprintf(clerk->unwritten_text, sizeof(clerk->unwritten_text),
                   "the ledger can't be written, so what has been logged since is missing: %s",
                   counters.trouble);
    clerk->unwritten =
        (struct trouble){ .code = "ledger_unwritable", .message = clerk->unwritten_text };
}

/* --- latencies --- */

static int32_t minute_of(struct clerk_time now)
{
    return (int32_t)(now.wall_ms / MINUTE_MS);
}

static int read_histograms(struct clerk *clerk, int32_t from_minute, int32_t to_minute,
                           bool changes)
{
    AUTO(arena_free) struct arena *arena = arena_new(DETAIL_BYTES);
    struct latency_rows rows = { .objective = clerk->latency_objective };
    int code;

    if (arena == NULL)
        return -ENOMEM;
    code = ledger_reader_histograms(clerk->reader, from_minute, to_minute, changes,
                                    clock_boot_ms() + DETAIL_DEADLINE_MS, arena, &rows.rows,
                                    &rows.count, NULL);
    if (code != 0)
        return code;
    clerk->latency_changed = clerk->latency_changed || rows.count > 0;
    code = changes ? latency_change(clerk->latency, &rows)
                   : latency_fill(clerk->latency, from_minute, to_minute, &rows);
    if (code != 0)
        forget_latency(clerk);
    return code;
}

/* One slice of what has not been read yet, newest first.  Returns 1 when nothing is missing. */
static int fill_latency(struct clerk *clerk)
{
    const struct window *events = clerk->book.windows[clerk->latency_objective];
    int32_t from;
    int32_t to;
    int code;

    if (!latency_wants(clerk->latency, events, clerk->slice_hours, &from, &to))
        return 1;
    clerk->read_much = true;
    code = read_histograms(clerk, from, to, false);
    if (code == -ENOMEM && clerk->slice_hours > 1)
        clerk->slice_hours /= 2;
    return code;
}

/* Changes are asked for once before anything is read, so that none falls in between; and missing
 * hours are filled before the changes are taken, because what book->windows say of an hour is
 * older than the changes. */
static int follow_latency(struct clerk *clerk, struct clerk_time now)
{
    int32_t minute = minute_of(now);
    int32_t from = minute - LIMIT_WINDOW_MINUTES + 1;
    int64_t began_at_ms = clock_boot_ms();
    int code;

    latency_advance(clerk->latency, minute);
    if (!clerk->latency_following) {
        code = read_histograms(clerk, minute, minute, true);
        clerk->latency_following = code == 0;
        clerk->latency_next_at_ms = now.boot_ms + LATENCY_REFRESH_MS;
        return code;
    }
    do
        code = fill_latency(clerk);
    while (code == 0 && clock_boot_ms() - began_at_ms < FILL_MS);
    if (code != 1)
        return code;
    if (now.boot_ms >= clerk->latency_next_at_ms) {
        clerk->latency_next_at_ms = now.boot_ms + LATENCY_REFRESH_MS;
        code = read_histograms(clerk, from < 0 ? 0 : from, minute + DAY_MINUTES, true);
        if (code < 0)
            return code;
    } else if (!clerk->latency_changed) {
        return 0;
    }
    clerk->latency_changed = false;
    return latency_compute(clerk->latency, &clerk->percentiles);
}

static void refresh_latency(struct clerk *clerk, struct clerk_time now)
{
    if (clerk->latency_objective < 0 || now.boot_ms < clerk->latency_retry_at_ms
        || clerk->book.verdicts[clerk->latency_objective].whole.total == 0)
        return;
    /* Nothing known although there are events: don't let a first visitor wait for a minute. */
    if (!clerk->percentiles.known)
        clerk->latency_next_at_ms = 0;
    if (follow_latency(clerk, now) < 0)
        clerk->latency_retry_at_ms = now.boot_ms + LATENCY_RETRY_MS;
}

/* --- routes --- */

static bool any_bad(const struct book *book)
{
    for (int i = 0; i < book->count; i++) {
        if (book->verdicts[i].whole.bad > 0)
            return true;
    }
    return false;
}

static void keep_routes(struct clerk *clerk, const struct ledger_route *routes, int count)
{
    int max = clerk->book.count * CLERK_ROUTES;

    clerk->route_count = count < max ? count : max;
    if (clerk->route_count > 0)
        memcpy(clerk->routes, routes, (size_t)clerk->route_count * sizeof(*routes));
}

static void refresh_routes(struct clerk *clerk, struct clerk_time now)
{
    AUTO(arena_free) struct arena *arena = NULL;
    const struct ledger_route *routes = NULL;
    int32_t minute = minute_of(now);
    int64_t began_at_ms = clock_boot_ms();
    int64_t pause_ms;
    int count = 0;
    int code;

    if (!any_bad(&clerk->book))
        clerk->route_count = 0;
    if (!any_bad(&clerk->book) || now.boot_ms < clerk->routes_next_at_ms)
        return;
    arena = arena_new(DETAIL_BYTES);
    code = arena == NULL ? -ENOMEM
                         : ledger_reader_routes(clerk->reader, minute - LIMIT_WINDOW_MINUTES + 1,
                                                minute, began_at_ms + DETAIL_DEADLINE_MS, arena,
                                                &routes, &count, NULL);
    if (code == 0)
        keep_routes(clerk, routes, count);
    pause_ms = (clock_boot_ms() - began_at_ms) * ROUTES_SHARE;
    if (pause_ms < ROUTES_MIN_PAUSE_MS)
        pause_ms = ROUTES_MIN_PAUSE_MS;
    if (pause_ms > ROUTES_MAX_PAUSE_MS || code != 0)
        pause_ms = ROUTES_MAX_PAUSE_MS;
    clerk->routes_next_at_ms = now.boot_ms + pause_ms;
}

static void refresh_details(struct clerk *clerk, struct clerk_time now)
{
    waivers_refresh(&clerk->waivers, clerk->reader, clerk->settings.ledger, now.boot_ms);
    refresh_latency(clerk, now);
    if (!atomic_load(clerk->stopping))
        refresh_routes(clerk, now);
}

void clerk_turn(struct clerk *clerk, struct clerk_time now)
{
    clerk->read_much = false;
    if (clerk->no_ledger.code == NULL) {
        watch_clock(clerk, now);
        read_figures(clerk, now);
        /* The read may have taken its whole deadline, and somebody may have stopped waiting. */
        if (atomic_load(clerk->stopping))
            return;
        watch_writer(clerk, now);
    }
    publish_figures(clerk, clock_boot_ms());
    if (clerk->read_at_ms >= 0 && clerk->trouble == NULL)
        refresh_details(clerk, now);
    /* What the rows of a month took on their way lies between what is kept: give its pages back. */
    if (clerk->read_much)
        (void)malloc_trim(0);
}
