/* problem.c - the list of problems and the paths of fields. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/problem.h"

#include "base/json.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512, FIELD_BYTES = 512, ARENA_BYTES = 1024 * 1024 };

struct problems {
    struct arena *arena;
    int count;
    int errors;
    int warnings;
    struct problem items[LIMIT_PROBLEMS];
};

struct problems *problems_new(void)
{
    AUTO(problems_free) struct problems *problems = calloc(1, sizeof(*problems));
    struct problems *made;

    if (problems == NULL)
        return NULL;
    problems->arena = arena_new(ARENA_BYTES);
    if (problems->arena == NULL)
        return NULL;
    made = problems;
    problems = NULL;
    return made;
}

void problems_free(struct problems **problems)
{
    if (*problems == NULL)
        return;
    arena_free(&(*problems)->arena);
    free(*problems);
    *problems = NULL;
}

int problems_count(const struct problems *problems)
{
    return problems->count;
}

const struct problem *problems_at(const struct problems *problems, int index)
{
    return &problems->items[index];
}

int problems_errors(const struct problems *problems)
{
    return problems->errors;
}

int problems_warnings(const struct problems *problems)
{
    return problems->warnings;
}

const struct problem *problems_first_error(const struct problems *problems)
{
    for (int i = 0; i < problems->count; i++) {
        if (problems->items[i].level == PROBLEM_ERROR)
            return &problems->items[i];
    }
    return NULL;
}

void problem_print(const struct problem *problem, struct buf *buf)
{
    buf_append_text(buf, problem->file);
    if (problem->line > 0)
        buf_printf(buf, ":%d:%d", problem->line, problem->column);
    buf_append_text(buf, ": ");
    if (problem->field[0] != '\0')
        buf_printf(buf, "%s: ", problem->field);
    buf_append_text(buf, problem->text);
}

void problems_print_json(const struct problems *problems, struct buf *buf)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    json_open_array(&json);
    for (int i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];

        json_open_object(&json);
        json_text(&json, "level", problem->level == PROBLEM_ERROR ? "error" : "warning");
        json_text(&json, "file", problem->file);
        json_int(&json, "line", problem->line);
        json_int(&json, "column", problem->column);
        json_text(&json, "field", problem->field);
        json_text(&json, "text", problem->text);
        json_close_object(&json);
    }
    json_close_array(&json);
}

/* --- places --- */

struct spot spot_of(const struct yaml_node *document)
{
    return (struct spot){ .node = document };
}

struct spot spot_key(const struct spot *in, const char *key)
{
    return (struct spot){ .in = in, .key = key, .node = yaml_get(in->node, key) };
}

struct spot spot_item(const struct spot *in, int index)
{
    return (struct spot){ .in = in, .index = index, .node = in->node->items[index] };
}

static void print_path(const struct spot *spot, struct buf *buf)
{
    if (spot->in == NULL)
        return;
    print_path(spot->in, buf);
    if (spot->key == NULL)
        buf_printf(buf, "[%d]", spot->index);
    else
        buf_printf(buf, "%s%s", buf->length > 0 ? "." : "", spot->key);
}

/* --- recording --- */

static bool is_known(const struct problems *problems, const struct problem *problem)
{
    for (int i = 0; i < problems->count; i++) {
        const struct problem *other = &problems->items[i];

        if (other->line == problem->line && other->column == problem->column
            && strcmp(other->file, problem->file) == 0 && strcmp(other->text, problem->text) == 0)
            return true;
    }
    return false;
}

/* Out of memory, or with too many, the problem is counted all the same. */
static void record(struct problems *problems, const struct problem *problem)
{
    struct problem kept = *problem;

    if (is_known(problems, problem))
        return;
    if (problem->level == PROBLEM_ERROR)
        problems->errors++;
    else
        problems->warnings++;
    kept.file = arena_copy(problems->arena, slice_of(problem->file));
    kept.field = arena_copy(problems->arena, slice_of(problem->field));
    kept.text = arena_copy(problems->arena, slice_of(problem->text));
    if (problems->count < LIMIT_PROBLEMS && kept.file != NULL && kept.field != NULL
        && kept.text != NULL)
        problems->items[problems->count++] = kept;
}

void problem_add(struct problems *problems, enum problem_level level, const struct spot *spot,
                 const char *format, ...)
{
    const struct spot *there = spot;
    struct problem problem = { .level = level, .file = "" };
    char text[TEXT_BYTES];
    struct buf field;
    va_list args;

    while (there->node == NULL && there->in != NULL)
        there = there->in;
    if (there->node != NULL) {
        problem.file = there->node->file;
        problem.line = there->node->line;
        problem.column = there->node->column;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&field, FIELD_BYTES);
    print_path(spot, &field);
    problem.field = buf_text(&field);
    problem.text = text;
    record(problems, &problem);
    buf_done(&field);
}

void problem_add_at(struct problems *problems, const char *file, int line, int column,
                    const char *text)
{
    struct problem problem = { .level = PROBLEM_ERROR,
                               .file = file,
                               .line = line,
                               .column = column,
                               .field = "",
                               .text = text };

    record(problems, &problem);
}

static int compare(const void *a, const void *b)
{
    const struct problem *left = a;
    const struct problem *right = b;
    int order = strcmp(left->file, right->file);

    if (order == 0)
        order = left->line - right->line;
    if (order == 0)
        order = left->column - right->column;
    if (order == 0)
        order = strcmp(left->field, right->field);
    return order != 0 ? order : strcmp(left->text, right->text);
}

void problems_sort(struct problems *problems)
{
    qsort(problems->items, (size_t)problems->count, sizeof(problems->items[0]), compare);
}
