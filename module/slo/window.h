/* window.h - good and bad events of one objective by the minute, over its longest window.  Pure. */
#ifndef SLO_WINDOW_H
#define SLO_WINDOW_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

struct window_sum {
    uint64_t total;
    uint64_t bad;
};

struct window; /* the newest `span_minutes` minutes; days without events take no memory */

/* NULL when out of memory. */
struct window *window_new(int32_t span_minutes) MUST_CHECK;
void window_free(struct window **window);

/* Replaces what is known of one minute.  Minutes older than the span before `now_minute`, and ones
 * over a day ahead of it, are left out.  Returns 0 or -ENOMEM. */
int window_set(struct window *window, int32_t minute, struct window_sum sum,
               int32_t now_minute) MUST_CHECK;

/* Sums the `span_minutes` minutes that end with `now_minute`, the open one. */
struct window_sum window_total(const struct window *window, int32_t now_minute,
                               int32_t span_minutes);

/* Forgets everything: before a reload. */
void window_clear(struct window *window);

#endif
