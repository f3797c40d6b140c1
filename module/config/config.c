/* config.c - reads every key of the table into a snapshot. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/config.h"

#include "config/checks.h"
#include "config/file.h"
#include "config/same.h"
#include "config/snapshot.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Every string of one configuration: 64 values of 16 KiB, what is made of them, and the tree of
     * a YAML file, which takes some fifty bytes for each of its own. */
    SNAPSHOT_MAX_BYTES = 24 * 1024 * 1024,
    VALUE_MAX_BYTES = 16 * 1024,
};

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* A variable of ours must be right.  One that belongs to the application and means something else
 * to it (LOG_FORMAT=logfmt) must not keep the health of the service unknown. */
static bool is_ours(const struct config_key *key)
{
    return strncmp(key->name, "PROBITY_", 8) == 0;
}

static void describe_accepted(const struct config_key *key, struct buf *buf)
{
    char low[VALUE_DURATION_BYTES];
    char high[VALUE_DURATION_BYTES];

    switch (key->type) {
    case CONFIG_DURATION:
        value_format_duration(key->min, low);
        value_format_duration(key->max, high);
        buf_printf(buf, "a duration such as 500ms, 5s or 2m, from %s to %s", low, high);
        break;
    case CONFIG_COUNT:
        buf_printf(buf, "a whole number from %lld to %lld", (long long)key->min,
                   (long long)key->max);
        break;
    case CONFIG_FLAG:
        buf_append_text(buf, "true or false");
        break;
    case CONFIG_CHOICE:
        for (const struct config_choice *choice = key->choices; choice->word != NULL; choice++)
            buf_printf(buf, "%s%s", choice == key->choices ? "" : ", ", choice->word);
        break;
    case CONFIG_NAME:
        buf_printf(buf, "at most %lld letters, digits, '.', '_' or '-'", (long long)key->max);
        break;
    default:
        buf_printf(buf, "at most %lld bytes", (long long)key->max);
    }
}

static bool is_hidden(const struct config_key *key)
{
    return key->type == CONFIG_SECRET || key->type == CONFIG_TOKEN || key->type == CONFIG_URL
           || key->type == CONFIG_YAML;
}

/* Sets `err`, or for a variable of the application notes the default that is used instead. */
static int refuse(struct snapshot *snapshot, const struct config_key *key, struct slice text,
                  struct error *err)
{
    AUTO(buf_done) struct buf accepted;
    int shown = is_hidden(key) ? 0 : text.length > 40 ? 40 : (int)text.length;

    buf_init(&accepted, 200);
    describe_accepted(key, &accepted);
    if (!buf_ok(&accepted))
        return out_of_memory(err);
    if (is_ours(key) || key->type == CONFIG_SECRET || key->type == CONFIG_URL)
        return error_set(err, EINVAL, "%s=%.*s: expected %s", key->name, shown, text.data,
                         buf_text(&accepted));
    if (snapshot_note(snapshot, LOG_LEVEL_WARNING,
                      "%s=%.*s is not understood and its default stands: expected %s", key->name,
                      shown, text.data, buf_text(&accepted))
        != 0)
        return out_of_memory(err);
    return 0;
}

/* Every member that a key fills is of the size that its type says. */
static void put(struct snapshot *snapshot, const struct config_key *key, const void *value,
                size_t bytes)
{
    memcpy((char *)snapshot + key->offset, value, bytes);
}

static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!isalnum((unsigned char)text.data[i]) && memchr("._-", text.data[i], 3) == NULL)
            return false;
    }
    return true;
}

static bool put_number(struct snapshot *snapshot, const struct config_key *key, struct slice text)
{
    int64_t value;
    uint64_t count;

    if (key->type == CONFIG_DURATION) {
        if (!value_parse_duration(text, &value))
            return false;
    } else {
        if (!slice_parse_uint(text, INT64_MAX, &count))
            return false;
        value = (int64_t)count;
    }
    if (value < key->min || value > key->max)
        return false;
    put(snapshot, key, &value, sizeof(value));
    return true;
}

/* Returns 1 when the value was taken, 0 when it can't be, or -ENOMEM. */
static int take(struct snapshot *snapshot, const struct config_key *key, struct slice text)
{
    const char *copy;
    bool flag;
    int choice;

    switch (key->type) {
    case CONFIG_DURATION:
    case CONFIG_COUNT:
        return put_number(snapshot, key, text);
    case CONFIG_FLAG:
        if (!value_parse_flag(text, &flag))
            return 0;
        put(snapshot, key, &flag, sizeof(flag));
        return 1;
    case CONFIG_CHOICE:
        if (!value_parse_choice(text, key->choices, &choice))
            return 0;
        put(snapshot, key, &choice, sizeof(choice));
        return 1;
    default:
        break;
    }
    if (text.length > (size_t)key->max || (key->type == CONFIG_NAME && !is_name(text)))
        return 0;
    copy = arena_copy(snapshot->arena, text);
    if (copy == NULL)
        return -ENOMEM;
    put(snapshot, key, &copy, sizeof(copy));
    return 1;
}

/* Quotes and blanks come from files that a shell was meant to read.  A secret keeps them, because
 * the application uses it as it is. */
static int unwrap(struct snapshot *snapshot, const struct config_key *key, struct slice *text)
{
    struct slice bare = value_unwrap(*text);

    if (key->type == CONFIG_YAML && bare.length > 0)
        return 0; /* blanks at its beginning are indentation */
    if (bare.length == text->length || slice_starts_with(bare, SLICE("-----BEGIN"))) {
        *text = bare;
        return 0;
    }
    if (key->type == CONFIG_SECRET)
        return snapshot_note(snapshot, LOG_LEVEL_WARNING,
                             "%s has quotes or blanks around it; they are taken as a part of it",
                             key->name);
    *text = bare;
    return snapshot_note(snapshot, LOG_LEVEL_WARNING,
                         "%s has quotes or blanks around its value; Probity removes them",
                         key->name);
}

static int read_key(struct snapshot *snapshot, int index, const char *value, struct error *err)
{
    const struct config_key *key = &config_keys[index];
    struct slice text = { value, strnlen(value, VALUE_MAX_BYTES + 1) };
    int code;

    if (text.length > VALUE_MAX_BYTES)
        return error_set(err, EINVAL, "%s: is longer than %d bytes", key->name, VALUE_MAX_BYTES);
    if (unwrap(snapshot, key, &text) != 0)
        return out_of_memory(err);
    if (text.length == 0)
        return 0;
    code = take(snapshot, key, text);
    if (code < 0)
        return out_of_memory(err);
    if (code == 0)
        return refuse(snapshot, key, text, err);
    snapshot->is_set[index] = true;
    return 0;
}

/* Of alternatives the first one that is set counts; an empty value is none. */
static int read_keys(struct snapshot *snapshot, config_lookup_fn lookup, void *context,
                     struct error *err)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        const char *value = lookup(context, config_keys[i].name);
        int code;

        if (value == NULL || snapshot_source(snapshot, config_keys[i].offset) != NULL)
            continue;
        code = read_key(snapshot, i, value, err);
        if (code != 0)
            return code;
    }
    return 0;
}

static int put_defaults(struct snapshot *snapshot)
{
    static const int64_t unset = -1;

    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];

        if (snapshot_source(snapshot, key->offset) != NULL)
            continue;
        if (key->default_value == NULL && key->type == CONFIG_COUNT)
            put(snapshot, key, &unset, sizeof(unset));
        if (key->default_value != NULL && take(snapshot, key, slice_of(key->default_value)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* nginx writes such a path as unix:/…, and people copy it. */
static void strip_unix(struct config *config)
{
    if (strncmp(config->listen_path, "unix:", 5) == 0)
        config->listen_path += 5;
}

static void free_snapshot(struct snapshot **snapshot)
{
    if (*snapshot == NULL)
        return;
    arena_free(&(*snapshot)->arena);
    free(*snapshot);
    *snapshot = NULL;
}

/* Whoever asks at the pace that the patience is made for would be told `paused` every time. */
static int judge_idle(const struct snapshot *snapshot, struct error *err)
{
    char after[VALUE_DURATION_BYTES];
    char patience[VALUE_DURATION_BYTES];

    if (!snapshot->config.idle_pauses
        || snapshot->config.idle_after_ms >= 2 * snapshot->patience_ms)
        return 0;
    value_format_duration(snapshot->config.idle_after_ms, after);
    value_format_duration(snapshot->patience_ms, patience);
    return error_set(err, EINVAL,
                     "PROBITY_IDLE_AFTER=%s: expected at least twice PROBITY_PROBER_PATIENCE, %s",
                     after, patience);
}

/* Everything behind the keys: what they mean together, and with the YAML. */
static int build(struct snapshot *snapshot, struct error *err)
{
    struct config_parts parts = { .sources.yaml = NULL };
    int code = judge_idle(snapshot, err);

    if (code == 0)
        code = config_parts_read(snapshot, &parts, err);
    if (code == 0)
        code = checks_build(snapshot, &parts, err);
    if (code == 0)
        code = parts.sources.yaml == NULL ? sources_from_list(snapshot, err)
                                          : sources_from_node(snapshot, &parts.sources, err);
    return code;
}

int config_load(config_lookup_fn lookup, void *context, const struct config **ret,
                struct error *err)
{
    return config_reload(lookup, context, NULL, ret, err);
}

int config_reload(config_lookup_fn lookup, void *context, const struct config *before,
                  const struct config **ret, struct error *err)
{
    AUTO(free_snapshot) struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    int code;

    if (snapshot == NULL)
        return out_of_memory(err);
    snapshot->holders = 1;
    snapshot->arena = arena_new(SNAPSHOT_MAX_BYTES);
    if (snapshot->arena == NULL)
        return out_of_memory(err);
    code = read_keys(snapshot, lookup, context, err);
    if (code != 0)
        return code;
    if (put_defaults(snapshot) != 0)
        return out_of_memory(err);
    snapshot->lookup = lookup;
    snapshot->lookup_context = context;
    code = build(snapshot, err);
    snapshot->lookup = NULL;
    if (code != 0)
        return code;
    checks_give_ids(&snapshot->config, before);
    strip_unix(&snapshot->config);
    snapshot->config.log_format_set =
        snapshot_source(snapshot, offsetof(struct snapshot, config.log_format)) != NULL;
    *ret = &snapshot->config;
    snapshot = NULL;
    return 0;
}

/* The count is the one thing in a configuration that changes. */
static struct snapshot *counted(const struct config *config)
{
    return (struct snapshot *)(void *)(uintptr_t)(const void *)config;
}

const struct config *config_acquire(const struct config *config)
{
    atomic_fetch_add(&counted(config)->holders, 1);
    return config;
}

void config_release(const struct config **config)
{
    struct snapshot *snapshot = *config == NULL ? NULL : counted(*config);

    *config = NULL;
    if (snapshot != NULL && atomic_fetch_sub(&snapshot->holders, 1) == 1)
        free_snapshot(&snapshot);
}

const struct check_config *config_check(const struct config *config, const char *name)
{
    for (int i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].name, name) == 0)
            return &config->checks[i];
    }
    return NULL;
}

int config_check_of_id(const struct config *config, uint64_t id)
{
    for (int i = 0; i < config->check_count; i++) {
        if (config->checks[i].id == id)
            return i;
    }
    return -1;
}
