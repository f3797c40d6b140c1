/* entry.c - reads the list of checks, and refuses what contradicts itself. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/entry.h"

#include "config/entry_text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, TEXT_BYTES = 1024, ADDRESS_BYTES = 16384 };

static const struct config_choice kind_words[] = {
    { "http", CHECK_HTTP },     { "postgres", CHECK_POSTGRES },
    { "redis", CHECK_REDIS },   { "upstash", CHECK_UPSTASH },
    { "celery", CHECK_CELERY }, { "tcp", CHECK_TCP },
    { "tls", CHECK_TLS },       { NULL, 0 },
};

/* clang-format off */
#define ENTRY(member) offsetof(struct check_entry, member)
static const struct node_key entry_keys[] = {
    { "name", NODE_TEXT, ENTRY(name), true, 0, TEXT_BYTES, NULL },
    { "kind", NODE_CHOICE, ENTRY(kind), false, 0, 0, kind_words },
    { "url", NODE_TEXT, ENTRY(url), false, 0, ADDRESS_BYTES, NULL },
    { "token", NODE_TEXT, ENTRY(token), false, 0, TEXT_BYTES, NULL },
    { "interval", NODE_DURATION, ENTRY(interval_ms), false, 100, HOUR_MS, NULL },
    { "timeout", NODE_DURATION, ENTRY(timeout_ms), false, 10, MINUTE_MS, NULL },
    { "fresh_interval", NODE_DURATION, ENTRY(fresh_interval_ms), false, 1000, HOUR_MS, NULL },
    { "max_age", NODE_DURATION, ENTRY(max_age_ms), false, 200, 24 * HOUR_MS, NULL },
    { "fall", NODE_COUNT, ENTRY(fall), false, 1, 100, NULL },
    { "rise", NODE_COUNT, ENTRY(rise), false, 1, 100, NULL },
    { "policy", NODE_TEXT, ENTRY(policy), false, 0, TEXT_BYTES, NULL },
    { "groups", NODE_TEXTS, ENTRY(groups), false, 0, TEXT_BYTES, NULL },
    { "degraded", NODE_ANY, ENTRY(degraded), false, 0, 0, NULL },
    { "tls", NODE_ANY, ENTRY(tls), false, 0, 0, NULL },
    { "http", NODE_ANY, ENTRY(http), false, 0, 0, NULL },
    { "celery", NODE_ANY, ENTRY(celery), false, 0, 0, NULL },
    { .name = NULL },
};
/* clang-format on */

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* --- names --- */

/* What stands under /health/ or may come to stand there, and what a reader would take for it. */
static const char *const taken_names[] = {
    "detailed", "drain", "history", "ietf", "live",    "maintenance",
    "metrics",  "ready", "slo",     "text", "verbose",
};

const char *entry_judge_name(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(taken_names); i++) {
        if (slice_equals_text(name, taken_names[i]))
            return "is the name of one of Probity's own pages: choose another";
    }
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.data[i];

        /* It becomes a label, a part of a path, and the name of a thread. */
        if (!islower(c) && !isdigit(c) && (i == 0 || memchr("._-", c, 3) == NULL))
            return "must be of a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit";
    }
    return name.length > 0 && name.length <= ENTRY_NAME_BYTES ? NULL
                                                              : "must have from 1 to 40 letters";
}

/* --- one check --- */

static int check_names(const struct check_entry *entry, struct error *err)
{
    const char *fault = entry_judge_name(slice_of(entry->name));

    if (fault != NULL)
        return node_refuse(&entry->node, err, "name: %.*s %s", ENTRY_NAME_BYTES, entry->name,
                           fault);
    for (int i = 0; i < entry->groups.count; i++) {
        fault = entry_judge_name(slice_of(entry->groups.texts[i]));
        if (fault != NULL)
            return node_refuse(&entry->node, err, "groups: %.*s %s", ENTRY_NAME_BYTES,
                               entry->groups.texts[i], fault);
    }
    return 0;
}

static int read_entry(struct snapshot *snapshot, const struct node *node, struct check_entry *entry,
                      struct error *err)
{
    int code;

    *entry = (struct check_entry){
        .node = *node,
        .kind = ENTRY_KIND_UNSAID,
        .interval_ms = -1,
        .timeout_ms = -1,
        .fresh_interval_ms = -1,
        .max_age_ms = -1,
        .fall = -1,
        .rise = -1,
    };
    code = node_read(node, entry_keys, entry, snapshot->arena, err);
    if (code == 0)
        code = check_names(entry, err);
    if (code == 0)
        code =
            entry_put_texts(snapshot, entry, &(struct entry_text){ node, entry_keys, entry }, err);
    return code;
}

static int add_entry(struct snapshot *snapshot, const struct node *node,
                     struct check_entries *entries, struct error *err)
{
    struct check_entry *entry = &entries->items[entries->count];
    int code = read_entry(snapshot, node, entry, err);
    const struct check_entry *twin;

    if (code != 0)
        return code;
    twin = entry_find(entries, entry->name);
    if (twin != NULL)
        return node_refuse(node, err, "name: %s is there twice, first at %.80s:%d:%d", entry->name,
                           twin->node.yaml->file, twin->node.yaml->line, twin->node.yaml->column);
    entries->count++;
    return 0;
}

int entries_read(struct snapshot *snapshot, const struct node *list, struct check_entries *entries,
                 struct error *err)
{
    int code = 0;

    if (entries->items == NULL)
        entries->items = arena_alloc(snapshot->arena, LIMIT_CHECKS * sizeof(*entries->items));
    if (entries->items == NULL)
        return out_of_memory(err);
    if (list->yaml->kind != YAML_LIST)
        return node_refuse(list, err, "expected a list of checks");
    if (list->yaml->count > LIMIT_CHECKS - entries->count)
        return node_refuse(list, err, "expected at most %d checks in all", LIMIT_CHECKS);
    for (int i = 0; code == 0 && i < list->yaml->count; i++) {
        struct node item;

        if (node_item(list, i, snapshot->arena, &item) != 0)
            return out_of_memory(err);
        code = add_entry(snapshot, &item, entries, err);
    }
    return code;
}

struct check_entry *entry_find(const struct check_entries *entries, const char *name)
{
    for (int i = 0; i < entries->count; i++) {
        if (strcmp(entries->items[i].name, name) == 0)
            return &entries->items[i];
    }
    return NULL;
}

const char *entry_place(struct snapshot *snapshot, const struct check_entry *entry, const char *key)
{
    const struct yaml_node *node = yaml_get(entry->node.yaml, key);

    if (node == NULL)
        node = entry->node.yaml;
    return snapshot_printf(snapshot, "%s (%s:%d:%d)", key, node->file, node->line, node->column);
}
