/* openslo.c - a run: files in, objects, references, a catalogue out. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo.h"

#include "base/arena.h"
#include "base/folder.h"
#include "base/limits.h"
#include "slo/openslo_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 512 * 1024 * 1024, WORDS_BYTES = 1024 };

static const char *const suffixes[] = { ".yaml", ".yml", NULL };

struct openslo {
    struct openslo_options options;
    struct shape_check check;
    struct arena *arena; /* texts and trees; gone at the end of the run */
    struct catalogue_builder *builder;
    struct openslo_objects objects;
    size_t bytes; /* of all texts so far */
};

struct openslo *openslo_new(const struct openslo_options *options, struct problems *problems)
{
    AUTO(openslo_free) struct openslo *openslo = calloc(1, sizeof(*openslo));
    struct openslo *made;

    if (openslo == NULL)
        return NULL;
    openslo->options = *options;
    openslo->check = (struct shape_check){ problems, options->strict };
    openslo->arena = arena_new(ARENA_BYTES);
    openslo->builder = catalogue_builder_new(options->service);
    for (int i = 0; i < options->service_count && openslo->builder != NULL; i++) {
        if (catalogue_builder_service(openslo->builder, options->services[i]) != 0)
            catalogue_builder_free(&openslo->builder);
    }
    openslo->objects.items = calloc(LIMIT_YAML_DOCUMENTS, sizeof(*openslo->objects.items));
    if (openslo->arena == NULL || openslo->builder == NULL || openslo->objects.items == NULL)
        return NULL;
    made = openslo;
    openslo = NULL;
    return made;
}

void openslo_free(struct openslo **openslo)
{
    if (*openslo == NULL)
        return;
    catalogue_builder_free(&(*openslo)->builder);
    arena_free(&(*openslo)->arena);
    free((*openslo)->objects.items);
    free(*openslo);
    *openslo = NULL;
}

/* --- documents become objects --- */

/* Other versions of the format have other fields: nothing that is said of them here would help. */
static bool is_version(const struct openslo *openslo, const struct spot *document)
{
    struct spot version = spot_key(document, "apiVersion");
    const char *text = yaml_text(version.node);

    if (text == NULL)
        shape_error(&openslo->check, &version, "is missing: write `apiVersion: openslo/v1`");
    else if (strcmp(text, "openslo/v1") != 0)
        shape_error(&openslo->check, &version, "\"%.60s\" is not understood: only openslo/v1 is",
                    text);
    return text != NULL && strcmp(text, "openslo/v1") == 0;
}

static bool find_kind(const struct openslo *openslo, const struct spot *document,
                      enum openslo_kind *ret)
{
    struct spot kind = spot_key(document, "kind");
    const char *text = yaml_text(kind.node);

    if (text != NULL && openslo_kind_of(text, ret))
        return true;
    if (text == NULL)
        shape_error(&openslo->check, &kind, "is missing: SLO, SLI, Service, …?");
    else
        shape_error(&openslo->check, &kind,
                    "\"%.60s\" is none of SLO, SLI, Service, AlertPolicy, AlertCondition, "
                    "AlertNotificationTarget, DataSource",
                    text);
    return false;
}

static void add_object(struct openslo *openslo, enum openslo_kind kind, const struct spot *document)
{
    struct spot metadata = spot_key(document, "metadata");
    struct spot name = spot_key(&metadata, "name");
    const char *text = yaml_text(name.node);
    const struct openslo_object *other;

    if (text == NULL)
        return;
    other = openslo_find(&openslo->objects, kind, text);
    if (other != NULL)
        shape_error(&openslo->check, &name, "there is another %s \"%.60s\" in %s:%d: rename one",
                    openslo_kind_text(kind), text, other->node->file, other->node->line);
    else if (openslo->objects.count == LIMIT_YAML_DOCUMENTS)
        shape_error(&openslo->check, document, "more than %d objects in all: use several daemons",
                    LIMIT_YAML_DOCUMENTS);
    else
        openslo->objects.items[openslo->objects.count++] =
            (struct openslo_object){ kind, text, document->node };
}

static void take_document(struct openslo *openslo, const struct yaml_node *node)
{
    struct spot document = spot_of(node);
    enum openslo_kind kind;

    if (yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP) {
        shape_error(&openslo->check, &document, "is no OpenSLO document: it must be a map");
        return;
    }
    if (!is_version(openslo, &document) || !find_kind(openslo, &document, &kind))
        return;
    shape_check(&openslo->check, openslo_shape_of(kind), &document);
    add_object(openslo, kind, &document);
}

int openslo_read_text(struct openslo *openslo, const char *file, struct slice text)
{
    struct yaml_input input = { .text = text, .arena = openslo->arena };
    const struct yaml_node *const *documents;
    struct yaml_trouble trouble = { .line = 0 };
    int count = 0;
    int code;

    openslo->bytes += text.length;
    if (openslo->bytes > LIMIT_FOLDER_BYTES) {
        problem_add_at(openslo->check.problems, file, 0, 0,
                       "more than 16 MiB with the files before it: not read");
        return 0;
    }
    input.file = arena_copy(openslo->arena, slice_of(file));
    if (input.file == NULL)
        return -ENOMEM;
    code = yaml_parse(&input, &documents, &count, &trouble);
    if (code == -ENOMEM)
        return code;
    for (int i = 0; i < count; i++)
        take_document(openslo, documents[i]);
    if (code != 0)
        problem_add_at(openslo->check.problems, file, trouble.line, trouble.column, trouble.text);
    return 0;
}

/* --- files --- */

/* The path stands before the words already. */
static void record_file(const struct openslo *openslo, const char *path, const struct error *err)
{
    size_t length = strlen(path);
    bool named = strncmp(err->text, path, length) == 0 && strncmp(err->text + length, ": ", 2) == 0;

    problem_add_at(openslo->check.problems, path, 0, 0, named ? err->text + length + 2 : err->text);
}

static int read_file(struct openslo *openslo, const char *path)
{
    struct error err = { .code = 0 };
    struct slice text;
    int code = folder_read_file(path, LIMIT_YAML_BYTES, openslo->arena, &text, &err);

    if (code == 0)
        return openslo_read_text(openslo, path, text);
    if (code != -ENOMEM)
        record_file(openslo, path, &err);
    return code == -ENOMEM ? code : 0;
}

int openslo_read_path(struct openslo *openslo, const char *path)
{
    const char *const *paths = NULL;
    struct error err = { .code = 0 };
    int count = 0;
    int code = folder_list(path, suffixes, openslo->arena, &paths, &count, &err);

    if (code == -ENOMEM)
        return code;
    if (code != 0)
        record_file(openslo, path, &err);
    for (int i = 0; code == 0 && i < count; i++)
        code = read_file(openslo, paths[i]);
    return code == -ENOMEM ? code : 0;
}

/* --- the end --- */

static int add_slos(struct openslo *openslo)
{
    const struct inlining inlining = { &openslo->check, &openslo->objects, openslo->arena };
    int code = 0;

    for (int i = 0; i < openslo->objects.count && code == 0; i++) {
        const struct yaml_node *slo;

        if (openslo->objects.items[i].kind != OPENSLO_SLO)
            continue;
        slo = openslo_inline(&inlining, openslo->objects.items[i].node);
        code = slo == NULL ? -ENOMEM : openslo_add_slo(&openslo->check, slo, openslo->builder);
    }
    return code;
}

static int refuse(const struct problems *problems, struct error *err)
{
    const struct problem *first = problems_first_error(problems);
    int more = problems_errors(problems) - 1;
    struct buf words;
    int code;

    buf_init(&words, WORDS_BYTES);
    if (first != NULL)
        problem_print(first, &words);
    if (more > 0)
        code = error_set(err, EINVAL, "%.200s (and %d more errors)", buf_text(&words), more);
    else
        code = error_set(err, EINVAL, "%s", buf_text(&words));
    buf_done(&words);
    return code;
}

int openslo_finish(struct openslo **pointer, struct catalogue **ret, struct error *err)
{
    AUTO(openslo_free) struct openslo *openslo = *pointer;
    struct catalogue *made;

    *pointer = NULL;
    if (add_slos(openslo) != 0)
        return error_set(err, ENOMEM, "objectives: out of memory");
    problems_sort(openslo->check.problems);
    if (problems_errors(openslo->check.problems) > 0)
        return refuse(openslo->check.problems, err);
    made = catalogue_finish(&openslo->builder);
    if (made == NULL)
        return error_set(err, ENOMEM, "objectives: out of memory");
    *ret = made;
    return 0;
}

int openslo_load(const char *path, const struct openslo_options *options, struct problems *problems,
                 struct catalogue **ret, struct error *err)
{
    AUTO(openslo_free) struct openslo *openslo = openslo_new(options, problems);

    if (openslo == NULL || openslo_read_path(openslo, path) != 0)
        return error_set(err, ENOMEM, "objectives: out of memory");
    return openslo_finish(&openslo, ret, err);
}
