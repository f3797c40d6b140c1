/* gate.c - may I deploy?  Compares published budgets; stops on doubt. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "front/figures.h"
#include "front/query.h"
#include "page/maintenance.h"

#include <stdio.h>

enum {
    /* Of every objective a name and a sentence: of many of them more than a fast answer holds. */
    REASONS_BYTES = LIMIT_OBJECTIVES * 512,
};

enum { SLO, SERVICE, MIN_BUDGET, SELECTORS };

struct gate {
    struct query_parameter selectors[SELECTORS];
    struct fraction min_budget;
    const struct page_set *set;
    int64_t now_wall_ms;
    const struct page_override *override; /* the first one that was needed */
};

enum verdict { VERDICT_GO, VERDICT_GO_WITHOUT_DATA, VERDICT_STOP };

static bool is_chosen(const struct gate *gate, const struct page_objective *objective)
{
    const struct query_parameter *slo = &gate->selectors[SLO];
    const struct query_parameter *service = &gate->selectors[SERVICE];

    return (!slo->given || strcmp(objective->name, slo->value) == 0)
           && (!service->given || strcmp(objective->service, service->value) == 0);
}

/* Why a gate is open although it would be shut. */
static const struct page_override *find_override(const struct gate *gate,
                                                 const struct page_objective *objective)
{
    for (int i = 0; i < gate->set->override_count; i++) {
        const struct page_override *override = &gate->set->overrides[i];

        if (override->expires_at_ms > gate->now_wall_ms
            && strcmp(override->service, objective->service) == 0
            && (*override->objective == '\0' || strcmp(override->objective, objective->name) == 0))
            return override;
    }
    return NULL;
}

/* An exhausted budget stops whatever is asked; with too few events there is nothing to judge. */
static enum verdict judge(const struct gate *gate, const struct page_objective *objective)
{
    if (objective->status == BUDGET_NO_DATA || objective->status == BUDGET_INSUFFICIENT_DATA)
        return VERDICT_GO_WITHOUT_DATA;
    if (fraction_compare(objective->remaining, fraction_of(0, 1)) <= 0
        || fraction_compare(objective->remaining, gate->min_budget) < 0)
        return VERDICT_STOP;
    return VERDICT_GO;
}

static struct fraction percent_of(struct fraction share)
{
    return (struct fraction){ share.numerator * 100, share.denominator };
}

/* Nobody reads "-8991 % left": from twice on it is how often all of it was used.  Rounded up. */
static void explain_exhausted(struct fraction remaining, struct buf *reason)
{
    struct fraction used = fraction_shorten(remaining, 100);
    char text[FRACTION_TEXT_BYTES];
    int decimals;

    used.numerator = used.denominator - used.numerator;
    decimals = fraction_compare(used, fraction_of(10, 1)) < 0 ? 1 : 0;
    if (fraction_compare(used, fraction_of(1, 1)) <= 0) {
        buf_append_text(reason, "error budget exhausted, nothing left");
    } else if (fraction_compare(used, fraction_of(2, 1)) < 0) {
        used.numerator -= used.denominator;
        fraction_print(percent_of(used), 1, FRACTION_UP, text);
        buf_printf(reason, "error budget exhausted, %s %% over", text);
    } else {
        fraction_print(used, decimals, FRACTION_UP, text);
        buf_printf(reason, "error budget exhausted %s times over", text);
    }
}

/* Rounded to the worse side: less left, more asked. */
static void explain(const struct gate *gate, const struct page_objective *objective,
                    enum verdict verdict, struct buf *reason)
{
    char left[FRACTION_TEXT_BYTES];
    char asked[FRACTION_TEXT_BYTES];

    if (verdict == VERDICT_GO_WITHOUT_DATA) {
        buf_append_text(reason, objective->status == BUDGET_NO_DATA
                                    ? "no events in the window: no objection"
                                    : "too few events to judge: no objection");
        return;
    }
    if (fraction_compare(objective->remaining, fraction_of(0, 1)) <= 0) {
        explain_exhausted(objective->remaining, reason);
        return;
    }
    fraction_print(percent_of(objective->remaining), 1, FRACTION_DOWN, left);
    fraction_print(percent_of(gate->min_budget), 1, FRACTION_UP, asked);
    buf_printf(reason, "error budget %s %% left, %s %% asked", left, asked);
}

/* Reads and checks the selectors; otherwise the refusal is in `trouble`. */
static bool read_selectors(struct gate *gate, struct slice query, struct buf *trouble)
{
    struct query_parameter *least = &gate->selectors[MIN_BUDGET];

    gate->selectors[SLO].name = "slo";
    gate->selectors[SERVICE].name = "service";
    least->name = "min_budget";
    gate->min_budget = fraction_of(0, 1);
    if (!query_parse(query, gate->selectors, SELECTORS, trouble))
        return false;
    if (!least->given)
        return true;
    if (!fraction_parse(slice_of(least->value), &gate->min_budget)
        || fraction_compare(gate->min_budget, fraction_of(0, 1)) < 0
        || fraction_compare(gate->min_budget, fraction_of(1, 1)) > 0) {
        buf_append_text(trouble, "min_budget is no decimal from 0 to 1, for instance 0.1");
        return false;
    }
    return true;
}

static void write_override(const struct page_override *override, struct json_writer *json)
{
    json_key(json, "override");
    json_open_object(json);
    json_text(json, "id", override->id);
    json_text(json, "slo", *override->objective == '\0' ? NULL : override->objective);
    json_text(json, "service", override->service);
    json_text(json, "reason", override->reason);
    json_text(json, "author", override->author);
    json_time(json, "created_at", override->created_at_ms);
    json_time(json, "expires_at", override->expires_at_ms);
    json_close_object(json);
}

/* Whether an objective is asked about whose service it is. */
static bool concerns(const struct gate *gate, const struct page_maintenance *maintenance)
{
    for (int i = 0; i < gate->set->objective_count; i++) {
        const struct page_objective *objective = &gate->set->objectives[i];

        if (is_chosen(gate, objective) && strcmp(objective->service, maintenance->service) == 0)
            return maintenance_in_force(maintenance->of, gate->now_wall_ms);
    }
    return false;
}

/* It decides nothing: what happens meanwhile is in no figure.  But whoever deploys into it should
 * know. */
static void list_maintenance(const struct gate *gate, struct json_writer *json)
{
    json_open_array(json);
    for (int i = 0; i < gate->set->maintenance_count; i++) {
        const struct page_maintenance *maintenance = &gate->set->maintenances[i];

        if (concerns(gate, maintenance))
            maintenance_put(json, maintenance->service, maintenance->of);
    }
    json_close_array(json);
}

struct decision {
    const char *word;
    struct slice reasons;                 /* JSON */
    struct slice maintenance;             /* JSON; empty: none was looked for */
    const struct page_override *override; /* NULL: none was needed */
};

static void write_decision(struct exchange *exchange, const struct figures *figures,
                           const struct decision *decision)
{
    bool go = strcmp(decision->word, "go") == 0;
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_text(&json, "decision", decision->word);
    json_key(&json, "as_of");
    if (figures->set != NULL && figures->any)
        json_put_slice(&json, figures->set->as_of);
    else
        json_put_null(&json);
    if (figures->trouble != NULL) {
        json_text(&json, "reason", figures->trouble);
    } else {
        json_key(&json, "reasons");
        json_put_raw(&json, decision->reasons);
    }
    if (decision->override != NULL)
        write_override(decision->override, &json);
    if (decision->maintenance.length > sizeof("[]") - 1) {
        json_key(&json, "maintenance");
        json_put_raw(&json, decision->maintenance);
    }
    json_close_object(&json);
    /* A stop has no Retry-After: waiting won't bring the budget back, but it brings figures. */
    response_text(exchange->response,
                  &(struct page_text){
                      .status = go ? 200 : 503,
                      .retry_after_seconds = figures->trouble != NULL ? figures->retry_seconds : 0,
                  });
}

static void write_reason(const struct gate *gate, const struct page_objective *objective,
                         enum verdict verdict, struct json_writer *json)
{
    AUTO(buf_done) struct buf reason = { .max_bytes = 256 };

    if (verdict == VERDICT_GO)
        return;
    explain(gate, objective, verdict, &reason);
    json_open_object(json);
    json_text(json, "slo", objective->name);
    json_text(json, "reason", buf_text(&reason));
    json_close_object(json);
}

/* Remembers the override, to show it. */
static bool is_overridden(struct gate *gate, const struct page_objective *objective)
{
    const struct page_override *found = find_override(gate, objective);

    if (gate->override == NULL)
        gate->override = found;
    return found != NULL;
}

/* Stops come first: they are what the reader must see. */
static bool judge_all(struct gate *gate, struct json_writer *json, int *ret_chosen)
{
    static const enum verdict order[] = { VERDICT_STOP, VERDICT_GO_WITHOUT_DATA, VERDICT_GO };
    bool stop = false;

    *ret_chosen = 0;
    json_open_array(json);
    for (size_t v = 0; v < ARRAY_LENGTH(order); v++) {
        for (int i = 0; i < gate->set->objective_count; i++) {
            const struct page_objective *objective = &gate->set->objectives[i];

            if (!is_chosen(gate, objective) || judge(gate, objective) != order[v])
                continue;
            write_reason(gate, objective, order[v], json);
            stop = (order[v] == VERDICT_STOP && !is_overridden(gate, objective)) || stop;
            ++*ret_chosen;
        }
    }
    json_close_array(json);
    return stop;
}

static void decide(struct exchange *exchange, struct gate *gate, const struct figures *figures)
{
    AUTO(buf_done) struct buf reasons = { .max_bytes = REASONS_BYTES };
    AUTO(buf_done) struct buf maintenance = { .max_bytes = REASONS_BYTES };
    struct json_writer json;
    int chosen;
    bool stop;

    json_writer_init(&json, &reasons);
    gate->set = figures->set;
    gate->now_wall_ms = clock_wall_ms();
    stop = judge_all(gate, &json, &chosen);
    json_writer_init(&json, &maintenance);
    list_maintenance(gate, &json);
    if (!buf_ok(&reasons) || !buf_ok(&maintenance))
        exchange->response->own_body.failed = true;
    /* A misspelt name must not turn a stop into a go; whatever the figures' age, it is a typo. */
    if (chosen == 0 && figures->set->objective_count > 0)
        response_error(exchange->response, exchange->request,
                       &(struct response_error){ .status = 404,
                                                 .code = "not_found",
                                                 .message = "no objective matches slo and service: "
                                                            "GET /slo lists them" });
    else if (figures->trouble != NULL)
        write_decision(
            exchange, figures,
            &(struct decision){ .word = "unknown", .maintenance = buf_slice(&maintenance) });
    else
        write_decision(exchange, figures,
                       &(struct decision){ .word = stop ? "stop" : "go",
                                           .reasons = buf_slice(&reasons),
                                           .maintenance = buf_slice(&maintenance),
                                           .override = stop ? NULL : gate->override });
}

void gate_decide(struct exchange *exchange)
{
    struct gate gate = { 0 };
    AUTO(buf_done) struct buf trouble;
    AUTO(figures_release) struct figures figures = figures_acquire(exchange->sources);

    buf_init(&trouble, 1024);
    if (!read_selectors(&gate, exchange->request->query, &trouble)) {
        response_error(exchange->response, exchange->request,
                       &(struct response_error){
                           .status = 400, .code = "bad_request", .message = buf_text(&trouble) });
    } else if (figures.set == NULL) {
        write_decision(exchange, &figures, &(struct decision){ .word = "unknown" });
    } else {
        decide(exchange, &gate, &figures);
    }
}
