/* order.c - a queue, and a bell at the one who sleeps elsewhere. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/order.h"

#include "base/limits.h"

#include <stdlib.h>

struct orders {
    struct queue *waiting;
    struct queue *outcomes; /* borrowed */
};

bool maintenance_in_force(const struct maintenance *maintenance, int64_t wall_ms)
{
    return maintenance->on && wall_ms >= maintenance->since_wall_ms
           && (maintenance->until_wall_ms == 0 || wall_ms < maintenance->until_wall_ms);
}

struct orders *orders_new(struct queue *outcomes)
{
    AUTO(orders_free) struct orders *orders = calloc(1, sizeof(*orders));
    struct orders *made;

    if (orders == NULL)
        return NULL;
    orders->outcomes = outcomes;
    orders->waiting = queue_new(sizeof(struct order), LIMIT_ORDERS);
    if (orders->waiting == NULL)
        return NULL;
    made = orders;
    orders = NULL;
    return made;
}

void orders_free(struct orders **orders)
{
    if (*orders == NULL)
        return;
    queue_free(&(*orders)->waiting);
    free(*orders);
    *orders = NULL;
}

bool orders_give(struct orders *orders, const struct order *order)
{
    bool given = queue_push(orders->waiting, order);

    queue_wake(orders->outcomes);
    return given;
}

bool orders_take(struct orders *orders, struct order *ret)
{
    return queue_pop(orders->waiting, ret, 0);
}
