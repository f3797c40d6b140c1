/* notes.c - what is found, bounded by an arena and a table. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/notes.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FOUND_BYTES = 200, COMMAND_BYTES = 4096 };

const char *notes_copy(struct survey *survey, struct slice text)
{
    const char *copy = arena_copy(survey->arena, text);

    if (copy != NULL)
        return copy;
    survey->is_cut = true;
    return "";
}

/* Cut at the end of a line: what follows is of no use to somebody who looks for a name. */
void notes_found(struct survey *survey, const char *where, const char *format, ...)
{
    char what[FOUND_BYTES];
    va_list args;

    if (survey->finding_count == (int)ARRAY_LENGTH(survey->findings)) {
        survey->is_cut = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    survey->findings[survey->finding_count++] = (struct survey_finding){
        notes_copy(survey, slice_of(where)),
        notes_copy(survey, slice_of(what)),
    };
}

void notes_fact(struct survey *survey, struct survey_fact *fact, const char *where,
                struct slice text)
{
    if (fact->where != NULL || text.length == 0)
        return;
    fact->where = notes_copy(survey, slice_of(where));
    fact->text = notes_copy(survey, text);
}

void notes_line(struct survey *survey, struct survey_command *command, const char *where,
                struct slice line)
{
    line = slice_trim(line);
    if (command->where != NULL || line.length == 0)
        return;
    command->where = notes_copy(survey, slice_of(where));
    command->line = notes_copy(survey, line);
}

void notes_node(struct survey *survey, struct survey_command *command, const char *where,
                const struct yaml_node *node)
{
    const char **words;

    if (yaml_text(node) != NULL) {
        notes_line(survey, command, where, node->text);
        return;
    }
    if (command->where != NULL || node == NULL || node->kind != YAML_LIST || node->count == 0)
        return;
    words = arena_alloc(survey->arena, ((size_t)node->count + 1) * sizeof(*words));
    if (words == NULL) {
        survey->is_cut = true;
        return;
    }
    for (int i = 0; i < node->count; i++) {
        const char *text = yaml_text(node->items[i]);

        words[i] = notes_copy(survey, slice_of(text == NULL ? "" : text));
    }
    command->where = notes_copy(survey, slice_of(where));
    command->words = words;
}

static size_t length_of_path(const char *path)
{
    size_t length = 0;

    while (isgraph((unsigned char)path[length]) && strchr("\"'|;)]<>`\\", path[length]) == NULL)
        length++;
    return length;
}

void notes_health_url(struct survey *survey, const char *where, struct slice text)
{
    const char *copy = notes_copy(survey, text);
    const char *url = strstr(copy, "http://");
    const char *path = url == NULL ? NULL : strchr(url + strlen("http://"), '/');

    if (path != NULL && strcspn(url, " \t\"'") > (size_t)(path - url))
        notes_fact(survey, &survey->health, where, (struct slice){ path, length_of_path(path) });
}

const struct yaml_node *notes_parse(struct survey *survey, const char *where, struct slice text)
{
    const struct yaml_node *const *documents = NULL;
    const struct yaml_input input = { where, text, survey->scratch };
    struct yaml_trouble trouble;
    int count = 0;

    if (yaml_parse(&input, &documents, &count, &trouble) != 0 || count == 0) {
        notes_found(survey, where, "can't be read as YAML or JSON: passed over");
        return NULL;
    }
    return documents[0];
}

const char *notes_text(struct survey *survey, const struct survey_command *command)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, COMMAND_BYTES);
    if (command->words == NULL)
        return command->line == NULL ? "" : command->line;
    for (int i = 0; command->words[i] != NULL; i++)
        buf_printf(&buf, "%s%s", i == 0 ? "" : " ", command->words[i]);
    return notes_copy(survey, buf_slice(&buf));
}

static bool is_word(const char *text, const char *word)
{
    const char *base = strrchr(text, '/');

    return strcmp(base == NULL ? text : base + 1, word) == 0;
}

bool notes_is_worker(const struct survey_command *command)
{
    bool has_celery = false;
    bool has_worker = false;

    if (command->line != NULL)
        return strstr(command->line, "celery") != NULL && strstr(command->line, "worker") != NULL;
    for (int i = 0; command->words != NULL && command->words[i] != NULL; i++) {
        has_celery = has_celery || is_word(command->words[i], "celery")
                     || strstr(command->words[i], "celery ") != NULL;
        has_worker = has_worker || strstr(command->words[i], "worker") != NULL;
    }
    return has_celery && has_worker;
}

bool notes_runs_its_arguments(struct survey *survey, const struct survey_command *command)
{
    static const char *const parts[] = { "entrypoint", "tini", "dumb-init", "exec \"$@\"" };
    const char *text = notes_text(survey, command);

    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (strstr(text, parts[i]) != NULL)
            return true;
    }
    return false;
}
