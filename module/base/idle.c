/* idle.c - when somebody asked last, and whom to nudge when that begins or ends a pause. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/idle.h"

#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct idle {
    /* set before use, read-only afterwards */
    int64_t after_ms;
    struct queue *bell;
    /* any thread */
    _Atomic int64_t asked_at_ms;
    atomic_bool paused;
    /* under the mutex */
    pthread_mutex_t mutex;
    struct idle_view view; /* asked_at_ms apart */
    int members[LIMIT_IDLE_MEMBERS];
    int member_count;
};

struct idle *idle_new(int64_t after_ms, struct queue *bell)
{
    struct idle *idle = calloc(1, sizeof(*idle));

    if (idle == NULL)
        return NULL;
    idle->after_ms = after_ms;
    idle->bell = bell;
    atomic_store(&idle->asked_at_ms, clock_boot_ms());
    (void)pthread_mutex_init(&idle->mutex, NULL);
    return idle;
}

void idle_free(struct idle **idle)
{
    if (*idle == NULL)
        return;
    (void)pthread_mutex_destroy(&(*idle)->mutex);
    free(*idle);
    *idle = NULL;
}

/* Those who read change nothing, but the mutex. */
static pthread_mutex_t *mutex_of(const struct idle *idle)
{
    return &((struct idle *)(uintptr_t)idle)->mutex;
}

/* With the mutex held.  A write fails only where the descriptor is readable already. */
static void nudge_all(const struct idle *idle)
{
    const uint64_t one = 1;

    for (int i = 0; i < idle->member_count; i++)
        (void)!write(idle->members[i], &one, sizeof(one));
}

static void wake(struct idle *idle)
{
    bool woken;

    (void)pthread_mutex_lock(&idle->mutex);
    woken = idle->view.paused;
    if (woken) {
        idle->view.paused = false;
        idle->view.woken_at_ms = clock_boot_ms();
        atomic_store(&idle->paused, false);
        nudge_all(idle);
    }
    (void)pthread_mutex_unlock(&idle->mutex);
    if (woken && idle->bell != NULL)
        queue_wake(idle->bell);
}

/* The store comes before the load, as in idle_judge() the other way round: one of the two sees what
 * the other did, so no question is lost between them. */
void idle_ask(struct idle *idle)
{
    if (idle == NULL)
        return;
    atomic_store(&idle->asked_at_ms, clock_boot_ms());
    if (atomic_load(&idle->paused))
        wake(idle);
}

static bool is_due(const struct idle *idle, int64_t now_ms)
{
    return now_ms - atomic_load(&idle->asked_at_ms) >= idle->after_ms;
}

bool idle_judge(struct idle *idle, int64_t now_ms)
{
    if (idle == NULL || atomic_load(&idle->paused) || !is_due(idle, now_ms))
        return false;
    (void)pthread_mutex_lock(&idle->mutex);
    idle->view.paused = true;
    idle->view.paused_at_ms = now_ms;
    idle->view.woken_at_ms = 0;
    idle->view.quiet_ms = now_ms - atomic_load(&idle->asked_at_ms);
    idle->view.pauses++;
    atomic_store(&idle->paused, true);
    nudge_all(idle);
    (void)pthread_mutex_unlock(&idle->mutex);
    if (!is_due(idle, now_ms))
        wake(idle);
    return true;
}

struct idle_view idle_look(const struct idle *idle)
{
    struct idle_view view = { 0 };

    if (idle == NULL)
        return view;
    (void)pthread_mutex_lock(mutex_of(idle));
    view = idle->view;
    (void)pthread_mutex_unlock(mutex_of(idle));
    view.asked_at_ms = atomic_load(&idle->asked_at_ms);
    return view;
}

bool idle_is_paused(const struct idle *idle)
{
    return idle != NULL && atomic_load(&idle->paused);
}

uint64_t idle_pauses(const struct idle *idle)
{
    return idle_look(idle).pauses;
}

bool idle_join(struct idle *idle, int fd)
{
    bool fits;

    if (idle == NULL)
        return true;
    (void)pthread_mutex_lock(&idle->mutex);
    fits = idle->member_count < LIMIT_IDLE_MEMBERS;
    if (fits)
        idle->members[idle->member_count++] = fd;
    (void)pthread_mutex_unlock(&idle->mutex);
    return fits;
}

void idle_part(struct idle *idle, int fd)
{
    if (idle == NULL)
        return;
    (void)pthread_mutex_lock(&idle->mutex);
    for (int i = 0; i < idle->member_count; i++) {
        if (idle->members[i] == fd)
            idle->members[i] = idle->members[--idle->member_count];
    }
    (void)pthread_mutex_unlock(&idle->mutex);
}
