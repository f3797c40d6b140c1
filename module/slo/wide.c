/* wide.c - schoolbook arithmetic on limbs of 32 bits. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/wide.h"

#include <assert.h>

enum { LIMB_BITS = 32 };

struct wide wide_of(int128 value)
{
    struct wide wide = { { 0 } };

    assert(value >= 0);
    for (int i = 0; value > 0; i++) {
        wide.limbs[i] = (uint32_t)value;
        value >>= LIMB_BITS;
    }
    return wide;
}

/* Adds `limb` * `by` from place `at` on. */
static void add_product(struct wide *sum, const struct wide *by, uint32_t limb, int at)
{
    uint64_t carry = 0;

    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t product = (uint64_t)limb * by->limbs[i] + carry;

        if (at + i >= WIDE_LIMBS) {
            assert(product == 0);
            break;
        }
        product += sum->limbs[at + i];
        sum->limbs[at + i] = (uint32_t)product;
        carry = product >> LIMB_BITS;
    }
    assert(at > 0 || carry == 0);
}

struct wide wide_times(struct wide a, struct wide b)
{
    struct wide product = { { 0 } };

    for (int i = 0; i < WIDE_LIMBS; i++) {
        if (a.limbs[i] != 0)
            add_product(&product, &b, a.limbs[i], i);
    }
    return product;
}

struct wide wide_minus(struct wide a, struct wide b)
{
    uint32_t borrow = 0;

    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t taken = (uint64_t)b.limbs[i] + borrow;

        borrow = a.limbs[i] < taken;
        a.limbs[i] = (uint32_t)(a.limbs[i] - taken);
    }
    assert(borrow == 0);
    return a;
}

int wide_compare(struct wide a, struct wide b)
{
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        if (a.limbs[i] != b.limbs[i])
            return a.limbs[i] < b.limbs[i] ? -1 : 1;
    }
    return 0;
}
