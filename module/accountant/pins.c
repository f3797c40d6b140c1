/* pins.c - exclusions and the first slice, as minutes of a window. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/pins.h"

#include "slo/slices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60 * 1000,
    PINS = 2 * LIMIT_EXCLUSIONS + 1, /* of a track */
};

int32_t pins_first_slice(const struct book *book, int objective)
{
    int32_t length = book->objectives[objective].slice_minutes;
    int64_t since_ms = book_coverage_of(book, objective)->measured_since_ms;
    int32_t since = (int32_t)((since_ms + MINUTE_MS - 1) / MINUTE_MS);

    return slices_begin(since + length - 1, length);
}

static int compare_minutes(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;

    return (left > right) - (left < right);
}

/* Sums have to be able to begin and end where exclusions do, and where slices began to be expected.
 */
static int pin(struct book *book, int track, int32_t pins[])
{
    int count = 0;

    for (int i = 0; i < book->count; i++) {
        const struct ledger_exclusion *at = NULL;

        if (book->places[i].track == track && book->objectives[i].slice_minutes > 0 && count == 0)
            pins[count++] = pins_first_slice(book, i);
        while (book->places[i].track == track && (at = book_exclusion(book, i, at)) != NULL
               && count < PINS - 1) {
            pins[count++] = at->from_minute;
            pins[count++] = at->until_minute;
        }
    }
    qsort(pins, (size_t)count, sizeof(*pins), compare_minutes);
    return window_pin(book->windows[track], pins, count);
}

/* Whether sums begin and end where they did. */
bool pins_same(const struct book *book, const struct ledger_news *a, const struct ledger_news *b)
{
    for (int i = 0; i < book->catalogue->service_count; i++) {
        if (a->coverage == NULL || b->coverage == NULL
            || a->coverage[i].measured_since_ms != b->coverage[i].measured_since_ms)
            return false;
    }
    if (a->exclusion_count != b->exclusion_count)
        return false;
    for (int i = 0; i < a->exclusion_count; i++) {
        if (strcmp(a->exclusions[i].id, b->exclusions[i].id) != 0
            || a->exclusions[i].service != b->exclusions[i].service
            || a->exclusions[i].until_minute != b->exclusions[i].until_minute)
            return false;
    }
    return true;
}

int pins_set(struct book *book)
{
    AUTO(auto_free) int32_t *pins = calloc(PINS, sizeof(*pins));
    int code = pins == NULL ? -ENOMEM : 0;

    for (int i = 0; code == 0 && i < book->tracks->count; i++)
        code = pin(book, i, pins);
    return code;
}
