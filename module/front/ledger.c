/* ledger.c - names, bodies and refusals of the handlers that ask the ledger. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/ledger.h"

#include "front/figures.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_SECONDS = 5, DEPTH_MAX = 64 };

void ledger_refuse(struct exchange *exchange, struct desk_visit *visit)
{
    exchange->response->cause = visit->cause;
    response_error(exchange->response, exchange->request,
                   &(struct response_error){
                       .status = 503,
                       .code = "ledger_unavailable",
                       .message = visit->words,
                       .retry_after_seconds =
                           exchange->sources->config->ledger_conninfo != NULL ? RETRY_SECONDS : 0,
                   });
    exchange->response->incident = true;
}

void ledger_refuse_request(struct exchange *exchange, const char *message)
{
    response_error(
        exchange->response, exchange->request,
        &(struct response_error){ .status = 400, .code = "bad_request", .message = message });
}

static const struct page_objective *find(const struct page_set *set, struct slice name)
{
    for (int i = 0; set != NULL && i < set->objective_count; i++) {
        if (slice_equals_text(name, set->objectives[i].name))
            return &set->objectives[i];
    }
    return NULL;
}

/* Before anything is published nobody knows what there is. */
static void refuse_unknown(struct exchange *exchange, const struct figures *figures,
                           const char *message)
{
    if (figures->set == NULL || figures->set->objective_count == 0)
        figures_refuse(exchange, figures);
    else
        response_error(
            exchange->response, exchange->request,
            &(struct response_error){ .status = 404, .code = "not_found", .message = message });
}

bool ledger_find_objective(struct exchange *exchange, struct named_objective *ret)
{
    AUTO(figures_release) struct figures figures = figures_acquire(exchange->sources);
    const struct page_objective *objective = find(figures.set, exchange->rest);

    if (objective != NULL) {
        *ret = (struct named_objective){ 0 };
        if (objective->promise != NULL) {
            ret->calendar = objective->promise->calendar;
            ret->budgeting = objective->promise->budgeting;
        }
        (void)snprintf(ret->name, sizeof(ret->name), "%s", objective->name);
        (void)snprintf(ret->service, sizeof(ret->service), "%s", objective->service);
        return true;
    }
    refuse_unknown(exchange, &figures, "no objective has this name: GET /slo lists them");
    return false;
}

bool ledger_find_service(struct exchange *exchange, const char *service)
{
    AUTO(figures_release) struct figures figures = figures_acquire(exchange->sources);

    for (int i = 0; figures.set != NULL && i < figures.set->objective_count; i++) {
        if (strcmp(service, figures.set->objectives[i].service) == 0)
            return true;
    }
    refuse_unknown(exchange, &figures, "no objective is of this service: GET /slo lists them");
    return false;
}

void ledger_body_free(json_t **body)
{
    json_decref(*body);
    *body = NULL;
}

static bool is_known(const char *name, const char *const known[])
{
    for (; *known != NULL; known++) {
        if (strcmp(name, *known) == 0)
            return true;
    }
    return false;
}

/* A misspelt member must not be taken for one that was left out. */
static const char *body_trouble(json_t *body, const char *const known[])
{
    const char *name;
    json_t *value;

    if (!json_is_object(body))
        return "the body is no JSON object";
    json_object_foreach(body, name, value)
    {
        if (!is_known(name, known))
            return "the body holds an unknown member; known here: ";
    }
    return NULL;
}

/* jansson goes into nested values by recursion, 2,048 deep, and a lane's stack is small.  Brackets
 * within strings count too: nothing that is asked for here holds that many. */
static bool is_shallow(struct slice text)
{
    int depth = 0;

    for (size_t i = 0; i < text.length; i++) {
        depth += text.data[i] == '{' || text.data[i] == '[';
        depth -= text.data[i] == '}' || text.data[i] == ']';
        if (depth > DEPTH_MAX)
            return false;
    }
    return true;
}

json_t *ledger_read_body(struct exchange *exchange, const char *const known[])
{
    AUTO(buf_done) struct buf message = { .max_bytes = 512 };
    json_t *body = is_shallow(exchange->body)
                       ? json_loadb(exchange->body.data == NULL ? "" : exchange->body.data,
                                    exchange->body.length, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    const char *trouble = body_trouble(body, known);

    if (trouble == NULL)
        return body;
    json_decref(body);
    buf_append_text(&message, trouble);
    for (size_t i = 0; trouble[strlen(trouble) - 1] == ' ' && known[i] != NULL; i++)
        buf_printf(&message, "%s%s", i == 0 ? "" : ", ", known[i]);
    ledger_refuse_request(exchange, buf_text(&message));
    return NULL;
}
