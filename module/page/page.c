/* page.c - builds a set of finished answers in one arena. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "page/page.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "page/maintenance.h"
#include "page/set.h"

#include <stdlib.h>

/* Every objective has one, and so have the owner's fixed ones: checks, groups, metrics. */
enum { MAX_PAGES = LIMIT_OBJECTIVES + 64 };

struct page_builder {
    struct arena *arena;
    struct page_set set;
    struct page *pages;
    int page_room;
    struct page_objective *objectives;
    int objective_room;
    bool failed; /* something did not fit: nothing is published */
};

const char *page_status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 413, "Content Too Large" },
        { 429, "Too Many Requests" },
        { 503, "Service Unavailable" },
        { 508, "Loop Detected" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Status";
}

void page_head(struct buf *head, const struct page_text *text)
{
    buf_append(head, SLICE("Status: "));
    buf_append_uint(head, (uint64_t)text->status);
    buf_append_char(head, ' ');
    buf_append_text(head, page_status_phrase(text->status));
    buf_append(head, SLICE("\r\nContent-Type: "));
    buf_append_text(head, text->content_type == NULL ? "application/json" : text->content_type);
    buf_append(head, SLICE("\r\nCache-Control: no-store\r\n"
                           "X-Content-Type-Options: nosniff\r\n"));
    if (text->retry_after_seconds > 0) {
        buf_append(head, SLICE("Retry-After: "));
        buf_append_uint(head, (uint64_t)text->retry_after_seconds);
        buf_append(head, SLICE("\r\n"));
    }
    if (text->vary_accept)
        buf_append_text(head, "Vary: Accept\r\n");
    if (text->extra_headers != NULL)
        buf_append_text(head, text->extra_headers);
    buf_append(head, SLICE("Content-Length: "));
    buf_append_uint(head, text->body.length);
    buf_append(head, SLICE("\r\n"));
}

struct page_builder *page_builder_new(int64_t max_age_ms)
{
    struct page_builder *builder = calloc(1, sizeof(*builder));

    if (builder == NULL)
        return NULL;
    builder->arena = arena_new(LIMIT_PUBLICATION_BYTES);
    if (builder->arena == NULL) {
        free(builder);
        return NULL;
    }
    builder->set.max_age_ms = max_age_ms;
    return builder;
}

void page_builder_free(struct page_builder **builder)
{
    if (*builder == NULL)
        return;
    arena_free(&(*builder)->arena);
    free((*builder)->pages);
    free((*builder)->objectives);
    free(*builder);
    *builder = NULL;
}

static char *keep_slice(struct page_builder *builder, struct slice bytes)
{
    char *copy = arena_copy(builder->arena, bytes);

    if (copy == NULL)
        builder->failed = true;
    return copy;
}

static char *keep(struct page_builder *builder, const char *text)
{
    return keep_slice(builder, slice_of(text));
}

static struct page_answer render(struct page_builder *builder, const struct page_text *text)
{
    struct page_answer answer = { .status = text->status };
    struct buf head;

    buf_init(&head, 4096);
    page_head(&head, text);
    if (!buf_ok(&head))
        builder->failed = true;
    answer.head = (struct slice){ keep_slice(builder, buf_slice(&head)), head.length };
    answer.body = (struct slice){ keep_slice(builder, text->body), text->body.length };
    buf_done(&head);
    return answer;
}

struct room {
    size_t item_bytes;
    int max;
};

/* Room for one more; false at the maximum or without memory. */
static bool make_room(void **items, int *capacity, int count, const struct room *room)
{
    int wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown;

    if (count < *capacity)
        return true;
    if (count >= room->max)
        return false;
    if (wanted > room->max)
        wanted = room->max;
    grown = realloc(*items, (size_t)wanted * room->item_bytes);
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

void page_add(struct page_builder *builder, const char *key, const struct page_text *fresh,
              const struct page_text *too_old)
{
    struct page *page;

    if (!make_room((void **)&builder->pages, &builder->page_room, builder->set.page_count,
                   &(struct room){ sizeof(*page), MAX_PAGES })) {
        builder->failed = true;
        return;
    }
    page = &builder->pages[builder->set.page_count];
    page->key = keep(builder, key);
    page->fresh = render(builder, fresh);
    page->too_old = too_old == NULL ? page->fresh : render(builder, too_old);
    builder->set.page_count++;
}

/* Rules and document belong to a catalogue that may go before the set does. */
static const struct objective *keep_promise(struct page_builder *builder,
                                            const struct objective *promise)
{
    struct objective *copy = arena_alloc(builder->arena, sizeof(*copy));

    if (copy == NULL) {
        builder->failed = true;
        return NULL;
    }
    *copy = *promise;
    copy->rules = NULL;
    copy->rule_count = 0;
    copy->document = NULL;
    return copy;
}

void page_add_objective(struct page_builder *builder, const struct page_objective *objective)
{
    struct page_objective *copy;

    if (!make_room((void **)&builder->objectives, &builder->objective_room,
                   builder->set.objective_count,
                   &(struct room){ sizeof(*copy), LIMIT_OBJECTIVES })) {
        builder->failed = true;
        return;
    }
    copy = &builder->objectives[builder->set.objective_count];
    *copy = *objective;
    copy->name = keep(builder, objective->name);
    copy->service = keep(builder, objective->service);
    copy->json.data = keep_slice(builder, objective->json);
    if (objective->promise != NULL)
        copy->promise = keep_promise(builder, objective->promise);
    builder->set.objective_count++;
}

void page_set_overrides(struct page_builder *builder, const struct page_override *overrides,
                        int count)
{
    struct page_override *copies = arena_alloc(builder->arena, (size_t)count * sizeof(*copies) + 1);

    if (copies == NULL) {
        builder->failed = true;
        return;
    }
    for (int i = 0; i < count; i++)
        copies[i] = (struct page_override){
            .id = keep(builder, overrides[i].id),
            .service = keep(builder, overrides[i].service),
            .objective = keep(builder, overrides[i].objective),
            .reason = keep(builder, overrides[i].reason),
            .author = keep(builder, overrides[i].author),
            .created_at_ms = overrides[i].created_at_ms,
            .expires_at_ms = overrides[i].expires_at_ms,
        };
    builder->set.overrides = copies;
    builder->set.override_count = count;
}

void page_set_maintenances(struct page_builder *builder,
                           const struct page_maintenance *maintenances, int count)
{
    struct page_maintenance *copies =
        arena_alloc(builder->arena, (size_t)count * sizeof(*copies) + 1);

    for (int i = 0; copies != NULL && maintenances != NULL && i < count; i++) {
        struct maintenance *of = arena_alloc(builder->arena, sizeof(*of));

        copies[i] = (struct page_maintenance){ keep(builder, maintenances[i].service), of };
        if (of != NULL)
            *of = *maintenances[i].of;
        builder->failed = builder->failed || of == NULL;
    }
    builder->failed = builder->failed || copies == NULL || maintenances == NULL;
    builder->set.maintenances = copies;
    builder->set.maintenance_count = count;
}

void page_set_figures(struct page_builder *builder, int64_t as_of_wall_ms, bool usable,
                      const char *trouble)
{
    char text[CLOCK_TEXT_BYTES] = "";

    if (as_of_wall_ms > 0)
        clock_format(as_of_wall_ms, text);
    builder->set.as_of = (struct slice){ keep(builder, text), strlen(text) };
    builder->set.usable = usable;
    builder->set.trouble = trouble == NULL ? NULL : keep(builder, trouble);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->key, ((const struct page *)b)->key);
}

/* Moves the tables behind the pages' own bytes: from here on the arena owns all of the set. */
struct page_set *page_builder_finish(struct page_builder **builder)
{
    struct page_builder *from = *builder;
    struct set *set = set_new(from->arena);
    size_t page_bytes = (size_t)from->set.page_count * sizeof(struct page);
    size_t objective_bytes = (size_t)from->set.objective_count * sizeof(struct page_objective);
    struct page *pages = arena_alloc(from->arena, page_bytes);
    struct page_objective *objectives = arena_alloc(from->arena, objective_bytes);

    if (from->failed || set == NULL || pages == NULL || objectives == NULL) {
        page_builder_free(builder);
        return NULL;
    }
    if (page_bytes > 0)
        memcpy(pages, from->pages, page_bytes);
    if (objective_bytes > 0)
        memcpy(objectives, from->objectives, objective_bytes);
    qsort(pages, (size_t)from->set.page_count, sizeof(*pages), compare_keys);
    from->set.pages = pages;
    from->set.objectives = objectives;
    set->pages = from->set;
    from->arena = NULL;
    page_builder_free(builder);
    return &set->pages;
}

void page_set_free(struct page_set **pages)
{
    struct arena *arena;

    if (*pages == NULL)
        return;
    arena = ((struct set *)(void *)*pages)->arena;
    arena_free(&arena);
    *pages = NULL;
}

/* In the order of strcmp. */
static int compare_to_key(struct slice text, const char *key)
{
    struct slice other = slice_of(key);
    size_t common = text.length < other.length ? text.length : other.length;
    int order = common == 0 ? 0 : memcmp(text.data, other.data, common);

    if (order != 0)
        return order;
    return (text.length > other.length) - (text.length < other.length);
}

const struct page *page_find(const struct page_set *set, struct slice key)
{
    int low = 0;
    int high = set->page_count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = compare_to_key(key, set->pages[middle].key);

        if (order == 0)
            return &set->pages[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
