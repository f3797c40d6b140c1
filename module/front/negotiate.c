/* negotiate.c - media types and their qualities (RFC 9110, section 12.5.1). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/negotiate.h"

/* "q=0", "q=0.", "q=0.000": asked not to. */
static bool is_zero_quality(struct slice parameter)
{
    struct slice value = parameter;
    struct slice name = slice_trim(slice_cut(&value, '='));

    value = slice_trim(value);
    if (!slice_equals_nocase(name, SLICE("q")) || value.length == 0)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] != '0' && value.data[i] != '.')
            return false;
    }
    return true;
}

bool negotiate_accepts(struct slice accept, struct slice media_type)
{
    while (accept.length > 0) {
        struct slice range = slice_cut(&accept, ',');
        bool named = slice_equals_nocase(slice_trim(slice_cut(&range, ';')), media_type);

        while (named && range.length > 0)
            named = !is_zero_quality(slice_trim(slice_cut(&range, ';')));
        if (named)
            return true;
    }
    return false;
}
