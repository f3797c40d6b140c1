/* explain.c - the table of keys for people: as a page, and with the values in force. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/dsn.h"
#include "config/explain.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/snapshot.h"
#include "config/substitute.h"
#include "config/url.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

static void describe_bounds(struct buf *buf, const struct config_key *key)
{
    char low[VALUE_DURATION_BYTES];
    char high[VALUE_DURATION_BYTES];

    buf_append_text(buf, config_type_name(key->type));
    if (key->type == CONFIG_DURATION) {
        value_format_duration(key->min, low);
        value_format_duration(key->max, high);
        buf_printf(buf, ", %s to %s", low, high);
    } else if (key->type == CONFIG_COUNT) {
        buf_printf(buf, ", %lld to %lld", (long long)key->min, (long long)key->max);
    } else if (key->type == CONFIG_CHOICE) {
        int last = -1;

        for (const struct config_choice *choice = key->choices; choice->word != NULL; choice++) {
            if (choice->value != last)
                buf_printf(buf, "%s`%s`", choice == key->choices ? ": " : ", ", choice->word);
            last = choice->value;
        }
    }
}

static void describe_section(struct buf *buf, const struct config_key *key)
{
    for (const struct config_section *section = config_sections; section->first_key != NULL;
         section++) {
        if (strcmp(section->first_key, key->name) != 0)
            continue;
        buf_printf(buf, "\n## %s\n\n", section->title);
        if (section->text != NULL)
            buf_printf(buf, "%s\n\n", section->text);
        buf_append_text(buf, "| variable | type | default | meaning |\n|---|---|---|---|\n");
    }
}

void config_describe(struct buf *buf)
{
    buf_append_text(
        buf,
        "# Configuration\n\n"
        "Probity reads environment variables. This page is printed by\n"
        "`probity check-config --markdown` from the table in the program.\n\n"
        "A duration is a number with `ms`, `s`, `m`, `h` or `d`; a plain number is seconds. An\n"
        "empty value counts as not set. A `PROBITY_` variable that can't be read stops the start\n"
        "with a sentence that says what is accepted; one whose name is unknown is a warning that\n"
        "names the nearest known one. `probity check-config` prints every value in force, where\n"
        "it came from, and what is wrong with it.\n");
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];

        describe_section(buf, key);
        buf_printf(buf, "| `%s` | ", key->name);
        describe_bounds(buf, key);
        if (key->default_value == NULL)
            buf_append_text(buf, " | | ");
        else
            buf_printf(buf, " | `%s` | ", key->default_value);
        buf_printf(buf, "%s |\n", key->help);
    }
}

static void show_value(struct buf *buf, const struct config_key *key, const char *value)
{
    struct slice text = value_unwrap(slice_of(value));

    if (key->type == CONFIG_YAML) {
        buf_append_text(buf, "(YAML, see below)");
    } else if (key->type == CONFIG_SECRET || key->type == CONFIG_TOKEN
               || (key->type == CONFIG_URL && dsn_is_keywords(text))) {
        buf_append_text(buf, "(set)");
    } else if (key->type == CONFIG_URL
               && (!slice_starts_with(text, SLICE("unix:/"))
                   || slice_starts_with(text, SLICE("unix://")))) {
        url_show(buf, text);
    } else if (slice_starts_with(text, SLICE("-----BEGIN"))) {
        buf_append_text(buf, "(PEM)");
    } else {
        buf_append(buf, text);
    }
}

static bool is_set(const char *value)
{
    return value != NULL && value_unwrap(slice_of(value)).length > 0;
}

/* The alternative above this one that wins over it, or NULL. */
static const char *winner(config_lookup_fn lookup, void *context, int index)
{
    for (int i = 0; i < index; i++) {
        if (config_keys[i].offset == config_keys[index].offset
            && is_set(lookup(context, config_keys[i].name)))
            return config_keys[i].name;
    }
    return NULL;
}

/* An address may hold a password, and a token is one; what only names a variable holds neither. */
static void show_yaml(struct buf *buf, const char *key, struct slice value)
{
    bool is_url = strcmp(key, "url") == 0;

    if ((!is_url && strcmp(key, "token") != 0) || substitute_is_reference(value.data))
        buf_append(buf, value);
    else if (is_url && slice_starts_with(value, SLICE("unix:/")) && value.data[6] != '/')
        buf_append(buf, value);
    else if (is_url && !dsn_is_keywords(value))
        url_show(buf, value);
    else
        buf_append_text(buf, "(set)");
}

void config_explain_file(const struct config *config, struct buf *buf)
{
    const struct snapshot *snapshot = snapshot_of(config);

    if (snapshot->file != NULL)
        node_explain(&(struct node){ snapshot->file, "" }, show_yaml, buf);
    if (snapshot->listed != NULL)
        node_explain(&(struct node){ snapshot->listed, "checks" }, show_yaml, buf);
}

void config_explain(config_lookup_fn lookup, void *context, struct buf *buf)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        const char *value = lookup(context, key->name);
        const char *first = winner(lookup, context, i);

        buf_printf(buf, "%-32s ", key->name);
        if (is_set(value)) {
            show_value(buf, key, value);
            if (first == NULL)
                buf_append_text(buf, "  (environment)\n");
            else
                buf_printf(buf, "  (environment; not used, because %s is set)\n", first);
        } else if (key->default_value != NULL && first == NULL) {
            buf_printf(buf, "%s  (default)\n", key->default_value);
        } else {
            buf_append_text(buf, "-\n");
        }
    }
}
