/* heartbeats.c - a small table of workers, by node name. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/heartbeats.h"

#include "base/buf.h"
#include "probe/json_body.h"
#include "probe/pidbox.h"

#include <string.h>

enum {
    EVENT_BYTES = 16 * 1024,
    /* Celery's default, worker_heartbeat = 2 s, for an event that names no frequency. */
    FREQUENCY_MS = 2000,
    FREQUENCY_MAX_MS = 3600 * 1000,
};

static struct heartbeat *find(struct heartbeats *heartbeats, const char *node)
{
    for (int i = 0; i < heartbeats->count; i++) {
        if (strcmp(heartbeats->workers[i].node, node) == 0)
            return &heartbeats->workers[i];
    }
    return NULL;
}

static struct heartbeat *add(struct heartbeats *heartbeats, const char *node)
{
    struct heartbeat *worker;

    if (heartbeats->count == LIMIT_CELERY_NODES || strlen(node) >= sizeof(worker->node))
        return NULL;
    worker = &heartbeats->workers[heartbeats->count++];
    *worker = (struct heartbeat){ 0 };
    memcpy(worker->node, node, strlen(node) + 1);
    return worker;
}

static void drop(struct heartbeats *heartbeats, struct heartbeat *worker)
{
    *worker = heartbeats->workers[--heartbeats->count];
}

static int64_t frequency_ms(const json_t *event)
{
    double seconds = json_number_value(json_object_get(event, "freq"));

    return seconds > 0 && seconds * 1000 < FREQUENCY_MAX_MS ? (int64_t)(seconds * 1000)
                                                            : FREQUENCY_MS;
}

static int64_t count_of(const json_t *event, const char *name)
{
    const json_t *count = json_object_get(event, name);

    return json_is_integer(count) && json_integer_value(count) > 0
                   && json_integer_value(count) < INT64_MAX / LIMIT_CELERY_NODES
               ? json_integer_value(count)
               : 0;
}

static void take_event(struct heartbeats *heartbeats, const json_t *event, int64_t now_ms)
{
    const char *node = json_string_value(json_object_get(event, "hostname"));
    const char *type = json_string_value(json_object_get(event, "type"));
    struct heartbeat *worker;

    if (node == NULL || type == NULL)
        return;
    worker = find(heartbeats, node);
    if (strcmp(type, "worker-offline") == 0) {
        if (worker != NULL)
            drop(heartbeats, worker);
        return;
    }
    if (strcmp(type, "worker-heartbeat") != 0 && strcmp(type, "worker-online") != 0)
        return;
    if (worker == NULL)
        worker = add(heartbeats, node);
    if (worker == NULL) {
        heartbeats->partial_until_ms = now_ms + 2 * frequency_ms(event);
        return;
    }
    worker->heard_at_ms = now_ms;
    worker->valid_until_ms = now_ms + 2 * frequency_ms(event);
    worker->active_tasks = count_of(event, "active");
    worker->processed_tasks = count_of(event, "processed");
}

void heartbeats_take(struct heartbeats *heartbeats, struct slice envelope, int64_t now_ms)
{
    AUTO(json_body_free) json_t *event = NULL;
    AUTO(buf_done) struct buf body;

    buf_init(&body, EVENT_BYTES);
    if (!pidbox_read_body(envelope, &body))
        return;
    event = json_body_parse(buf_slice(&body));
    take_event(heartbeats, event, now_ms);
}

void heartbeats_expire(struct heartbeats *heartbeats, int64_t now_ms)
{
    for (int i = heartbeats->count - 1; i >= 0; i--) {
        if (heartbeats->workers[i].valid_until_ms <= now_ms)
            drop(heartbeats, &heartbeats->workers[i]);
    }
    if (heartbeats->partial_until_ms <= now_ms)
        heartbeats->partial_until_ms = 0;
}

int64_t heartbeats_workers(const struct heartbeats *heartbeats)
{
    return heartbeats->count;
}

int64_t heartbeats_workers_since(const struct heartbeats *heartbeats, int64_t since_ms)
{
    int64_t count = 0;

    for (int i = 0; i < heartbeats->count; i++)
        count += heartbeats->workers[i].heard_at_ms >= since_ms;
    return count;
}

int64_t heartbeats_active_tasks(const struct heartbeats *heartbeats)
{
    int64_t sum = 0;

    if (heartbeats->partial_until_ms != 0)
        return -1;
    for (int i = 0; i < heartbeats->count; i++)
        sum += heartbeats->workers[i].active_tasks;
    return sum;
}

int64_t heartbeats_processed_tasks(const struct heartbeats *heartbeats)
{
    int64_t sum = 0;

    if (heartbeats->partial_until_ms != 0)
        return -1;
    for (int i = 0; i < heartbeats->count; i++)
        sum += heartbeats->workers[i].processed_tasks;
    return sum;
}
