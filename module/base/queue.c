/* queue.c - a ring under one mutex, held for a copy and nothing else. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/queue.h"

#include "base/clock.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct queue {
    /* set before use, read-only afterwards */
    size_t item_bytes;
    size_t capacity;
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    size_t first;
    size_t count;
    bool woken;
    /* any thread */
    atomic_uint_fast64_t refused;
    unsigned char items[];
};

struct queue *queue_new(size_t item_bytes, size_t capacity)
{
    struct queue *queue = calloc(1, sizeof(*queue) + item_bytes * capacity);

    if (queue == NULL)
        return NULL;
    queue->item_bytes = item_bytes;
    queue->capacity = capacity;
    (void)pthread_mutex_init(&queue->mutex, NULL);
    thread_cond_init(&queue->filled);
    return queue;
}

void queue_free(struct queue **queue)
{
    if (*queue == NULL)
        return;
    (void)pthread_cond_destroy(&(*queue)->filled);
    (void)pthread_mutex_destroy(&(*queue)->mutex);
    free(*queue);
    *queue = NULL;
}

bool queue_push(struct queue *queue, const void *item)
{
    bool fits;

    (void)pthread_mutex_lock(&queue->mutex);
    fits = queue->count < queue->capacity;
    if (fits) {
        size_t slot = (queue->first + queue->count) % queue->capacity;

        memcpy(queue->items + slot * queue->item_bytes, item, queue->item_bytes);
        queue->count++;
        (void)pthread_cond_signal(&queue->filled);
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    if (!fits)
        atomic_fetch_add(&queue->refused, 1);
    return fits;
}

/* Waits under the mutex until something is there, somebody wakes us, or the time is up. */
static void wait_filled(struct queue *queue, int64_t deadline_ms)
{
    while (queue->count == 0 && !queue->woken) {
        int left_ms = clock_left_ms(deadline_ms);

        if (left_ms == 0)
            return;
        thread_cond_wait(&queue->filled, &queue->mutex, left_ms);
    }
}

bool queue_pop(struct queue *queue, void *item, int64_t deadline_ms)
{
    bool found;

    (void)pthread_mutex_lock(&queue->mutex);
    wait_filled(queue, deadline_ms);
    found = queue->count > 0;
    /* A wake-up outlives the items before it: it is for the pop that finds nothing. */
    if (!found)
        queue->woken = false;
    if (found) {
        memcpy(item, queue->items + queue->first * queue->item_bytes, queue->item_bytes);
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    return found;
}

void queue_wake(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->woken = true;
    (void)pthread_cond_broadcast(&queue->filled);
    (void)pthread_mutex_unlock(&queue->mutex);
}

uint64_t queue_refused(const struct queue *queue)
{
    return atomic_load(&queue->refused);
}
