/* decimal.h - a number as JSON writes it, without a float in between.  Pure. */
#ifndef INGEST_DECIMAL_H
#define INGEST_DECIMAL_H

#include "base/auto.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* digits * 10^exponent, and a little more if `more`. */
struct decimal {
    uint64_t digits;
    int exponent;
    bool negative;
    bool more;
};

/* Reads the whole text: JSON's grammar, with zeros in front allowed.  False for anything else. */
bool decimal_read(struct slice text, struct decimal *ret) MUST_CHECK;

/* The number times 10^power, cut to an integer; `*ret_more`: something was cut.  False when it is
 * negative or over `max`. */
bool decimal_scale(const struct decimal *decimal, int power, int64_t max, int64_t *ret,
                   bool *ret_more) MUST_CHECK;

#endif
