/* wilson.h - how sure are few events?  The one-sided lower bound of Wilson's score interval.  Pure.
 *
 * One failure in ten requests is a share of 10 %, but not yet proof of more than, say, 1.4 %.
 * Source: E. B. Wilson, JASA 22 (1927), 209-212.
 */
#ifndef SLO_WILSON_H
#define SLO_WILSON_H

#include "slo/fraction.h"
#include "slo/window.h"

#include <stdbool.h>

/* Whether the lower bound of bad/total at `z` lies strictly above burn * (1 - target), the error
 * ratio at which the budget burns so fast.  Exact: without a root and without a float.
 *
 * Counts are below 2^62; target and z are non-negative and have at most 18 digits; numerator and
 * denominator of `burn` are at most 2^100.  With a z of 0 the bound is the ratio itself; without
 * events it is 0 and above nothing. */
bool wilson_exceeds(struct window_sum sum, struct fraction target, struct fraction burn,
                    struct fraction z);

#endif
