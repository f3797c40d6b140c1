/* entry_text.c - puts the environment into the texts of a check. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/entry_text.h"

#include "config/substitute.h"

#include <errno.h>
#include <string.h>

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* One text, which stands at `yaml` under `key`. */
static int put_text(struct snapshot *snapshot, struct check_entry *entry, const struct node *place,
                    const char **text, struct error *err)
{
    const struct yaml_node *yaml = place->yaml;
    const char *unset = NULL;
    int code = substitute(snapshot, *text, text, &unset);

    if (code == -EINVAL)
        return node_refuse(place, err,
                           "expected ${ to be followed by a variable's name and }: write $${ for "
                           "the characters themselves");
    if (code == 0 && unset != NULL && entry->unset == NULL) {
        entry->unset = snapshot_printf(snapshot,
                                       "%s (%s:%d:%d) needs ${%s}, which is not set in the "
                                       "environment",
                                       place->path, yaml->file, yaml->line, yaml->column, unset);
        if (entry->unset == NULL)
            code = -ENOMEM;
    }
    return code == -ENOMEM ? out_of_memory(err) : code;
}

static int put_list(struct snapshot *snapshot, struct check_entry *entry, const struct node *place,
                    struct node_texts *list, struct error *err)
{
    const char **texts = arena_alloc(snapshot->arena, (size_t)list->count * sizeof(*texts));
    int code = 0;

    if (texts == NULL)
        return out_of_memory(err);
    for (int i = 0; code == 0 && i < list->count; i++) {
        texts[i] = list->texts[i];
        code = put_text(snapshot, entry, place, &texts[i], err);
    }
    list->texts = texts;
    return code;
}

static int put_value(struct snapshot *snapshot, struct check_entry *entry, const struct node *place,
                     const struct node_key *key, void *member, struct error *err)
{
    const char *text;
    struct node_texts list;
    int code = 0;

    if (key->kind == NODE_TEXT) {
        memcpy(&text, member, sizeof(text));
        code = put_text(snapshot, entry, place, &text, err);
        memcpy(member, &text, sizeof(text));
    } else if (key->kind == NODE_TEXTS) {
        memcpy(&list, member, sizeof(list));
        code = put_list(snapshot, entry, place, &list, err);
        memcpy(member, &list, sizeof(list));
    }
    return code;
}

int entry_put_texts(struct snapshot *snapshot, struct check_entry *entry,
                    const struct entry_text *text, struct error *err)
{
    int code = 0;

    for (const struct node_key *key = text->keys; code == 0 && key->name != NULL; key++) {
        struct node place = { .yaml = yaml_get(text->node->yaml, key->name) };

        if (place.yaml == NULL)
            continue;
        place.path = snapshot_printf(snapshot, "%s.%s", text->node->path, key->name);
        if (place.path == NULL)
            return out_of_memory(err);
        code = put_value(snapshot, entry, &place, key, (char *)text->to + key->offset, err);
    }
    return code;
}
