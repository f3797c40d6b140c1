/* worst.h - which routes used most of the budgets: looked up for one group of objectives after
 * another.  A group are those of one service over the same window. */
#ifndef ACCOUNTANT_WORST_H
#define ACCOUNTANT_WORST_H

#include "accountant/book.h"

#include <stdint.h>

enum { WORST_MAX = 10 /* per indicator */ };

/* What is known of one group. */
struct worst_list {
    struct arena *arena;
    const struct ledger_route *routes; /* in it */
    int count;
    uint64_t version;
    int64_t next_at_ms; /* boot clock */
};

struct worst {
    const struct book *book;  /* borrowed */
    struct worst_list *lists; /* of each group */
    int *group_of;            /* of each objective */
    int group_count;
    int turn;
    int64_t next_at_ms; /* boot clock: the next look-up for any group */
};

/* Returns 0 or -ENOMEM; worst_done() either way. */
int worst_init(struct worst *worst, const struct book *book) MUST_CHECK;
void worst_done(struct worst *worst);

/* Looks up one group, if it is time for it. */
void worst_turn(struct worst *worst, struct ledger_reader *reader, int64_t boot_ms);

/* The routes of the objective's group, those of other indicators too; NULL for none. */
const struct worst_list *worst_of(const struct worst *worst, int objective);

#endif
