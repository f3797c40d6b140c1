/* openslo_inline.c - references become what they refer to. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_run.h"

#include <string.h>

const struct openslo_object *openslo_find(const struct openslo_objects *objects,
                                          enum openslo_kind kind, const char *name)
{
    for (int i = 0; i < objects->count; i++) {
        if (objects->items[i].kind == kind && strcmp(objects->items[i].name, name) == 0)
            return &objects->items[i];
    }
    return NULL;
}

/* --- trees are never changed: a changed one shares what stays --- */

const struct yaml_node *openslo_with(struct arena *arena, const struct yaml_node *map,
                                     const char *key, const struct yaml_node *value)
{
    struct yaml_node *copy = arena_alloc(arena, sizeof(*copy));
    struct yaml_entry *entries = arena_alloc(arena, (size_t)(map->count + 1) * sizeof(*entries));
    bool found = false;
    int count = 0;

    if (copy == NULL || entries == NULL)
        return NULL;
    for (int i = 0; i < map->count; i++) {
        bool here = strcmp(map->entries[i].key, key) == 0;

        if (here && value == NULL)
            continue;
        entries[count] = map->entries[i];
        if (here)
            entries[count].value = value;
        found = found || here;
        count++;
    }
    if (!found && value != NULL)
        entries[count++] = (struct yaml_entry){ key, value };
    *copy = *map;
    copy->entries = entries;
    copy->count = count;
    return copy;
}

const struct yaml_node *openslo_list_of(struct arena *arena, const struct yaml_node *item)
{
    struct yaml_node *list = arena_alloc(arena, sizeof(*list));
    const struct yaml_node **items = arena_alloc(arena, sizeof(const void *));

    if (list == NULL || items == NULL)
        return NULL;
    items[0] = item;
    *list = (struct yaml_node){ .kind = YAML_LIST,
                                .line = item->line,
                                .column = item->column,
                                .file = item->file,
                                .count = 1 };
    list->items = items;
    return list;
}

const struct yaml_node *openslo_text(struct arena *arena, const struct yaml_node *at,
                                     const char *text)
{
    struct yaml_node *node = arena_alloc(arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    *node = (struct yaml_node){
        .kind = YAML_SCALAR, .line = at->line, .column = at->column, .file = at->file
    };
    node->text = slice_of(text);
    return node;
}

/* --- references --- */

/* Which key refers to which kind. */
struct reference {
    const char *key;
    enum openslo_kind kind;
};

static const struct reference indicator_ref = { "indicatorRef", OPENSLO_SLI };
static const struct reference policy_ref = { "alertPolicyRef", OPENSLO_POLICY };
static const struct reference condition_ref = { "conditionRef", OPENSLO_CONDITION };
static const struct reference target_ref = { "targetRef", OPENSLO_TARGET };

/* The object that the map's reference names; NULL where it has none, or nothing is there. */
static const struct openslo_object *refer(const struct inlining *inlining, const struct spot *map,
                                          const struct reference *reference)
{
    struct spot spot = spot_key(map, reference->key);
    const char *name = yaml_text(spot.node);
    const struct openslo_object *object;

    if (name == NULL)
        return NULL;
    object = openslo_find(inlining->objects, reference->kind, name);
    if (object == NULL)
        shape_error(inlining->check, &spot, "there is no %s \"%.60s\" in these files",
                    openslo_kind_text(reference->kind), name);
    return object;
}

/* A new map with what an inline object has: kind, metadata, spec. */
static const struct yaml_node *object_as_item(const struct inlining *inlining,
                                              const struct openslo_object *object)
{
    return openslo_with(inlining->arena, object->node, "apiVersion", NULL);
}

static const struct yaml_node *inline_item(const struct inlining *inlining, const struct spot *item,
                                           const struct reference *reference)
{
    const struct openslo_object *object;

    if (item->node->kind != YAML_MAP)
        return item->node;
    object = refer(inlining, item, reference);
    if (object != NULL && !yaml_is_null(yaml_get(item->node, "spec")))
        shape_error(inlining->check, item, "has both %s and a spec: remove one", reference->key);
    return object == NULL ? item->node : object_as_item(inlining, object);
}

typedef const struct yaml_node *(*item_fn)(const struct inlining *inlining,
                                           const struct spot *item);

/* The map with each item of one of its lists replaced. */
static const struct yaml_node *inline_list(const struct inlining *inlining, const struct spot *map,
                                           const char *key, item_fn replace)
{
    struct spot spot = spot_key(map, key);
    struct yaml_node *list;
    const struct yaml_node **items;

    if (spot.node == NULL || spot.node->kind != YAML_LIST)
        return map->node;
    list = arena_alloc(inlining->arena, sizeof(*list));
    items = arena_alloc(inlining->arena, (size_t)spot.node->count * sizeof(const void *) + 1);
    if (list == NULL || items == NULL)
        return NULL;
    for (int i = 0; i < spot.node->count; i++) {
        struct spot item = spot_item(&spot, i);

        items[i] = replace(inlining, &item);
        if (items[i] == NULL)
            return NULL;
    }
    *list = *spot.node;
    list->items = items;
    return openslo_with(inlining->arena, map->node, key, list);
}

/* --- metric sources: their type comes from the DataSource --- */

static const struct yaml_node *inline_source(const struct inlining *inlining,
                                             const struct spot *source)
{
    struct spot spot = spot_key(source, "metricSourceRef");
    const char *name = yaml_text(spot.node);
    const struct openslo_object *object;
    const struct yaml_node *type;

    if (name == NULL)
        return source->node;
    object = openslo_find(inlining->objects, OPENSLO_DATA_SOURCE, name);
    if (object == NULL) {
        if (yaml_is_null(yaml_get(source->node, "type")))
            shape_error(inlining->check, &spot,
                        "there is no DataSource \"%.60s\" in these files, and no type here", name);
        return source->node;
    }
    type = yaml_get(yaml_get(object->node, "spec"), "type");
    return type == NULL ? source->node : openslo_with(inlining->arena, source->node, "type", type);
}

/* The map with its value at `key` replaced by what `inside` makes of it. */
static const struct yaml_node *inline_value(const struct inlining *inlining, const struct spot *map,
                                            const char *key, item_fn inside)
{
    struct spot spot = spot_key(map, key);
    const struct yaml_node *value;

    if (spot.node == NULL || spot.node->kind != YAML_MAP)
        return map->node;
    value = inside(inlining, &spot);
    return value == NULL ? NULL : openslo_with(inlining->arena, map->node, key, value);
}

static const struct yaml_node *inline_metric(const struct inlining *inlining,
                                             const struct spot *metric)
{
    return inline_value(inlining, metric, "metricSource", inline_source);
}

static const struct yaml_node *inline_ratio(const struct inlining *inlining,
                                            const struct spot *ratio)
{
    static const char *const keys[] = { "good", "bad", "total", "raw" };
    struct spot changed = *ratio;

    for (size_t i = 0; i < ARRAY_LENGTH(keys) && changed.node != NULL; i++)
        changed.node = inline_value(inlining, &changed, keys[i], inline_metric);
    return changed.node;
}

static const struct yaml_node *inline_sli(const struct inlining *inlining, const struct spot *sli)
{
    struct spot changed = *sli;

    changed.node = inline_value(inlining, sli, "ratioMetric", inline_ratio);
    return changed.node == NULL
               ? NULL
               : inline_value(inlining, &changed, "thresholdMetric", inline_metric);
}

static const struct yaml_node *inline_indicator(const struct inlining *inlining,
                                                const struct spot *indicator)
{
    return inline_value(inlining, indicator, "spec", inline_sli);
}

/* Of the SLO's spec, or of an objective in a composite. */
static const struct yaml_node *inline_indicator_of(const struct inlining *inlining,
                                                   const struct spot *map)
{
    const struct openslo_object *object;
    struct spot changed = *map;

    if (map->node->kind != YAML_MAP)
        return map->node;
    object = refer(inlining, map, &indicator_ref);
    if (object != NULL && !yaml_is_null(yaml_get(map->node, "indicator")))
        shape_error(inlining->check, map, "has both indicatorRef and indicator: remove one");
    if (object != NULL) {
        changed.node = openslo_with(inlining->arena, map->node, "indicatorRef", NULL);
        if (changed.node != NULL)
            changed.node = openslo_with(inlining->arena, changed.node, "indicator", object->node);
    }
    return changed.node == NULL ? NULL
                                : inline_value(inlining, &changed, "indicator", inline_indicator);
}

/* --- alert policies --- */

static const struct yaml_node *inline_condition(const struct inlining *inlining,
                                                const struct spot *item)
{
    return inline_item(inlining, item, &condition_ref);
}

static const struct yaml_node *inline_target(const struct inlining *inlining,
                                             const struct spot *item)
{
    return inline_item(inlining, item, &target_ref);
}

static const struct yaml_node *inline_policy_spec(const struct inlining *inlining,
                                                  const struct spot *spec)
{
    struct spot changed = *spec;

    changed.node = inline_list(inlining, spec, "conditions", inline_condition);
    return changed.node == NULL
               ? NULL
               : inline_list(inlining, &changed, "notificationTargets", inline_target);
}

static const struct yaml_node *inline_policy(const struct inlining *inlining,
                                             const struct spot *item)
{
    struct spot changed = *item;

    changed.node = inline_item(inlining, item, &policy_ref);
    return changed.node == NULL ? NULL
                                : inline_value(inlining, &changed, "spec", inline_policy_spec);
}

static const struct yaml_node *inline_spec(const struct inlining *inlining, const struct spot *spec)
{
    struct spot changed = *spec;

    changed.node = inline_indicator_of(inlining, spec);
    if (changed.node != NULL)
        changed.node = inline_list(inlining, &changed, "objectives", inline_indicator_of);
    if (changed.node != NULL)
        changed.node = inline_list(inlining, &changed, "alertPolicies", inline_policy);
    return changed.node;
}

const struct yaml_node *openslo_inline(const struct inlining *inlining, const struct yaml_node *slo)
{
    struct spot document = spot_of(slo);

    return inline_value(inlining, &document, "spec", inline_spec);
}
