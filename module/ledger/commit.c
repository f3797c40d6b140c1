/* commit.c - compare-and-set, rows, commit; minute by minute where Postgres refuses a row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/commit.h"

#include "ledger/rows.h"
#include "ledger/trouble.h"
#include "ledger/upsert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS_BYTES = 64 * 1024 * 1024, /* a full tally's sums; most flushes take some KiB */
    FILE_TEXT_BYTES = 2 * 16 + 3,
    HINT_BYTES = 256,
};

/* A time in ms as timestamptz, exactly. */
#define TIME_OF(parameter) "timestamptz 'epoch' + " parameter "::bigint * interval '1 millisecond'"

#define MOVE_SET                                                                             \
    "\"offset\" = $4::bigint, watched_until = greatest(p.watched_until, " TIME_OF(           \
        "$6") "), "                                                                          \
              "last_event = greatest(p.last_event, " TIME_OF(                                \
                  "$7") "), lines = p.lines + $8::bigint, "                                  \
                        "rejected_lines = p.rejected_lines + $9::bigint, lost_bytes = "      \
                        "p.lost_bytes + $10::bigint, "                                       \
                        "host = $11::text, instance = $12::text, path = $13::text, inode = " \
                        "$14::bigint, "                                                      \
                        "updated_at = now() "

#define MOVE_KNOWN                                \
    "UPDATE probity.positions AS p SET " MOVE_SET \
    "WHERE service = $1 AND file_id = $2 AND \"offset\" = $3"

/* A file that starts may be new.  A rival that inserts it at the same moment is waited for, and
 * then its offset is no longer ours. */
#define MOVE_FROM_START                                                                           \
    "INSERT INTO probity.positions AS p (service, file_id, \"offset\", watched_from, "            \
    "watched_until, last_event, lines, rejected_lines, lost_bytes, host, instance, path, inode) " \
    "VALUES ($1, $2, $4, " TIME_OF("$5") ", " TIME_OF("$6") ", " TIME_OF(                         \
        "$7") ", $8, $9, $10, "                                                                   \
              "$11, $12, $13, $14) ON CONFLICT (service, file_id) DO UPDATE SET " MOVE_SET        \
              "WHERE p.\"offset\" = $3"

static const char *file_text(struct file_id file, char text[FILE_TEXT_BYTES])
{
    (void)snprintf(text, FILE_TEXT_BYTES, "\\x");
    for (size_t i = 0; i < sizeof(file.bytes); i++)
        (void)snprintf(text + 2 + 2 * i, 3, "%02x", file.bytes[i]);
    return text;
}

/* Hints come from the outside (a path may hold any byte) and must never be a reason to refuse the
 * position, whatever the database's encoding is. */
static const char *hint_text(const char *hint, char text[HINT_BYTES])
{
    (void)snprintf(text, HINT_BYTES, "%s", hint == NULL ? "" : hint);
    for (char *at = text; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
    return text;
}

/* Moves the position, which also locks it until the end of the transaction. */
static int move_position(const struct commit *commit, bool *ret_moved, struct error *err)
{
    static const Oid types[] = { 25, 17, 20, 20, 20, 20, 20, 20, 20, 20, 25, 25, 25, 20 };
    AUTO(pq_clear) PGresult *result = NULL;
    const struct flush *flush = commit->flush;
    int64_t from_ms = flush->watched_from_ms > 0 ? flush->watched_from_ms : flush->watched_until_ms;
    char file[FILE_TEXT_BYTES];
    char numbers[9][SESSION_NUMBER_BYTES];
    char hints[3][HINT_BYTES];
    const char *const values[] = {
        commit->settings->service,
        file_text(flush->file, file),
        session_number(flush->from_offset, numbers[0]),
        session_number(flush->to_offset, numbers[1]),
        session_number(from_ms, numbers[2]),
        session_number(flush->watched_until_ms, numbers[3]),
        flush->last_event_ms > 0 ? session_number(flush->last_event_ms, numbers[4]) : NULL,
        session_number((int64_t)flush->lines, numbers[5]),
        session_number((int64_t)flush->rejected_lines, numbers[6]),
        session_number((int64_t)flush->lost_bytes, numbers[7]),
        hint_text(commit->settings->host, hints[0]),
        hint_text(commit->settings->instance, hints[1]),
        hint_text(flush->path, hints[2]),
        session_number((int64_t)flush->inode, numbers[8]),
    };
    struct pq_params params = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };
    int code = session_run(commit->session, flush->from_offset == 0 ? MOVE_FROM_START : MOVE_KNOWN,
                           &params, &result, err);

    if (code == 0)
        *ret_moved = strcmp(PQcmdTuples(result), "0") == 0;
    return code;
}

/* The ledger counts one service still. */
struct own_rows {
    struct rows all;
    const struct service_rows *own;
};

static int own_rows_build(struct own_rows *rows, const struct commit *commit, struct arena *arena)
{
    static const struct service_rows none;
    const struct catalogue *catalogue = commit->settings->catalogue;
    int *ids = arena_alloc(arena, (size_t)catalogue->indicator_count * sizeof(*ids) + 1);
    int code = ids == NULL ? -ENOMEM : 0;

    for (int i = 0; code == 0 && i < catalogue->indicator_count; i++)
        ids[i] = i;
    if (code == 0)
        code = rows_build(&rows->all, commit->flush->tally, ids, arena);
    rows->own = &none;
    for (int i = 0; code == 0 && i < rows->all.service_count; i++) {
        if (strcmp(catalogue->services[rows->all.services[i].service], commit->settings->service)
            == 0)
            rows->own = &rows->all.services[i];
    }
    return code;
}

/* Adds all rows at once. */
static int add_rows(const struct commit *commit, const struct service_rows *rows, int32_t minute,
                    struct commit_result *result, struct error *err)
{
    struct upsert upsert = {
        .session = commit->session,
        .service = commit->settings->service,
        .file = commit->flush->file,
        .stamp = commit->flush->to_offset,
        .settings = commit->settings,
        .registry = commit->registry,
        .rows = rows,
        .minute = minute,
    };
    int code = upsert_rows(&upsert, err);

    result->damaged += upsert.damaged;
    return code;
}

static bool is_refused_row(const struct commit *commit, int code)
{
    return code == -E2BIG || (code == -EPROTO && trouble_is_refused_row(commit->session->sqlstate));
}

/* One minute behind a savepoint.  Adds the minute's events to `*rejected` when it is refused. */
static int add_minute(const struct commit *commit, const struct service_rows *rows, int32_t minute,
                      struct commit_result *result, struct error *err)
{
    struct error refused = { 0 };
    int code = session_run(commit->session, "SAVEPOINT minute", NULL, NULL, err);

    if (code != 0)
        return code;
    code = add_rows(commit, rows, minute, result, &refused);
    if (code == 0)
        return session_run(commit->session, "RELEASE SAVEPOINT minute", NULL, NULL, err);
    if (!is_refused_row(commit, code))
        return error_set(err, -code, "%s", refused.text);
    result->rejected_rows += (uint64_t)rows_in(rows, minute);
    return session_run(commit->session, "ROLLBACK TO SAVEPOINT minute", NULL, NULL, err);
}

static int book_rejected(const struct commit *commit, uint64_t events, struct error *err)
{
    char file[FILE_TEXT_BYTES];
    char number[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        commit->settings->service,
        file_text(commit->flush->file, file),
        session_number((int64_t)events, number),
    };

    return session_run(commit->session,
                       "UPDATE probity.positions SET rejected_lines = rejected_lines + $3::bigint "
                       "WHERE service = $1 AND file_id = $2::bytea",
                       SESSION_PARAMS(values), NULL, err);
}

static int add_by_minute(const struct commit *commit, const struct own_rows *rows,
                         struct commit_result *result, struct error *err)
{
    uint64_t events = 0;
    int code = 0;

    for (int i = 0; code == 0 && i < rows->all.minute_count; i++) {
        uint64_t before = result->rejected_rows;

        code = add_minute(commit, rows->own, rows->all.minutes[i], result, err);
        if (result->rejected_rows > before)
            events += rows_events_in(rows->own, rows->all.minutes[i]);
    }
    return code == 0 && events > 0 ? book_rejected(commit, events, err) : code;
}

static int attempt(const struct commit *commit, const struct own_rows *rows, bool by_minute,
                   struct commit_result *result, struct error *err)
{
    int code = session_begin(commit->session, " ISOLATION LEVEL READ COMMITTED", err);

    if (code == 0)
        code = move_position(commit, &result->moved, err);
    if (code != 0)
        return code;
    if (result->moved) {
        session_rollback(commit->session);
        return 0;
    }
    code = by_minute ? add_by_minute(commit, rows, result, err)
                     : add_rows(commit, rows->own, UPSERT_ALL_MINUTES, result, err);
    return code == 0 ? session_commit(commit->session, err) : code;
}

int commit_flush(const struct commit *commit, struct commit_result *ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ROWS_BYTES);
    struct commit_result result = { 0 };
    struct error first = { 0 };
    struct own_rows rows;
    int code;

    if (arena == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    code = own_rows_build(&rows, commit, arena);
    if (code != 0)
        return error_set(err, -code, "ledger: a flush can't be taken apart: %s", strerror(-code));
    code = attempt(commit, &rows, false, &result, &first);
    if (is_refused_row(commit, code)) {
        session_rollback(commit->session);
        error_clear(&first);
        result = (struct commit_result){ 0 };
        code = attempt(commit, &rows, true, &result, &first);
    }
    if (code != 0)
        return error_set(err, -code, "%s", first.text);
    if (!result.moved)
        result.rows = (uint64_t)rows_count(rows.own) - result.rejected_rows;
    *ret = result;
    return 0;
}

int commit_read_position(struct session *session, const char *service, struct file_position *ret,
                         struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char file[FILE_TEXT_BYTES];
    const char *const values[] = { service, file_text(ret->file, file) };
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
