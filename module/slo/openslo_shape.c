/* openslo_shape.c - OpenSLO v1 as tables. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_shape.h"

#include <string.h>

#define END          \
    {                \
        .name = NULL \
    }

static const char *const versions[] = { "openslo/v1", NULL };
static const char *const operators[] = { "lte", "gte", "lt", "gt", NULL };
static const char *const raw_types[] = { "success", "failure", NULL };
static const char *const methods[] = { "Occurrences", "Timeslices", "RatioTimeslices", NULL };
static const char *const condition_kinds[] = { "burnrate", NULL };

static const struct shape metadata = {
    .fields =
        (const struct shape_field[]){
            { "name", SHAPE_NAME, SHAPE_REQUIRED, NULL, NULL },
            { "displayName", SHAPE_DISPLAY, SHAPE_OPTIONAL, NULL, NULL },
            { "labels", SHAPE_LABELS, SHAPE_OPTIONAL, NULL, NULL },
            { "annotations", SHAPE_NOTES, SHAPE_OPTIONAL, NULL, NULL },
            END,
        },
};

static const struct shape metric_source = {
    .fields =
        (const struct shape_field[]){
            { "metricSourceRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "type", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "spec", SHAPE_ANY, SHAPE_REQUIRED, NULL, NULL },
            END,
        },
};

static const struct shape metric = {
    .fields =
        (const struct shape_field[]){
            { "metricSource", SHAPE_MAP, SHAPE_REQUIRED, &metric_source, NULL },
            END,
        },
};

static const struct shape ratio = {
    .fields =
        (const struct shape_field[]){
            { "counter", SHAPE_FLAG, SHAPE_OPTIONAL, NULL, NULL },
            { "good", SHAPE_MAP, SHAPE_OPTIONAL, &metric, NULL },
            { "bad", SHAPE_MAP, SHAPE_OPTIONAL, &metric, NULL },
            { "total", SHAPE_MAP, SHAPE_OPTIONAL, &metric, NULL },
            { "rawType", SHAPE_CHOICE, SHAPE_OPTIONAL, NULL, raw_types },
            { "raw", SHAPE_MAP, SHAPE_OPTIONAL, &metric, NULL },
            END,
        },
};

static const struct shape sli_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "thresholdMetric", SHAPE_MAP, SHAPE_OPTIONAL, &metric, NULL },
            { "ratioMetric", SHAPE_MAP, SHAPE_OPTIONAL, &ratio, NULL },
            END,
        },
};

static const struct shape indicator = {
    .fields =
        (const struct shape_field[]){
            { "metadata", SHAPE_MAP, SHAPE_REQUIRED, &metadata, NULL },
            { "spec", SHAPE_MAP, SHAPE_REQUIRED, &sli_spec, NULL },
            END,
        },
};

static const struct shape calendar = {
    .fields =
        (const struct shape_field[]){
            { "startTime", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            { "timeZone", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            END,
        },
};

static const struct shape window = {
    .fields =
        (const struct shape_field[]){
            { "duration", SHAPE_DURATION, SHAPE_REQUIRED, NULL, NULL },
            { "isRolling", SHAPE_FLAG, SHAPE_OPTIONAL, NULL, NULL },
            { "calendar", SHAPE_MAP, SHAPE_OPTIONAL, &calendar, NULL },
            END,
        },
};

static const struct shape objective = {
    .fields =
        (const struct shape_field[]){
            { "displayName", SHAPE_DISPLAY, SHAPE_OPTIONAL, NULL, NULL },
            { "op", SHAPE_CHOICE, SHAPE_OPTIONAL, NULL, operators },
            { "value", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "target", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "targetPercent", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "timeSliceTarget", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "timeSliceWindow", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "compositeWeight", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "indicatorRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "indicator", SHAPE_MAP, SHAPE_OPTIONAL, &indicator, NULL },
            END,
        },
};

static const struct shape condition = {
    .fields =
        (const struct shape_field[]){
            { "kind", SHAPE_CHOICE, SHAPE_STRICT, NULL, condition_kinds },
            { "op", SHAPE_CHOICE, SHAPE_STRICT, NULL, operators },
            { "threshold", SHAPE_NUMBER, SHAPE_OPTIONAL, NULL, NULL },
            { "lookbackWindow", SHAPE_DURATION, SHAPE_OPTIONAL, NULL, NULL },
            { "alertAfter", SHAPE_DURATION, SHAPE_OPTIONAL, NULL, NULL },
            END,
        },
};

static const struct shape condition_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "severity", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            { "condition", SHAPE_MAP, SHAPE_REQUIRED, &condition, NULL },
            END,
        },
};

static const struct shape target_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "target", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            END,
        },
};

/* What stands in a list is a reference, or the object itself; the object's own parts are therefore
 * asked for where the reference is resolved. */
static const struct shape condition_item = {
    .fields =
        (const struct shape_field[]){
            { "conditionRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "apiVersion", SHAPE_CHOICE, SHAPE_OPTIONAL, NULL, versions },
            { "kind", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "metadata", SHAPE_MAP, SHAPE_OPTIONAL, &metadata, NULL },
            { "spec", SHAPE_MAP, SHAPE_OPTIONAL, &condition_spec, NULL },
            END,
        },
};

static const struct shape target_item = {
    .fields =
        (const struct shape_field[]){
            { "targetRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "apiVersion", SHAPE_CHOICE, SHAPE_OPTIONAL, NULL, versions },
            { "kind", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "metadata", SHAPE_MAP, SHAPE_OPTIONAL, &metadata, NULL },
            { "spec", SHAPE_MAP, SHAPE_OPTIONAL, &target_spec, NULL },
            END,
        },
};

static const struct shape policy_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "alertWhenNoData", SHAPE_FLAG, SHAPE_OPTIONAL, NULL, NULL },
            { "alertWhenResolved", SHAPE_FLAG, SHAPE_OPTIONAL, NULL, NULL },
            { "alertWhenBreaching", SHAPE_FLAG, SHAPE_OPTIONAL, NULL, NULL },
            { "conditions", SHAPE_LIST, SHAPE_REQUIRED, &condition_item, NULL },
            { "notificationTargets", SHAPE_LIST, SHAPE_STRICT, &target_item, NULL },
            END,
        },
};

static const struct shape policy_item = {
    .fields =
        (const struct shape_field[]){
            { "alertPolicyRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "apiVersion", SHAPE_CHOICE, SHAPE_OPTIONAL, NULL, versions },
            { "kind", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "metadata", SHAPE_MAP, SHAPE_OPTIONAL, &metadata, NULL },
            { "spec", SHAPE_MAP, SHAPE_OPTIONAL, &policy_spec, NULL },
            END,
        },
};

static const struct shape slo_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "service", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            { "indicatorRef", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },
            { "indicator", SHAPE_MAP, SHAPE_OPTIONAL, &indicator, NULL },
            { "timeWindow", SHAPE_LIST, SHAPE_REQUIRED, &window, NULL },
            { "budgetingMethod", SHAPE_CHOICE, SHAPE_REQUIRED, NULL, methods },
            { "objectives", SHAPE_LIST, SHAPE_REQUIRED, &objective, NULL },
            { "alertPolicies", SHAPE_LIST, SHAPE_OPTIONAL, &policy_item, NULL },
            END,
        },
};

static const struct shape service_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            END,
        },
};

static const struct shape data_source_spec = {
    .fields =
        (const struct shape_field[]){
            { "description", SHAPE_DESCRIPTION, SHAPE_OPTIONAL, NULL, NULL },
            { "type", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },
            { "connectionDetails", SHAPE_ANY, SHAPE_STRICT, NULL, NULL },
            END,
        },
};

#define DOCUMENT(spec_shape, spec_need)                                     \
    {                                                                       \
        .fields = (const struct shape_field[])                              \
        {                                                                   \
            { "apiVersion", SHAPE_CHOICE, SHAPE_REQUIRED, NULL, versions }, \
                { "kind", SHAPE_TEXT, SHAPE_REQUIRED, NULL, NULL },         \
                { "metadata", SHAPE_MAP, SHAPE_REQUIRED, &metadata, NULL }, \
                { "spec", SHAPE_MAP, spec_need, &(spec_shape), NULL }, END, \
        }                                                                   \
    }

static const struct {
    const char *name;
    struct shape shape;
} kinds[OPENSLO_KIND_COUNT] = {
    [OPENSLO_DATA_SOURCE] = { "DataSource", DOCUMENT(data_source_spec, SHAPE_REQUIRED) },
    [OPENSLO_SERVICE] = { "Service", DOCUMENT(service_spec, SHAPE_STRICT) },
    [OPENSLO_SLI] = { "SLI", DOCUMENT(sli_spec, SHAPE_REQUIRED) },
    [OPENSLO_CONDITION] = { "AlertCondition", DOCUMENT(condition_spec, SHAPE_REQUIRED) },
    [OPENSLO_TARGET] = { "AlertNotificationTarget", DOCUMENT(target_spec, SHAPE_REQUIRED) },
    [OPENSLO_POLICY] = { "AlertPolicy", DOCUMENT(policy_spec, SHAPE_REQUIRED) },
    [OPENSLO_SLO] = { "SLO", DOCUMENT(slo_spec, SHAPE_REQUIRED) },
};

/* --- type: probity --- */

static const struct shape selection = {
    .fields =
        (const struct shape_field[]){
            { "route", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL },
            { "method", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL },
            { "status", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL },
            { "duration", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL },
            END,
        },
    .ours = true,
};

#define SELECTION_FIELDS                                       \
    { "service", SHAPE_TEXT, SHAPE_OPTIONAL, NULL, NULL },     \
        { "route", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL },  \
        { "method", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL }, \
        { "status", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL }, \
    {                                                          \
        "duration", SHAPE_WORDS, SHAPE_OPTIONAL, NULL, NULL    \
    }

static const struct shape plain_source = {
    .fields = (const struct shape_field[]){ SELECTION_FIELDS, END },
    .ours = true,
};

static const struct shape raw_source = {
    .fields = (const struct shape_field[]){ SELECTION_FIELDS,
                                            { "of", SHAPE_MAP, SHAPE_REQUIRED, &selection, NULL },
                                            END },
    .ours = true,
};

const struct shape *openslo_source_shape(bool raw)
{
    return raw ? &raw_source : &plain_source;
}

const char *openslo_kind_text(enum openslo_kind kind)
{
    return kinds[kind].name;
}

bool openslo_kind_of(const char *text, enum openslo_kind *ret)
{
    for (enum openslo_kind kind = 0; kind < OPENSLO_KIND_COUNT; kind++) {
        if (strcmp(kinds[kind].name, text) == 0) {
            *ret = kind;
            return true;
        }
    }
    return false;
}

const struct shape *openslo_shape_of(enum openslo_kind kind)
{
    return &kinds[kind].shape;
}
