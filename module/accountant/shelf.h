/* shelf.h - what was rendered of each objective for the last publication, to be used again as long
 * as nothing that is shown of it has changed. */
#ifndef ACCOUNTANT_SHELF_H
#define ACCOUNTANT_SHELF_H

#include "accountant/render.h"
#include "base/auto.h"
#include "base/buf.h"
#include "page/slot.h"

#include <stdbool.h>
#include <stdint.h>

struct shelf_place {
    uint64_t version;
    struct render_marks marks;
};

struct shelf {
    const struct page_set *last;  /* held; NULL: there is nothing to be used again */
    struct shelf_place *places;   /* by objective: of what `last` shows */
    struct shelf_place *upcoming; /* of what is being rendered */
    int count;
};

/* Returns 0 or -ENOMEM; shelf_done() either way. */
int shelf_init(struct shelf *shelf, int objective_count) MUST_CHECK;
void shelf_done(struct shelf *shelf);

/* Gives the objective's page and its object in the list, rendered or from the shelf; `marks` are
 * those of the page.  The key is the page's. */
struct shelf_texts {
    struct buf *page;
    struct buf *listed;
    const struct render_marks *marks;
};

void shelf_give(struct shelf *shelf, const struct render_objective *objective, const char *key,
                struct shelf_texts *texts);

/* What was given has been published there: it is what can be used again; or, with a NULL slot,
 * nothing of it can. */
void shelf_keep(struct shelf *shelf, struct slot *slot);

#endif
