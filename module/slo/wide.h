/* wide.h - products that 128 bits can't hold: non-negative integers of 640 bits.  Pure.
 *
 * For comparisons that multiply counts with numerators and denominators of several fractions.  A
 * product that doesn't fit ends the program in a debug build; whoever calls says why its own fits.
 */
#ifndef SLO_WIDE_H
#define SLO_WIDE_H

#include "slo/fraction.h"

#include <stdint.h>

enum { WIDE_LIMBS = 20 };

struct wide {
    uint32_t limbs[WIDE_LIMBS]; /* the lowest first */
};

/* The value must not be negative. */
struct wide wide_of(int128 value);

struct wide wide_times(struct wide a, struct wide b);

/* a - b, which must not be negative. */
struct wide wide_minus(struct wide a, struct wide b);

/* -1, 0 or 1. */
int wide_compare(struct wide a, struct wide b);

#endif
