/* openslo_slo.c - an SLO as objectives: one for each item of spec.objectives. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_notes.h"
#include "slo/openslo_rules.h"
#include "slo/openslo_run.h"
#include "slo/openslo_source.h"
#include "slo/openslo_time.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    PERCENT = 100,
    TARGET_DECIMALS = 9,
    PRINT_BYTES = 8 * 1024 * 1024, /* so far above the bound that only memory can end before it */
};

static const char composite_why[] =
    "it is composite: it is kept and exported, and never evaluated; promise each of its parts in "
    "an SLO of its own";

/* One SLO on its way into the catalogue. */
struct promising {
    const struct shape_check *check;
    struct catalogue_builder *builder;
    struct arena *arena; /* the catalogue's */
    struct spot document;
    struct spot metadata;
    struct spot spec;
    struct spot promises; /* spec.objectives */
    struct slo_notes notes;
    int errors; /* before it was looked at */
};

/* --- names and texts --- */

static bool is_reserved(const char *name)
{
    static const char *const words[] = { "gate", "alerts", "events" };

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcmp(words[i], name) == 0)
            return true;
    }
    return false;
}

/* "api-latency", and of several objectives "api-latency-1" or, where it has a fitting displayName,
 * "api-latency-fast". */
static bool name_promise(const struct promising *of, const struct spot *promise, char name[96])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    struct spot spot = spot_key(&of->metadata, "name");
    const char *base = yaml_text(spot.node);
    const char *display = yaml_text(yaml_get(promise->node, "displayName"));
    int length;

    if (base == NULL)
        return false; /* which has been said */
    if (of->promises.node->count == 1)
        length = snprintf(name, 96, "%s", base);
    else if (display != NULL && display[0] != '\0' && strspn(display, letters) == strlen(display))
        length = snprintf(name, 96, "%s-%s", base, display);
    else
        length = snprintf(name, 96, "%s-%d", base, promise->index + 1);
    if (length >= 96)
        shape_error(of->check, &spot,
                    "with what tells its objectives apart longer than 95 "
                    "characters: shorten it");
    else if (is_reserved(name))
        shape_error(of->check, &spot, "\"%s\" is a part of the API: choose another name", name);
    return true;
}

/* At most so many bytes, cut at a character, and visibly. */
static void cut_text(const char *text, char *ret, size_t bytes)
{
    static const char dots[] = "…";
    size_t length = strlen(text);
    size_t kept = 0;
    size_t width = 0;

    if (length < bytes) {
        memcpy(ret, text, length + 1);
        return;
    }
    do {
        kept += width;
        width = utf8_width((struct slice){ text + kept, length - kept });
    } while (width > 0 && kept + width + sizeof(dots) <= bytes);
    memcpy(ret, text, kept);
    memcpy(ret + kept, dots, sizeof(dots));
}

static void describe(const struct promising *of, const struct spot *promise,
                     struct objective *objective)
{
    const char *texts[] = {
        yaml_text(yaml_get(of->spec.node, "description")),
        yaml_text(yaml_get(promise->node, "displayName")),
        yaml_text(yaml_get(of->metadata.node, "displayName")),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (texts[i] != NULL && texts[i][0] != '\0') {
            cut_text(texts[i], objective->description, sizeof(objective->description));
            return;
        }
    }
}

/* --- the target --- */

static void read_target(const struct promising *of, const struct spot *promise,
                        struct objective *objective)
{
    struct spot target = spot_key(promise, "target");
    struct spot percent = spot_key(promise, "targetPercent");
    const struct spot *spot = yaml_is_null(target.node) ? &percent : &target;
    char text[FRACTION_TEXT_BYTES];
    struct fraction value;

    if (yaml_is_null(target.node) == yaml_is_null(percent.node)) {
        shape_error(of->check, promise, "needs either target or targetPercent");
        return;
    }
    if (yaml_text(spot->node) == NULL || !fraction_parse(spot->node->text, &value))
        return;
    if (spot == &percent)
        value.denominator *= PERCENT;
    if (value.numerator < 0 || value.numerator >= value.denominator) {
        shape_error(of->check, spot, "must be at least 0 and below %d",
                    spot == &percent ? PERCENT : 1);
        return;
    }
    if (value.numerator == 0)
        shape_warn(of->check, spot, "promises nothing: every event may be bad");
    fraction_print(value, TARGET_DECIMALS, FRACTION_DOWN, text);
    if ((!fraction_parse(slice_of(text), &objective->target)
         || fraction_compare(objective->target, value) != 0)
        && spot == &percent)
        shape_error(of->check, spot, "has more digits than can be kept exactly: shorten it");
    (void)snprintf(objective->target_text, sizeof(objective->target_text), "%.23s", text);
}

/* --- documents --- */

/* The SLO with this one objective and its name, as JSON in the catalogue's memory.  NULL without
 * memory, or when it is too long, which is recorded. */
static const char *document_of(const struct promising *of, const struct spot *promise,
                               const char *name)
{
    const struct yaml_node *metadata = of->metadata.node;
    const struct yaml_node *spec = of->spec.node;
    const struct yaml_node *document = of->document.node;
    const struct yaml_node *text = openslo_text(of->arena, metadata, name);
    const struct yaml_node *list =
        promise == NULL ? of->promises.node : openslo_list_of(of->arena, promise->node);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, PRINT_BYTES);
    if (text != NULL && list != NULL) {
        metadata = openslo_with(of->arena, metadata, "name", text);
        spec = openslo_with(of->arena, spec, "objectives", list);
    }
    if (text == NULL || list == NULL || metadata == NULL || spec == NULL)
        return NULL;
    document = openslo_with(of->arena, document, "metadata", metadata);
    if (document != NULL)
        document = openslo_with(of->arena, document, "spec", spec);
    if (document == NULL)
        return NULL;
    shape_print(openslo_shape_of(OPENSLO_SLO), document, &buf);
    if (buf.length >= LIMIT_DOCUMENT_BYTES) {
        shape_error(of->check, &of->document, "longer than %d KiB with all that it refers to",
                    LIMIT_DOCUMENT_BYTES / 1024);
        return NULL;
    }
    return buf_ok(&buf) ? arena_copy(of->arena, buf_slice(&buf)) : NULL;
}

static bool is_faulty(const struct promising *of)
{
    return problems_errors(of->check->problems) > of->errors;
}

/* Something is missing: because of a problem that was recorded, maybe for another SLO that refers
 * to the same, or for lack of memory. */
static int explain_absence(const struct promising *of)
{
    return problems_errors(of->check->problems) > 0 ? 0 : -ENOMEM;
}

static int keep(const struct promising *of, const struct spot *promise, const char *name,
                const char *why)
{
    struct kept_objective kept = { .name = arena_copy(of->arena, slice_of(name)) };
    const char *service = yaml_text(yaml_get(of->spec.node, "service"));
    struct error err = { .code = 0 };

    kept.service = arena_copy(of->arena, slice_of(service == NULL ? "" : service));
    kept.why = arena_copy(of->arena, slice_of(why));
    kept.document = document_of(of, promise, name);
    if (kept.name == NULL || kept.service == NULL || kept.why == NULL || kept.document == NULL)
        return explain_absence(of);
    shape_warn(of->check, &of->document, "%s: %s", name, why);
    if (catalogue_keep(of->builder, &kept, &err) != 0)
        shape_error(of->check, &of->metadata, "%s", err.text);
    return 0;
}

/* --- one objective --- */

static void apply_type(const struct promising *of, const struct indicator *indicator,
                       struct objective *objective)
{
    objective->type = openslo_type_of(indicator, &objective->threshold_ms);
    if (!of->notes.typed || of->notes.type == objective->type)
        return;
    if (of->notes.type == OBJECTIVE_LATENCY) {
        shape_error(of->check, &of->metadata,
                    "probity.dev/type: latency needs an SLI whose events are bad from a duration "
                    "on, and by nothing else");
        return;
    }
    objective->type = of->notes.type;
    objective->threshold_ms = 0;
}

static int read_rules(const struct promising *of, int32_t period_minutes,
                      struct objective *objective)
{
    struct spot policies = spot_key(&of->spec, "alertPolicies");
    struct rules_request request = { of->check, &policies, period_minutes, of->arena };
    int code = openslo_rules(&request, &objective->rules, &objective->rule_count);
    struct alert_rule *rules;

    if (code != 0 || objective->rules != NULL)
        return code;
    rules = arena_alloc(of->arena, RULE_DEFAULT_COUNT * sizeof(*rules));
    if (rules == NULL)
        return -ENOMEM;
    rule_defaults(period_minutes, rules);
    objective->rules = rules;
    objective->rule_count = of->notes.no_alerts ? 0 : RULE_DEFAULT_COUNT;
    return 0;
}

static int add(const struct promising *of, const struct spot *promise, struct objective *objective,
               const struct indicator *indicator)
{
    struct error err = { .code = 0 };
    int code;

    objective->document = document_of(of, promise, objective->name);
    if (objective->document == NULL)
        return explain_absence(of);
    code = catalogue_add(of->builder, objective, indicator, &err);
    if (code == -ENOMEM)
        return code;
    if (code != 0)
        shape_error(of->check, &of->metadata, "%s", err.text);
    return 0;
}

static void set_service(const struct promising *of, const struct indicator *indicator,
                        struct objective *objective)
{
    struct spot spot = spot_key(&of->spec, "service");

    if (strlen(indicator->service) >= sizeof(objective->service) || indicator->service[0] == '\0')
        shape_error(of->check, &spot, "a service has a name of 1 to 63 characters");
    else
        (void)snprintf(objective->service, sizeof(objective->service), "%s", indicator->service);
}

static int take_promise(const struct promising *of, const struct spot *promise)
{
    struct spot windows = spot_key(&of->spec, "timeWindow");
    struct spot indicator = spot_key(&of->spec, "indicator");
    struct spot sli = spot_key(&indicator, "spec");
    const char *service = yaml_text(yaml_get(of->spec.node, "service"));
    struct source_request request = { of->check, &sli, promise, service, of->arena };
    struct objective objective = { .slice_target = { 0, 1 },
                                   .unwatched = of->notes.unwatched,
                                   .guard = of->notes.guard };
    struct source_answer source = { .verdict = SOURCE_FAULTY };
    int32_t period_minutes = 0;
    int code;

    if (!name_promise(of, promise, objective.name))
        return 0;
    describe(of, promise, &objective);
    read_target(of, promise, &objective);
    if (windows.node != NULL && windows.node->kind == YAML_LIST && windows.node->count > 0) {
        struct spot window = spot_item(&windows, 0);

        openslo_window(of->check, &window, &objective, &period_minutes);
    }
    openslo_slices(of->check, &of->spec, promise, &objective);
    if (sli.node != NULL && sli.node->kind == YAML_MAP && service != NULL)
        openslo_source(&request, &source);
    code = read_rules(of, period_minutes, &objective);
    if (code != 0)
        return code;
    if (source.verdict == SOURCE_FOREIGN)
        return is_faulty(of) ? 0 : keep(of, promise, objective.name, source.why);
    if (source.verdict == SOURCE_FAULTY)
        return explain_absence(of);
    apply_type(of, &source.indicator, &objective);
    set_service(of, &source.indicator, &objective);
    return is_faulty(of) ? 0 : add(of, promise, &objective, &source.indicator);
}

/* --- the SLO --- */

static bool has_indicator(const struct yaml_node *map)
{
    return !yaml_is_null(yaml_get(map, "indicator"))
           || !yaml_is_null(yaml_get(map, "indicatorRef"));
}

/* How many of the objectives have an indicator of their own. */
static int count_own(const struct spot *promises)
{
    int own = 0;

    for (int i = 0; i < promises->node->count; i++)
        own += has_indicator(promises->node->items[i]);
    return own;
}

static int take_composite(const struct promising *of, int own)
{
    const char *name = yaml_text(yaml_get(of->metadata.node, "name"));

    if (has_indicator(of->spec.node))
        shape_error(of->check, &of->spec,
                    "has an indicator both for all objectives and for some: remove one");
    if (own != of->promises.node->count)
        shape_error(of->check, &of->promises, "an objective has no indicator, and others have");
    for (int i = 0; i < of->promises.node->count; i++) {
        struct spot promise = spot_item(&of->promises, i);
        struct objective objective = { .slice_target = { 0, 1 } };

        read_target(of, &promise, &objective);
        openslo_slices(of->check, &of->spec, &promise, &objective);
    }
    return is_faulty(of) || name == NULL ? 0 : keep(of, NULL, name, composite_why);
}

static void check_counts(const struct promising *of)
{
    struct spot windows = spot_key(&of->spec, "timeWindow");
    const struct yaml_node *sli = yaml_get(yaml_get(of->spec.node, "indicator"), "spec");

    if (windows.node != NULL && windows.node->kind == YAML_LIST && windows.node->count > 1)
        shape_error(of->check, &windows, "an SLO has exactly one window");
    if (!yaml_is_null(yaml_get(sli, "thresholdMetric")) && of->promises.node->count > 1)
        shape_object(of->check, &of->promises,
                     "a thresholdMetric has exactly one objective by the "
                     "SDK: use an SLO for each");
}

int openslo_add_slo(const struct shape_check *check, const struct yaml_node *slo,
                    struct catalogue_builder *builder)
{
    struct promising of = { .check = check,
                            .builder = builder,
                            .document = spot_of(slo),
                            .arena = catalogue_builder_arena(builder) };
    int own;
    int code = 0;

    of.errors = problems_errors(check->problems);
    of.metadata = spot_key(&of.document, "metadata");
    of.spec = spot_key(&of.document, "spec");
    of.promises = spot_key(&of.spec, "objectives");
    if (of.metadata.node == NULL || of.metadata.node->kind != YAML_MAP || of.promises.node == NULL
        || of.promises.node->kind != YAML_LIST)
        return 0;
    openslo_slo_notes(check, &of.metadata, &of.notes);
    check_counts(&of);
    own = count_own(&of.promises);
    if (own > 0)
        return take_composite(&of, own);
    if (!has_indicator(of.spec.node))
        shape_error(check, &of.spec, "needs either indicator or indicatorRef");
    for (int i = 0; i < of.promises.node->count && code == 0; i++) {
        struct spot promise = spot_item(&of.promises, i);

        code = take_promise(&of, &promise);
    }
    return code;
}
