/* follow.c - the thread "ingest": the logs take turns on it. */
/* SPDX-License-Identifier: MIT */

/* Why no line counts twice and none is lost, whatever is killed when:
 *
 * - What is counted lies between two offsets of one file, named by its content, and is committed
 * with the move from the first to the second, on condition that the ledger still has the first.  So
 * a flush that is sent twice, by us or a rival, counts once; one that is lost counts not at all.
 * - Killed before the push, or before COMMIT: the position has not moved; the next start asks for
 * it and reads the lines again.  Killed after COMMIT, before the answer: the position has moved;
 *   the next start reads from there.  We remember nothing that could contradict it.
 * - The writer does not know whether COMMIT happened: it answers with the position it finds, and we
 *   seek there, drop what was read beyond, and read that again.
 * - The file was rotated meanwhile: its descriptor stays open until it is read to its end and
 *   committed; after a restart it is found among the siblings by its id.  A chunk is used only if
 *   the file still had its head after the read, so bytes of a new content never count at
 *   offsets of the old one.
 */
#include "config.h"

#include "ingest/follow.h"

#include "base/clock.h"
#include "base/idle.h"
#include "base/log.h"
#include "ingest/follower.h"
#include "ingest/routes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What reads beside the trails, as far as it is wanted.  Returns false when out of memory. */
static bool make_others(struct follower *follower, const struct follow_settings *settings)
{
    if (settings->journal != NULL && !settings->offline)
        follower->replay = replay_new(settings, &follower->room);
    if (settings->requests != NULL)
        follower->meter = meter_new(settings->requests, follower->trails, follower->trail_count);
    return (follower->replay != NULL || settings->journal == NULL || settings->offline)
           && (follower->meter != NULL || settings->requests == NULL);
}

struct follower *follower_new(const struct follow_settings *settings, struct queue *flushes,
                              struct queue *positions)
{
    AUTO(follower_free) struct follower *follower = calloc(1, sizeof(*follower));
    struct follower *made;

    assert(settings->source_count <= LIMIT_SOURCES);
    if (follower == NULL)
        return NULL;
    follower->room.flushes = flushes;
    follower->room.obstacle = sight_obstacle;
    follower->room.buffer = malloc(FILE_CHUNK_BYTES);
    if (follower->room.buffer == NULL)
        return NULL;
    follower->positions = positions;
    follower->idle = settings->idle;
    for (int i = 0; i < settings->source_count; i++) {
        follower->trails[i] = trail_new(&settings->sources[i], settings, &follower->room);
        if (follower->trails[i] == NULL)
            return NULL;
        follower->trail_count++;
    }
    follower->offline = settings->offline;
    if (!make_others(follower, settings))
        return NULL;
    made = follower;
    follower = NULL;
    return made;
}

void follower_free(struct follower **follower)
{
    if (*follower == NULL)
        return;
    meter_free(&(*follower)->meter);
    for (int i = 0; i < (*follower)->trail_count; i++)
        trail_free(&(*follower)->trails[i]);
    replay_free(&(*follower)->replay);
    for (int i = 0; i < LIMIT_SOURCES; i++)
        templates_free(&(*follower)->templates[i]); /* behind the trails, which use them */
    free((*follower)->room.buffer);
    free(*follower);
    *follower = NULL;
}

/* --- counters --- */

/* When all of them were caught up: the time of the one that was last. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static void counters_add(struct follow_counters *sum, const struct follow_counters *one)
{
    sum->lines += one->lines;
    sum->bytes += one->bytes;
    sum->events += one->events;
    sum->not_counted += one->not_counted;
    for (int i = 0; i < REJECT_COUNT; i++)
        sum->rejects[i] += one->rejects[i];
    sum->lost_bytes += one->lost_bytes;
    sum->rotations += one->rotations;
    sum->lag_bytes += one->lag_bytes;
    sum->caught_up_at_ms = earlier(sum->caught_up_at_ms, one->caught_up_at_ms);
    sum->waiting_for_file |= one->waiting_for_file;
    sum->waiting_for_ledger |= one->waiting_for_ledger;
    sum->unwritable |= one->unwritable;
}

int follower_source_count(const struct follower *follower)
{
    return follower->trail_count;
}

const char *follower_source_name(const struct follower *follower, int source)
{
    return follower->trails[source]->source->name;
}

void follower_source_counters(const struct follower *follower, int source,
                              struct follow_counters *ret)
{
    trail_counters(follower->trails[source], ret);
}

void follower_counters(const struct follower *follower, struct follow_counters *ret)
{
    struct follow_counters sum = { .caught_up_at_ms = INT64_MAX };

    for (int i = 0; i < follower->trail_count; i++) {
        struct follow_counters one;

        trail_counters(follower->trails[i], &one);
        counters_add(&sum, &one);
    }
    if (follower->trail_count == 0)
        sum.caught_up_at_ms = -1;
    if (follower->replay != NULL) {
        struct follow_counters posted;

        replay_counters(follower->replay, &posted);
        posted.caught_up_at_ms = sum.caught_up_at_ms;
        counters_add(&sum, &posted);
    }
    *ret = sum;
}

/* --- the turn --- */

/* Two logs may hold files of the same content: the answer belongs to whoever asked first. */
static void give_answer(struct follower *follower, const struct file_position *position)
{
    struct trail *first = NULL;

    if (follower->replay != NULL && replay_awaits(follower->replay, position)) {
        replay_take(follower->replay, position);
        return;
    }
    for (int i = 0; i < follower->trail_count; i++) {
        struct trail *trail = follower->trails[i];

        if (handover_awaits(trail, position)
            && (first == NULL || trail->question < first->question))
            first = trail;
    }
    if (first != NULL)
        handover_take(first, position);
}

/* The server may be another one after a failover, and may have lost the last commits of files that
 * nobody writes to any more: no flush of theirs would ever find out. */
static void doubt_all(struct follower *follower)
{
    for (int i = 0; i < follower->trail_count; i++)
        trail_doubt(follower->trails[i]);
    if (follower->replay != NULL)
        replay_doubt(follower->replay);
}

/* Takes the writer's answers, waiting for the first until `deadline_ms` (boot clock; 0: not). */
static void receive(struct follower *follower, int64_t deadline_ms)
{
    struct file_position position;

    while (queue_pop(follower->positions, &position, deadline_ms)) {
        give_answer(follower, &position);
        if (position.reconnected)
            doubt_all(follower);
        deadline_ms = 0;
    }
}

/* What was counted by then keeps its routes. */
static void use_templates(struct follower *follower, int source, const struct openapi *openapi)
{
    AUTO(templates_free) struct templates *templates = NULL;
    struct trail *trail = follower->trails[source];
    struct templates *before = follower->templates[source];
    struct error err = { .code = 0 };

    if (routes_of(trail->source, openapi, &templates, &err) != 0) {
        log_warning("ingest: %s", err.text);
        return;
    }
    if (!trail_set_templates(trail, templates)) {
        log_warning("ingest: %s: no memory for route templates", trail->path);
        return;
    }
    if (follower->meter != NULL)
        meter_renumber(follower->meter, source);
    follower->templates[source] = templates;
    templates = before;
}

static void take_templates(struct follower *follower)
{
    for (int i = 0; follower->fetcher != NULL && i < follower->trail_count; i++) {
        AUTO(openapi_free) struct openapi *openapi = fetcher_take(follower->fetcher, i);

        if (openapi != NULL)
            use_templates(follower, i, openapi);
    }
}

/* A request that nobody of ours was asked for stands in the log all the same. */
static void look_for_requests(struct follower *follower)
{
    bool any = follower->meter != NULL && meter_has_grown(follower->meter);

    for (int i = 0; i < follower->trail_count; i++)
        any |= follower->trails[i]->grown;
    if (any)
        idle_ask(follower->idle);
}

/* Logs are followed during a pause too, for a line of theirs ends it. */
static void look_for_pause(struct follower *follower)
{
    if (!idle_is_paused(follower->idle) || follower->room.finishing)
        follower->room.resting_since_ms = 0;
    else if (follower->room.resting_since_ms == 0)
        follower->room.resting_since_ms = follower->room.wall_ms;
}

bool follower_turn(struct follower *follower, int64_t wall_ms, int64_t boot_ms)
{
    bool busy = false;

    follower->room.wall_ms = wall_ms;
    follower->room.boot_ms = boot_ms;
    look_for_pause(follower);
    receive(follower, 0);
    take_templates(follower);
    if (follower->meter != NULL)
        busy |= meter_turn(follower->meter);
    for (int i = 0; !follower->offline && i < follower->trail_count; i++)
        busy |= trail_turn(follower->trails[i]);
    if (follower->replay != NULL)
        busy |= replay_turn(follower->replay);
    look_for_requests(follower);
    return busy;
}

bool follower_settled(const struct follower *follower)
{
    for (int i = 0; i < follower->trail_count; i++) {
        if (!trail_settled(follower->trails[i]))
            return false;
    }
    return follower->replay == NULL || replay_settled(follower->replay);
}

/* --- the thread --- */

static void turn_and_wait(struct follower *follower, int64_t pause_ms)
{
    if (!follower_turn(follower, clock_wall_ms(), clock_boot_ms()))
        receive(follower, clock_boot_ms() + pause_ms);
}

static void run(void *context)
{
    struct follower *follower = context;
    int64_t deadline_ms;

    assert(thread_is("ingest"));
    while (!atomic_load(&follower->stopping))
        turn_and_wait(follower, FOLLOWER_POLL_MS);
    follower->room.finishing = true;
    deadline_ms = clock_boot_ms() + FOLLOWER_FINISH_MS;
    do
        turn_and_wait(follower, FOLLOWER_POLL_MS / 10);
    while (!follower_settled(follower) && clock_left_ms(deadline_ms) > 0);
}

/* The fetcher ends first: nobody takes what it finds any more. */
static void free_stopped(struct follower **follower)
{
    if (*follower == NULL)
        return;
    fetcher_stop(&(*follower)->fetcher);
    follower_free(follower);
}

static int load_templates(const struct follow_settings *settings,
                          struct templates *templates[LIMIT_SOURCES], struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < settings->source_count; i++) {
        if (strlen(settings->sources[i].path) >= FILE_PATH_BYTES)
            return error_set(err, ENAMETOOLONG, "ingest: %s: the path is too long",
                             settings->sources[i].path);
        code = routes_load(&settings->sources[i], &templates[i], err);
    }
    return code;
}

/* The follower owns the templates that its trails borrow. */
static int make(const struct follow_settings *settings, struct queue *flushes,
                struct queue *positions, struct follower **ret, struct error *err)
{
    struct templates *templates[LIMIT_SOURCES] = { NULL };
    struct follow_settings own = *settings;
    struct follower *follower = NULL;
    int code = load_templates(settings, templates, err);

    own.templates = (const struct templates *const *)templates;
    if (code == 0)
        follower = follower_new(&own, flushes, positions);
    for (int i = 0; i < LIMIT_SOURCES; i++) {
        if (follower == NULL)
            templates_free(&templates[i]);
        else
            follower->templates[i] = templates[i];
    }
    if (code == 0 && follower == NULL)
        return error_set(err, ENOMEM, "ingest: out of memory");
    *ret = follower;
    return code;
}

int follower_start(const struct follow_settings *settings, struct queue *flushes,
                   struct queue *positions, struct follower **ret, struct error *err)
{
    AUTO(free_stopped) struct follower *follower = NULL;
    int code = make(settings, flushes, positions, &follower, err);

    /* What begins from now on is ours to count, however late the first turn comes. */
    for (int i = 0; code == 0 && i < follower->trail_count; i++)
        follower->trails[i]->known_since_ms = clock_wall_ms();
    if (code == 0)
        code = fetcher_start(settings, &follower->fetcher, err);
    if (code == 0)
        code = thread_start(&follower->thread, "ingest", run, follower, err);
    if (code != 0)
        return code;
    *ret = follower;
    follower = NULL;
    return 0;
}

void follower_stop(struct follower **follower)
{
    if (*follower == NULL)
        return;
    atomic_store(&(*follower)->stopping, true);
    queue_wake((*follower)->positions);
    if (thread_join(&(*follower)->thread, 2000))
        free_stopped(follower);
    *follower = NULL; /* a thread that did not end keeps what it uses */
}
