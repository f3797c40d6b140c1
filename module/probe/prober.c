/* prober.c - the loop that every check runs: look, tell, wait on the kept connection. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/prober.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "health/hysteresis.h"
#include "probe/kind.h"
#include "probe/pace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREAD_NAME_BYTES = 16 };

struct prober {
    /* set before start, read-only afterwards */
    const struct config *config; /* held: it owns the strings of our row */
    struct probe probe;          /* its memory is the thread's */
    const struct probe_kind *kind;
    struct queue *outcomes; /* borrowed */
    struct idle *idle;      /* borrowed; may be NULL */
    int stop_fd;            /* readable when it is to stop, to rest or to go on */
    char name[THREAD_NAME_BYTES];
    /* prober thread only */
    void *link;           /* the kept connection, or NULL */
    struct tls_facts tls; /* what was shown when it was made */
    int64_t connect_us;   /* how long that took */
    int64_t fresh_due_ms; /* when the next fresh one is due */
    bool fresh_failed;    /* the last fresh one did: the kept one counts for nothing */
    int closed_in_a_row;  /* kept connections that the peer closed, without a full pause between */
    bool has_trouble;     /* of our own, and the log knows */
    uint64_t pauses;      /* as of when it went on last */
    struct hysteresis hysteresis; /* a copy of what the monitor thinks: it sets our pace */
    /* any thread */
    atomic_bool stopping;
    /* the thread that started us */
    struct thread thread;
};

static bool is_stopping(const struct prober *prober)
{
    return atomic_load(&prober->stopping);
}

/* Also after a pause that was over before it was noticed: what was seen before it is worth nothing
 * to the monitor, which waits for a new result. */
static bool has_to_rest(const struct prober *prober)
{
    return idle_is_paused(prober->idle) || idle_pauses(prober->idle) != prober->pauses;
}

/* A look-up or a driver that finds no descriptor tells us some other story: ask for one ourselves.
 */
static bool has_descriptors(const struct prober *prober)
{
    int fd = fcntl(prober->stop_fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

static void drop_link(struct prober *prober)
{
    if (prober->link != NULL)
        prober->kind->close(&prober->probe, prober->link);
    prober->link = NULL;
}

static void begin_outcome(const struct prober *prober, bool fresh, struct outcome *outcome)
{
    *outcome = (struct outcome){ .check = prober->probe.check.id, .fresh = fresh };
}

static void stamp_outcome(const struct prober *prober, int64_t started_us, struct outcome *outcome)
{
    int64_t now_us = clock_boot_us();

    outcome->latency_us = now_us - started_us;
    outcome->observed_at_ms = now_us / 1000;
    outcome->observed_at_wall_ms = clock_wall_ms();
    probe_judge_limits(&prober->probe.check.limits, outcome->observed_at_wall_ms, outcome);
}

/* The newest connection is the truth, also where it tells that the server is read-only or loading:
 * it replaces the kept one as soon as it was able to answer at all. */
static void swap_link(struct prober *prober, void *link, enum probe_result result,
                      const struct outcome *outcome)
{
    drop_link(prober);
    prober->tls = outcome->tls;
    prober->connect_us = outcome->connect_us;
    if (result == PROBE_KEEP)
        prober->link = link;
    else
        prober->kind->close(&prober->probe, link);
    prober->fresh_failed = false;
    prober->fresh_due_ms =
        clock_boot_ms() + pace_interval_ms(prober->probe.check.fresh_interval_ms);
}

static enum probe_result look_fresh(struct prober *prober, struct outcome *outcome)
{
    int64_t deadline_ms = clock_boot_ms() + prober->probe.check.timeout_ms;
    int64_t started_us = clock_boot_us();
    void *link = NULL;
    enum probe_result result;

    begin_outcome(prober, true, outcome);
    result = prober->kind->open(&prober->probe, deadline_ms, &link, outcome);
    if (result == PROBE_KEEP) {
        outcome->connect_us = clock_boot_us() - started_us;
        if (!prober->kind->passing)
            started_us = clock_boot_us(); /* how fast it answers, not how fast it accepts */
        result = prober->kind->look(&prober->probe, link, deadline_ms, outcome);
    }
    stamp_outcome(prober, started_us, outcome);
    if (result == PROBE_OURS || (link == NULL && !has_descriptors(prober))) {
        if (link != NULL)
            prober->kind->close(&prober->probe, link);
        return PROBE_OURS;
    }
    if (link != NULL && (result == PROBE_KEEP || outcome->status != OUTCOME_ERROR)) {
        swap_link(prober, link, result, outcome);
        return result;
    }
    /* The kept one stays: at max_connections, giving it up would let the next fresh one in. */
    prober->fresh_failed = true;
    if (link != NULL)
        prober->kind->close(&prober->probe, link);
    return result;
}

static enum probe_result look_kept(struct prober *prober, struct outcome *outcome)
{
    int64_t deadline_ms = clock_boot_ms() + prober->probe.check.timeout_ms;
    int64_t started_us = clock_boot_us();
    enum probe_result result;

    begin_outcome(prober, false, outcome);
    outcome->tls = prober->tls;
    outcome->connect_us = prober->connect_us;
    result = prober->kind->look(&prober->probe, prober->link, deadline_ms, outcome);
    stamp_outcome(prober, started_us, outcome);
    if (result != PROBE_KEEP)
        drop_link(prober);
    return result;
}

static enum probe_result look(struct prober *prober, struct outcome *outcome)
{
    /* The next round would be too late: fresh_interval is a bound, also where rounds are rare. */
    bool fresh = prober->link == NULL || prober->fresh_failed
                 || clock_boot_ms() + prober->probe.check.interval_ms > prober->fresh_due_ms;
    enum probe_result result;

    if (fresh)
        return look_fresh(prober, outcome);
    result = look_kept(prober, outcome);
    /* Closed between two rounds, and we were faster than poll(2): only a failed reconnect counts.
     */
    return result == PROBE_LOST ? look_fresh(prober, outcome) : result;
}

static void say_trouble(struct prober *prober, const struct outcome *outcome)
{
    if (!prober->has_trouble)
        log_error("check %s: no look possible, the last result ages: %s", prober->probe.check.name,
                  outcome->detail[0] != '\0' ? outcome->detail : "no descriptor is left");
    prober->has_trouble = true;
}

/* Looks once and tells the monitor. */
static void do_round(struct prober *prober)
{
    struct outcome outcome;
    enum probe_result result;

    prober->probe.hurry = false;
    result = look(prober, &outcome);
    if (has_to_rest(prober))
        return;
    if (result == PROBE_OURS) {
        prober->probe.hurry = true;
        if (!is_stopping(prober))
            say_trouble(prober, &outcome);
        return;
    }
    prober->has_trouble = false;
    (void)hysteresis_take(&prober->hysteresis, outcome.status);
    /* A full queue counts what it refuses, and the monitor sees the last result age. */
    (void)!queue_push(prober->outcomes, &outcome);
}

/* Lets the kind look at what poll(2) found.  Returns whether the kept connection is still good. */
static bool heed_events(struct prober *prober, const struct pollfd *fds, int count)
{
    for (int i = 0; i < count; i++) {
        if (fds[i].revents != 0 && !prober->kind->heed(&prober->probe, prober->link, fds[i].fd))
            return false;
    }
    return true;
}

/* Sleeps on the kept connection.  Returns false when the peer closed it, or to stop or to rest. */
static bool wait_quietly(struct prober *prober, int64_t until_ms)
{
    for (;;) {
        struct pollfd fds[1 + PROBE_WATCHED] = { { .fd = prober->stop_fd, .events = POLLIN } };
        int watched[PROBE_WATCHED];
        int count = 0;
        int left_ms = clock_left_ms(until_ms);

        if (prober->link != NULL)
            count = prober->kind->watch(&prober->probe, prober->link, watched);
        for (int i = 0; i < count; i++)
            fds[1 + i] = (struct pollfd){ .fd = watched[i], .events = POLLIN };
        if (left_ms == 0)
            return true;
        (void)poll(fds, (nfds_t)count + 1, left_ms);
        if (is_stopping(prober) || has_to_rest(prober) || !heed_events(prober, fds + 1, count))
            return false;
    }
}

/* A server that closes us at once again and again must not be asked without a pause. */
static void pause_between(struct prober *prober)
{
    int64_t pause_ms =
        pace_pause_ms(&prober->hysteresis, prober->probe.check.interval_ms, prober->probe.hurry);
    int64_t until_ms = clock_boot_ms() + pause_ms;

    if (wait_quietly(prober, until_ms)) {
        prober->closed_in_a_row = 0;
        return;
    }
    drop_link(prober);
    if (is_stopping(prober) || has_to_rest(prober) || ++prober->closed_in_a_row <= PACE_REOPENS)
        return;
    prober->closed_in_a_row = 0;
    (void)wait_quietly(prober, until_ms);
}

/* Trends, and who was heard of lately, are from before: the kind starts anew as well. */
static bool begin_anew(struct prober *prober)
{
    hysteresis_resume(&prober->hysteresis);
    prober->fresh_failed = false;
    prober->closed_in_a_row = 0;
    if (prober->kind->prepare == NULL)
        return true;
    if (prober->probe.memory != NULL && prober->kind->forget != NULL)
        prober->kind->forget(&prober->probe);
    return prober->kind->prepare(&prober->probe, prober->config, NULL) == 0;
}

/* Reads away what was written to the descriptor; whoever wrote said first what it is about. */
static void clear_nudge(const struct prober *prober)
{
    uint64_t count;

    (void)!read(prober->stop_fd, &count, sizeof(count));
}

/* Sends nothing and keeps nothing open until the pause is over.  Without memory to go on with it is
 * tried again in a second. */
static void rest(struct prober *prober)
{
    struct pollfd nudge = { .fd = prober->stop_fd, .events = POLLIN };
    struct idle_view view;

    drop_link(prober);
    for (;;) {
        clear_nudge(prober);
        view = idle_look(prober->idle);
        if (is_stopping(prober))
            return;
        if (!view.paused)
            break;
        (void)poll(&nudge, 1, -1);
    }
    clear_nudge(prober); /* the one that ended it: it would cancel the next look */
    if (begin_anew(prober))
        prober->pauses = view.pauses;
    else
        (void)poll(&nudge, 1, PACE_DOUBT_MS);
}

static void run(void *context)
{
    struct prober *prober = context;

    assert(thread_is(prober->name));
    while (!is_stopping(prober)) {
        if (has_to_rest(prober)) {
            rest(prober);
            continue;
        }
        do_round(prober);
        pause_between(prober);
    }
    drop_link(prober);
}

static void free_prober(struct prober **prober)
{
    struct prober *gone = *prober;

    if (gone == NULL)
        return;
    idle_part(gone->idle, gone->stop_fd);
    if (gone->probe.memory != NULL && gone->kind->forget != NULL)
        gone->kind->forget(&gone->probe);
    auto_close(&gone->stop_fd);
    config_release(&gone->config);
    free(gone);
    *prober = NULL;
}

static int prepare(struct prober *prober, struct error *err)
{
    const struct check_config *check = &prober->probe.check;

    prober->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (prober->stop_fd < 0)
        return error_set(err, errno, "check %s: eventfd: %s", check->name, strerror(errno));
    prober->probe.cancel_fd = prober->stop_fd;
    if (!idle_join(prober->idle, prober->stop_fd))
        return error_set(err, ENOBUFS, "check %s: too many checks are still ending", check->name);
    prober->pauses = idle_pauses(prober->idle);
    (void)snprintf(prober->name, sizeof(prober->name), "check-%s", check->name);
    hysteresis_init(&prober->hysteresis, check->fall, check->rise);
    if (prober->kind->prepare == NULL)
        return 0;
    return prober->kind->prepare(&prober->probe, prober->config, err);
}

int prober_start(const struct prober_settings *settings, struct prober **ret, struct error *err)
{
    const struct check_config *check = &settings->config->checks[settings->check];
    AUTO(free_prober) struct prober *prober = calloc(1, sizeof(*prober));
    int code;

    if (prober == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", check->name);
    prober->config = config_acquire(settings->config);
    prober->probe.check = *check;
    prober->kind = probe_kind_of(check->kind);
    prober->outcomes = settings->outcomes;
    prober->idle = settings->idle;
    prober->stop_fd = -1;
    code = prepare(prober, err);
    if (code == 0)
        code = thread_start(&prober->thread, prober->name, run, prober, err);
    if (code != 0)
        return code;
    *ret = prober;
    prober = NULL;
    return 0;
}

uint64_t prober_check(const struct prober *prober)
{
    return prober->probe.check.id;
}

void prober_ask_stop(struct prober *prober)
{
    const uint64_t one = 1;

    if (prober == NULL)
        return;
    atomic_store(&prober->stopping, true);
    (void)!write(prober->stop_fd, &one, sizeof(one)); /* fails only when it is readable already */
}

bool prober_reap(struct prober **prober)
{
    if (!thread_ended(&(*prober)->thread))
        return false;
    free_prober(prober);
    return true;
}

void prober_stop(struct prober **prober, int64_t stop_by_ms)
{
    if (*prober == NULL)
        return;
    prober_ask_stop(*prober);
    /* One that hangs in a name look-up may wake at any time and keeps what it uses: main() ends the
     * program without freeing what it could still look at. */
    if (thread_join(&(*prober)->thread, clock_left_ms(stop_by_ms)))
        free_prober(prober);
    *prober = NULL;
}
