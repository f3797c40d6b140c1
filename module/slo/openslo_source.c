/* openslo_source.c - ratio, raw and threshold metrics as an indicator. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_source.h"

#include "slo/openslo_select.h"

#include <stdio.h>
#include <string.h>

enum { WHY_BYTES = 256 };

struct source {
    const struct source_request *request;
    struct source_answer *answer;
    const char *service;
};

static void fail(struct source *source)
{
    if (source->answer->verdict == SOURCE_FINE)
        source->answer->verdict = SOURCE_FAULTY;
}

/* Which metricSource it is: ours, or somebody else's that we only keep. */
static bool is_ours(struct source *source, const struct spot *metric)
{
    struct spot type = spot_key(metric, "type");
    const char *text = yaml_text(type.node);
    char why[WHY_BYTES];

    if (text == NULL) {
        /* A reference that leads nowhere has been reported. */
        if (yaml_is_null(yaml_get(metric->node, "metricSourceRef")))
            shape_error(source->request->check, &type,
                        "is missing: write `type: probity`, or refer to a DataSource");
        fail(source);
        return false;
    }
    if (strcmp(text, "probity") == 0)
        return true;
    (void)snprintf(why, sizeof(why),
                   "its source is of type %.60s: it is kept and exported, and never evaluated, "
                   "because only `type: probity` can be counted",
                   text);
    if (source->answer->verdict != SOURCE_FOREIGN)
        source->answer->why = arena_copy(source->request->arena, slice_of(why));
    source->answer->verdict = SOURCE_FOREIGN;
    return false;
}

static void take_service(struct source *source, const struct spot *spec)
{
    struct spot spot = spot_key(spec, "service");
    const char *service = yaml_text(spot.node);

    if (service == NULL)
        service = source->request->service;
    if (source->service == NULL) {
        source->service = service;
    } else if (service != NULL && strcmp(source->service, service) != 0) {
        shape_error(source->request->check, &spot,
                    "\"%.60s\" is another service than in the rest of the SLI: one ratio counts "
                    "one service",
                    service);
        fail(source);
    }
}

/* The selection of ratioMetric.good, .bad, .total, .raw or of a thresholdMetric; false when it
 * can't be used, which has been said. */
static bool read_metric(struct source *source, const struct spot *metric, bool raw,
                        struct selector *ret, struct selector *ret_of)
{
    const struct shape_check *check = source->request->check;
    struct spot from = spot_key(metric, "metricSource");
    struct spot spec = spot_key(&from, "spec");
    struct spot of = spot_key(&spec, "of");
    bool fine;

    if (from.node == NULL || from.node->kind != YAML_MAP) {
        fail(source);
        return false;
    }
    if (!is_ours(source, &from))
        return false;
    if (spec.node == NULL || spec.node->kind != YAML_MAP) {
        if (!yaml_is_null(spec.node))
            shape_error(check, &spec, "must be a map; {} selects every event");
        fail(source);
        return false;
    }
    shape_check(check, openslo_source_shape(raw), &spec);
    take_service(source, &spec);
    fine = openslo_select(check, &spec, source->request->arena, ret);
    if (raw && (of.node == NULL || of.node->kind != YAML_MAP))
        fine = false;
    else if (raw)
        fine = openslo_select(check, &of, source->request->arena, ret_of) && fine;
    if (!fine)
        fail(source);
    return fine;
}

/* --- one indicator, one text --- */

static bool same_routes(const struct selector *a, const struct selector *b)
{
    bool same = a->route_count == b->route_count;

    for (int i = 0; same && i < a->route_count; i++) {
        bool found = false;

        for (int k = 0; k < b->route_count && !found; k++)
            found = strcmp(a->routes[i], b->routes[k]) == 0;
        same = found;
    }
    return same;
}

/* What the mark says again of the total is no restriction. */
static void drop_repeats(const struct selector *total, struct selector *mark)
{
    if (same_routes(total, mark))
        mark->route_count = 0;
    if (mark->methods == total->methods)
        mark->methods = 0;
    if (memcmp(&mark->statuses, &total->statuses, sizeof(mark->statuses)) == 0)
        mark->statuses = (struct status_set){ { 0 } };
    if (mark->from_ms == total->from_ms)
        mark->from_ms = 0;
    if (mark->below_ms == total->below_ms)
        mark->below_ms = 0;
}

/* Good below 500 ms is the same as bad from 500 ms on, and good below 500 the same as bad from 500
 * on: one text for both, so that they share their counts. */
static void turn_round(struct indicator *indicator)
{
    struct selector *mark = &indicator->mark;
    struct selector bad = { .routes = NULL };
    bool timed = mark->from_ms != 0 || mark->below_ms != 0;
    bool by_status = !status_set_is_empty(&mark->statuses);

    if (!indicator->marks_good || mark->route_count > 0 || mark->methods != 0 || timed == by_status
        || (mark->from_ms != 0 && mark->below_ms != 0))
        return;
    bad.from_ms = mark->below_ms;
    bad.below_ms = mark->from_ms;
    for (int status = STATUS_LOW; by_status && status <= STATUS_HIGH; status++) {
        if (!status_set_has(&mark->statuses, status)
            && (status_set_is_empty(&indicator->total.statuses)
                || status_set_has(&indicator->total.statuses, status)))
            status_set_add(&bad.statuses, status, status);
    }
    if (by_status && status_set_is_empty(&bad.statuses))
        return;
    *mark = bad;
    indicator->marks_good = false;
}

static void settle(struct source *source, const struct spot *spot, struct indicator *indicator)
{
    const struct shape_check *check = source->request->check;

    drop_repeats(&indicator->total, &indicator->mark);
    turn_round(indicator);
    if (selector_is_open(&indicator->mark))
        shape_warn(check, spot,
                   indicator->marks_good ? "selects as much as total: nothing is bad"
                                         : "selects as much as total: all is bad");
    indicator->service = arena_copy(source->request->arena, slice_of(source->service));
    if (indicator->service == NULL)
        fail(source);
}

/* --- ratioMetric --- */

static void read_good_or_bad(struct source *source, const struct spot *ratio)
{
    struct indicator *indicator = &source->answer->indicator;
    struct spot good = spot_key(ratio, "good");
    struct spot bad = spot_key(ratio, "bad");
    struct spot total = spot_key(ratio, "total");
    const struct spot *mark = yaml_is_null(good.node) ? &bad : &good;
    bool fine;

    if (yaml_is_null(good.node) == yaml_is_null(bad.node) || yaml_is_null(total.node)) {
        shape_error(source->request->check, ratio,
                    "needs either good or bad, with total (or raw, with rawType)");
        fail(source);
        return;
    }
    indicator->marks_good = mark == &good;
    /* Both are looked at, so that all problems are found. */
    fine = read_metric(source, &total, false, &indicator->total, NULL);
    fine = read_metric(source, mark, false, &indicator->mark, NULL) && fine;
    if (fine)
        settle(source, mark, indicator);
}

static void read_raw(struct source *source, const struct spot *ratio)
{
    struct indicator *indicator = &source->answer->indicator;
    struct spot raw = spot_key(ratio, "raw");
    struct spot type = spot_key(ratio, "rawType");
    const char *word = yaml_text(type.node);

    for (int i = 0; i < 3; i++) {
        struct spot other = spot_key(ratio, i == 0 ? "good" : i == 1 ? "bad" : "total");

        if (!yaml_is_null(other.node)) {
            shape_error(source->request->check, &other, "can't stand beside raw: remove one");
            fail(source);
        }
    }
    if (word == NULL) {
        shape_error(source->request->check, &type,
                    "is missing: is raw a share of success or of "
                    "failure?");
        fail(source);
    }
    indicator->marks_good = word != NULL && strcmp(word, "success") == 0;
    if (read_metric(source, &raw, true, &indicator->total, &indicator->mark))
        settle(source, &raw, indicator);
}

static void forbid_threshold(const struct source *source)
{
    static const char *const keys[] = { "op", "value" };

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct spot spot = spot_key(source->request->promise, keys[i]);

        if (!yaml_is_null(spot.node))
            shape_object(source->request->check, &spot,
                         "a ratioMetric has none, and this one is ignored: remove it");
    }
}

/* --- thresholdMetric: the event is good when `op value` holds of its duration in ms --- */

static bool read_threshold(struct source *source, struct selector *ret_good)
{
    const struct shape_check *check = source->request->check;
    struct spot op = spot_key(source->request->promise, "op");
    struct spot value = spot_key(source->request->promise, "value");
    struct fraction value_ms;
    bool fine = true;

    if (yaml_is_null(op.node) || yaml_is_null(value.node)) {
        shape_error(check, yaml_is_null(op.node) ? &op : &value,
                    "is missing: a thresholdMetric needs op and value (milliseconds)");
        return false;
    }
    if (yaml_text(op.node) == NULL || yaml_text(value.node) == NULL
        || !fraction_parse(value.node->text, &value_ms))
        return false;
    *ret_good = (struct selector){ .routes = NULL };
    if (strspn(op.node->text.data, "gl") == 1 && op.node->text.data[1] == 't')
        fine = openslo_bound(op.node->text.data, value_ms, ret_good);
    if (!fine)
        shape_error(check, &value, "no duration can be so: milliseconds, up to a day");
    return fine;
}

static void read_threshold_metric(struct source *source, const struct spot *metric)
{
    struct indicator *indicator = &source->answer->indicator;

    indicator->marks_good = true;
    if (!read_threshold(source, &indicator->mark))
        fail(source);
    if (read_metric(source, metric, false, &indicator->total, NULL)
        && source->answer->verdict == SOURCE_FINE)
        settle(source, metric, indicator);
}

void openslo_source(const struct source_request *request, struct source_answer *ret)
{
    struct source source = { .request = request, .answer = ret };
    struct spot ratio = spot_key(request->sli, "ratioMetric");
    struct spot threshold = spot_key(request->sli, "thresholdMetric");
    struct spot raw = spot_key(&ratio, "raw");

    *ret = (struct source_answer){ .verdict = SOURCE_FINE };
    if (yaml_is_null(ratio.node) == yaml_is_null(threshold.node)) {
        shape_error(request->check, request->sli,
                    "needs either a ratioMetric or a thresholdMetric");
        ret->verdict = SOURCE_FAULTY;
    } else if (!yaml_is_null(threshold.node)) {
        read_threshold_metric(&source, &threshold);
    } else {
        forbid_threshold(&source);
        if (yaml_is_null(raw.node))
            read_good_or_bad(&source, &ratio);
        else
            read_raw(&source, &ratio);
    }
}

enum objective_type openslo_type_of(const struct indicator *indicator, int64_t *ret_threshold_ms)
{
    const struct selector *mark = &indicator->mark;
    struct status_set server_errors = { { 0 } };
    bool whole = mark->route_count == 0 && mark->methods == 0 && !indicator->marks_good;

    status_set_add(&server_errors, 500, STATUS_HIGH);
    *ret_threshold_ms = 0;
    if (whole && status_set_is_empty(&mark->statuses) && mark->from_ms != 0
        && mark->below_ms == 0) {
        *ret_threshold_ms = mark->from_ms;
        return OBJECTIVE_LATENCY;
    }
    if (whole && memcmp(&mark->statuses, &server_errors, sizeof(server_errors)) == 0
        && mark->from_ms == 0 && mark->below_ms == 0
        && status_set_is_empty(&indicator->total.statuses))
        return OBJECTIVE_AVAILABILITY;
    return OBJECTIVE_CUSTOM;
}
