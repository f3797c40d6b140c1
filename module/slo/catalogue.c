/* catalogue.c - objectives and the indicators that they share. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/catalogue.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 64 * 1024 * 1024, /* a thousand objectives take some three */
    DEFINITION_BYTES = 64 * 1024,
};

struct catalogue_builder {
    struct arena *arena;
    struct objective *objectives;
    int objective_count;
    struct indicator *indicators;
    int indicator_count;
    const char **services;
    int service_count;
    struct kept_objective *kept;
    int kept_count;
};

struct catalogue_builder *catalogue_builder_new(const char *service)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = calloc(1, sizeof(*builder));
    struct catalogue_builder *made;

    if (builder == NULL)
        return NULL;
    builder->arena = arena_new(ARENA_BYTES);
    builder->objectives = calloc(LIMIT_OBJECTIVES, sizeof(*builder->objectives));
    builder->indicators = calloc(LIMIT_OBJECTIVES, sizeof(*builder->indicators));
    builder->services = calloc(LIMIT_SERVICES, sizeof(*builder->services));
    builder->kept = calloc(LIMIT_OBJECTIVES, sizeof(*builder->kept));
    if (builder->arena == NULL || builder->objectives == NULL || builder->indicators == NULL
        || builder->services == NULL || builder->kept == NULL)
        return NULL;
    builder->services[0] = arena_copy(builder->arena, slice_of(service));
    builder->service_count = 1;
    if (builder->services[0] == NULL)
        return NULL;
    made = builder;
    builder = NULL;
    return made;
}

void catalogue_builder_free(struct catalogue_builder **builder)
{
    if (*builder == NULL)
        return;
    arena_free(&(*builder)->arena);
    free((*builder)->objectives);
    free((*builder)->indicators);
    free((void *)(*builder)->services);
    free((*builder)->kept);
    free(*builder);
    *builder = NULL;
}

struct arena *catalogue_builder_arena(struct catalogue_builder *builder)
{
    return builder->arena;
}

static const char *add_service(struct catalogue_builder *builder, const char *service)
{
    const char *copy;

    for (int i = 0; i < builder->service_count; i++) {
        if (strcmp(builder->services[i], service) == 0)
            return builder->services[i];
    }
    if (builder->service_count == LIMIT_SERVICES)
        return NULL;
    copy = arena_copy(builder->arena, slice_of(service));
    if (copy != NULL)
        builder->services[builder->service_count++] = copy;
    return copy;
}

int catalogue_builder_service(struct catalogue_builder *builder, const char *service)
{
    return add_service(builder, service) == NULL ? -ENOMEM : 0;
}

/* "total{…} bad{…}" */
static const char *define(struct catalogue_builder *builder, const struct indicator *indicator)
{
    const char *definition = NULL;
    struct buf buf;

    buf_init(&buf, DEFINITION_BYTES);
    buf_append_text(&buf, "total{");
    selector_print(&indicator->total, &buf);
    buf_append_text(&buf, indicator->marks_good ? "} good{" : "} bad{");
    selector_print(&indicator->mark, &buf);
    buf_append_char(&buf, '}');
    if (buf_ok(&buf))
        definition = arena_copy(builder->arena, buf_slice(&buf));
    buf_done(&buf);
    return definition;
}

/* The index of the indicator, added if it is new; -1 without memory. */
static int add_indicator(struct catalogue_builder *builder, const struct indicator *indicator,
                         bool timed)
{
    const char *service = add_service(builder, indicator->service);
    const char *definition = define(builder, indicator);
    struct indicator *added;
    int at = 0;

    if (service == NULL || definition == NULL)
        return -1;
    while (at < builder->indicator_count
           && (builder->indicators[at].service != service
               || strcmp(builder->indicators[at].definition, definition) != 0))
        at++;
    added = &builder->indicators[at];
    if (at == builder->indicator_count) {
        *added = *indicator;
        added->service = service;
        added->definition = definition;
        builder->indicator_count++;
    }
    added->timed = added->timed || timed || indicator->timed;
    return at;
}

static int add_default_rules(struct catalogue_builder *builder, struct objective *objective)
{
    struct alert_rule *rules =
        arena_alloc(builder->arena, RULE_DEFAULT_COUNT * sizeof(*objective->rules));

    if (rules == NULL)
        return -ENOMEM;
    rule_defaults(objective->window_minutes, rules);
    objective->rules = rules;
    objective->rule_count = RULE_DEFAULT_COUNT;
    return 0;
}

static bool is_taken(const struct catalogue_builder *builder, const char *name)
{
    for (int i = 0; i < builder->objective_count; i++) {
        if (strcmp(builder->objectives[i].name, name) == 0)
            return true;
    }
    for (int i = 0; i < builder->kept_count; i++) {
        if (strcmp(builder->kept[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Whether there is room for one more of that name. */
static int admit(const struct catalogue_builder *builder, const char *name, struct error *err)
{
    if (builder->objective_count + builder->kept_count == LIMIT_OBJECTIVES)
        return error_set(err, E2BIG, "objective %s: there are more than %d: split the service",
                         name, LIMIT_OBJECTIVES);
    if (is_taken(builder, name))
        return error_set(err, EEXIST, "objective %s: the name is taken: choose another", name);
    return 0;
}

int catalogue_keep(struct catalogue_builder *builder, const struct kept_objective *kept,
                   struct error *err)
{
    int code = admit(builder, kept->name, err);

    if (code == 0)
        builder->kept[builder->kept_count++] = *kept;
    return code;
}

int catalogue_add(struct catalogue_builder *builder, const struct objective *objective,
                  const struct indicator *indicator, struct error *err)
{
    struct objective *added = &builder->objectives[builder->objective_count];
    int code = admit(builder, objective->name, err);

    if (code != 0)
        return code;
    *added = *objective;
    added->indicator = add_indicator(builder, indicator, objective->type == OBJECTIVE_LATENCY);
    if (added->indicator < 0 || (added->rules == NULL && add_default_rules(builder, added) != 0))
        return error_set(err, ENOMEM, "objective %s: out of memory", objective->name);
    builder->objective_count++;
    return 0;
}

static int compare_objectives(const void *a, const void *b)
{
    const struct objective *left = a;
    const struct objective *right = b;
    int by_service = strcmp(left->service, right->service);

    return by_service != 0 ? by_service : strcmp(left->name, right->name);
}

static int compare_kept(const void *a, const void *b)
{
    return strcmp(((const struct kept_objective *)a)->name,
                  ((const struct kept_objective *)b)->name);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const void *keep(struct arena *arena, const void *items, int count, size_t bytes)
{
    void *copy = arena_alloc(arena, (size_t)count * bytes + 1);

    if (copy != NULL && count > 0)
        memcpy(copy, items, (size_t)count * bytes);
    return copy;
}

struct catalogue *catalogue_finish(struct catalogue_builder **pointer)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = *pointer;
    struct catalogue *made = arena_alloc(builder->arena, sizeof(*made));

    *pointer = NULL;
    if (made == NULL)
        return NULL;
    qsort(builder->objectives, (size_t)builder->objective_count, sizeof(*builder->objectives),
          compare_objectives);
    qsort((void *)builder->services, (size_t)builder->service_count, sizeof(*builder->services),
          compare_texts);
    qsort(builder->kept, (size_t)builder->kept_count, sizeof(*builder->kept), compare_kept);
    made->kept = keep(builder->arena, builder->kept, builder->kept_count, sizeof(*builder->kept));
    made->kept_count = builder->kept_count;
    made->objectives = keep(builder->arena, builder->objectives, builder->objective_count,
                            sizeof(*builder->objectives));
    made->objective_count = builder->objective_count;
    made->indicators = keep(builder->arena, builder->indicators, builder->indicator_count,
                            sizeof(*builder->indicators));
    made->indicator_count = builder->indicator_count;
    made->services = keep(builder->arena, (const void *)builder->services, builder->service_count,
                          sizeof(*builder->services));
    made->service_count = builder->service_count;
    if (made->objectives == NULL || made->indicators == NULL || made->services == NULL
        || made->kept == NULL)
        return NULL;
    made->arena = builder->arena;
    builder->arena = NULL;
    return made;
}

void catalogue_free(struct catalogue **catalogue)
{
    struct arena *arena;

    if (*catalogue == NULL)
        return;
    arena = (*catalogue)->arena; /* the catalogue itself lives in it */
    arena_free(&arena);
    *catalogue = NULL;
}

static void indicator_of(const struct objective *objective, struct indicator *ret)
{
    *ret = (struct indicator){ .service = objective->service };
    if (objective->type == OBJECTIVE_LATENCY) {
        status_set_add(&ret->total.statuses, STATUS_LOW, 499);
        ret->mark.from_ms = objective->threshold_ms;
    } else {
        status_set_add(&ret->mark.statuses, 500, STATUS_HIGH);
    }
}

static int add_built_in(struct catalogue_builder *builder, const char *service, struct error *err)
{
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    struct indicator indicator;
    int code = 0;

    objective_built_in(service, objectives);
    for (int i = 0; i < OBJECTIVE_BUILT_IN_COUNT && code == 0; i++) {
        indicator_of(&objectives[i], &indicator);
        code = catalogue_add(builder, &objectives[i], &indicator, err);
    }
    return code;
}

static bool has_service(const char *const services[], int count, const char *service)
{
    int i = 0;

    while (i < count && strcmp(services[i], service) != 0)
        i++;
    return i < count;
}

int catalogue_built_in_all(const char *const services[], int count, struct catalogue **ret,
                           struct error *err)
{
    AUTO(catalogue_builder_free)
    struct catalogue_builder *builder = catalogue_builder_new(services[0]);
    int code = 0;

    if (builder == NULL)
        return error_set(err, ENOMEM, "objectives: out of memory");
    for (int i = 0; i < count && code == 0; i++) {
        if (!has_service(services, i, services[i]))
            code = add_built_in(builder, services[i], err);
    }
    if (code != 0)
        return code;
    *ret = catalogue_finish(&builder);
    return *ret != NULL ? 0 : error_set(err, ENOMEM, "objectives: out of memory");
}

int catalogue_built_in(const char *service, struct catalogue **ret, struct error *err)
{
    return catalogue_built_in_all(&service, 1, ret, err);
}

int catalogue_service(const struct catalogue *catalogue, struct slice service)
{
    for (int i = 0; i < catalogue->service_count; i++) {
        if (slice_equals_text(service, catalogue->services[i]))
            return i;
    }
    return -1;
}

int catalogue_objective(const struct catalogue *catalogue, struct slice name)
{
    for (int i = 0; i < catalogue->objective_count; i++) {
        if (slice_equals_text(name, catalogue->objectives[i].name))
            return i;
    }
    return -1;
}

/* The document holds all that was written, what it refers to included; the built-in ones have none
 * and differ in what was asked of whom. */
static bool same_objective(const struct objective *one, const struct objective *other)
{
    return strcmp(one->name, other->name) == 0 && strcmp(one->service, other->service) == 0
           && strcmp(one->target_text, other->target_text) == 0
           && one->indicator == other->indicator
           && slice_same_texts(one->document, other->document);
}

static bool same_indicator(const struct indicator *one, const struct indicator *other)
{
    return strcmp(one->service, other->service) == 0 && one->timed == other->timed
           && strcmp(one->definition, other->definition) == 0;
}

static bool same_kept(const struct kept_objective *one, const struct kept_objective *other)
{
    return strcmp(one->name, other->name) == 0 && slice_same_texts(one->document, other->document);
}

bool catalogue_equal(const struct catalogue *one, const struct catalogue *other)
{
    bool equal = one->objective_count == other->objective_count
                 && one->indicator_count == other->indicator_count
                 && one->service_count == other->service_count
                 && one->kept_count == other->kept_count;

    for (int i = 0; equal && i < one->objective_count; i++)
        equal = same_objective(&one->objectives[i], &other->objectives[i]);
    for (int i = 0; equal && i < one->indicator_count; i++)
        equal = same_indicator(&one->indicators[i], &other->indicators[i]);
    for (int i = 0; equal && i < one->service_count; i++)
        equal = strcmp(one->services[i], other->services[i]) == 0;
    for (int i = 0; equal && i < one->kept_count; i++)
        equal = same_kept(&one->kept[i], &other->kept[i]);
    return equal;
}
