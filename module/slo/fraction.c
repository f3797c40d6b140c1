/* fraction.c - reading, comparing and printing decimals without a float. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/fraction.h"

#include <assert.h>
#include <stddef.h>

enum {
    PARSE_DIGITS = 18, /* 10^18 fits 60 bits, and times a count of 62 bits still 128 */
    PRINT_DECIMALS = 9,
    INTEGER_DIGITS = 39, /* of 2^127 */
};

static int128 magnitude_of(int128 value)
{
    return value < 0 ? -value : value;
}

static struct fraction reduce(struct fraction value)
{
    int128 a = magnitude_of(value.numerator);
    int128 b = value.denominator;

    while (b != 0) {
        int128 rest = a % b;

        a = b;
        b = rest;
    }
    return (struct fraction){ value.numerator / a, value.denominator / a };
}

bool fraction_parse(struct slice text, struct fraction *ret)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    struct fraction value = { 0, 1 };
    bool behind_point = false;
    int digits = 0;
    char last = '\0';

    for (size_t i = negative ? 1 : 0; i < text.length; i++) {
        char c = text.data[i];

        last = c;
        if (c == '.' && !behind_point && digits > 0) {
            behind_point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > PARSE_DIGITS)
            return false;
        value.numerator = value.numerator * 10 + (c - '0');
        if (behind_point)
            value.denominator *= 10;
    }
    if (digits == 0 || last == '.')
        return false;
    if (negative)
        value.numerator = -value.numerator;
    *ret = reduce(value);
    return true;
}

struct fraction fraction_of(int64_t numerator, int64_t denominator)
{
    assert(denominator > 0);
    return reduce((struct fraction){ numerator, denominator });
}

struct fraction fraction_shorten(struct fraction value, int bits)
{
    int128 bound = (int128)1 << bits;

    value = reduce(value);
    while (magnitude_of(value.numerator) >= bound || value.denominator >= bound) {
        value.numerator /= 2;
        value.denominator = value.denominator / 2 + value.denominator % 2;
    }
    return value;
}

/* The integer part towards minus infinity; what is left over is in [0, 1). */
static int128 split(struct fraction value, struct fraction *ret_rest)
{
    int128 whole = value.numerator / value.denominator;
    int128 rest = value.numerator % value.denominator;

    if (rest < 0) {
        rest += value.denominator;
        whole--;
    }
    *ret_rest = (struct fraction){ rest, value.denominator };
    return whole;
}

/* As continued fractions: the integer parts decide, else the rests, which compare the other way
 * round once they are turned upside down.  Ends like Euclid's algorithm. */
int fraction_compare(struct fraction a, struct fraction b)
{
    int sign = 1;

    assert(a.denominator > 0 && b.denominator > 0);
    for (;;) {
        struct fraction rest_a;
        struct fraction rest_b;
        int128 whole_a = split(a, &rest_a);
        int128 whole_b = split(b, &rest_b);

        if (whole_a != whole_b)
            return whole_a < whole_b ? -sign : sign;
        if (rest_a.numerator == 0 || rest_b.numerator == 0)
            return sign * ((rest_a.numerator != 0) - (rest_b.numerator != 0));
        a = (struct fraction){ rest_a.denominator, rest_a.numerator };
        b = (struct fraction){ rest_b.denominator, rest_b.numerator };
        sign = -sign;
    }
}

/* Digits of a number without its sign: `integer` of them, then the decimals, nothing between. */
struct digits {
    char text[INTEGER_DIGITS + PRINT_DECIMALS + 2];
    int integer;
    int count;
};

/* A spare 0 leads, so that rounding up never needs room in front. */
static bool write_digits(int128 numerator, int128 denominator, int decimals, struct digits *digits)
{
    char reversed[INTEGER_DIGITS + 1];
    int128 whole = numerator / denominator;
    int128 rest = numerator % denominator;
    int count = 0;

    do {
        reversed[count++] = (char)('0' + (int)(whole % 10));
        whole /= 10;
    } while (whole > 0);
    digits->text[0] = '0';
    digits->integer = count + 1;
    for (int i = 0; i < count; i++)
        digits->text[1 + i] = reversed[count - 1 - i];
    for (int i = 0; i < decimals; i++) {
        rest *= 10;
        digits->text[digits->integer + i] = (char)('0' + (int)(rest / denominator));
        rest %= denominator;
    }
    digits->count = digits->integer + decimals;
    return rest != 0;
}

static void round_away(struct digits *digits)
{
    int at = digits->count - 1;

    while (digits->text[at] == '9')
        digits->text[at--] = '0';
    digits->text[at]++;
}

void fraction_print(struct fraction value, int decimals, enum fraction_rounding rounding,
                    char text[FRACTION_TEXT_BYTES])
{
    bool negative = value.numerator < 0;
    struct digits digits;
    int first = 0;
    int length = 0;
    bool rest;

    assert(decimals >= 0 && decimals <= PRINT_DECIMALS);
    /* Ten times what is left over must fit. */
    assert(value.denominator > 0 && value.denominator <= (int128)1 << 123);
    rest = write_digits(magnitude_of(value.numerator), value.denominator, decimals, &digits);
    if (rest && (rounding == FRACTION_UP) != negative)
        round_away(&digits);
    while (digits.count > digits.integer && digits.text[digits.count - 1] == '0')
        digits.count--;
    while (first < digits.integer - 1 && digits.text[first] == '0')
        first++;
    if (negative && !(digits.count == digits.integer && digits.text[first] == '0'))
        text[length++] = '-';
    for (int i = first; i < digits.count; i++) {
        if (i == digits.integer)
            text[length++] = '.';
        text[length++] = digits.text[i];
    }
    text[length] = '\0';
}
