/* celery_queues.c - a small table of queues, by name. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/celery_queues.h"

#include <stdio.h>
#include <string.h>

enum { UNWANTED_MS = 3600 * 1000 };

static void add(struct celery_queues *queues, const char *name, int64_t consumers)
{
    struct celery_queue_state *queue;

    if (queues->count == LIMIT_CELERY_QUEUES || strlen(name) >= PIDBOX_NAME_BYTES) {
        queues->some_refused = true;
        return;
    }
    queue = &queues->list[queues->count++];
    *queue = (struct celery_queue_state){ .depth = -1, .consumers = consumers };
    memcpy(queue->name, name, strlen(name) + 1);
}

static bool is_listed(const struct celery_queues *queues, const char *name)
{
    for (int i = 0; i < queues->count; i++) {
        if (strcmp(queues->list[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A name that is written down twice is one queue. */
void celery_queues_init(struct celery_queues *queues, const struct check_celery *celery)
{
    queues->count = 0;
    queues->some_refused = false;
    queues->configured = celery->queue_count > 0;
    for (int i = 0; i < celery->queue_count; i++) {
        if (!is_listed(queues, celery->queues[i]))
            add(queues, celery->queues[i], -1);
    }
}

void celery_queues_ask(const struct celery_queues *queues, struct pidbox_queues *ret)
{
    *ret = (struct pidbox_queues){ .count = 0 };
    for (int i = 0; i < queues->count; i++)
        (void)pidbox_add_queue(ret, queues->list[i].name);
    ret->closed = queues->configured;
}

/* The first ones of `found` are those that were known when it was made, in the same order. */
void celery_queues_learn(struct celery_queues *queues, const struct pidbox_queues *found, bool all)
{
    if (!queues->configured)
        queues->some_refused = found->refused > 0;
    for (int i = 0; i < found->count; i++) {
        int64_t consumers = found->consumers[i] > 0 || all ? found->consumers[i] : -1;

        if (i < queues->count)
            queues->list[i].consumers = consumers;
        else
            add(queues, found->names[i], consumers);
    }
}

void celery_queues_doubt(struct celery_queues *queues)
{
    for (int i = 0; i < queues->count; i++)
        queues->list[i].consumers = -1;
}

void celery_queues_count(struct celery_queues *queues, int place, int64_t depth,
                         const struct celery_count *at)
{
    struct celery_queue_state *queue = &queues->list[place];
    int64_t before = queue->depth;

    queue->depth = depth;
    if (depth <= 0 || depth < before || before < 0) {
        queue->growing_since_ms = 0;
        queue->growing_since_wall_s = 0;
    } else if (depth > before && queue->growing_since_ms == 0) {
        queue->growing_since_ms = at->boot_ms;
        queue->growing_since_wall_s = at->wall_ms / 1000;
    }
}

static bool is_unwanted(const struct celery_queue_state *queue)
{
    return queue->depth == 0 && queue->consumers == 0;
}

void celery_queues_tidy(struct celery_queues *queues, int64_t now_ms)
{
    int kept = 0;

    for (int i = 0; i < queues->count; i++) {
        struct celery_queue_state *queue = &queues->list[i];

        if (!is_unwanted(queue))
            queue->unwanted_since_ms = 0;
        else if (queue->unwanted_since_ms == 0)
            queue->unwanted_since_ms = now_ms;
        if (!queues->configured && is_unwanted(queue)
            && (queues->some_refused || now_ms - queue->unwanted_since_ms >= UNWANTED_MS))
            continue;
        queues->list[kept++] = *queue;
    }
    queues->count = kept;
}

bool celery_queues_lack_consumer(const struct celery_queues *queues)
{
    for (int i = 0; i < queues->count; i++) {
        const struct celery_queue_state *queue = &queues->list[i];

        if (queue->consumers == 0 && (queues->configured || queue->depth > 0))
            return true;
    }
    return false;
}

void celery_queues_fill(const struct celery_queues *queues, struct celery_facts *facts)
{
    facts->queued_tasks = queues->count == 0 || queues->some_refused ? -1 : 0;
    facts->queue_count = queues->count;
    for (int i = 0; i < queues->count; i++) {
        const struct celery_queue_state *from = &queues->list[i];
        struct celery_queue *queue = &facts->queues[i];

        (void)snprintf(queue->name, sizeof(queue->name), "%s", from->name);
        queue->depth = from->depth;
        queue->consumers = from->consumers;
        queue->growing_since_s = from->growing_since_wall_s;
        if (from->depth < 0)
            facts->queued_tasks = -1;
        else if (facts->queued_tasks >= 0)
            facts->queued_tasks += from->depth;
    }
}
