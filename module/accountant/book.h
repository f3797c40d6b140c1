/* book.h - what the ledger has told so far, and the verdicts on it.  Pure; one owner.
 *
 * Figures change only with a complete read: while the ledger is out of reach, or being loaded, the
 * last ones stay as they were, with their time.
 */
#ifndef ACCOUNTANT_BOOK_H
#define ACCOUNTANT_BOOK_H

#include "accountant/verdict.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/limits.h"
#include "ledger/reader.h"
#include "slo/calendar.h"
#include "slo/track.h"

#include <stdbool.h>
#include <stdint.h>

/* What does not change with the figures. */
struct book_place {
    int track; /* -1: never evaluated */
    int service;
    struct calendar_span calendar; /* the calendar window that holds now */
};

struct book {
    const struct catalogue *catalogue;  /* borrowed */
    const struct objective *objectives; /* the catalogue's */
    int count;
    struct tracks *tracks;
    struct window **windows; /* of the tracks: for ledger_reader_read() */

    int64_t as_of_wall_ms;   /* of the last complete read; 0: never */
    struct arena *arena;     /* what that read brought */
    struct ledger_news news; /* in it; its coverage is by service */

    /* of each objective */
    struct book_place *places;
    struct verdict *verdicts;
    struct window_sum *counted; /* for counters: never falls, see book.c */

    struct window_sum *held; /* of each track, before the read that is under way */
    bool reading;
};

/* Returns 0 or -ENOMEM; book_done() either way. */
int book_init(struct book *book, const struct catalogue *catalogue) MUST_CHECK;
void book_done(struct book *book);

/* Before a read: windows go on to now. */
void book_expect(struct book *book, int64_t now_wall_ms);

/* After a complete read: judges anew, and takes over what the read brought with its arena (sets it
 * to NULL).  Returns 0, -ENOMEM, or -EAGAIN when a sum is not known yet: read again, the figures
 * are still the old ones. */
int book_apply(struct book *book, const struct ledger_news *news, struct arena **arena,
               int64_t now_wall_ms) MUST_CHECK;

/* What an objective counts in the `span_minutes` minutes that end with the open one, without what
 * is excluded: for the spans of its rules, of verdict_spans and of its window.  False: that is not
 * known yet, and nothing may be judged by it. */
bool book_sum(const struct book *book, int objective, int32_t span_minutes,
              struct window_sum *ret) MUST_CHECK;

/* How many of the newest minutes nobody watched the objective's service, as far as the ledger has
 * been told; a minute that was watched in part counts, one from before measuring began does not. */
int32_t book_dark_minutes(const struct book *book, int objective, int32_t span_minutes);

/* How the objective's service was watched; never NULL, all 0 before the first read. */
const struct ledger_coverage *book_coverage_of(const struct book *book, int objective);

/* The newest event of any service, wall clock; 0: none yet. */
int64_t book_last_event_ms(const struct book *book);

/* Watched time as a share of the objective's window, of the part since measuring began; at most 1,
 * and 0 when nothing has been watched yet. */
struct fraction book_coverage(const struct book *book, int objective);

/* What the objective counts between two minutes, excluded or not.  False: that is not known. */
bool book_events(const struct book *book, int objective, struct verdict_window window,
                 struct window_sum *ret) MUST_CHECK;

/* The exclusions that concern an objective, in the order of their beginnings: the first one, and
 * the next one after another; NULL at the end. */
const struct ledger_exclusion *book_exclusion(const struct book *book, int objective,
                                              const struct ledger_exclusion *after);

#endif
