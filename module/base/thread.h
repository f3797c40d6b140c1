/* thread.h - named threads that are stopped within a bound. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/auto.h"
#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef void (*thread_run_fn)(void *context);

struct thread {
    pthread_t id;
    bool started;
};

/* Starts `run(context)` on a thread with a small stack and every signal blocked.  `name` must
 * outlive it and has at most 15 bytes.  Returns 0 or -errno with `err`. */
int thread_start(struct thread *thread, const char *name, thread_run_fn run, void *context,
                 struct error *err) MUST_CHECK;

/* Waits for the thread to end, at most `within_ms`.  Returns false when it is still running: then
 * nothing that it uses may be freed (it may sit in a name look-up that can't be cancelled).
 * A thread that was never started has ended. */
bool thread_join(struct thread *thread, int64_t within_ms) MUST_CHECK;

/* Whether it has ended, without waiting: who still runs is not left behind, and is asked again. */
bool thread_ended(struct thread *thread) MUST_CHECK;

/* A condition whose waits no step of the wall clock lengthens. */
void thread_cond_init(pthread_cond_t *cond);

/* Waits for it, at most `within_ms`, with the mutex held; it may return early. */
void thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t within_ms);

/* Whether some thread_join() gave up: then the program ends without freeing what threads share. */
bool thread_left_behind(void);

/* Whether the calling thread was started under this name: for assert(). */
bool thread_is(const char *name);

#endif
