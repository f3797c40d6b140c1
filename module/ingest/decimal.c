/* decimal.c - digits, a point, an exponent. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/decimal.h"

enum {
    EXPONENT_MAX = 400, /* beyond what a double can be */
};

/* Room for one more digit in 64 bits. */
#define DIGITS_MAX (UINT64_C(1000000000000000000) - 1)

/* Takes the digits at the front; `pointed`: they stand behind the point. */
static size_t take_digits(struct slice *text, struct decimal *decimal, bool pointed)
{
    size_t i = 0;

    for (; i < text->length && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        unsigned digit = (unsigned)(text->data[i] - '0');

        if (decimal->digits > DIGITS_MAX / 10) {
            decimal->more |= digit != 0;
            decimal->exponent += !pointed;
        } else {
            decimal->digits = decimal->digits * 10 + digit;
            decimal->exponent -= pointed;
        }
    }
    *text = (struct slice){ text->data + i, text->length - i };
    return i;
}

static bool take_char(struct slice *text, char c)
{
    if (text->length == 0 || text->data[0] != c)
        return false;
    *text = (struct slice){ text->data + 1, text->length - 1 };
    return true;
}

static bool take_exponent(struct slice *text, struct decimal *decimal)
{
    uint64_t value;
    bool negative;

    if (!take_char(text, 'e') && !take_char(text, 'E'))
        return true;
    negative = take_char(text, '-');
    if (!negative)
        (void)take_char(text, '+');
    if (!slice_parse_uint(*text, EXPONENT_MAX, &value))
        return false;
    *text = (struct slice){ text->data + text->length, 0 };
    decimal->exponent += negative ? -(int)value : (int)value;
    return true;
}

bool decimal_read(struct slice text, struct decimal *ret)
{
    struct decimal decimal = { .digits = 0 };

    decimal.negative = take_char(&text, '-');
    if (take_digits(&text, &decimal, false) == 0)
        return false;
    if (take_char(&text, '.') && take_digits(&text, &decimal, true) == 0)
        return false;
    if (!take_exponent(&text, &decimal) || text.length > 0)
        return false;
    *ret = decimal;
    return true;
}

bool decimal_scale(const struct decimal *decimal, int power, int64_t max, int64_t *ret,
                   bool *ret_more)
{
    uint64_t value = decimal->digits;
    bool more = decimal->more;
    int shift = decimal->exponent + power;

    if (decimal->negative && (value != 0 || more))
        return false;
    for (; shift < 0 && value > 0; shift++) {
        more |= value % 10 != 0;
        value /= 10;
    }
    for (; shift > 0 && value > 0; shift--) {
        if (value > (uint64_t)max / 10)
            return false;
        value *= 10;
    }
    if (value > (uint64_t)max)
        return false;
    *ret = (int64_t)value;
    *ret_more = more;
    return true;
}
