/* window.h - good and bad events along time: quarter hours over the longest span, and minutes where
 * a sum may begin or end.  Pure.
 *
 * Every sum is exact to the minute or not given at all.  What is told of a quarter hour is its sum;
 * its minutes are held near the clock, at the far edge of each span, and at pinned minutes.  As
 * long as all changes are told (minutes first, then their quarter hours) a quarter hour that had no
 * events needs no telling of its minutes; others are asked for with window_missing() and given with
 * window_set_detail().
 */
#ifndef SLO_WINDOW_H
#define SLO_WINDOW_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WINDOW_QUARTER_MINUTES = 15,
    /* The minutes of the newest quarter hours are held as they come: what spans of up to two hours
     * end with needs not be asked for. */
    WINDOW_NEWEST_MINUTES = 150,
    /* Clocks may be ahead of ours by so much. */
    WINDOW_AHEAD_MINUTES = 1440,
};

struct window_sum {
    uint64_t total;
    uint64_t bad;
};

struct window;

/* Holds the newest `reach_minutes` minutes, or the longest span if that is more.  `spans` (in
 * minutes) are the lengths of the sums that end with the open minute; copied.  NULL when out of
 * memory. */
struct window *window_new(int32_t reach_minutes, const int32_t spans[], int count) MUST_CHECK;
void window_free(struct window **window);

/* Forgets every count: before a reload. */
void window_clear(struct window *window);

/* Further minutes at which a sum may begin or end; replaces the ones before.  0 or -ENOMEM. */
int window_pin(struct window *window, const int32_t minutes[], int count) MUST_CHECK;

/* The clock has come to `now_minute`: forgets what is too old, and minutes that are not wanted. */
void window_advance(struct window *window, int32_t now_minute);

/* Whether the minutes of a quarter hour are wanted at this time: changes of others need not be
 * told. */
bool window_wants(const struct window *window, int32_t quarter);

/* The same for all tracks together: from which minute on all are wanted, and the quarter hours
 * before it.  Adds those that are not yet among the first `count` of the array; returns how many
 * there are then, at most `max`. */
int32_t window_newest_minute(int32_t now_minute);
int window_add_wanted(const struct window *window, int32_t quarters[], int count, int max);

/* Replaces what is known of one minute, or of a quarter hour.  What lies outside the window is left
 * aside.  Returns 0, or -ENOMEM: then clear. */
int window_set_minute(struct window *window, int32_t minute, struct window_sum sum) MUST_CHECK;
int window_set_quarter(struct window *window, int32_t quarter, struct window_sum sum) MUST_CHECK;

/* Replaces all minutes of a quarter hour; its sum stays what it is.  Where the minutes don't add up
 * to it they are no longer kept (a window that was made longer): sums then take it whole. */
int window_set_detail(struct window *window, int32_t quarter,
                      const struct window_sum minutes[WINDOW_QUARTER_MINUTES]) MUST_CHECK;

/* The quarter hours whose minutes are wanted and not known: those in which a sum may begin or end
 * at this time, or with `ahead` those that will be so next.  Each once; returns how many, at most
 * `max`. */
int window_missing(const struct window *window, bool ahead, int32_t quarters[], int max);

/* Sums the minutes from `from` until before `until`.  False, leaving `*ret`: that can't be known,
 * for want of the minutes at an end or because it begins before everything that is held. */
bool window_sum(const struct window *window, int32_t from, int32_t until,
                struct window_sum *ret) MUST_CHECK;

/* Sums the `span_minutes` minutes that end with the open one. */
bool window_total(const struct window *window, int32_t span_minutes,
                  struct window_sum *ret) MUST_CHECK;

/* Everything that is held, what is ahead of the clock included. */
struct window_sum window_held(const struct window *window);

/* The sum of one quarter hour; nothing for one that is not held. */
struct window_sum window_quarter(const struct window *window, int32_t quarter);

/* The quarter hour in which the window begins, and the last one that is held, ahead of the clock.
 */
int32_t window_first_quarter(const struct window *window);
int32_t window_last_quarter(const struct window *window);

/* Whether the minutes of a quarter hour are known: there are none, or they have been told. */
bool window_knows_minutes(const struct window *window, int32_t quarter);

/* How much memory the counts take. */
uint64_t window_bytes(const struct window *window);

#endif
