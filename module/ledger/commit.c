/* commit.c - compare-and-set, rows, commit; minute by minute where Postgres refuses a row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/commit.h"

#include "ledger/position.h"
#include "ledger/rows.h"
#include "ledger/trouble.h"
#include "ledger/upsert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS_BYTES = 256 * 1024 * 1024, /* a full tally under a thousand indicators; most take KiB */
};

/* One flush taken apart, and one attempt at it after another. */
struct work {
    const struct commit *commit;
    struct rows rows;
    struct counted_file file;
    struct arena *arena;
    struct commit_result result;
};

/* Adds all rows at once, or those of one minute. */
static int add_rows(struct work *work, int32_t minute, struct error *err)
{
    struct upsert upsert = {
        .session = work->commit->session,
        .counted = work->commit->counted,
        .file_counted = &work->file,
        .file = work->commit->flush->file,
        .stamp = work->commit->flush->to_offset,
        .rows = &work->rows,
        .minute = minute,
    };
    int code = upsert_rows(&upsert, err);

    work->result.damaged += upsert.damaged;
    return code;
}

static bool is_refused_row(const struct work *work, int code)
{
    return code == -E2BIG
           || (code == -EPROTO && trouble_is_refused_row(work->commit->session->sqlstate));
}

static uint64_t count_rows(const struct rows *rows, int32_t minute)
{
    uint64_t count = 0;

    for (int i = 0; i < rows->service_count; i++)
        count += (uint64_t)rows_in(&rows->services[i], minute);
    return count;
}

/* One minute behind a savepoint.  Sets `*ret_refused` when Postgres takes none of it. */
static int add_minute(struct work *work, int32_t minute, bool *ret_refused, struct error *err)
{
    struct session *session = work->commit->session;
    struct error refused = { 0 };
    int code = session_run(session, "SAVEPOINT minute", NULL, NULL, err);

    if (code != 0)
        return code;
    code = add_rows(work, minute, &refused);
    *ret_refused = is_refused_row(work, code);
    if (code == 0)
        return session_run(session, "RELEASE SAVEPOINT minute", NULL, NULL, err);
    if (!*ret_refused)
        return error_set(err, -code, "%s", refused.text);
    work->result.rejected_rows += count_rows(&work->rows, minute);
    return session_run(session, "ROLLBACK TO SAVEPOINT minute", NULL, NULL, err);
}

/* Events that Postgres did not take are lines that were rejected, each in its service's row. */
static int book_rejected(const struct work *work, int service, uint64_t events, struct error *err)
{
    const struct commit *commit = work->commit;
    char file[SESSION_FILE_BYTES];
    char number[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        commit->counted->catalogue->services[service],
        session_file(commit->flush->file, file),
        session_number((int64_t)events, number),
    };

    return session_run(commit->session,
                       "UPDATE probity.positions SET rejected_lines = rejected_lines + $3::bigint "
                       "WHERE service = $1 AND file_id = $2::bytea",
                       SESSION_PARAMS(values), NULL, err);
}

static int reject_minute(const struct work *work, int32_t minute, struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < work->rows.service_count; i++) {
        const struct service_rows *rows = &work->rows.services[i];
        uint64_t events = rows_events_in(rows, minute);

        if (events > 0)
            code = book_rejected(work, rows->service, events, err);
    }
    return code;
}

static int add_by_minute(struct work *work, struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < work->rows.minute_count; i++) {
        bool refused = false;

        code = add_minute(work, work->rows.minutes[i], &refused, err);
        if (code == 0 && refused)
            code = reject_minute(work, work->rows.minutes[i], err);
    }
    return code;
}

/* Before the rows, so that what is not to be counted writes none. */
static int settle_batch(struct work *work, struct error *err)
{
    const struct commit *commit = work->commit;

    return batches_settle(commit->session,
                          commit->settings->catalogue->services[commit->flush->home],
                          &commit->flush->batch, &work->result.batch, err);
}

static int attempt(struct work *work, bool by_minute, struct error *err)
{
    const struct commit *commit = work->commit;
    struct move move = {
        .session = commit->session,
        .settings = commit->settings,
        .counted = commit->counted,
        .flush = commit->flush,
        .rows = &work->rows,
        .file = &work->file,
    };
    int code = counted_all(commit->counted, &work->file, work->arena);

    if (code != 0)
        return error_set(err, -code, "ledger: out of memory");
    code = session_begin(commit->session, " ISOLATION LEVEL READ COMMITTED", err);
    if (code == 0)
        code = position_move(&move, &work->result.moved, err);
    if (code != 0)
        return code;
    if (work->result.moved) {
        session_rollback(commit->session);
        return 0;
    }
    /* From here on the position is ours until the transaction ends. */
    code = position_move_copies(&move, err);
    work->result.whole = work->file.whole;
    if (code == 0)
        code = settle_batch(work, err);
    if (code == 0 && work->result.batch == BATCH_COUNTS)
        code = by_minute ? add_by_minute(work, err) : add_rows(work, UPSERT_ALL_MINUTES, err);
    return code == 0 ? session_commit(commit->session, err) : code;
}

static int ensure_partitions(const struct work *work, struct error *err)
{
    return partitions_ensure(work->commit->partitions, work->commit->session, work->rows.minutes,
                             work->rows.minute_count, err);
}

/* A partition may have gone since this connection met it, which looks like a refused row: before
 * any row is left out all of them are made sure of again. */
static int attempt_by_minute(struct work *work, struct error *err)
{
    int code;

    session_rollback(work->commit->session);
    partitions_forget(work->commit->partitions);
    work->result = (struct commit_result){ 0 };
    code = ensure_partitions(work, err);
    return code == 0 ? attempt(work, true, err) : code;
}

static uint64_t rows_of(const struct work *work)
{
    uint64_t rows = 0;

    for (int i = 0; i < work->rows.service_count; i++)
        rows += (uint64_t)rows_count(&work->rows.services[i]);
    return rows;
}

static int carry_out(struct work *work, struct error *err)
{
    struct error first = { 0 };
    int code = ensure_partitions(work, err);

    if (code != 0)
        return code;
    code = attempt(work, false, &first);
    if (is_refused_row(work, code)) {
        error_clear(&first);
        code = attempt_by_minute(work, &first);
    }
    return code == 0 ? 0 : error_set(err, -code, "%s", first.text);
}

int commit_flush(const struct commit *commit, struct commit_result *ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ROWS_BYTES);
    struct work work = { .commit = commit, .arena = arena };
    int code;

    if (arena == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    code = rows_build(&work.rows, commit->flush->tally, commit->registry->indicators, arena);
    if (code != 0)
        return error_set(err, -code, "ledger: a flush can't be taken apart: %s", strerror(-code));
    code = carry_out(&work, err);
    if (code != 0)
        return code;
    if (!work.result.moved && work.result.batch == BATCH_COUNTS)
        work.result.rows = rows_of(&work) - work.result.rejected_rows;
    *ret = work.result;
    return 0;
}

int commit_read_position(struct session *session, const char *home, struct file_position *ret,
                         struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char file[SESSION_FILE_BYTES];
    const char *const values[] = { home, session_file(ret->file, file) };
    int code = session_begin(session, " READ ONLY", err);

    if (code == 0)
        code = session_run(
            session,
            "SELECT p.\"offset\", (extract(epoch FROM p.watched_until) * 1000)::bigint, "
            "(extract(epoch FROM s.since) * 1000)::bigint "
            "FROM (SELECT min(effective_from) AS since FROM probity.objectives "
            "WHERE service = $1) AS s LEFT JOIN probity.positions AS p "
            "ON p.service = $1 AND p.file_id = $2::bytea",
            SESSION_PARAMS(values), &result, err);
    if (code == 0)
        code = session_commit(session, err);
    if (code != 0)
        return code;
    ret->known = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
    ret->offset = ret->known ? pq_int(result, 0, 0, 0) : 0;
    ret->watched_until_ms = ret->known ? pq_int(result, 0, 1, 0) : 0;
    ret->service_since_ms = PQntuples(result) > 0 ? pq_int(result, 0, 2, 0) : 0;
    return 0;
}
