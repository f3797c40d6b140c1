/* fraction.h - exact decimals: objectives, burn rates, shares of a budget.  Pure.
 *
 * No float decides a verdict.  Decimals are parsed from text; numerators and denominators have 128
 * bits: a count below 2^62 times an objective of 18 digits fits.
 */
#ifndef SLO_FRACTION_H
#define SLO_FRACTION_H

#include "base/auto.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 int128;

/* numerator / denominator; the denominator is positive.  Not necessarily reduced. */
struct fraction {
    int128 numerator;
    int128 denominator;
};

enum fraction_rounding { FRACTION_DOWN, FRACTION_UP }; /* towards minus or plus infinity */

/* Parses "0.999", "1", "-2.5": at most 18 digits in all.  Returns false for anything else. */
bool fraction_parse(struct slice text, struct fraction *ret) MUST_CHECK;

/* Reduced.  The denominator must be positive. */
struct fraction fraction_of(int64_t numerator, int64_t denominator);

/* -1, 0 or 1.  Always exact: nothing is multiplied, so nothing can overflow. */
int fraction_compare(struct fraction a, struct fraction b);

#define FRACTION_TEXT_BYTES 56

/* The value below 2^bits in numerator and denominator, for sums that go on multiplying: reduced,
 * and where that is not enough cut short towards zero. */
struct fraction fraction_shorten(struct fraction value, int bits);

/* Writes it with at most `decimals` (0 to 9) digits behind the point, rounded as said, trailing
 * zeros cut ("0.999", "1", "-0.5").  The denominator is at most 2^123. */
void fraction_print(struct fraction value, int decimals, enum fraction_rounding rounding,
                    char text[FRACTION_TEXT_BYTES]);

#endif
