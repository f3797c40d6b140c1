/* figures.c - minutes into windows, windows into verdicts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/figures.h"

#include <errno.h>

enum {
    DAY_MINUTES = 1440,
    MINUTE_MS = 60 * 1000,
    /* The ledger notes every 10 s how far it has watched: younger than this nothing is missing. */
    WATCH_RHYTHM_MS = 15 * 1000,
};

int figures_init(struct figures *figures, const struct objective *objectives, int count)
{
    *figures = (struct figures){ .objectives = objectives, .count = count };
    for (int i = 0; i < count; i++) {
        figures->windows[i] = window_new(objectives[i].window_minutes);
        if (figures->windows[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

void figures_done(struct figures *figures)
{
    for (int i = 0; i < figures->count; i++)
        window_free(&figures->windows[i]);
}

/* All that the window holds, the minutes ahead of the clock too. */
static struct window_sum held(const struct figures *figures, int objective, int32_t now_minute)
{
    return window_total(figures->windows[objective], now_minute + DAY_MINUTES,
                        figures->objectives[objective].window_minutes);
}

static int take_minutes(struct figures *figures, const struct ledger_changes *changes,
                        int32_t now_minute)
{
    for (int i = 0; i < changes->minute_count; i++) {
        const struct ledger_minute *row = &changes->minutes[i];

        if (row->objective < 0 || row->objective >= figures->count)
            continue;
        if (window_set(figures->windows[row->objective], row->minute, row->sum, now_minute) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* A sum over a window falls when old minutes leave it; a counter may not.  So the counter begins
 * with all that the ledger holds, as long as that is everything since measuring began (it then goes
 * on where it was after a restart), else with 0 as any counter does; from there it grows by what
 * each read added.  A recount after lost commits does not take away. */
static void count(struct figures *figures, const struct window_sum before[], int64_t now_wall_ms)
{
    int32_t now_minute = (int32_t)(now_wall_ms / MINUTE_MS);
    bool first = figures->as_of_wall_ms == 0;

    for (int i = 0; i < figures->count; i++) {
        struct window_sum after = held(figures, i, now_minute);
        uint64_t good_before = before[i].total - before[i].bad;
        uint64_t good_after = after.total - after.bad;
        int64_t oldest_ms = (int64_t)(now_minute + DAY_MINUTES
                                      - figures->objectives[i].window_minutes)
                            * MINUTE_MS;

        if (first && figures->coverage.measured_since_ms < oldest_ms)
            continue;
        if (after.bad > before[i].bad) {
            figures->counted[i].bad += after.bad - before[i].bad;
            figures->counted[i].total += after.bad - before[i].bad;
        }
        if (good_after > good_before)
            figures->counted[i].total += good_after - good_before;
    }
}

int figures_apply(struct figures *figures, const struct ledger_changes *changes,
                  int64_t now_wall_ms)
{
    int32_t now_minute = (int32_t)(now_wall_ms / MINUTE_MS);
    struct window_sum before[LIMIT_OBJECTIVES] = { { 0, 0 } };
    int code;

    for (int i = 0; i < figures->count; i++) {
        before[i] = held(figures, i, now_minute);
        if (changes->reload)
            window_clear(figures->windows[i]);
    }
    code = take_minutes(figures, changes, now_minute);
    if (code != 0)
        return code;
    figures->coverage = changes->coverage;
    count(figures, before, now_wall_ms);
    for (int i = 0; i < figures->count; i++)
        verdict_judge(&figures->objectives[i], figures->windows[i], now_wall_ms,
                      &figures->verdicts[i]);
    figures->as_of_wall_ms = now_wall_ms;
    return 0;
}

struct fraction figures_coverage(const struct figures *figures)
{
    const struct ledger_coverage *coverage = &figures->coverage;
    int64_t from_ms = figures->as_of_wall_ms - (int64_t)LIMIT_WINDOW_MINUTES * MINUTE_MS;
    int64_t to_ms = figures->as_of_wall_ms;

    if (coverage->measured_since_ms == 0 || coverage->watched_ms <= 0)
        return fraction_of(0, 1);
    if (coverage->measured_since_ms > from_ms)
        from_ms = coverage->measured_since_ms;
    if (to_ms - coverage->watched_until_ms < WATCH_RHYTHM_MS)
        to_ms = coverage->watched_until_ms;
    if (coverage->watched_ms >= to_ms - from_ms)
        return fraction_of(1, 1);
    return fraction_of(coverage->watched_ms, to_ms - from_ms);
}
