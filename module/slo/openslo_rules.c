/* openslo_rules.c - conditions as burn-rate and budget rules, and which suppresses which. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_rules.h"

#include "base/limits.h"
#include "slo/openslo_notes.h"
#include "slo/openslo_time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CLEARS_ABOVE_PERCENT = 5, FOR_MAX_MINUTES = 7 * 1440, LONG_MAX_MINUTES = 366 * 1440 };

struct collecting {
    const struct rules_request *request;
    struct alert_rule rules[LIMIT_RULES];
    int count;
};

/* One condition on its way to a rule. */
struct conditioning {
    const struct shape_check *check;
    struct spot item;
    struct spot metadata;
    struct spot spec;
    struct spot condition;
    struct rule_notes notes;
};

static const struct {
    const char *word;
    enum rule_severity severity;
} severities[] = {
    { "critical", SEVERITY_CRITICAL },  { "page", SEVERITY_CRITICAL },
    { "emergency", SEVERITY_CRITICAL }, { "high", SEVERITY_CRITICAL },
    { "error", SEVERITY_CRITICAL },     { "warning", SEVERITY_WARNING },
    { "warn", SEVERITY_WARNING },       { "ticket", SEVERITY_WARNING },
    { "medium", SEVERITY_WARNING },     { "info", SEVERITY_INFO },
    { "low", SEVERITY_INFO },           { "notice", SEVERITY_INFO },
};

static enum rule_severity read_severity(const struct conditioning *of)
{
    struct spot spot = spot_key(&of->spec, "severity");

    if (yaml_text(spot.node) == NULL)
        return SEVERITY_WARNING;
    for (size_t i = 0; i < ARRAY_LENGTH(severities); i++) {
        if (slice_equals_nocase(spot.node->text, slice_of(severities[i].word)))
            return severities[i].severity;
    }
    shape_warn(of->check, &spot,
               "\"%.40s\" is taken for warning: known are critical, page, warning, ticket, info",
               spot.node->text.data);
    return SEVERITY_WARNING;
}

static int32_t read_minutes(const struct conditioning *of, const char *key, int64_t most)
{
    struct spot spot = spot_key(&of->condition, key);
    struct shorthand duration;

    if (yaml_text(spot.node) == NULL || !shorthand_parse(spot.node->text, &duration))
        return 0;
    if (shorthand_minutes(duration) > most) {
        shape_error(of->check, &spot, "longer than %lldd: shorten it", (long long)(most / 1440));
        return 0;
    }
    return (int32_t)shorthand_minutes(duration);
}

/* Rules compare strictly: exactly at the threshold nothing burns too fast yet. */
static void check_operator(const struct conditioning *of)
{
    struct spot spot = spot_key(&of->condition, "op");
    const char *op = yaml_text(spot.node);

    if (op != NULL && strcmp(op, "gt") != 0)
        shape_warn(of->check, &spot,
                   "a burn rate alerts strictly above its threshold, whatever "
                   "stands here: write gt");
}

static bool read_threshold(const struct conditioning *of, int32_t period_minutes,
                           struct alert_rule *rule)
{
    struct spot spot = spot_key(&of->condition, "threshold");

    if (of->notes.by_share) {
        rule->threshold = rule_threshold(of->notes.share, period_minutes, rule->long_minutes);
        return true;
    }
    if (yaml_is_null(spot.node))
        shape_error(of->check, &spot, "is missing: which burn rate is too fast?");
    if (yaml_text(spot.node) == NULL || !fraction_parse(spot.node->text, &rule->threshold))
        return false;
    if (rule->threshold.numerator >= 0)
        return true;
    shape_error(of->check, &spot, "a burn rate is never negative");
    return false;
}

static bool read_burn(const struct conditioning *of, int32_t period_minutes,
                      struct alert_rule *rule)
{
    struct spot window = spot_key(&of->condition, "lookbackWindow");

    if (yaml_is_null(window.node))
        shape_error(of->check, &window, "is missing: over which window?");
    if (of->notes.clears)
        shape_error(of->check, &of->metadata,
                    "probity.dev/clears-at needs probity.dev/budget-left");
    check_operator(of);
    rule->kind = RULE_BURN_RATE;
    rule->long_minutes = read_minutes(of, "lookbackWindow", LONG_MAX_MINUTES);
    rule->short_minutes = of->notes.short_minutes;
    rule->clears_at = fraction_of(0, 1);
    if (rule->long_minutes == 0)
        return false;
    if (rule->short_minutes >= rule->long_minutes) {
        shape_error(of->check, &of->metadata,
                    "probity.dev/short-window must be shorter than lookbackWindow");
        return false;
    }
    return read_threshold(of, period_minutes, rule);
}

static bool read_left(const struct conditioning *of, struct alert_rule *rule)
{
    struct fraction above = fraction_of(CLEARS_ABOVE_PERCENT, 100);
    struct fraction left = of->notes.left;

    rule->kind = RULE_BUDGET_LEFT;
    rule->threshold = left;
    rule->clears_at =
        (struct fraction){ left.numerator * above.denominator + above.numerator * left.denominator,
                           left.denominator * above.denominator };
    if (of->notes.clears)
        rule->clears_at = of->notes.clears_at;
    if (fraction_compare(rule->clears_at, left) >= 0)
        return true;
    shape_error(of->check, &of->metadata,
                "probity.dev/clears-at must not be below probity.dev/budget-left");
    return false;
}

static bool is_taken(const struct collecting *all, const char *name)
{
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->rules[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A policy with one condition gives the rule its name, which is what people page by. */
static bool name_rule(const struct collecting *all, const struct conditioning *of,
                      const struct spot *policy, struct alert_rule *rule)
{
    const struct yaml_node *conditions = yaml_get(yaml_get(policy->node, "spec"), "conditions");
    const struct yaml_node *metadata =
        conditions->count == 1 ? yaml_get(policy->node, "metadata") : of->metadata.node;
    const char *name = yaml_text(yaml_get(metadata, "name"));

    if (name == NULL) {
        shape_error(of->check, &of->item, "has no metadata.name: the alert needs one");
        return false;
    }
    if (strlen(name) >= sizeof(rule->name) || is_taken(all, name)) {
        shape_error(of->check, &of->item, "\"%.70s\" %s", name,
                    is_taken(all, name) ? "names two alerts of this SLO: rename one"
                                        : "is too long for an alert: at most 63 characters");
        return false;
    }
    (void)snprintf(rule->name, sizeof(rule->name), "%s", name);
    return true;
}

static void take_condition(struct collecting *all, const struct spot *policy,
                           const struct spot *item)
{
    struct conditioning of = { .check = all->request->check, .item = *item };
    struct alert_rule rule = { .kind = RULE_BURN_RATE };
    bool fine;

    of.metadata = spot_key(&of.item, "metadata");
    of.spec = spot_key(&of.item, "spec");
    of.condition = spot_key(&of.spec, "condition");
    if (of.spec.node == NULL || of.spec.node->kind != YAML_MAP) {
        if (yaml_is_null(spot_key(&of.item, "conditionRef").node))
            shape_error(of.check, &of.item, "needs either a conditionRef or a spec");
        return;
    }
    openslo_rule_notes(of.check, &of.metadata, &of.notes);
    rule.severity = read_severity(&of);
    rule.for_minutes = read_minutes(&of, "alertAfter", FOR_MAX_MINUTES);
    rule.tier = of.notes.tier;
    fine = of.notes.by_left ? read_left(&of, &rule)
                            : read_burn(&of, all->request->period_minutes, &rule);
    fine = name_rule(all, &of, policy, &rule) && fine;
    if (fine && all->count == LIMIT_RULES)
        shape_error(of.check, item, "more than %d alerts for one SLO", LIMIT_RULES);
    else if (fine)
        all->rules[all->count++] = rule;
}

static void take_policy(struct collecting *all, const struct spot *policy)
{
    const struct shape_check *check = all->request->check;
    struct spot spec = spot_key(policy, "spec");
    struct spot breaching = spot_key(&spec, "alertWhenBreaching");
    struct spot no_data = spot_key(&spec, "alertWhenNoData");
    struct spot conditions = spot_key(&spec, "conditions");
    bool on = true;
    bool blind = false;

    if (conditions.node == NULL || conditions.node->kind != YAML_LIST)
        return;
    if (conditions.node->count > 1)
        shape_object(check, &conditions,
                     "a policy has exactly one condition: use a policy for "
                     "each");
    if (yaml_bool(no_data.node, &blind) && blind)
        shape_warn(check, &no_data,
                   "alerts freeze while nothing is known; for time that nobody "
                   "watched use probity.dev/unwatched: bad");
    if (yaml_bool(breaching.node, &on) && !on) {
        shape_warn(check, &breaching, "the policy makes no alert");
        return;
    }
    for (int i = 0; i < conditions.node->count; i++) {
        struct spot item = spot_item(&conditions, i);

        take_condition(all, policy, &item);
    }
}

/* The faster of two burns, of the same severity, suppresses the slower; a ticket never suppresses a
 * page. */
static bool outranks(const struct alert_rule *a, const struct alert_rule *b)
{
    if (a->severity != b->severity)
        return a->severity > b->severity;
    return fraction_compare(a->threshold, b->threshold) > 0;
}

/* A tier that nobody named is one more than the number of rules that outrank it; rules about what
 * is left stand apart from burns. */
static void rank(struct collecting *all)
{
    for (int i = 0; i < all->count; i++) {
        struct alert_rule *rule = &all->rules[i];
        int above = 0;

        for (int k = 0; k < all->count && rule->tier == 0; k++)
            above += all->rules[k].kind == RULE_BURN_RATE && outranks(&all->rules[k], rule);
        if (rule->kind == RULE_BURN_RATE && rule->tier == 0)
            rule->tier = above + 1;
    }
}

int openslo_rules(const struct rules_request *request, const struct alert_rule **ret,
                  int *ret_count)
{
    struct collecting all = { .request = request };
    struct alert_rule *rules;

    *ret = NULL;
    *ret_count = 0;
    if (yaml_is_null(request->policies->node) || request->policies->node->kind != YAML_LIST
        || request->policies->node->count == 0)
        return 0;
    for (int i = 0; i < request->policies->node->count; i++) {
        struct spot policy = spot_item(request->policies, i);

        take_policy(&all, &policy);
    }
    rank(&all);
    rules = arena_alloc(request->arena, (size_t)all.count * sizeof(*rules) + 1);
    if (rules == NULL)
        return -ENOMEM;
    memcpy(rules, all.rules, (size_t)all.count * sizeof(*rules));
    *ret = rules;
    *ret_count = all.count;
    return 0;
}
