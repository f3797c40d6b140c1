/* queue.h - a bounded queue of fixed-size items between threads: many push, one pops.
 *
 * A full queue refuses and counts; it never grows and never makes a pusher wait.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/auto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* A queue for `capacity` items of `item_bytes` each.  NULL when out of memory. */
struct queue *queue_new(size_t item_bytes, size_t capacity) MUST_CHECK;
void queue_free(struct queue **queue);

/* Copies `*item` in.  Returns false, and counts it, when the queue is full.  Any thread. */
bool queue_push(struct queue *queue, const void *item) MUST_CHECK;

/* Copies the oldest item out, waiting for one until `deadline_ms` (boot clock; 0 does not wait).
 * Returns false when there was none by then or the queue was woken.  The receiving thread only. */
bool queue_pop(struct queue *queue, void *item, int64_t deadline_ms) MUST_CHECK;

/* Makes a waiting or the next queue_pop() on an empty queue return at once.  Any thread. */
void queue_wake(struct queue *queue);

/* How many items were refused so far.  Any thread. */
uint64_t queue_refused(const struct queue *queue);

#endif
