/* watch.c - coverage out of the positions, and the rows of exclusions. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/watch.h"

#include <errno.h>
#include <string.h>

enum { MINUTE_MS = 60000 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add_file(struct ledger_coverage *coverage, const PGresult *rows, int row)
{
    int64_t from_ms = pq_int(rows, row, FEED_FROM_MS, 0);
    int64_t until_ms = pq_int(rows, row, FEED_UNTIL_MS, 0);

    if (coverage->measured_since_ms == 0 || from_ms < coverage->measured_since_ms)
        coverage->measured_since_ms = from_ms;
    coverage->watched_until_ms = larger(coverage->watched_until_ms, until_ms);
    coverage->last_event_ms =
        larger(coverage->last_event_ms, pq_int(rows, row, FEED_LAST_EVENT_MS, 0));
    coverage->lines += (uint64_t)pq_int(rows, row, FEED_LINES, 0);
    coverage->rejected_lines += (uint64_t)pq_int(rows, row, FEED_REJECTED_LINES, 0);
    coverage->lost_bytes += (uint64_t)pq_int(rows, row, FEED_LOST_BYTES, 0);
    coverage->late_events += (uint64_t)pq_int(rows, row, FEED_LATE_EVENTS, 0);
}

static int add_spans(const PGresult *rows, int row, struct coverage_span spans[])
{
    struct coverage_span whole = { pq_int(rows, row, FEED_FROM_MS, 0),
                                   pq_int(rows, row, FEED_UNTIL_MS, 0) };

    return coverage_cut(whole, PQgetvalue(rows, row, FEED_HOLES), spans);
}

/* Hardly any file has a hole: a comma between two numbers, or none. */
static size_t count_spans(const PGresult *rows)
{
    size_t count = (size_t)PQntuples(rows);

    for (int i = 0; i < PQntuples(rows); i++) {
        if (PQgetlength(rows, i, FEED_HOLES) > 2)
            count += COVERAGE_HOLES;
    }
    return count;
}

/* Rows of one service stand together: so do their spans. */
int watch_coverage(const struct ledger_reader *reader, const struct snapshot *snapshot,
                   struct arena *arena, struct ledger_news *news)
{
    int services = reader->settings.catalogue->service_count;
    const PGresult *rows = snapshot->positions;
    struct ledger_coverage *coverage =
        arena_alloc(arena, ((size_t)services + 1) * sizeof(*coverage));
    struct coverage_span *spans = arena_alloc(arena, (count_spans(rows) + 1) * sizeof(*spans));
    int until;

    if (coverage == NULL || spans == NULL)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows) && !PQgetisnull(rows, i, FEED_SERVICE); i = until) {
        int64_t service = pq_int(rows, i, FEED_SERVICE, 0);
        struct ledger_coverage *of = &coverage[service - 1];
        struct coverage_span *first = spans;

        for (until = i; until < PQntuples(rows) && pq_int(rows, until, FEED_SERVICE, 0) == service;
             until++) {
            add_file(of, rows, until);
            spans += add_spans(rows, until, spans);
        }
        of->spans = first;
        of->span_count = coverage_merge(first, (int)(spans - first));
    }
    news->coverage = coverage;
    return 0;
}

int watch_derived(const struct ledger_reader *reader, struct arena *arena, struct ledger_news *news)
{
    size_t count = (size_t)reader->settings.catalogue->indicator_count;
    struct ledger_derived *derived = arena_alloc(arena, (count + 1) * sizeof(*derived));

    if (derived == NULL)
        return -ENOMEM;
    memcpy(derived, reader->derived, count * sizeof(*derived));
    news->derived = derived;
    return 0;
}

/* Where there are too many the oldest go without: they leave the windows first. */
static const char exclusions_sql[] =
    "SELECT n, id, objective, reason, author, from_minute, until_minute, is_maintenance, total "
    "FROM (SELECT s.n, e.*, count(*) OVER () AS total "
    "FROM unnest($1::text[]) WITH ORDINALITY AS s(service, n) "
    "JOIN probity.excluded AS e ON e.service = s.service "
    "WHERE e.withdrawn_at IS NULL AND e.until_minute > $2::integer "
    "ORDER BY e.until_minute DESC, e.id LIMIT $3::integer) AS newest "
    "ORDER BY n, from_minute, id";

static int copy_exclusions(const PGresult *rows, struct arena *arena, struct ledger_news *news)
{
    struct ledger_exclusion *found =
        arena_alloc(arena, ((size_t)PQntuples(rows) + 1) * sizeof(*found));

    if (found == NULL)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows); i++) {
        found[i] = (struct ledger_exclusion){
            .service = (int)pq_int(rows, i, 0, 1) - 1,
            .id = arena_copy(arena, slice_of(PQgetvalue(rows, i, 1))),
            .objective = arena_copy(arena, slice_of(PQgetvalue(rows, i, 2))),
            .reason = arena_copy(arena, slice_of(PQgetvalue(rows, i, 3))),
            .author = arena_copy(arena, slice_of(PQgetvalue(rows, i, 4))),
            .from_minute = (int32_t)pq_int(rows, i, 5, 0),
            .until_minute = (int32_t)pq_int(rows, i, 6, 0),
            .is_maintenance = PQgetvalue(rows, i, 7)[0] == 't',
        };
        if (found[i].id == NULL || found[i].objective == NULL || found[i].reason == NULL
            || found[i].author == NULL)
            return -ENOMEM;
    }
    news->exclusions = found;
    news->exclusion_count = PQntuples(rows);
    if (PQntuples(rows) > 0)
        news->exclusions_left_out = (int)pq_int(rows, 0, 8, 0) - PQntuples(rows);
    return 0;
}

int32_t watch_longest_minutes(const struct tracks *tracks)
{
    int32_t longest = 0;

    for (int i = 0; i < tracks->count; i++) {
        if (tracks->tracks[i].reach_minutes > longest)
            longest = tracks->tracks[i].reach_minutes;
    }
    return longest;
}

int watch_exclusions(struct ledger_reader *reader, int64_t now_wall_ms, struct arena *arena,
                     struct ledger_news *news, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char oldest[SESSION_NUMBER_BYTES];
    char limit[SESSION_NUMBER_BYTES];
    struct snapshot_query query = {
        exclusions_sql,
        SNAPSHOT_VALUES(
            reader->services,
            session_number(now_wall_ms / MINUTE_MS - watch_longest_minutes(reader->tracks), oldest),
            session_number(LIMIT_EXCLUSIONS, limit)),
    };
    int code = snapshot_run(reader, &query, &rows, err);

    return code != 0 ? code : copy_exclusions(rows, arena, news);
}
