/* idle.h - whether anybody asks: after a while without it, everything that sends packets rests.
 *
 * One for the whole process, or NULL where it never rests: every function takes that.  Who asks is
 * answered at once with what is known, which is that nobody has looked, and the asking itself ends
 * the pause.
 */
#ifndef BASE_IDLE_H
#define BASE_IDLE_H

#include "base/auto.h"
#include "base/queue.h"

#include <stdbool.h>
#include <stdint.h>

struct idle;

/* A pause begins once nobody has asked for `after_ms`.  `bell` (borrowed; may be NULL) is woken
 * when one ends.  NULL when out of memory. */
struct idle *idle_new(int64_t after_ms, struct queue *bell) MUST_CHECK;
void idle_free(struct idle **idle);

/* Somebody asks: a pause ends now.  While there is none, it costs an atomic store and a load.  Any
 * thread. */
void idle_ask(struct idle *idle);

/* Begins a pause when it is due.  Returns whether one began.  To be called once a second, by one
 * thread. */
bool idle_judge(struct idle *idle, int64_t now_ms);

struct idle_view {
    bool paused;
    int64_t asked_at_ms;  /* boot clock, as all of these: when somebody asked last */
    int64_t paused_at_ms; /* when the last pause began; 0: there was none */
    int64_t woken_at_ms;  /* when it ended; 0 while it lasts, or without one */
    int64_t quiet_ms;     /* for how long nobody had asked when it began */
    uint64_t pauses;      /* how many began so far */
};

/* What is known of it, all of one moment.  Any thread. */
struct idle_view idle_look(const struct idle *idle);

/* Any thread. */
bool idle_is_paused(const struct idle *idle);

/* How many began so far: who finds another number than before has missed one.  Any thread. */
uint64_t idle_pauses(const struct idle *idle);

/* Has `fd`, an eventfd of the caller's, written to whenever a pause begins or ends, until it is
 * taken out again.  Returns false when there is no room.  Any thread. */
bool idle_join(struct idle *idle, int fd) MUST_CHECK;
void idle_part(struct idle *idle, int fd);

#endif
