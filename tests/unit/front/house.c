/* house.c - slots, permissions and a configuration for the tests of handlers. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "house.h"

#include "health/order.h"
#include "suite.h"

#include <stdio.h>

static const char *lookup(void *context, const char *name)
{
    const bool *protected = context;

    if (*protected && strcmp(name, "PROBITY_ADMIN_TOKEN") == 0)
        return &HOUSE_ADMIN[7];
    return *protected && strcmp(name, "PROBITY_READ_TOKEN") == 0 ? &HOUSE_READER[7] : NULL;
}

void house_init(struct house *house, bool protected)
{
    *house = (struct house){ 0 };
    ck_assert_int_eq(config_load(lookup, &protected, &house->config, NULL), 0);
    ck_assert_int_eq(access_new(house->config, &house->access, NULL), 0);
    house->sources.config = house->config;
    house->sources.access = house->access;
    house->sources.health = slot_new();
    house->sources.slo = slot_new();
    house->outcomes = queue_new(1, 1);
    house->sources.orders = orders_new(house->outcomes);
    response_init(&house->response);
    buf_init(&house->text, 1 << 20);
}

void house_done(struct house *house)
{
    response_done(&house->response);
    buf_done(&house->text);
    slot_free(&house->sources.health);
    slot_free(&house->sources.slo);
    orders_free(&house->sources.orders);
    queue_free(&house->outcomes);
    access_free(&house->access);
    config_release(&house->config);
}

static void add(struct page_builder *builder, const char *key)
{
    page_add(builder, key, &(struct page_text){ .status = 200, .body = slice_of(key) },
             &(struct page_text){ .status = 503, .body = SLICE("too old") });
}

void house_publish_health(struct house *house)
{
    static const char *const keys[] = { "health",        "ready",          "startup",
                                        "detailed",      "detailed/redis", "detailed/redis;ietf",
                                        "detailed/app",  "ready;ietf",     "ready;text",
                                        "ready;verbose", "group/orders",   "group/orders;text",
                                        "group/mail",    "metrics",        "metrics/openmetrics",
                                        "metrics/fleet" };
    struct page_builder *builder = page_builder_new(3000);
    struct page_set *set;

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        add(builder, keys[i]);
    set = page_builder_finish(&builder);
    slot_publish(house->sources.health, &set);
}

void house_publish_slo(struct house *house, const struct page_objective objectives[], int count,
                       const char *trouble)
{
    struct page_builder *builder = page_builder_new(3000);
    struct page_set *set;
    char key[64];

    for (int i = 0; i < count; i++) {
        page_add_objective(builder, &objectives[i]);
        (void)snprintf(key, sizeof(key), "slo/%s", objectives[i].name);
        if (!house->no_figures)
            add(builder, key);
    }
    if (house->override.id != NULL)
        page_set_overrides(builder, &house->override, 1);
    if (house->maintenances != NULL)
        page_set_maintenances(builder, house->maintenances, house->maintenance_count);
    page_set_figures(builder, count == 0 || house->no_figures ? 0 : 1795264773000, trouble == NULL,
                     trouble);
    set = page_builder_finish(&builder);
    slot_publish(house->sources.slo, &set);
}

int house_ask(struct house *house, const char *text, const char *authorization)
{
    struct slice rest = slice_of(text);
    char method[64];
    char path[512];
    enum endpoint endpoint;
    char query[512];
    char header[256];
    char accept[256];
    char own_id[] = "HTTP_X_REQUEST_ID=test";
    char *environment[] = { method, path, query, header, accept, own_id, NULL };
    struct request request;
    struct exchange exchange = { .request = &request,
                                 .sources = &house->sources,
                                 .response = &house->response,
                                 .body = house->body };
    struct slice part = slice_cut(&rest, ' ');

    (void)snprintf(method, sizeof(method), "REQUEST_METHOD=%.*s", (int)part.length, part.data);
    part = slice_cut(&rest, '?');
    (void)snprintf(path, sizeof(path), "DOCUMENT_URI=%.*s", (int)part.length, part.data);
    (void)snprintf(query, sizeof(query), "QUERY_STRING=%.*s", (int)rest.length,
                   rest.length == 0 ? "" : rest.data);
    (void)snprintf(header, sizeof(header), "HTTP_AUTHORIZATION=%s", authorization);
    (void)snprintf(accept, sizeof(accept), "HTTP_ACCEPT=%s",
                   house->accept == NULL ? "" : house->accept);
    request_read(environment, &request);
    response_clear(&house->response);
    endpoint = router_answer(&exchange);
    house->slow = router_is_slow(&exchange);
    counters_count(&house->sources.counters, endpoint, house->response.status);
    buf_clear(&house->text);
    buf_append(&house->text, house->response.body);
    return house->response.status;
}
