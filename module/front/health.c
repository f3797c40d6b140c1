/* health.c - hands out the monitor's pages, or what they say when they have grown too old. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/auto.h"

#include <stdio.h>

/* One old look restarts nobody (see look.h); but readiness fails closed at the first: not to be
 * sent traffic for a moment costs little. */
static bool is_too_old(const struct exchange *exchange, const struct page_set *set)
{
    if (exchange->route->endpoint == ENDPOINT_HEALTH)
        return exchange->sources->monitor_dead;
    return slot_age_ms(set) > set->max_age_ms;
}

static void give(struct exchange *exchange, struct slice key)
{
    AUTO(slot_release) const struct page_set *set = slot_acquire(exchange->sources->health);
    const struct page *page = set == NULL ? NULL : page_find(set, key);

    if (page != NULL) {
        response_page(exchange->response, &set,
                      is_too_old(exchange, set) ? &page->too_old : &page->fresh);
    } else if (set != NULL && exchange->rest.length > 0) {
        response_error(exchange->response, exchange->request,
                       &(struct response_error){
                           .status = 404,
                           .code = "not_found",
                           .message = "no component has this name: GET /health/detailed lists "
                                      "them" });
    } else {
        exchange->response->incident = true;
        response_error(exchange->response, exchange->request,
                       &(struct response_error){ .status = 503,
                                                 .code = "starting",
                                                 .message = "health has not been judged yet",
                                                 .retry_after_seconds = 1 });
    }
}

void health_give_page(struct exchange *exchange)
{
    give(exchange, slice_of(exchange->route->key));
}

void health_give_component(struct exchange *exchange)
{
    char key[128];
    int length = snprintf(key, sizeof(key), "%s/%.*s", exchange->route->key,
                          (int)(exchange->rest.length > 100 ? 100 : exchange->rest.length),
                          exchange->rest.data);

    give(exchange, (struct slice){ key, (size_t)length });
}
