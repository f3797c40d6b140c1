/* watching.c - spans of coverage cut to whole minutes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/watching.h"

#include "slo/slices.h"

enum {
    MINUTE_MS = 60 * 1000,
    /* The ledger notes every 10 s how far it has watched: younger than this nothing is missing. */
    RHYTHM_MS = 15 * 1000,
    /* A restart, or a ledger that is slow for a while, is no darkness yet. */
    DARK_MS = 60 * 1000,
};

/* Minutes [from, until). */
struct stretch {
    int64_t from;
    int64_t until;
};

static bool is_empty(struct stretch stretch)
{
    return stretch.until <= stretch.from;
}

static struct stretch clip(struct stretch stretch, struct stretch to)
{
    if (stretch.from < to.from)
        stretch.from = to.from;
    if (stretch.until > to.until)
        stretch.until = to.until;
    return stretch;
}

/* The minutes that lie in a span from end to end; what has been watched lately counts up to now. */
static struct stretch minutes_of(const struct watching *watching, int span)
{
    const struct coverage_span *of = &watching->coverage->spans[span];
    bool lately = of->until_ms >= watching->now_wall_ms - RHYTHM_MS;

    return (struct stretch){
        (of->from_ms + MINUTE_MS - 1) / MINUTE_MS,
        lately ? watching->now_wall_ms / MINUTE_MS + 1 : of->until_ms / MINUTE_MS,
    };
}

/* Cut to the time since measuring began. */
static struct stretch measured(const struct watching *watching, int32_t from, int32_t until)
{
    int64_t since_ms = watching->coverage->measured_since_ms;
    struct stretch whole = { (since_ms + MINUTE_MS - 1) / MINUTE_MS, INT64_MAX };

    if (since_ms == 0)
        return (struct stretch){ 0, 0 };
    return clip((struct stretch){ from, until }, whole);
}

struct watch watching_minutes(const struct watching *watching, int32_t from, int32_t until)
{
    struct stretch asked = measured(watching, from, until);
    int64_t watched = 0;

    if (is_empty(asked))
        return (struct watch){ 0, 0 };
    for (int i = 0; i < watching->coverage->span_count; i++) {
        struct stretch part = clip(minutes_of(watching, i), asked);

        watched += is_empty(part) ? 0 : part.until - part.from;
    }
    return (struct watch){ watched, asked.until - asked.from - watched };
}

static int64_t touched(struct stretch gap, int32_t slice_minutes)
{
    if (is_empty(gap))
        return 0;
    return (gap.until - 1) / slice_minutes - gap.from / slice_minutes + 1;
}

struct slice_watch watching_slices(const struct watching *watching, int32_t from, int32_t until,
                                   int32_t slice_minutes)
{
    struct stretch asked = measured(watching, from, until);
    struct slice_watch watch = { 0, 0 };
    int64_t dark_since = asked.from;

    if (is_empty(asked))
        return watch;
    watch.expected = slices_expected((int32_t)asked.from, (int32_t)asked.until, slice_minutes);
    for (int i = 0; i < watching->coverage->span_count; i++) {
        struct stretch part = clip(minutes_of(watching, i), asked);

        if (is_empty(part))
            continue;
        watch.unwatched += touched((struct stretch){ dark_since, part.from }, slice_minutes);
        dark_since = part.until;
    }
    watch.unwatched += touched((struct stretch){ dark_since, asked.until }, slice_minutes);
    return watch;
}

struct fraction watching_ratio(const struct watching *watching, int32_t from)
{
    const struct ledger_coverage *coverage = watching->coverage;
    struct coverage_span whole = { (int64_t)from * MINUTE_MS, watching->now_wall_ms };
    int64_t watched_ms = 0;

    if (coverage->measured_since_ms == 0)
        return fraction_of(0, 1);
    if (whole.from_ms < coverage->measured_since_ms)
        whole.from_ms = coverage->measured_since_ms;
    if (whole.until_ms - coverage->watched_until_ms < RHYTHM_MS)
        whole.until_ms = coverage->watched_until_ms;
    for (int i = 0; i < coverage->span_count; i++) {
        struct coverage_span span = coverage->spans[i];

        if (span.from_ms < whole.from_ms)
            span.from_ms = whole.from_ms;
        if (span.until_ms > whole.until_ms)
            span.until_ms = whole.until_ms;
        watched_ms += span.until_ms > span.from_ms ? span.until_ms - span.from_ms : 0;
    }
    if (watched_ms == 0)
        return fraction_of(0, 1);
    return fraction_of(watched_ms, whole.until_ms - whole.from_ms);
}

bool watching_now(const struct watching *watching)
{
    return watching->coverage->watched_until_ms >= watching->now_wall_ms - DARK_MS;
}
