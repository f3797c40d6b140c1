/* shelf.c - texts out of the newest set of pages, which are nobody's to change. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/shelf.h"

#include <errno.h>
#include <stdlib.h>

int shelf_init(struct shelf *shelf, int objective_count)
{
    size_t room = (size_t)objective_count + 1;

    *shelf = (struct shelf){ .count = objective_count };
    shelf->places = calloc(room, sizeof(*shelf->places));
    shelf->upcoming = calloc(room, sizeof(*shelf->upcoming));
    return shelf->places == NULL || shelf->upcoming == NULL ? -ENOMEM : 0;
}

void shelf_done(struct shelf *shelf)
{
    slot_release(&shelf->last);
    free(shelf->places);
    free(shelf->upcoming);
    *shelf = (struct shelf){ 0 };
}

/* The same texts as last time; of the page only the time is another one. */
static bool take(const struct shelf *shelf, const struct render_objective *objective,
                 const char *key, const struct shelf_texts *texts)
{
    const struct page *page = page_find(shelf->last, slice_of(key));

    if (page == NULL || objective->index >= shelf->last->objective_count)
        return false;
    buf_append(texts->page, page->fresh.body);
    buf_append(texts->listed, shelf->last->objectives[objective->index].json);
    if (buf_ok(texts->page))
        render_retime(texts->page, texts->marks, objective->book->as_of_wall_ms);
    return true;
}

void shelf_give(struct shelf *shelf, const struct render_objective *objective, const char *key,
                struct shelf_texts *texts)
{
    struct shelf_place *place = &shelf->upcoming[objective->index];
    const struct shelf_place *before = &shelf->places[objective->index];
    uint64_t version = render_version(objective);

    buf_clear(texts->page);
    buf_clear(texts->listed);
    texts->marks = &place->marks;
    if (shelf->last != NULL && before->version == version) {
        *place = *before;
        if (take(shelf, objective, key, texts))
            return;
    }
    place->version = version;
    render_page(objective, texts->page, &place->marks);
    render_listed(objective, texts->listed);
}

void shelf_keep(struct shelf *shelf, struct slot *slot)
{
    struct shelf_place *before = shelf->places;

    slot_release(&shelf->last);
    if (slot == NULL)
        return;
    shelf->last = slot_acquire(slot);
    shelf->places = shelf->upcoming;
    shelf->upcoming = before;
}
