/* fraction.h - exact decimals: objectives, burn rates, shares of a budget.  Pure.
 *
 * No float decides a verdict.  Decimals are parsed from text; comparisons multiply out in 128 bits.
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

struct fraction fraction_of(int64_t numerator, int64_t denominator);

/* -1, 0 or 1.  Exact as long as both cross products fit 127 bits; every value this program makes
 * (counts below 2^62 times objectives of at most 18 digits reduced) does; asserted. */
int fraction_compare(struct fraction a, struct fraction b);

#define FRACTION_TEXT_BYTES 48

/* Writes it with at most `decimals` (0 to 9) digits behind the point, rounded as said, trailing
 * zeros cut ("0.999", "1", "-0.5"). */
void fraction_print(struct fraction value, int decimals, enum fraction_rounding rounding,
                    char text[FRACTION_TEXT_BYTES]);

#endif
