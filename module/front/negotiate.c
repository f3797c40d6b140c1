/* negotiate.c - media types and their qualities (RFC 9110, section 12.5.1). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/negotiate.h"

enum { WHOLE = 1000 }; /* qualities are counted in thousandths */

/* "0.75" is 750; -1 for what is no quality. */
static int parse_quality(struct slice text)
{
    int scale = WHOLE;
    int quality = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (i == 1 ? c != '.' : c < '0' || c > '9' || i > 4)
            return -1;
        if (i == 1)
            continue;
        quality += (c - '0') * scale;
        scale /= 10;
    }
    return text.length == 0 || quality > WHOLE ? -1 : quality;
}

/* What is left of a range behind its media type; a quality that is none counts as not said. */
static int quality_of(struct slice parameters)
{
    while (parameters.length > 0) {
        struct slice value = slice_cut(&parameters, ';');
        struct slice name = slice_trim(slice_cut(&value, '='));
        int quality = parse_quality(slice_trim(value));

        if (slice_equals_nocase(name, SLICE("q")) && quality >= 0)
            return quality;
    }
    return WHOLE;
}

/* How closely a range names a media type: 3 as it is, 2 its kind, 1 as anything, 0 not at all. */
static int closeness(struct slice range, struct slice media_type)
{
    struct slice kind = media_type;

    if (slice_equals_nocase(range, media_type))
        return 3;
    kind.length = slice_cut(&media_type, '/').length + 1;
    if (range.length == kind.length + 1 && range.data[kind.length] == '*'
        && slice_equals_nocase((struct slice){ range.data, kind.length }, kind))
        return 2;
    return slice_equals(range, SLICE("*/*"));
}

/* The closest range decides, whatever its quality (RFC 9110, section 12.5.1). */
static int wanted(struct slice accept, struct slice media_type)
{
    int closest = 0;
    int best = 0;

    while (accept.length > 0) {
        struct slice parameters = slice_cut(&accept, ',');
        int close = closeness(slice_trim(slice_cut(&parameters, ';')), media_type);
        int quality = close == 0 || close < closest ? 0 : quality_of(parameters);

        if (close > closest || (close == closest && quality > best))
            best = quality;
        if (close > closest)
            closest = close;
    }
    return best;
}

int negotiate_choose(struct slice accept, const struct slice media_types[], int count)
{
    int chosen = 0;
    int most = 0;

    for (int i = 0; i < count; i++) {
        int quality = wanted(accept, media_types[i]);

        if (quality > most) {
            chosen = i;
            most = quality;
        }
    }
    return chosen;
}

bool negotiate_accepts(struct slice accept, struct slice media_type)
{
    while (accept.length > 0) {
        struct slice range = slice_cut(&accept, ',');

        if (slice_equals_nocase(slice_trim(slice_cut(&range, ';')), media_type)
            && quality_of(range) > 0)
            return true;
    }
    return false;
}
