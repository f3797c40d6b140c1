/* book.c - windows into sums, sums into verdicts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/book.h"

#include "accountant/pins.h"
#include "accountant/watching.h"
#include "slo/slices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

/* --- construction --- */

static int make_windows(struct book *book)
{
    int32_t shown[VERDICT_SPANS];

    for (int i = 0; i < VERDICT_SPANS; i++)
        shown[i] = verdict_spans[i].minutes;
    book->tracks = tracks_new(book->catalogue, shown, VERDICT_SPANS);
    if (book->tracks == NULL)
        return -ENOMEM;
    book->windows = calloc((size_t)book->tracks->count + 1, sizeof(struct window *));
    book->held = calloc((size_t)book->tracks->count + 1, sizeof(*book->held));
    if (book->windows == NULL || book->held == NULL)
        return -ENOMEM;
    for (int i = 0; i < book->tracks->count; i++) {
        book->windows[i] = track_window(&book->tracks->tracks[i]);
        if (book->windows[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

int book_init(struct book *book, const struct catalogue *catalogue)
{
    size_t room = (size_t)catalogue->objective_count + 1;

    *book = (struct book){ .catalogue = catalogue, .objectives = catalogue->objectives };
    book->places = calloc(room, sizeof(*book->places));
    book->verdicts = calloc(room, sizeof(*book->verdicts));
    book->counted = calloc(room, sizeof(*book->counted));
    if (book->places == NULL || book->verdicts == NULL || book->counted == NULL
        || make_windows(book) != 0)
        return -ENOMEM;
    book->count = catalogue->objective_count;
    for (int i = 0; i < book->count; i++) {
        book->places[i].track = book->tracks->of_objective[i];
        book->places[i].service =
            catalogue_service(catalogue, slice_of(book->objectives[i].service));
    }
    return 0;
}

void book_done(struct book *book)
{
    for (int i = 0; book->windows != NULL && i < book->tracks->count; i++)
        window_free(&book->windows[i]);
    free((void *)book->windows);
    free(book->held);
    free(book->places);
    free(book->verdicts);
    free(book->counted);
    tracks_free(&book->tracks);
    arena_free(&book->arena);
    *book = (struct book){ 0 };
}

/* --- sums --- */

/* What a stretch of minutes holds: for objectives that count slices also how many it should. */
struct part {
    struct window_sum sum;
    struct slice_watch slices;
};

const struct ledger_coverage *book_coverage_of(const struct book *book, int objective)
{
    static const struct ledger_coverage nothing;

    return book->news.coverage == NULL ? &nothing
                                       : &book->news.coverage[book->places[objective].service];
}

int64_t book_last_event_ms(const struct book *book)
{
    int64_t newest_ms = 0;

    for (int i = 0; book->news.coverage != NULL && i < book->catalogue->service_count; i++) {
        if (book->news.coverage[i].last_event_ms > newest_ms)
            newest_ms = book->news.coverage[i].last_event_ms;
    }
    return newest_ms;
}

static struct watching watching_of(const struct book *book, int objective)
{
    return (struct watching){ book_coverage_of(book, objective), book->as_of_wall_ms };
}

bool book_events(const struct book *book, int objective, struct verdict_window window,
                 struct window_sum *ret)
{
    int track = book->places[objective].track;

    return track >= 0
           && window_sum(book->windows[track], window.from_minute, window.until_minute, ret);
}

/* Slices with events from before measuring began are no part of those that are expected since: they
 * must not take the place of quiet ones. */
static bool expect_older(const struct book *book, int objective, struct verdict_window window,
                         struct slice_watch *slices)
{
    int32_t first = pins_first_slice(book, objective);
    struct window_sum older = { 0, 0 };

    if (window.from_minute >= first)
        return true;
    if (window.until_minute > first)
        window.until_minute = first;
    if (!book_events(book, objective, window, &older))
        return false;
    slices->expected += slices_in(&book->objectives[objective], older);
    return true;
}

static bool add_part(const struct book *book, int objective, struct verdict_window window,
                     struct part *part)
{
    const struct objective *of = &book->objectives[objective];
    struct watching watching = watching_of(book, objective);
    struct window_sum sum = { 0, 0 };
    struct slice_watch slices = { 0, 0 };

    if (!book_events(book, objective, window, &sum))
        return false;
    if (of->slice_minutes > 0) {
        slices =
            watching_slices(&watching, window.from_minute, window.until_minute, of->slice_minutes);
        if (!expect_older(book, objective, window, &slices))
            return false;
    }
    part->sum.total += sum.total;
    part->sum.bad += sum.bad;
    part->slices.expected += slices.expected;
    part->slices.unwatched += slices.unwatched;
    return true;
}

const struct ledger_exclusion *book_exclusion(const struct book *book, int objective,
                                              const struct ledger_exclusion *after)
{
    const struct ledger_exclusion *end = book->news.exclusions + book->news.exclusion_count;
    const struct ledger_exclusion *at = after == NULL ? book->news.exclusions : after + 1;

    for (; at < end; at++) {
        if (at->service == book->places[objective].service
            && (at->objective[0] == '\0'
                || strcmp(at->objective, book->objectives[objective].name) == 0))
            return at;
    }
    return NULL;
}

/* The minutes of a window that are excluded, each once; calls `add` for every stretch of them. */
static bool add_excluded(const struct book *book, int objective, struct verdict_window window,
                         struct part *part, struct watch *watch)
{
    const struct ledger_exclusion *at = NULL;
    struct watching watching = watching_of(book, objective);
    int32_t from = window.from_minute;

    while ((at = book_exclusion(book, objective, at)) != NULL) {
        struct verdict_window stretch = {
            .from_minute = at->from_minute > from ? at->from_minute : from,
            .until_minute =
                at->until_minute < window.until_minute ? at->until_minute : window.until_minute,
        };
        struct watch seen;

        if (stretch.until_minute <= stretch.from_minute)
            continue;
        if (!add_part(book, objective, stretch, part))
            return false;
        seen = watching_minutes(&watching, stretch.from_minute, stretch.until_minute);
        watch->watched_minutes += seen.watched_minutes;
        watch->unwatched_minutes += seen.unwatched_minutes;
        from = stretch.until_minute;
    }
    return true;
}

static struct window_sum finish(const struct objective *objective, struct part part)
{
    return objective->slice_minutes > 0 ? unwatched_slices(objective, part.sum, part.slices)
                                        : part.sum;
}

/* Everything that is to be known of one stretch of minutes. */
struct stretch_sums {
    struct window_sum counted;
    struct window_sum excluded;
    struct window_sum rest;
    struct watch watch; /* of the rest */
    struct watch plain_watch;
};

static bool sum_stretch(const struct book *book, int objective, struct verdict_window window,
                        struct stretch_sums *ret)
{
    const struct objective *of = &book->objectives[objective];
    struct watching watching = watching_of(book, objective);
    struct part all = { 0 };
    struct part excluded = { 0 };
    struct watch dark = { 0, 0 };
    struct part rest;

    if (!add_part(book, objective, window, &all)
        || !add_excluded(book, objective, window, &excluded, &dark))
        return false;
    rest = (struct part){
        { all.sum.total - excluded.sum.total, all.sum.bad - excluded.sum.bad },
        { all.slices.expected - excluded.slices.expected,
          all.slices.unwatched - excluded.slices.unwatched },
    };
    ret->counted = finish(of, all);
    ret->excluded = finish(of, excluded);
    ret->rest = finish(of, rest);
    ret->plain_watch = watching_minutes(&watching, window.from_minute, window.until_minute);
    ret->watch = ret->plain_watch;
    ret->watch.watched_minutes -= dark.watched_minutes;
    ret->watch.unwatched_minutes -= dark.unwatched_minutes;
    return true;
}

static int32_t end_of(const struct book *book)
{
    return (int32_t)(book->as_of_wall_ms / MINUTE_MS) + 1;
}

static struct verdict_window newest(const struct book *book, int32_t minutes)
{
    int32_t end = end_of(book);

    return (struct verdict_window){ end > minutes ? end - minutes : 0, end, minutes };
}

/* Time that nobody watched counts in a span as it does in the whole window. */
static bool sum_span(const struct book *book, int objective, int32_t span_minutes,
                     const struct verdict *whole, struct window_sum *ret)
{
    const struct objective *of = &book->objectives[objective];
    struct unwatched_rate rate = { whole->counted.total - whole->excluded.total, whole->watch };
    struct stretch_sums sums;

    if (!sum_stretch(book, objective, newest(book, span_minutes), &sums))
        return false;
    *ret = of->slice_minutes > 0
               ? sums.rest
               : unwatched_apply_rate(of->unwatched, sums.rest, sums.watch.unwatched_minutes, rate);
    return true;
}

bool book_sum(const struct book *book, int objective, int32_t span_minutes, struct window_sum *ret)
{
    return book->as_of_wall_ms != 0
           && sum_span(book, objective, span_minutes, &book->verdicts[objective], ret);
}

int32_t book_dark_minutes(const struct book *book, int objective, int32_t span_minutes)
{
    struct verdict_window window = newest(book, span_minutes);
    struct watching watching = watching_of(book, objective);

    return (int32_t)watching_minutes(&watching, window.from_minute, window.until_minute)
        .unwatched_minutes;
}

struct fraction book_coverage(const struct book *book, int objective)
{
    struct watching watching = watching_of(book, objective);

    return watching_ratio(&watching, book->verdicts[objective].window.from_minute);
}

/* --- verdicts --- */

/* The zone's file is read once a window. */
static struct verdict_window window_of(struct book *book, int objective)
{
    const struct objective *of = &book->objectives[objective];
    struct calendar_span *span = &book->places[objective].calendar;
    int64_t now_s = book->as_of_wall_ms / 1000;
    struct verdict_window window = newest(book, of->window_minutes);

    if (of->calendar.unit == CALENDAR_NONE)
        return window;
    if ((now_s < span->from_s || now_s >= span->until_s)
        && !calendar_window(&of->calendar, now_s, span))
        return window;
    window.from_minute = (int32_t)(span->from_s / 60);
    window.length_minutes = (int32_t)((span->until_s - span->from_s) / 60);
    return window;
}

static bool sum_objective(struct book *book, int objective, struct verdict *verdict)
{
    const struct objective *of = &book->objectives[objective];
    struct stretch_sums sums;

    verdict->window = window_of(book, objective);
    if (!sum_stretch(book, objective, verdict->window, &sums))
        return false;
    verdict->counted = sums.counted;
    verdict->excluded = sums.excluded;
    verdict->watch = sums.watch;
    verdict->whole = sums.rest;
    verdict->plain = sums.counted;
    if (of->slice_minutes == 0) {
        verdict->whole = unwatched_apply(of->unwatched, sums.rest, sums.watch);
        verdict->plain = unwatched_apply(of->unwatched, sums.counted, sums.plain_watch);
    }
    for (int i = 0; i < VERDICT_SPANS; i++) {
        int32_t minutes = verdict_spans[i].minutes < of->window_minutes ? verdict_spans[i].minutes
                                                                        : of->window_minutes;

        if (!sum_span(book, objective, minutes, verdict, &verdict->spans[i]))
            return false;
    }
    return true;
}

/* An objective that stands still in the dark keeps its status. */
static bool stands_still(const struct book *book, int objective)
{
    struct watching watching = watching_of(book, objective);

    return book->objectives[objective].unwatched == UNWATCHED_FREEZE && !watching_now(&watching)
           && book->verdicts[objective].window.until_minute > 0;
}

static void judge_all(struct book *book, const struct verdict fresh[])
{
    for (int i = 0; i < book->count; i++) {
        enum budget_status before = book->verdicts[i].status;
        bool still = stands_still(book, i);

        if (book->places[i].track < 0)
            continue;
        book->verdicts[i] = fresh[i];
        verdict_judge(&book->objectives[i], book->as_of_wall_ms, &book->verdicts[i]);
        if (still)
            book->verdicts[i].status = before;
    }
}

/* All or none: a list that is half new would be a lie. */
static int judge(struct book *book)
{
    AUTO(auto_free) struct verdict *fresh = calloc((size_t)book->count + 1, sizeof(*fresh));

    if (fresh == NULL)
        return -ENOMEM;
    for (int i = 0; i < book->count; i++) {
        if (book->places[i].track >= 0 && !sum_objective(book, i, &fresh[i]))
            return -EAGAIN;
    }
    judge_all(book, fresh);
    return 0;
}

/* --- reads --- */

void book_expect(struct book *book, int64_t now_wall_ms)
{
    for (int i = 0; i < book->tracks->count; i++) {
        window_advance(book->windows[i], (int32_t)(now_wall_ms / MINUTE_MS));
        if (!book->reading)
            book->held[i] = window_held(book->windows[i]);
    }
    book->reading = true;
}

/* A sum over a window falls when old minutes leave it; a counter may not.  So the counter begins
 * with all that the ledger holds, as long as that is everything since measuring began (it then goes
 * on where it was after a restart), else with 0 as any counter does; from there it grows by what
 * each read added.  A recount after lost commits does not take away. */
static void count(struct book *book, bool first)
{
    for (int i = 0; i < book->count; i++) {
        int track = book->places[i].track;
        struct window_sum before = track < 0 ? (struct window_sum){ 0, 0 } : book->held[track];
        struct window_sum after = track < 0 ? before : window_held(book->windows[track]);
        uint64_t good_before = before.total - before.bad;
        uint64_t good_after = after.total - after.bad;

        if (first && track >= 0
            && book_coverage_of(book, i)->measured_since_ms
                   < (int64_t)window_first_quarter(book->windows[track]) * WINDOW_QUARTER_MINUTES
                         * MINUTE_MS)
            continue;
        if (after.bad > before.bad) {
            book->counted[i].bad += after.bad - before.bad;
            book->counted[i].total += after.bad - before.bad;
        }
        if (good_after > good_before)
            book->counted[i].total += good_after - good_before;
    }
}

int book_apply(struct book *book, const struct ledger_news *news, struct arena **arena,
               int64_t now_wall_ms)
{
    bool first = book->as_of_wall_ms == 0;
    bool new_pins = !pins_same(book, &book->news, news);
    int64_t before_ms = book->as_of_wall_ms;
    int code;

    arena_free(&book->arena);
    book->arena = *arena;
    *arena = NULL;
    book->news = *news;
    book->as_of_wall_ms = now_wall_ms;
    code = new_pins ? pins_set(book) : 0;
    if (code == 0)
        code = judge(book);
    if (code != 0) {
        book->as_of_wall_ms = before_ms;
        return code;
    }
    count(book, first);
    book->reading = false;
    return 0;
}
