/* exclusions.h - time that does not count against a budget: what was booked as such, and
 * maintenance.  A row is never deleted: one that was taken back says by whom. */
#ifndef LEDGER_EXCLUSIONS_H
#define LEDGER_EXCLUSIONS_H

#include "base/auto.h"
#include "base/random.h"
#include "ledger/history.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXCLUSION_REASON_BYTES = 512, EXCLUSION_AUTHOR_BYTES = 128 };

struct exclusion {
    char id[RANDOM_HEX_BYTES];
    char objective[96]; /* "": every objective of the service */
    struct minute_span span;
    char reason[EXCLUSION_REASON_BYTES];
    char author[EXCLUSION_AUTHOR_BYTES];
    int64_t created_at_ms;   /* wall */
    int64_t withdrawn_at_ms; /* wall; 0: it is in force */
    char withdrawn_by[EXCLUSION_AUTHOR_BYTES];
    bool is_maintenance; /* minutes that maintenance has touched: they can't be taken back */
};

/* What an exclusion is about. */
struct exclusion_scope {
    const char *service;
    const char *objective;
};

/* All that concern the objective, newest first, at most a thousand, the withdrawn ones too. */
int exclusions_list(struct desk_visit *visit, const struct exclusion_scope *scope,
                    void (*take)(void *context, const struct exclusion *exclusion),
                    void *context) MUST_CHECK;

/* Whether one more fits what readers take, of those that reach into the service's longest window.
 * Who is to book it waits for others who do. */
int exclusions_room(struct desk_visit *visit, const char *service, bool *ret) MUST_CHECK;

/* Books one for scope->objective: span, reason and author are the caller's, id and created_at_ms
 * are filled in.  -EEXIST when one that is in force covers exactly the same time: `*exclusion` is
 * that one then; -ENOSPC when there is no room for more. */
int exclusions_add(struct desk_visit *visit, const struct exclusion_scope *scope,
                   struct exclusion *exclusion) MUST_CHECK;

/* Takes one back.  -ENOENT when the objective has none of this id; -EALREADY when it was taken back
 * before; -EPERM when it is maintenance.  `*ret` is the exclusion as it stands, but for -ENOENT. */
int exclusions_withdraw(struct desk_visit *visit, const struct exclusion_scope *scope,
                        const char *id, const char *author, struct exclusion *ret) MUST_CHECK;

/* The minutes of `within` that are excluded now, merged; free() them. */
int exclusions_spans(struct desk_visit *visit, const struct exclusion_scope *scope,
                     struct minute_span within, struct minute_span **ret,
                     int *ret_count) MUST_CHECK;

#endif
