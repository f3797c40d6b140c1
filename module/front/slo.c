/* slo.c - the list of objectives, chosen and joined in memory, and one objective's page. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/auto.h"
#include "base/json.h"
#include "front/figures.h"
#include "front/query.h"

#include <stdio.h>

enum { SERVICE, STATUS, FILTERS };

static bool is_status(const char *text)
{
    for (enum budget_status status = BUDGET_NO_DATA; status <= BUDGET_BREACHED; status++) {
        if (strcmp(text, budget_status_text(status)) == 0)
            return true;
    }
    return false;
}

static void refuse(struct exchange *exchange, const char *message)
{
    response_error(
        exchange->response, exchange->request,
        &(struct response_error){ .status = 400, .code = "bad_request", .message = message });
}

static bool is_chosen(const struct page_objective *objective,
                      const struct query_parameter filters[FILTERS])
{
    return (!filters[SERVICE].given || strcmp(objective->service, filters[SERVICE].value) == 0)
           && (!filters[STATUS].given
               || strcmp(budget_status_text(objective->status), filters[STATUS].value) == 0);
}

static const char *worst_status(const struct page_set *set,
                                const struct query_parameter filters[FILTERS])
{
    enum budget_status worst = BUDGET_NO_DATA;

    for (int i = 0; i < set->objective_count; i++) {
        if (is_chosen(&set->objectives[i], filters))
            worst = budget_worse(worst, set->objectives[i].status);
    }
    return budget_status_text(worst);
}

static void write_list(struct exchange *exchange, const struct figures *figures,
                       const struct query_parameter filters[FILTERS])
{
    const struct page_set *set = figures->set;
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_text(&json, "status", worst_status(set, filters));
    json_key(&json, "as_of");
    json_put_slice(&json, set->as_of);
    json_bool(&json, "stale", figures->trouble != NULL);
    if (figures->trouble != NULL)
        json_text(&json, "reason", figures->trouble);
    json_key(&json, "slos");
    json_open_array(&json);
    for (int i = 0; i < set->objective_count; i++) {
        if (is_chosen(&set->objectives[i], filters))
            json_put_raw(&json, set->objectives[i].json);
    }
    json_close_array(&json);
    json_close_object(&json);
    response_text(exchange->response,
                  &(struct page_text){
                      .status = figures->trouble == NULL ? 200 : 503,
                      .retry_after_seconds = figures->trouble == NULL ? 0 : figures->retry_seconds,
                  });
}

void slo_give_list(struct exchange *exchange)
{
    struct query_parameter filters[FILTERS] = {
        [SERVICE] = { .name = "service" }, [STATUS] = { .name = "status" }
    };
    AUTO(buf_done) struct buf trouble;
    AUTO(figures_release) struct figures figures = figures_acquire(exchange->sources);

    buf_init(&trouble, 1024);
    if (!query_parse(exchange->request->query, filters, FILTERS, &trouble)) {
        refuse(exchange, buf_text(&trouble));
    } else if (filters[STATUS].given && !is_status(filters[STATUS].value)) {
        refuse(exchange, "status is none of breached, at_risk, met, insufficient_data, no_data");
    } else if (!figures.any) {
        figures_refuse(exchange, &figures);
    } else {
        write_list(exchange, &figures, filters);
    }
}

/* Objectives are known from the configuration: a wrong name is one without any figures too. */
static bool is_known(const struct figures *figures, struct slice name)
{
    if (figures->set == NULL || figures->set->objective_count == 0)
        return true;
    for (int i = 0; i < figures->set->objective_count; i++) {
        if (slice_equals_text(name, figures->set->objectives[i].name))
            return true;
    }
    return false;
}

/* The page, or why there is none; `missing` is what a 404 says. */
static void give_page(struct exchange *exchange, struct slice key, const char *missing)
{
    AUTO(buf_done) struct buf trouble;
    AUTO(figures_release) struct figures figures = figures_acquire(exchange->sources);
    const struct page *page = NULL;

    buf_init(&trouble, 1024);
    if (!query_parse(exchange->request->query, NULL, 0, &trouble)) {
        refuse(exchange, buf_text(&trouble));
        return;
    }
    if (figures.set != NULL)
        page = page_find(figures.set, key);
    if (page != NULL) {
        response_page(exchange->response, &figures.set,
                      figures.too_old ? &page->too_old : &page->fresh);
    } else if (missing == NULL || (!figures.any && is_known(&figures, exchange->rest))) {
        figures_refuse(exchange, &figures);
    } else {
        response_error(
            exchange->response, exchange->request,
            &(struct response_error){ .status = 404, .code = "not_found", .message = missing });
    }
}

void slo_give_one(struct exchange *exchange)
{
    char key[QUERY_VALUE_BYTES + 8];
    int length = snprintf(key, sizeof(key), "%s/%.*s", exchange->route->key,
                          (int)(exchange->rest.length > QUERY_VALUE_BYTES ? QUERY_VALUE_BYTES
                                                                          : exchange->rest.length),
                          exchange->rest.data);

    give_page(exchange, (struct slice){ key, (size_t)length },
              "no objective has this name: GET /slo lists them");
}

void slo_give_alerts(struct exchange *exchange)
{
    give_page(exchange, slice_of(exchange->route->key), NULL);
}
