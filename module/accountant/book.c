/* book.c - minutes into windows, windows into verdicts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_MINUTES = 1440,
    MINUTE_MS = 60 * 1000,
    /* The ledger notes every 10 s how far it has watched: younger than this nothing is missing. */
    WATCH_RHYTHM_MS = 15 * 1000,
};

int book_init(struct book *book, const struct objective *objectives, int count)
{
    size_t room = (size_t)count + 1;

    *book = (struct book){ .objectives = objectives };
    book->windows = calloc(room, sizeof(struct window *));
    book->verdicts = calloc(room, sizeof(*book->verdicts));
    book->counted = calloc(room, sizeof(*book->counted));
    if (book->windows == NULL || book->verdicts == NULL || book->counted == NULL)
        return -ENOMEM;
    book->count = count;
    for (int i = 0; i < count; i++) {
        book->windows[i] = window_new(objectives[i].window_minutes);
        if (book->windows[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

void book_done(struct book *book)
{
    for (int i = 0; i < book->count; i++)
        window_free(&book->windows[i]);
    free(book->windows);
    free(book->verdicts);
    free(book->counted);
    free(book->spans);
    *book = (struct book){ 0 };
}

/* All that the window holds, the minutes ahead of the clock too. */
static struct window_sum held(const struct book *book, int objective, int32_t now_minute)
{
    return window_total(book->windows[objective], now_minute + DAY_MINUTES,
                        book->objectives[objective].window_minutes);
}

static int take_minutes(struct book *book, const struct ledger_changes *changes, int32_t now_minute)
{
    for (int i = 0; i < changes->minute_count; i++) {
        const struct ledger_minute *row = &changes->minutes[i];

        if (row->objective < 0 || row->objective >= book->count)
            continue;
        if (window_set(book->windows[row->objective], row->minute, row->sum, now_minute) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* A sum over a window falls when old minutes leave it; a counter may not.  So the counter begins
 * with all that the ledger holds, as long as that is everything since measuring began (it then goes
 * on where it was after a restart), else with 0 as any counter does; from there it grows by what
 * each read added.  A recount after lost commits does not take away. */
static void count(struct book *book, const struct window_sum before[], int64_t now_wall_ms)
{
    int32_t now_minute = (int32_t)(now_wall_ms / MINUTE_MS);
    bool first = book->as_of_wall_ms == 0;

    for (int i = 0; i < book->count; i++) {
        struct window_sum after = held(book, i, now_minute);
        uint64_t good_before = before[i].total - before[i].bad;
        uint64_t good_after = after.total - after.bad;
        int64_t oldest_ms =
            (int64_t)(now_minute + DAY_MINUTES - book->objectives[i].window_minutes) * MINUTE_MS;

        if (first && book->coverage.measured_since_ms < oldest_ms)
            continue;
        if (after.bad > before[i].bad) {
            book->counted[i].bad += after.bad - before[i].bad;
            book->counted[i].total += after.bad - before[i].bad;
        }
        if (good_after > good_before)
            book->counted[i].total += good_after - good_before;
    }
}

static int take_coverage(struct book *book, const struct ledger_coverage *coverage)
{
    size_t bytes = (size_t)coverage->span_count * sizeof(*book->spans);
    struct coverage_span *spans = realloc(book->spans, bytes + 1);

    if (spans == NULL)
        return -ENOMEM;
    if (bytes > 0)
        memcpy(spans, coverage->spans, bytes);
    book->spans = spans;
    book->coverage = *coverage;
    book->coverage.spans = spans;
    return 0;
}

int book_apply(struct book *book, const struct ledger_changes *changes, int64_t now_wall_ms)
{
    int32_t now_minute = (int32_t)(now_wall_ms / MINUTE_MS);
    AUTO(auto_free) struct window_sum *before = calloc((size_t)book->count + 1, sizeof(*before));
    int code;

    if (before == NULL)
        return -ENOMEM;
    for (int i = 0; i < book->count; i++) {
        before[i] = held(book, i, now_minute);
        if (changes->reload)
            window_clear(book->windows[i]);
    }
    code = take_minutes(book, changes, now_minute);
    if (code != 0)
        return code;
    code = take_coverage(book, &changes->coverage);
    if (code != 0)
        return code;
    count(book, before, now_wall_ms);
    for (int i = 0; i < book->count; i++)
        verdict_judge(&book->objectives[i], book->windows[i], now_wall_ms, &book->verdicts[i]);
    book->as_of_wall_ms = now_wall_ms;
    return 0;
}

bool book_sum(const struct book *book, int objective, int32_t span_minutes, struct window_sum *ret)
{
    if (book->as_of_wall_ms == 0)
        return false;
    *ret = window_total(book->windows[objective], (int32_t)(book->as_of_wall_ms / MINUTE_MS),
                        span_minutes);
    return true;
}

int32_t book_watched_minutes(const struct book *book, int objective, int32_t span_minutes)
{
    const struct ledger_coverage *coverage = &book->coverage;
    int32_t end = (int32_t)(book->as_of_wall_ms / MINUTE_MS) + 1;
    int64_t watched = 0;

    (void)objective;
    for (int i = 0; i < coverage->span_count; i++) {
        int64_t from = (coverage->spans[i].from_ms + MINUTE_MS - 1) / MINUTE_MS;
        int64_t until = coverage->spans[i].until_ms / MINUTE_MS;

        /* Up to now: how far it has watched is noted every few seconds only. */
        if (coverage->spans[i].until_ms >= book->as_of_wall_ms - WATCH_RHYTHM_MS)
            until = end;
        if (from < end - span_minutes)
            from = end - span_minutes;
        if (until > end)
            until = end;
        watched += until > from ? until - from : 0;
    }
    return (int32_t)watched;
}

struct fraction book_coverage(const struct book *book)
{
    const struct ledger_coverage *coverage = &book->coverage;
    int64_t from_ms = book->as_of_wall_ms - (int64_t)LIMIT_WINDOW_MINUTES * MINUTE_MS;
    int64_t to_ms = book->as_of_wall_ms;

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
