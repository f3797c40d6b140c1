/* dockerfile.c - instructions line by line; a stage takes over what the one it is made from says.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/dockerfile.h"

#include "setup/notes.h"

#include <stdint.h>

enum { STAGES_MAX = 16, PORT_MAX = 65535 };

struct stage {
    struct slice name;
    struct slice image;
    struct slice user;
    struct slice command;
    struct slice entry;
    struct slice health;
    int port;
};

struct dockerfile {
    struct stage stages[STAGES_MAX];
    int count;
};

static struct slice cut_word(struct slice *rest)
{
    struct slice text = slice_trim(*rest);
    size_t length = 0;

    while (length < text.length && text.data[length] != ' ' && text.data[length] != '\t')
        length++;
    *rest = slice_trim((struct slice){ text.data + length, text.length - length });
    return (struct slice){ text.data, length };
}

/* "--platform=…" and the like. */
static void skip_flags(struct slice *rest)
{
    while (slice_starts_with(*rest, SLICE("--")))
        (void)cut_word(rest);
}

static void begin_stage(struct dockerfile *file, struct slice rest)
{
    struct stage stage = { 0 };
    struct slice image;

    if (file->count == STAGES_MAX)
        return;
    skip_flags(&rest);
    image = cut_word(&rest);
    for (int i = 0; i < file->count; i++) {
        if (file->stages[i].name.length > 0 && slice_equals_nocase(image, file->stages[i].name))
            stage = file->stages[i];
    }
    if (stage.image.length == 0)
        stage.image = image;
    stage.name = slice_equals_nocase(cut_word(&rest), SLICE("AS")) ? cut_word(&rest)
                                                                   : (struct slice){ NULL, 0 };
    file->stages[file->count++] = stage;
}

/* "8000", "8000/tcp", several: the first one. */
static void take_port(struct stage *stage, struct slice rest)
{
    struct slice word = cut_word(&rest);
    uint64_t port = 0;

    if (slice_parse_uint(slice_cut(&word, '/'), PORT_MAX, &port))
        stage->port = (int)port;
}

static void take(struct dockerfile *file, struct slice line)
{
    struct slice rest = line;
    struct slice word = cut_word(&rest);
    struct stage *stage = file->count == 0 ? NULL : &file->stages[file->count - 1];

    if (slice_equals_nocase(word, SLICE("FROM")))
        begin_stage(file, rest);
    else if (stage == NULL)
        return;
    else if (slice_equals_nocase(word, SLICE("CMD")))
        stage->command = rest;
    else if (slice_equals_nocase(word, SLICE("ENTRYPOINT")))
        stage->entry = rest;
    else if (slice_equals_nocase(word, SLICE("USER")))
        stage->user = rest;
    else if (slice_equals_nocase(word, SLICE("HEALTHCHECK")))
        stage->health = rest;
    else if (slice_equals_nocase(word, SLICE("EXPOSE")))
        take_port(stage, rest);
}

/* Joins lines that end in a backslash; comments may stand between them. */
static char *join_lines(struct survey *survey, struct slice text)
{
    char *joined = arena_copy(survey->arena, text);
    size_t length = 0;

    while (joined != NULL && text.length > 0) {
        struct slice line = slice_cut(&text, '\n');
        struct slice bare = slice_trim(line);
        bool goes_on;

        if (bare.length > 0 && bare.data[bare.length - 1] == '\r')
            bare = slice_trim((struct slice){ bare.data, bare.length - 1 });
        if (bare.length == 0 || bare.data[0] == '#')
            continue;
        goes_on = bare.data[bare.length - 1] == '\\';
        memcpy(joined + length, bare.data, bare.length);
        length += bare.length;
        joined[length - (goes_on ? 1 : 0)] = goes_on ? ' ' : '\n';
        length += goes_on ? 0 : 1;
    }
    if (joined == NULL)
        survey->is_cut = true;
    else
        joined[length > 0 ? length - 1 : 0] = '\0';
    return joined;
}

static void put_command(struct survey *survey, struct survey_command *command, const char *where,
                        struct slice text)
{
    const struct yaml_node *node = NULL;

    if (text.length > 0 && text.data[0] == '[')
        node = notes_parse(survey, where, text);
    if (node != NULL && node->kind == YAML_LIST)
        notes_node(survey, command, where, node);
    else
        notes_line(survey, command, where, text);
}

static void put_stage(struct survey *survey, const char *where, const struct stage *stage)
{
    notes_found(survey, where, "FROM %.*s", (int)stage->image.length, stage->image.data);
    notes_fact(survey, &survey->image, where, stage->image);
    notes_fact(survey, &survey->user, where, stage->user);
    if (stage->entry.length > 0) {
        notes_found(survey, where, "ENTRYPOINT %.*s", (int)stage->entry.length, stage->entry.data);
        put_command(survey, &survey->entry, "ENTRYPOINT", stage->entry);
    }
    if (stage->command.length > 0) {
        notes_found(survey, where, "CMD %.*s", (int)stage->command.length, stage->command.data);
        put_command(survey, &survey->starts[SURVEY_BY_IMAGE], where, stage->command);
    }
    if (stage->port > 0) {
        notes_found(survey, where, "EXPOSE %d", stage->port);
        survey->exposed = (struct survey_port){ "EXPOSE", stage->port };
    }
    notes_health_url(survey, "HEALTHCHECK", stage->health);
}

void dockerfile_read(struct survey *survey, const char *where, struct slice text)
{
    struct dockerfile file = { .count = 0 };
    char *joined = join_lines(survey, text);
    struct slice rest = slice_of(joined);

    while (rest.length > 0)
        take(&file, slice_cut(&rest, '\n'));
    notes_fact(survey, &survey->platforms[SURVEY_DOCKER], where, SLICE("a Dockerfile"));
    if (file.count > 0)
        put_stage(survey, where, &file.stages[file.count - 1]);
}
