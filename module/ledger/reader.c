/* reader.c - loads what has not been read, then follows the changes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/reader.h"

#include "base/clock.h"
#include "ledger/arrays.h"
#include "ledger/snapshot.h"
#include "ledger/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000, ARRAY_BYTES = 1024 * 1024 };

/* --- loads --- */

/* What is loaded may be newer than `seen`: the changes since then are taken after the load, and to
 * replace a count by itself does no harm. */
static int begin_anew(struct ledger_reader *reader, const struct snapshot *snapshot)
{
    feed_done(&reader->seen);
    reader->anew = true;
    load_all(reader);
    return feed_copy(&snapshot->now, &reader->seen);
}

/* Holds a snapshot's positions against those that were met before. */
static int follow_positions(struct ledger_reader *reader, const struct snapshot *snapshot)
{
    int services = reader->settings.catalogue->service_count;
    AUTO(auto_free) bool *grown = calloc((size_t)services + 1, sizeof(*grown));

    if (grown == NULL)
        return -ENOMEM;
    if (!feed_continues(&reader->latest, &snapshot->now, reader->retired_ms))
        return begin_anew(reader, snapshot);
    feed_mark_grown(&reader->latest, &snapshot->now, grown);
    load_services(reader, grown);
    for (int i = 0; i < services; i++)
        reader->registered = reader->registered && !grown[i];
    return 0;
}

/* One transaction: a step of a load, or, when nothing is left to be loaded, the changes. */
struct turn {
    const struct ledger_look *look;
    struct window *const *windows;
    struct arena *arena;
    struct ledger_news news;
};

static int take_changes(struct ledger_reader *reader, struct snapshot *snapshot, struct turn *turn,
                        struct error *err)
{
    int32_t now_minute = (int32_t)(turn->look->now_wall_ms / MINUTE_MS);
    int code = changes_take(reader, snapshot, turn->windows, now_minute, err);

    if (code == -EOVERFLOW)
        return begin_anew(reader, snapshot);
    if (code == 0)
        code = load_edges(reader, turn->windows, err);
    if (code == 0)
        code = watch_coverage(reader, snapshot, turn->arena, &turn->news);
    if (code == 0)
        code = watch_derived(reader, turn->arena, &turn->news);
    if (code == 0)
        code = watch_exclusions(reader, turn->look->now_wall_ms, turn->arena, &turn->news, err);
    turn->news.complete = code == 0;
    return code;
}

/* A failure may leave windows half changed: what was not seen is read again, and what can't be held
 * for want of memory is loaded anew. */
static int run_turn(struct ledger_reader *reader, struct turn *turn, struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    struct error cause = { 0 };
    int code = snapshot_begin(reader, turn->look->deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    code = follow_positions(reader, &snapshot);
    if (code == 0 && reader->unread_count > 0)
        code = load_step(reader, turn->windows, &cause);
    else if (code == 0)
        code = take_changes(reader, &snapshot, turn, &cause);
    if (code == -ENOMEM)
        feed_done(&reader->latest);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0) {
        turn->news.complete = false;
        return code;
    }
    feed_done(&reader->latest);
    if (feed_copy(&snapshot.now, &reader->latest) != 0)
        return error_set(err, ENOMEM, "ledger: out of memory");
    if (turn->news.complete)
        feed_advance(&reader->seen, &snapshot.now);
    return 0;
}

int ledger_reader_read(struct ledger_reader *reader, const struct ledger_look *look,
                       struct window *const windows[], struct arena *arena, struct ledger_news *ret,
                       struct error *err)
{
    struct turn turn = { .look = look, .windows = windows, .arena = arena };
    int code;

    reader->retired_ms =
        look->now_wall_ms - (int64_t)watch_longest_minutes(reader->tracks) * MINUTE_MS - MINUTE_MS;
    do
        code = run_turn(reader, &turn, err);
    while (code == 0 && !turn.news.complete && clock_boot_ms() < look->until_ms);
    if (code != 0)
        return code;
    turn.news.anew = reader->anew;
    if (turn.news.complete)
        reader->anew = false;
    *ret = turn.news;
    return 0;
}

/* --- construction --- */

static int compare_indicators(const void *a, const void *b)
{
    const struct indicator *left = *(const struct indicator *const *)a;
    const struct indicator *right = *(const struct indicator *const *)b;
    int by_service = strcmp(left->service, right->service);

    return by_service != 0 ? by_service : strcmp(left->definition, right->definition);
}

static char *services_literal(const struct catalogue *catalogue)
{
    char *text = NULL;
    struct buf array;

    buf_init(&array, ARRAY_BYTES);
    array_open(&array);
    for (int i = 0; i < catalogue->service_count; i++)
        array_put_text(&array, slice_of(catalogue->services[i]));
    array_close(&array);
    if (buf_ok(&array))
        text = strdup(buf_text(&array));
    buf_done(&array);
    return text;
}

static int make_tables(struct ledger_reader *reader, const struct catalogue *catalogue)
{
    size_t indicators = (size_t)catalogue->indicator_count + 1;
    size_t tracks = (size_t)reader->tracks->count + 1;

    reader->services = services_literal(catalogue);
    reader->ids = calloc(indicators, sizeof(*reader->ids));
    reader->derived = calloc(indicators, sizeof(*reader->derived));
    reader->by_definition = calloc(indicators, sizeof(struct indicator *));
    reader->keys = calloc(tracks, sizeof(*reader->keys));
    reader->unread = calloc(tracks, sizeof(*reader->unread));
    if (reader->services == NULL || reader->ids == NULL || reader->derived == NULL
        || reader->by_definition == NULL || reader->keys == NULL || reader->unread == NULL)
        return -ENOMEM;
    for (int i = 0; i < catalogue->indicator_count; i++)
        reader->by_definition[i] = &catalogue->indicators[i];
    qsort((void *)reader->by_definition, (size_t)catalogue->indicator_count,
          sizeof(struct indicator *), compare_indicators);
    return 0;
}

int ledger_reader_open(const struct ledger_settings *settings, const struct tracks *tracks,
                       struct ledger_reader **ret, struct error *err)
{
    AUTO(ledger_reader_close) struct ledger_reader *reader = calloc(1, sizeof(*reader));

    assert(settings->catalogue != NULL);
    if (reader == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    reader->settings = *settings;
    reader->tracks = tracks;
    session_init(&reader->session, settings->conninfo);
    if (make_tables(reader, settings->catalogue) != 0)
        return error_set(err, ENOMEM, "ledger: out of memory");
    *ret = reader;
    reader = NULL;
    return 0;
}

void ledger_reader_rest(struct ledger_reader *reader)
{
    session_close(&reader->session);
    reader->registered = false;
}

void ledger_reader_close(struct ledger_reader **reader)
{
    if (*reader == NULL)
        return;
    session_close(&(*reader)->session);
    feed_done(&(*reader)->seen);
    feed_done(&(*reader)->latest);
    feed_done(&(*reader)->histograms);
    free((*reader)->services);
    free((*reader)->ids);
    free((*reader)->derived);
    free((void *)(*reader)->by_definition);
    free((*reader)->keys);
    free((*reader)->unread);
    free(*reader);
    *reader = NULL;
}
