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
    MINUTE_MS = 60 * 1000,
    /* Coverage and exclusions of one read. */
    READ_BYTES = 32 * 1024 * 1024,
    /* How long a load may go on before the old figures are published once more. */
    LOAD_MS = 800,
    /* Sums that were not known at once: a new exclusion wants other minutes than before. */
    ATTEMPTS = 3,

    /* Between two publications of a pause: whether the figures are too old is said in time. */
    PASS_MS = 1000,
    /* The wall clock was set: minutes were sorted in or left out by a wrong one. */
    CLOCK_STEP_MS = 60 * 1000,
};

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
    *clerk = (struct clerk){ .settings = *settings, .stopping = stopping, .read_at_ms = -1 };
    say_no_ledger(clerk);
    if (book_init(&clerk->book, settings->ledger->catalogue) != 0
        || trackers_init(&clerk->trackers, &clerk->book) != 0
        || worst_init(&clerk->worst, &clerk->book) != 0
        || shelf_init(&clerk->shelf, clerk->book.count) != 0
        || alarms_init(&clerk->alarms, &clerk->book, settings->ledger->service) != 0)
        return error_set(err, ENOMEM, "accountant: out of memory");
    clerk->incidents = incidents_new(&clerk->book, settings->ledger->catalogue);
    clerk->forecasts = forecasts_new(&clerk->book);
    if (clerk->incidents == NULL || clerk->forecasts == NULL)
        return error_set(err, ENOMEM, "accountant: out of memory");
    return 0;
}

void clerk_done(struct clerk *clerk)
{
    ledger_reader_close(&clerk->reader);
    maintenances_done(&clerk->maintenances);
    alarms_done(&clerk->alarms);
    incidents_free(&clerk->incidents);
    forecasts_free(&clerk->forecasts);
    shelf_done(&clerk->shelf);
    worst_done(&clerk->worst);
    trackers_done(&clerk->trackers);
    book_done(&clerk->book);
}

bool clerk_is_usable(const struct clerk *clerk, int64_t now_ms)
{
    return clerk->read_at_ms >= 0 && clerk->unwritten.code == NULL
           && now_ms - clerk->read_at_ms <= clerk->settings.config->slo_max_age_ms;
}

static int open_reader(struct clerk *clerk, struct error *err)
{
    return clerk->reader != NULL ? 0
                                 : ledger_reader_open(clerk->settings.ledger, clerk->book.tracks,
                                                      &clerk->reader, err);
}

/* The next read begins with everything again. */
static void close_reader(struct clerk *clerk)
{
    ledger_reader_close(&clerk->reader);
    trackers_forget(&clerk->trackers);
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

/* Said once: each of them costs a sum of every span, and that is bounded. */
static void note_left_out(int before, int now)
{
    if (now > 0 && before == 0)
        log_warning("there are more than %d exclusions: the oldest %d count after all",
                    LIMIT_EXCLUSIONS, now);
}

/* A load that finds no memory half way must not be taken for the whole. */
static int take_news(struct clerk *clerk, const struct ledger_news *news, struct arena **arena,
                     struct clerk_time now, struct error *err)
{
    int left_out = clerk->book.news.exclusions_left_out;
    int code;

    if (news->anew)
        trackers_forget(&clerk->trackers);
    code = book_apply(&clerk->book, news, arena, now.wall_ms);
    if (code == 0)
        note_left_out(left_out, news->exclusions_left_out);
    if (code == 0 || code == -EAGAIN)
        return code;
    close_reader(clerk);
    return error_set(err, -code, "accountant: out of memory");
}

static int read_once(struct clerk *clerk, struct clerk_time now, struct error *err)
{
    struct ledger_look look = {
        .now_wall_ms = now.wall_ms,
        .until_ms = now.boot_ms + LOAD_MS,
        .deadline_ms = now.boot_ms + READ_DEADLINE_MS,
    };
    AUTO(arena_free) struct arena *arena = arena_new(READ_BYTES);
    struct ledger_news news = { 0 };
    int code;

    if (arena == NULL)
        return error_set(err, ENOMEM, "accountant: out of memory");
    book_expect(&clerk->book, now.wall_ms);
    code = ledger_reader_read(clerk->reader, &look, clerk->book.windows, arena, &news, err);
    if (code != 0)
        return code;
    clerk->loading = !news.complete;
    clerk->read_much = clerk->read_much || news.anew;
    return clerk->loading ? 0 : take_news(clerk, &news, &arena, now, err);
}

static int read_ledger(struct clerk *clerk, struct clerk_time now, struct error *err)
{
    int code = open_reader(clerk, err);

    if (code != 0)
        return code;
    code = -EAGAIN;
    for (int i = 0; code == -EAGAIN && i < ATTEMPTS; i++)
        code = read_once(clerk, now, err);
    return code == -EAGAIN ? error_set(err, EAGAIN, "accountant: sums that are not known") : code;
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

/* The built-in objectives are in force only where none has been applied: until the ledger has been
 * asked, figures of theirs would let the gate say go for others. */
static bool may_be_others(const struct clerk *clerk)
{
    struct ledger_counters counters;

    if (clerk->settings.ledger->origin != ORIGIN_BUILT_IN || clerk->settings.writer == NULL
        || clerk->read_at_ms >= 0)
        return false;
    ledger_writer_counters(clerk->settings.writer, &counters);
    return !counters.definitions_known;
}

bool clerk_knows_objectives(const struct clerk *clerk)
{
    return clerk->settings.objectives_trouble == NULL && !may_be_others(clerk);
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
    if (clerk->loading || may_be_others(clerk))
        return; /* the old figures go on, and grow older */
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

/* Also while the objectives can't be read: they have nothing to do with whether traffic should
 * come. */
static void follow_maintenance(struct clerk *clerk, struct clerk_time now)
{
    if (clerk->settings.ledger->conninfo == NULL || open_reader(clerk, NULL) != 0)
        return;
    maintenances_refresh(&clerk->maintenances, clerk->reader, clerk->trouble == NULL, now.boot_ms);
    maintenances_tell(&clerk->maintenances, clerk->settings.ledger->service, clerk->settings.orders,
                      now.wall_ms);
}

/* Before anything is published: what is shown of alerts has been committed. */
static void judge_alerts(struct clerk *clerk, struct clerk_time now)
{
    const struct trouble *trouble = clerk->trouble != NULL ? clerk->trouble : &clerk->unwritten;
    bool reachable =
        clerk->trouble == NULL && clerk->reader != NULL && clerk->unwritten.code == NULL;

    alarms_turn(&clerk->alarms,
                &(struct alarms_scene){
                    .reader = clerk->reader,
                    .reachable = reachable,
                    .readable = reachable && !clerk->loading && clerk->read_at_ms >= 0
                                && clerk->maintenances.known,
                    .trouble = trouble->message,
                    .maintenances = &clerk->maintenances,
                    .boot_ms = now.boot_ms,
                    .wall_ms = now.wall_ms,
                });
}

static void refresh_details(struct clerk *clerk, struct clerk_time now)
{
    int32_t minute = (int32_t)(now.wall_ms / MINUTE_MS);

    waivers_refresh(&clerk->waivers, clerk->reader, clerk->settings.ledger, now.boot_ms);
    trackers_turn(&clerk->trackers, clerk->reader, (struct trackers_time){ now.boot_ms, minute });
    clerk->read_much = clerk->read_much || clerk->trackers.read_much;
    if (!atomic_load(clerk->stopping))
        worst_turn(&clerk->worst, clerk->reader, now.boot_ms);
    forecasts_turn(clerk->forecasts);
    if (!atomic_load(clerk->stopping))
        incidents_turn(clerk->incidents, &(struct incidents_scene){ .reader = clerk->reader,
                                                                    .boot_ms = now.boot_ms,
                                                                    .wall_ms = now.wall_ms });
}

/* Before a reload another accountant has published figures: until we have some they are better than
 * none, as long as they are not too old. */
static bool has_older_figures(const struct clerk *clerk)
{
    const struct page_set *set;
    bool good;

    if (clerk->read_at_ms >= 0 || clerk->no_ledger.code != NULL)
        return false;
    set = slot_acquire(clerk->settings.slot);
    good = set != NULL && set->usable && slot_age_ms(set) < set->max_age_ms;
    if (set != NULL)
        slot_release(&set);
    return good;
}

void clerk_turn(struct clerk *clerk, struct clerk_time now)
{
    clerk->read_much = false;
    clerk->now_wall_ms = now.wall_ms;
    if (clerk->no_ledger.code == NULL) {
        watch_clock(clerk, now);
        read_figures(clerk, now);
        /* The read may have taken its whole deadline, and somebody may have stopped waiting. */
        if (atomic_load(clerk->stopping))
            return;
        watch_writer(clerk, now);
    }
    follow_maintenance(clerk, now);
    if (clerk->no_ledger.code == NULL)
        judge_alerts(clerk, now);
    if (!has_older_figures(clerk))
        publish_figures(clerk, clock_boot_ms());
    if (clerk->read_at_ms >= 0 && clerk->trouble == NULL && !clerk->loading)
        refresh_details(clerk, now);
    /* What the rows of a month took on their way lies between what is kept: give its pages back. */
    if (clerk->read_much)
        (void)malloc_trim(0);
}

void clerk_rest(struct clerk *clerk, int64_t deadline_ms)
{
    alarms_rest(&clerk->alarms, clerk->reader, deadline_ms);
    if (clerk->reader != NULL)
        ledger_reader_rest(clerk->reader);
    clerk->resting = true;
    clerk->passed_at_ms = 0;
}

void clerk_pass(struct clerk *clerk, struct clerk_time now)
{
    if (now.boot_ms - clerk->passed_at_ms < PASS_MS)
        return;
    clerk->passed_at_ms = now.boot_ms;
    clerk->now_wall_ms = now.wall_ms;
    publish_figures(clerk, now.boot_ms);
}

void clerk_resume(struct clerk *clerk)
{
    clerk->resting = false;
}

void clerk_leave(struct clerk *clerk, int64_t deadline_ms)
{
    alarms_leave(&clerk->alarms, clerk->reader, deadline_ms);
}
