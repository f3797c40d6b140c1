/* openslo_notes.c - annotations under probity.dev/, as two tables. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_notes.h"

#include "slo/openslo_time.h"

#include <string.h>

static const char prefix[] = "probity.dev/";

enum { COUNT_MAX = 1000000000, TIER_MAX = 100, SHORT_MAX_MINUTES = 7 * 1440 };

/* Takes one annotation's text; false when it can't be so. */
typedef bool (*note_fn)(struct slice text, void *notes);

struct note {
    const char *name;
    note_fn take;
    const char *want; /* for the complaint */
};

static int choose(struct slice text, const char *const words[])
{
    for (int i = 0; words[i] != NULL; i++) {
        if (slice_equals_text(text, words[i]))
            return i;
    }
    return -1;
}

/* "20%", "0.2": between 0 and 1. */
static bool parse_share(struct slice text, struct fraction *ret)
{
    bool percent = text.length > 0 && text.data[text.length - 1] == '%';
    struct fraction value;

    if (percent)
        text = slice_trim((struct slice){ text.data, text.length - 1 });
    if (!fraction_parse(text, &value))
        return false;
    value.denominator *= percent ? 100 : 1;
    if (value.numerator < 0 || value.numerator > value.denominator)
        return false;
    *ret = value;
    return true;
}

/* --- of an SLO --- */

static bool take_type(struct slice text, void *notes)
{
    static const char *const words[] = { "availability", "error_rate", "latency", "custom", NULL };
    struct slo_notes *slo = notes;
    int at = choose(text, words);

    slo->typed = at >= 0;
    slo->type = at >= 0 ? (enum objective_type)at : OBJECTIVE_CUSTOM;
    return slo->typed;
}

static bool take_unwatched(struct slice text, void *notes)
{
    static const char *const words[] = { "ignore", "good", "bad", "freeze", NULL };
    struct slo_notes *slo = notes;
    int at = choose(text, words);

    if (at >= 0)
        slo->unwatched = (enum unwatched)at;
    return at >= 0;
}

static bool take_min_events(struct slice text, void *notes)
{
    return slice_parse_uint(text, COUNT_MAX, &((struct slo_notes *)notes)->guard.min_events);
}

static bool take_min_bad_events(struct slice text, void *notes)
{
    return slice_parse_uint(text, COUNT_MAX, &((struct slo_notes *)notes)->guard.min_bad_events);
}

static bool take_wilson_z(struct slice text, void *notes)
{
    struct slo_notes *slo = notes;
    struct fraction z;

    /* Six digits are plenty, and keep the bound's products within 128 bits. */
    if (text.length > 7 || !fraction_parse(text, &z) || z.numerator < 0
        || fraction_compare(z, fraction_of(10, 1)) > 0)
        return false;
    slo->guard.wilson_z = z;
    return true;
}

static bool take_alerts(struct slice text, void *notes)
{
    static const char *const words[] = { "default", "none", NULL };
    int at = choose(text, words);

    ((struct slo_notes *)notes)->no_alerts = at == 1;
    return at >= 0;
}

static const struct note slo_notes[] = {
    { "type", take_type, "availability, error_rate, latency or custom" },
    { "unwatched", take_unwatched, "ignore, good, bad or freeze" },
    { "min-events", take_min_events, "a whole number" },
    { "min-bad-events", take_min_bad_events, "a whole number" },
    { "wilson-z", take_wilson_z, "a number from 0 to 10, such as 1.645, of at most 7 characters" },
    { "alerts", take_alerts, "default or none" },
    { .name = NULL },
};

/* --- of an AlertCondition --- */

static bool take_short_window(struct slice text, void *notes)
{
    struct shorthand duration;

    if (!shorthand_parse(text, &duration) || shorthand_minutes(duration) > SHORT_MAX_MINUTES)
        return false;
    ((struct rule_notes *)notes)->short_minutes = (int32_t)shorthand_minutes(duration);
    return true;
}

static bool take_share(struct slice text, void *notes)
{
    struct rule_notes *rule = notes;

    rule->by_share = parse_share(text, &rule->share) && rule->share.numerator > 0;
    return rule->by_share;
}

static bool take_left(struct slice text, void *notes)
{
    struct rule_notes *rule = notes;

    rule->by_left = parse_share(text, &rule->left);
    return rule->by_left;
}

static bool take_clears_at(struct slice text, void *notes)
{
    struct rule_notes *rule = notes;

    rule->clears = parse_share(text, &rule->clears_at);
    return rule->clears;
}

static bool take_tier(struct slice text, void *notes)
{
    uint64_t tier = 0;

    if (!slice_parse_uint(text, TIER_MAX, &tier) || tier == 0)
        return false;
    ((struct rule_notes *)notes)->tier = (int)tier;
    return true;
}

static const struct note rule_notes[] = {
    { "short-window", take_short_window, "a duration of at most 7d, such as 5m" },
    { "budget-share", take_share, "a share above 0, such as 2%" },
    { "budget-left", take_left, "a share from 0% to 100%, such as 20%" },
    { "clears-at", take_clears_at, "a share from 0% to 100%, such as 25%" },
    { "tier", take_tier, "a whole number from 1 to 100" },
    { .name = NULL },
};

static void read_notes(const struct shape_check *check, const struct spot *metadata,
                       const struct note *table, void *notes)
{
    struct spot annotations = spot_key(metadata, "annotations");
    const struct yaml_node *map = annotations.node;

    for (int i = 0; map != NULL && map->kind == YAML_MAP && i < map->count; i++) {
        struct spot spot = { &annotations, map->entries[i].key, 0, map->entries[i].value };
        const struct note *note = table;

        if (strncmp(spot.key, prefix, sizeof(prefix) - 1) != 0)
            continue;
        while (note->name != NULL && strcmp(note->name, spot.key + sizeof(prefix) - 1) != 0)
            note++;
        if (note->name == NULL)
            shape_error(check, &spot, "there is no such annotation here: see docs/openslo.md");
        else if (spot.node->kind == YAML_SCALAR && !note->take(slice_trim(spot.node->text), notes))
            shape_error(check, &spot, "\"%.40s\" can't be so: write %s", spot.node->text.data,
                        note->want);
    }
}

void openslo_slo_notes(const struct shape_check *check, const struct spot *metadata,
                       struct slo_notes *ret)
{
    *ret = (struct slo_notes){ .guard.wilson_z = { 0, 1 } };
    read_notes(check, metadata, slo_notes, ret);
}

void openslo_rule_notes(const struct shape_check *check, const struct spot *metadata,
                        struct rule_notes *ret)
{
    *ret = (struct rule_notes){ .short_minutes = 0 };
    read_notes(check, metadata, rule_notes, ret);
}
