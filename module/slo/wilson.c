/* wilson.c - the score interval's defining inequality, multiplied out.
 *
 * With p = bad/total, the interval's ends are the two solutions e of
 *
 *     (p - e)^2 = z^2 * e * (1 - e) / total,
 *
 * and p lies between them.  So the lower end is above e exactly when e < p and the left side is
 * greater than the right one.  With e = a/b and z = u/v, times (total*b*v)^2:
 *
 *     bad*b > a*total   and   (bad*b - a*total)^2 * v^2 > u^2 * a * (b - a) * total.
 *
 * Bits: bad*b and a*total have at most 62 + 100 + 60 = 222, the left side 2*222 + 2*60 = 564, the
 * right one less; 640 are there.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/wilson.h"

#include "slo/wide.h"

static struct wide square(struct wide value)
{
    return wide_times(value, value);
}

bool wilson_exceeds(struct window_sum sum, struct fraction target, struct fraction burn,
                    struct fraction z)
{
    struct wide total = wide_of((int128)sum.total);
    struct wide a =
        wide_times(wide_of(burn.numerator), wide_of(target.denominator - target.numerator));
    struct wide b = wide_times(wide_of(burn.denominator), wide_of(target.denominator));
    struct wide found = wide_times(wide_of((int128)sum.bad), b);
    struct wide borne = wide_times(a, total);
    struct wide left;
    struct wide right;

    /* Where this fails a may exceed b; behind it a/b < bad/total <= 1. */
    if (wide_compare(found, borne) <= 0)
        return false;
    left = wide_times(square(wide_minus(found, borne)), square(wide_of(z.denominator)));
    right = wide_times(wide_times(a, wide_minus(b, a)), total);
    right = wide_times(right, square(wide_of(z.numerator)));
    return wide_compare(left, right) > 0;
}
