/* counted.c - sets of ids as array literals, and back. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/counted.h"

#include "base/buf.h"
#include "base/slice.h"
#include "ledger/arrays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMN_BYTES = 1024 * 1024,
    NAME_BYTES = 32, /* "ID/MINUTES" */
};

static const char *slicing_name(const struct slicing *slicing, char text[NAME_BYTES])
{
    (void)snprintf(text, NAME_BYTES, "%d/%d", slicing->id, (int)slicing->minutes);
    return text;
}

static int compare_ids(const void *a, const void *b)
{
    const struct counted_id *left = a;
    const struct counted_id *right = b;

    if (left->service != right->service)
        return left->service < right->service ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static int compare_slicings(const void *a, const void *b)
{
    const struct slicing *left = a;
    const struct slicing *right = b;
    char names[2][NAME_BYTES];

    if (left->service != right->service)
        return left->service < right->service ? -1 : 1;
    return strcmp(slicing_name(left, names[0]), slicing_name(right, names[1]));
}

static int list_ids(struct counted *counted, const struct registry *registry, struct arena *arena)
{
    const struct catalogue *catalogue = counted->catalogue;
    size_t count = (size_t)catalogue->indicator_count;

    counted->ids = arena_alloc(arena, (count + 1) * sizeof(*counted->ids));
    if (counted->ids == NULL)
        return -ENOMEM;
    for (int i = 0; i < catalogue->indicator_count; i++)
        counted->ids[i] = (struct counted_id){
            .service = catalogue_service(catalogue, slice_of(catalogue->indicators[i].service)),
            .id = registry->indicators[i],
            .indicator = i,
        };
    qsort(counted->ids, count, sizeof(*counted->ids), compare_ids);
    return 0;
}

static int list_slicings(struct counted *counted, const struct registry *registry,
                         struct arena *arena)
{
    const struct catalogue *catalogue = counted->catalogue;
    size_t count = (size_t)catalogue->objective_count;
    int kept = 0;

    counted->slicings = arena_alloc(arena, (count + 1) * sizeof(*counted->slicings));
    if (counted->slicings == NULL)
        return -ENOMEM;
    for (int i = 0; i < catalogue->objective_count; i++) {
        const struct objective *objective = &catalogue->objectives[i];

        if (objective->slice_minutes <= 0)
            continue;
        counted->slicings[counted->slicing_count++] = (struct slicing){
            .service = catalogue_service(catalogue, slice_of(objective->service)),
            .indicator = objective->indicator,
            .id = registry->indicators[objective->indicator],
            .minutes = objective->slice_minutes,
        };
    }
    count = (size_t)counted->slicing_count;
    qsort(counted->slicings, count, sizeof(*counted->slicings), compare_slicings);
    for (int i = 0; i < counted->slicing_count; i++) {
        if (kept == 0 || compare_slicings(&counted->slicings[kept - 1], &counted->slicings[i]) != 0)
            counted->slicings[kept++] = counted->slicings[i];
    }
    counted->slicing_count = kept;
    return 0;
}

static const char *column_end(struct buf *column, struct arena *arena)
{
    const char *text;

    array_close(column);
    text = buf_ok(column) ? arena_copy(arena, buf_slice(column)) : NULL;
    buf_done(column);
    return text;
}

static int fill_columns(struct counted *counted, int service, struct arena *arena)
{
    struct counted_columns *columns = &counted->services[service];
    char name[NAME_BYTES];
    struct buf column;

    buf_init(&column, COLUMN_BYTES);
    array_open(&column);
    for (int i = 0; i < counted->catalogue->indicator_count; i++) {
        if (counted->ids[i].service == service)
            array_put_int(&column, counted->ids[i].id);
    }
    columns->indicators = column_end(&column, arena);
    buf_init(&column, COLUMN_BYTES);
    array_open(&column);
    for (int i = 0; i < counted->slicing_count; i++) {
        if (counted->slicings[i].service == service)
            array_put_text(&column, slice_of(slicing_name(&counted->slicings[i], name)));
    }
    columns->slices = column_end(&column, arena);
    return columns->indicators == NULL || columns->slices == NULL ? -ENOMEM : 0;
}

int counted_list(struct counted *counted, const struct catalogue *catalogue,
                 const struct registry *registry, struct arena *arena)
{
    int code;

    *counted = (struct counted){ .catalogue = catalogue };
    counted->services =
        arena_alloc(arena, ((size_t)catalogue->service_count + 1) * sizeof(*counted->services));
    if (counted->services == NULL)
        return -ENOMEM;
    code = list_ids(counted, registry, arena);
    if (code == 0)
        code = list_slicings(counted, registry, arena);
    for (int i = 0; code == 0 && i < catalogue->service_count; i++)
        code = fill_columns(counted, i, arena);
    return code;
}

int counted_all(const struct counted *counted, struct counted_file *ret, struct arena *arena)
{
    size_t indicators = (size_t)counted->catalogue->indicator_count;
    size_t slicings = (size_t)counted->slicing_count;

    ret->indicators = arena_alloc(arena, indicators + 1);
    ret->slicings = arena_alloc(arena, slicings + 1);
    if (ret->indicators == NULL || ret->slicings == NULL)
        return -ENOMEM;
    memset(ret->indicators, true, indicators);
    memset(ret->slicings, true, slicings);
    ret->whole = true;
    return 0;
}

/* Takes the next element of an array's text off the front: it holds digits and slashes only. */
static struct slice next_element(const char **text)
{
    struct slice element;

    *text += strspn(*text, "{,\"");
    element = (struct slice){ *text, strcspn(*text, "},\"") };
    *text += element.length;
    return element;
}

static void restrict_indicators(const struct counted *counted, struct counted_file *file,
                                int service, const char *text)
{
    size_t count = (size_t)counted->catalogue->indicator_count;
    struct slice element;

    for (size_t i = 0; i < count; i++) {
        if (counted->ids[i].service == service)
            file->indicators[counted->ids[i].indicator] = false;
    }
    for (element = next_element(&text); element.length > 0; element = next_element(&text)) {
        struct counted_id key = { service, (int)strtol(element.data, NULL, 10), 0 };
        const struct counted_id *found =
            bsearch(&key, counted->ids, count, sizeof(*counted->ids), compare_ids);

        if (found != NULL)
            file->indicators[found->indicator] = true;
    }
}

static void restrict_slicings(const struct counted *counted, struct counted_file *file, int service,
                              const char *text)
{
    struct slice element;

    for (int i = 0; i < counted->slicing_count; i++) {
        if (counted->slicings[i].service == service)
            file->slicings[i] = false;
    }
    for (element = next_element(&text); element.length > 0; element = next_element(&text)) {
        struct slicing key = { .service = service };
        const struct slicing *found;
        char *end = NULL;

        key.id = (int)strtol(element.data, &end, 10);
        key.minutes = *end == '/' ? (int32_t)strtol(end + 1, NULL, 10) : 0;
        found = bsearch(&key, counted->slicings, (size_t)counted->slicing_count,
                        sizeof(*counted->slicings), compare_slicings);
        if (found != NULL)
            file->slicings[found - counted->slicings] = true;
    }
}

/* Whether the arrays of the service are what this program counts: nearly always. */
static bool is_whole(const struct counted *counted, const struct counted_file *file, int service)
{
    for (int i = 0; i < counted->catalogue->indicator_count; i++) {
        if (counted->ids[i].service == service && !file->indicators[counted->ids[i].indicator])
            return false;
    }
    for (int i = 0; i < counted->slicing_count; i++) {
        if (counted->slicings[i].service == service && !file->slicings[i])
            return false;
    }
    return true;
}

void counted_restrict(const struct counted *counted, struct counted_file *file, int service,
                      const char *indicators, const char *slices)
{
    restrict_indicators(counted, file, service, indicators);
    restrict_slicings(counted, file, service, slices);
    file->whole = file->whole && is_whole(counted, file, service);
}
