/* file.c - reads the YAML that the environment names or holds. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/file.h"

#include "base/folder.h"

#include <errno.h>
#include <string.h>

enum { FILE_BYTES = 256 * 1024 };

/* clang-format off */
static const struct node_key root_keys[] = {
    { "checks", NODE_ANY, offsetof(struct config_parts, checks), false, 0, 0, NULL },
    { "sources", NODE_ANY, offsetof(struct config_parts, sources), false, 0, 0, NULL },
    { .name = NULL },
};
/* clang-format on */

static int parse(const struct yaml_input *input, const struct yaml_node **ret, struct error *err)
{
    struct yaml_trouble trouble = { .line = 0 };
    const struct yaml_node *const *documents;
    int count = 0;
    int code = yaml_parse(input, &documents, &count, &trouble);

    if (code == -ENOMEM)
        return error_set(err, ENOMEM, "configuration: out of memory");
    if (code != 0)
        return error_set(err, EINVAL, "%.80s:%d:%d: %s", input->file, trouble.line, trouble.column,
                         trouble.text);
    if (count != 1)
        return error_set(err, EINVAL, "%.80s: expected one document, not %d", input->file, count);
    *ret = documents[0];
    return 0;
}

static int read_file(struct snapshot *snapshot, struct config_parts *parts, struct error *err)
{
    struct yaml_input input = { .file = snapshot->config_file, .arena = snapshot->arena };
    int code = folder_read_file(input.file, FILE_BYTES, snapshot->arena, &input.text, err);

    if (code == 0)
        code = parse(&input, &snapshot->file, err);
    if (code == 0)
        code =
            node_read(&(struct node){ snapshot->file, "" }, root_keys, parts, snapshot->arena, err);
    return code;
}

static int read_listed(struct snapshot *snapshot, struct config_parts *parts, struct error *err)
{
    struct yaml_input input = { .file = "PROBITY_CHECKS",
                                .text = slice_of(snapshot->checks_text),
                                .arena = snapshot->arena };
    int code = parse(&input, &snapshot->listed, err);

    if (code == 0)
        parts->listed = (struct node){ snapshot->listed, "checks" };
    return code;
}

int config_parts_read(struct snapshot *snapshot, struct config_parts *ret, struct error *err)
{
    struct config_parts parts = { .sources.yaml = NULL };
    int code = 0;

    if (snapshot->config_file != NULL)
        code = read_file(snapshot, &parts, err);
    if (code == 0 && snapshot->checks_text != NULL)
        code = read_listed(snapshot, &parts, err);
    if (code == 0)
        *ret = parts;
    return code;
}
