/* book.h - what the ledger has told so far, and the verdicts on it.  Pure; one owner.
 *
 * Figures change only with a successful read: while the ledger is out of reach the last ones stay
 * as they were, with their time.
 */
#ifndef ACCOUNTANT_BOOK_H
#define ACCOUNTANT_BOOK_H

#include "accountant/verdict.h"
#include "base/auto.h"
#include "base/limits.h"
#include "ledger/reader.h"

#include <stdbool.h>
#include <stdint.h>

struct book {
    const struct objective *objectives; /* borrowed */
    int count;
    int64_t as_of_wall_ms; /* of the last successful read; 0: never */
    /* of each objective */
    struct window **windows;
    struct verdict *verdicts;
    struct window_sum *counted;      /* for counters: never falls, see book.c */
    struct ledger_coverage coverage; /* its spans are those below */
    struct coverage_span *spans;
};

/* Returns 0 or -ENOMEM; book_done() either way. */
int book_init(struct book *book, const struct objective *objectives, int count) MUST_CHECK;
void book_done(struct book *book);

/* Takes what a read brought and judges anew.  Returns 0, or -ENOMEM: then some minutes are missing,
 * and the caller has to begin again with a reload. */
int book_apply(struct book *book, const struct ledger_changes *changes,
               int64_t now_wall_ms) MUST_CHECK;

/* What an objective counts in the `span_minutes` minutes that end with the open one, without what
 * is excluded: for the spans of its rules, of verdict_spans and of its window.  False: that is not
 * known yet, and nothing may be judged by it. */
bool book_sum(const struct book *book, int objective, int32_t span_minutes,
              struct window_sum *ret) MUST_CHECK;

/* How many of these minutes somebody watched the objective's service, as far as the ledger has been
 * told; a minute that was watched in part counts as one that was not. */
int32_t book_watched_minutes(const struct book *book, int objective, int32_t span_minutes);

/* Watched time as a share of the window, of the part since measuring began; at most 1, and 0 when
 * nothing has been watched yet. */
struct fraction book_coverage(const struct book *book);

#endif
