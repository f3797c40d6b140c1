/* pins.h - where sums of a track begin or end beside their spans: at exclusions, and where slices
 * began to be expected.  For accountant/book.c alone.
 */
#ifndef ACCOUNTANT_PINS_H
#define ACCOUNTANT_PINS_H

#include "accountant/book.h"

/* The first slice that begins since measuring began; 0 while nobody has measured. */
int32_t pins_first_slice(const struct book *book, int objective);

/* Whether two reads ask for the same minutes. */
bool pins_same(const struct book *book, const struct ledger_news *a, const struct ledger_news *b);

/* Tells all windows, by the book's news.  0 or -ENOMEM. */
int pins_set(struct book *book) MUST_CHECK;

#endif
