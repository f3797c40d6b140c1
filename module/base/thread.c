/* thread.c - pthreads with a name, a bounded stack and a bounded join. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* libpq, OpenSSL and getaddrinfo need about 40 KiB; sanitised builds several times that. */
enum { STACK_BYTES = 512 * 1024 };

struct start {
    const char *name;
    thread_run_fn run;
    void *context;
};

static _Thread_local const char *own_name;
static atomic_bool left_behind;

static void *begin(void *argument)
{
    struct start start = *(struct start *)argument;

    free(argument);
    own_name = start.name;
    (void)pthread_setname_np(pthread_self(), start.name);
    start.run(start.context);
    return NULL;
}

/* Signals are for the main thread's sigwait alone. */
static int create(pthread_t *id, struct start *start)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    int code;

    (void)sigfillset(&all);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(id, &attributes, begin, start);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return code;
}

int thread_start(struct thread *thread, const char *name, thread_run_fn run, void *context,
                 struct error *err)
{
    struct start *start = malloc(sizeof(*start));
    int code;

    if (start == NULL)
        return error_set(err, ENOMEM, "thread %s: out of memory", name);
    *start = (struct start){ name, run, context };
    code = create(&thread->id, start);
    if (code != 0) {
        free(start);
        return error_set(err, code, "thread %s: can't be started: %s", name, strerror(code));
    }
    thread->started = true;
    return 0;
}

/* A step of the wall clock must not lengthen the wait.  ThreadSanitizer doesn't know that join: it
 * would take every thread for a leak, and what is read after its end for a race. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(UNDER_THREAD_SANITIZER)
enum { JOIN_CLOCK = CLOCK_REALTIME };

static int join_until(pthread_t id, const struct timespec *until)
{
    return pthread_timedjoin_np(id, NULL, until);
}
#else
enum { JOIN_CLOCK = CLOCK_MONOTONIC };

static int join_until(pthread_t id, const struct timespec *until)
{
    return pthread_clockjoin_np(id, NULL, JOIN_CLOCK, until);
}
#endif

static struct timespec after(clockid_t clock, int64_t within_ms)
{
    struct timespec until;

    (void)clock_gettime(clock, &until);
    until.tv_sec += (time_t)(within_ms / 1000);
    until.tv_nsec += (long)(within_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    return until;
}

static bool joined(struct thread *thread, int64_t within_ms)
{
    struct timespec until;

    if (!thread->started)
        return true;
    until = after(JOIN_CLOCK, within_ms);
    if (join_until(thread->id, &until) != 0)
        return false;
    thread->started = false;
    return true;
}

bool thread_join(struct thread *thread, int64_t within_ms)
{
    if (joined(thread, within_ms))
        return true;
    atomic_store(&left_behind, true);
    return false;
}

bool thread_ended(struct thread *thread)
{
    return joined(thread, 0);
}

void thread_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t within_ms)
{
    struct timespec until = after(CLOCK_MONOTONIC, within_ms);

    (void)pthread_cond_timedwait(cond, mutex, &until);
}

bool thread_left_behind(void)
{
    return atomic_load(&left_behind);
}

bool thread_is(const char *name)
{
    return own_name != NULL && strcmp(own_name, name) == 0;
}
