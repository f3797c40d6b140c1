/* conductor.c - events in, actions out. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/conductor.h"

#include <signal.h>
#include <string.h>

enum {
    PAUSE_MS = 100, /* before who has ended is started again; doubled each time, up to */
    PAUSE_MAX_MS = 5000,
    STEADY_MS = 10 * 1000, /* who has run for so long is well again */
    SAY_AGAIN_MS = 60 * 1000,
    NGINX_ENDS_MS = 60 * 1000, /* NGINX_ENDS within it are too many */
    MIGRATION_PAUSE_MS = 1000,
    MIGRATION_PAUSE_MAX_MS = 15 * 1000,
    QUIT_SPARE_MS = 2000,        /* beyond its own time-out, by which nginx closes what is left */
    PROBITYD_END_MS = 10 * 1000, /* its last commit, at a slow ledger */
    MIGRATION_END_MS = 5 * 1000, /* it dies by the signal, and Postgres rolls back */
    KILLED_MS = 5 * 1000,        /* who can't even be killed hangs in the kernel, and is left */
    SLOW_MIGRATION_MS = 10 * 1000,
};

static const char *const names[CHILDREN] = { "the command", "the migration", "probityd", "nginx" };

static const char *words_of(const struct conductor_event *event)
{
    return event->words == NULL ? "" : event->words;
}

static bool runs(const struct conductor *conductor, enum conductor_child child)
{
    return conductor->parts[child].state == PART_RUNS;
}

static void start(struct conductor *conductor, enum conductor_child child, int64_t now_ms,
                  struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[child];

    part->state = PART_RUNS;
    part->started_ms = now_ms;
    part->kill_ms = 0;
    part->killed = false;
    cue_start(actions, child);
    if (child == CHILD_PROBITYD)
        conductor->probityd_was_started = true;
}

/* Tells who runs to end, within that time; who waits to be started is not. */
static void tell(struct conductor *conductor, enum conductor_child child, int number,
                 int64_t until_ms, struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[child];

    if (part->state == PART_WAITS)
        part->state = PART_IDLE;
    if (part->state != PART_RUNS)
        return;
    cue_signal(actions, child, number);
    if (part->kill_ms == 0)
        part->kill_ms = until_ms;
}

/* --- the order of an end --- */

static void finish_if_over(struct conductor *conductor, struct conductor_actions *actions)
{
    if (conductor->phase != PHASE_ENDS)
        return;
    for (int i = 0; i < CHILDREN; i++) {
        if (runs(conductor, (enum conductor_child)i))
            return;
    }
    conductor->phase = PHASE_OVER;
    cue_finish(actions, conductor->exit_status);
}

/* nginx has gone: no request is under way, and no line is written any more. */
static void end_rest(struct conductor *conductor, int64_t now_ms, struct conductor_actions *actions)
{
    int64_t shutdown_ms = conductor->settings.shutdown_ms;
    int64_t patience_ms = shutdown_ms > PROBITYD_END_MS ? shutdown_ms : PROBITYD_END_MS;

    conductor->phase = PHASE_ENDS;
    tell(conductor, CHILD_COMMAND, SIGTERM, now_ms + shutdown_ms, actions);
    tell(conductor, CHILD_MIGRATION, SIGTERM, now_ms + MIGRATION_END_MS, actions);
    tell(conductor, CHILD_PROBITYD, SIGTERM, now_ms + patience_ms, actions);
    /* The second signal, another one because equal ones that wait are one: nothing is left to
     * drain for. */
    if (runs(conductor, CHILD_PROBITYD))
        cue_signal(actions, CHILD_PROBITYD, SIGINT);
    finish_if_over(conductor, actions);
}

static void close_nginx(struct conductor *conductor, int64_t now_ms,
                        struct conductor_actions *actions)
{
    conductor->phase = PHASE_CLOSES;
    tell(conductor, CHILD_MIGRATION, SIGTERM, now_ms + MIGRATION_END_MS, actions);
    tell(conductor, CHILD_NGINX, SIGQUIT, now_ms + conductor->settings.shutdown_ms + QUIT_SPARE_MS,
         actions);
    if (!runs(conductor, CHILD_NGINX))
        end_rest(conductor, now_ms, actions);
}

/* Who was never ready needs no draining: nobody was sent here. */
static void begin_end(struct conductor *conductor, const struct conductor_event *event,
                      struct conductor_actions *actions)
{
    int64_t drain_ms = conductor->probityd_was_started ? conductor->settings.drain_ms : 0;

    cue_say(actions, LOG_LEVEL_INFO,
            "told to end (%s): draining for %lld ms; a second signal ends it now", words_of(event),
            (long long)drain_ms);
    if (drain_ms == 0) {
        close_nginx(conductor, event->now_ms, actions);
        return;
    }
    conductor->phase = PHASE_DRAINS;
    conductor->drained_ms = event->now_ms + drain_ms;
    cue_mark(actions);
    tell(conductor, CHILD_MIGRATION, SIGTERM, event->now_ms + MIGRATION_END_MS, actions);
    if (runs(conductor, CHILD_PROBITYD))
        cue_signal(actions, CHILD_PROBITYD, SIGUSR1);
}

/* Every further signal is the next step at once. */
static void take_end(struct conductor *conductor, const struct conductor_event *event,
                     struct conductor_actions *actions)
{
    switch (conductor->phase) {
    case PHASE_SERVES:
        begin_end(conductor, event, actions);
        break;
    case PHASE_DRAINS:
        cue_say(actions, LOG_LEVEL_INFO, "told to end again (%s): no more draining",
                words_of(event));
        close_nginx(conductor, event->now_ms, actions);
        break;
    case PHASE_CLOSES:
        cue_say(actions, LOG_LEVEL_WARNING,
                "told to end again (%s): requests that are under way are given up",
                words_of(event));
        cue_signal(actions, CHILD_NGINX, SIGTERM);
        break;
    case PHASE_ENDS:
        for (int i = 0; i < CHILDREN; i++) {
            if (runs(conductor, (enum conductor_child)i))
                conductor->parts[i].kill_ms = event->now_ms;
        }
        break;
    case PHASE_OVER:
        break;
    }
}

static void fail(struct conductor *conductor)
{
    if (conductor->exit_status == 0)
        conductor->exit_status = 1;
}

/* --- who ends by itself --- */

static void command_ended(struct conductor *conductor, const struct conductor_event *event,
                          struct conductor_actions *actions)
{
    char words[CUE_STATUS_BYTES];

    if (conductor->phase != PHASE_SERVES && conductor->phase != PHASE_DRAINS)
        return;
    /* No draining: there is nobody left whose answers nginx could pass on. */
    cue_say(actions, event->status == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
            "the command ended with %s: everything ends%s%s", cue_status(event->status, words),
            words_of(event)[0] == '\0' ? "" : ": ", words_of(event));
    if (conductor->phase == PHASE_SERVES)
        conductor->exit_status = event->status;
    close_nginx(conductor, event->now_ms, actions);
}

static void rest_and_start_again(struct conductor *conductor, const struct conductor_event *event,
                                 struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[event->child];
    char words[CUE_STATUS_BYTES];

    if (event->now_ms - part->started_ms >= STEADY_MS)
        part->ends = 0;
    if (part->ends++ == 0) {
        part->pause_ms = PAUSE_MS;
        part->said_ms = event->now_ms;
        cue_say(actions, LOG_LEVEL_ERROR, "%s ended with %s: it is started again%s%s",
                names[event->child], cue_status(event->status, words),
                words_of(event)[0] == '\0' ? "" : ": ", words_of(event));
    } else if (event->now_ms - part->said_ms >= SAY_AGAIN_MS) {
        part->said_ms = event->now_ms;
        cue_say(actions, LOG_LEVEL_ERROR, "%s goes on ending, %d times so far, at last with %s",
                names[event->child], part->ends, cue_status(event->status, words));
    }
    part->state = PART_WAITS;
    part->due_ms = event->now_ms + part->pause_ms;
    part->pause_ms = part->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : part->pause_ms * 2;
}

static bool ends_too_often(struct conductor *conductor, int64_t now_ms)
{
    conductor->nginx_ends_ms[conductor->nginx_ends++ % NGINX_ENDS] = now_ms;
    /* The place that is written next holds the oldest. */
    return conductor->nginx_ends >= NGINX_ENDS
           && now_ms - conductor->nginx_ends_ms[conductor->nginx_ends % NGINX_ENDS] < NGINX_ENDS_MS;
}

static void nginx_ended(struct conductor *conductor, const struct conductor_event *event,
                        struct conductor_actions *actions)
{
    char words[CUE_STATUS_BYTES];

    if (conductor->phase >= PHASE_CLOSES) {
        if (conductor->phase == PHASE_CLOSES)
            end_rest(conductor, event->now_ms, actions);
        return;
    }
    if (!conductor->nginx_was_up) {
        cue_say(
            actions, LOG_LEVEL_ERROR,
            "nginx could not start and ended with %s; its own lines say why%s%s: everything ends",
            cue_status(event->status, words), words_of(event)[0] == '\0' ? "" : ": ",
            words_of(event));
    } else if (ends_too_often(conductor, event->now_ms)) {
        cue_say(actions, LOG_LEVEL_ERROR, "nginx ended %d times within a minute: everything ends",
                NGINX_ENDS);
    } else {
        rest_and_start_again(conductor, event, actions);
        return;
    }
    fail(conductor);
    end_rest(conductor, event->now_ms, actions);
}

static void probityd_ended(struct conductor *conductor, const struct conductor_event *event,
                           struct conductor_actions *actions)
{
    if (conductor->phase < PHASE_ENDS)
        rest_and_start_again(conductor, event, actions);
}

/* --- the migration --- */

/* No fault of the ledger takes the application away: probityd starts, and this goes on. */
static void migrate_later(struct conductor *conductor, const struct conductor_event *event,
                          struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[CHILD_MIGRATION];

    if (!conductor->migration_late)
        cue_say(actions, LOG_LEVEL_WARNING,
                "the ledger can't be migrated yet, which is tried again until it can: %s",
                words_of(event));
    conductor->migration_late = true;
    part->state = PART_WAITS;
    part->pause_ms = part->pause_ms == 0 ? MIGRATION_PAUSE_MS : part->pause_ms * 2;
    if (part->pause_ms > MIGRATION_PAUSE_MAX_MS)
        part->pause_ms = MIGRATION_PAUSE_MAX_MS;
    part->due_ms = event->now_ms + part->pause_ms;
}

/* Before probityd has started nobody has been sent here: a version whose migration fails is never
 * ready.  Later it may be serving, and no fault of the ledger ends that. */
static void migration_refused(struct conductor *conductor, const struct conductor_event *event,
                              struct conductor_actions *actions)
{
    if (conductor->migration_tried) {
        cue_say(
            actions, LOG_LEVEL_ERROR,
            "the ledger's migration is refused, and is not tried again before the next start: %s",
            words_of(event));
        return;
    }
    cue_say(actions, LOG_LEVEL_ERROR, "the ledger's migration is refused: everything ends: %s",
            words_of(event));
    fail(conductor);
    close_nginx(conductor, event->now_ms, actions);
}

static void migration_ended(struct conductor *conductor, const struct conductor_event *event,
                            struct conductor_actions *actions)
{
    if (conductor->phase != PHASE_SERVES)
        return;
    switch (event->status) {
    case MIGRATION_DONE:
        cue_say(actions, LOG_LEVEL_INFO, "the ledger is migrated: %s", words_of(event));
        break;
    case MIGRATION_REFUSED:
        migration_refused(conductor, event, actions);
        break;
    case MIGRATION_NEWER:
        cue_say(actions, LOG_LEVEL_WARNING, "the ledger is left as it is: %s", words_of(event));
        break;
    default:
        migrate_later(conductor, event, actions);
        break;
    }
    if (!conductor->migration_tried && conductor->phase == PHASE_SERVES)
        start(conductor, CHILD_PROBITYD, event->now_ms, actions);
    conductor->migration_tried = true;
}

/* --- time --- */

static void be_due(struct conductor *conductor, enum conductor_child child, int64_t now_ms,
                   struct conductor_actions *actions)
{
    if (conductor->parts[child].state != PART_WAITS || now_ms < conductor->parts[child].due_ms)
        return;
    start(conductor, child, now_ms, actions);
    /* Its signals are blocked until it waits for them: this one can't end it. */
    if (child == CHILD_PROBITYD && conductor->phase == PHASE_DRAINS)
        cue_signal(actions, child, SIGUSR1);
}

static void be_killed(struct conductor *conductor, enum conductor_child child, int64_t now_ms,
                      struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[child];

    if (part->state != PART_RUNS || part->kill_ms == 0 || now_ms < part->kill_ms)
        return;
    if (part->killed) {
        cue_say(actions, LOG_LEVEL_ERROR, "%s can't be killed: it is left behind", names[child]);
        part->state = PART_IDLE;
        if (child == CHILD_NGINX && conductor->phase == PHASE_CLOSES)
            end_rest(conductor, now_ms, actions);
        return;
    }
    cue_say(actions, LOG_LEVEL_WARNING, "%s did not end in time: it is killed", names[child]);
    cue_kill(actions, child);
    part->killed = true;
    part->kill_ms = now_ms + KILLED_MS;
}

static void be_steady(struct conductor *conductor, enum conductor_child child, int64_t now_ms,
                      struct conductor_actions *actions)
{
    struct conductor_part *part = &conductor->parts[child];

    if (part->state != PART_RUNS || part->ends == 0 || now_ms - part->started_ms < STEADY_MS)
        return;
    cue_say(actions, LOG_LEVEL_INFO, "%s runs again; it had ended %d time%s", names[child],
            part->ends, part->ends == 1 ? "" : "s");
    part->ends = 0;
}

/* When it is to be said that probityd waits for the migration. */
static int64_t slow_at_ms(const struct conductor *conductor)
{
    const struct conductor_part *part = &conductor->parts[CHILD_MIGRATION];

    if (conductor->phase != PHASE_SERVES || conductor->migration_tried || part->state != PART_RUNS
        || part->said_ms != 0)
        return INT64_MAX;
    return part->started_ms + SLOW_MIGRATION_MS;
}

static void be_slow(struct conductor *conductor, int64_t now_ms, struct conductor_actions *actions)
{
    if (now_ms < slow_at_ms(conductor))
        return;
    conductor->parts[CHILD_MIGRATION].said_ms = now_ms;
    cue_say(actions, LOG_LEVEL_INFO,
            "the ledger is being migrated; probityd starts once it is done");
}

static void take_time(struct conductor *conductor, int64_t now_ms,
                      struct conductor_actions *actions)
{
    if (conductor->phase == PHASE_DRAINS && now_ms >= conductor->drained_ms)
        close_nginx(conductor, now_ms, actions);
    for (int i = 0; i < CHILDREN; i++) {
        be_due(conductor, (enum conductor_child)i, now_ms, actions);
        be_killed(conductor, (enum conductor_child)i, now_ms, actions);
    }
    be_steady(conductor, CHILD_PROBITYD, now_ms, actions);
    be_steady(conductor, CHILD_NGINX, now_ms, actions);
    be_slow(conductor, now_ms, actions);
    finish_if_over(conductor, actions);
}

/* --- what others call --- */

void conductor_init(struct conductor *conductor, const struct conductor_settings *settings)
{
    memset(conductor, 0, sizeof(*conductor));
    conductor->settings = *settings;
    conductor->migration_tried = !settings->migrates;
}

static void take_begin(struct conductor *conductor, int64_t now_ms,
                       struct conductor_actions *actions)
{
    if (conductor->settings.has_command)
        start(conductor, CHILD_COMMAND, now_ms, actions);
    start(conductor, CHILD_NGINX, now_ms, actions);
    start(conductor, conductor->settings.migrates ? CHILD_MIGRATION : CHILD_PROBITYD, now_ms,
          actions);
}

static void take_ended(struct conductor *conductor, const struct conductor_event *event,
                       struct conductor_actions *actions)
{
    static void (*const takers[CHILDREN])(struct conductor *, const struct conductor_event *,
                                          struct conductor_actions *) = {
        command_ended, migration_ended, probityd_ended, nginx_ended
    };

    conductor->parts[event->child].state = PART_IDLE;
    takers[event->child](conductor, event, actions);
    finish_if_over(conductor, actions);
}

void conductor_take(struct conductor *conductor, const struct conductor_event *event,
                    struct conductor_actions *ret)
{
    ret->count = 0;
    switch (event->kind) {
    case CONDUCTOR_BEGIN:
        take_begin(conductor, event->now_ms, ret);
        break;
    case CONDUCTOR_ENDED:
        take_ended(conductor, event, ret);
        break;
    case CONDUCTOR_UP:
        conductor->nginx_was_up = true;
        break;
    case CONDUCTOR_END:
        take_end(conductor, event, ret);
        take_time(conductor, event->now_ms, ret);
        break;
    case CONDUCTOR_RELOAD:
        if (conductor->phase < PHASE_CLOSES && runs(conductor, CHILD_PROBITYD))
            cue_signal(ret, CHILD_PROBITYD, SIGHUP);
        if (conductor->phase < PHASE_CLOSES && runs(conductor, CHILD_NGINX))
            cue_signal(ret, CHILD_NGINX, SIGHUP);
        break;
    case CONDUCTOR_TIME:
        take_time(conductor, event->now_ms, ret);
        break;
    }
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

int64_t conductor_next_ms(const struct conductor *conductor)
{
    int64_t next_ms = slow_at_ms(conductor);

    if (conductor->phase == PHASE_DRAINS)
        next_ms = sooner(next_ms, conductor->drained_ms);
    for (int i = 0; i < CHILDREN; i++) {
        const struct conductor_part *part = &conductor->parts[i];

        if (part->state == PART_WAITS)
            next_ms = sooner(next_ms, part->due_ms);
        if (part->state == PART_RUNS && part->kill_ms != 0)
            next_ms = sooner(next_ms, part->kill_ms);
        if (part->state == PART_RUNS && part->ends > 0)
            next_ms = sooner(next_ms, part->started_ms + STEADY_MS);
    }
    return next_ms;
}
