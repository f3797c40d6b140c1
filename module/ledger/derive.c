/* derive.c - jobs, portions, and the row lock around each. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/derive.h"

#include "ledger/arrays.h"
#include "ledger/columns.h"
#include "ledger/derived.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PORTION_BYTES = 512 * 1024 * 1024, IDS_BYTES = 4096 };

void derive_init(struct derive *derive, struct session *session,
                 const struct ledger_settings *settings, const struct counted *counted)
{
    *derive = (struct derive){ .session = session, .settings = settings, .counted = counted };
}

void derive_drop(struct derive *derive)
{
    derive->active = false;
}

static int id_of(const struct derive *derive, int index)
{
    const struct counted *counted = derive->counted;

    for (int i = 0; i < counted->catalogue->indicator_count; i++) {
        if (counted->ids[i].indicator == index)
            return counted->ids[i].id;
    }
    return 0;
}

static const char *service_of(const struct derive *derive)
{
    return derive->counted->catalogue->services[derive->service];
}

/* --- looking for a job --- */

/* One file of which something is not counted: ours, or nobody's.  EXCEPT is by hashing: a thousand
 * ids against a thousand would be slow the other way. */
#define SEEK                                                                            \
    "SELECT k.n - 1, p.file_id, p.\"offset\", p.indicators, p.slices "                  \
    "FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS k(s, i, l, n) " \
    "JOIN probity.positions AS p ON p.service = k.s "                                   \
    "WHERE (p.instance = $1 OR p.updated_at < now() - interval '1 minute') "            \
    "AND ((p.indicators <> k.i::integer[] AND EXISTS (SELECT unnest(k.i::integer[]) "   \
    "EXCEPT SELECT unnest(p.indicators))) "                                             \
    "OR (p.slices <> k.l::text[] AND EXISTS (SELECT unnest(k.l::text[]) "               \
    "EXCEPT SELECT unnest(p.slices)))) ORDER BY p.updated_at DESC LIMIT 1"

static int find_file(struct derive *derive, PGresult **ret, struct error *err)
{
    AUTO(columns_done) struct columns columns;
    const struct counted *counted = derive->counted;
    const char *const values[] = { derive->settings->instance };
    static const Oid types[] = { 25 };
    const struct pq_params fixed = { 1, types, values, NULL, NULL };
    int code = session_begin(derive->session, " READ ONLY", err);

    columns_open(&columns, 3);
    for (int i = 0; i < counted->catalogue->service_count; i++) {
        array_put_text(&columns.arrays[0], slice_of(counted->catalogue->services[i]));
        array_put_text(&columns.arrays[1], slice_of(counted->services[i].indicators));
        array_put_text(&columns.arrays[2], slice_of(counted->services[i].slices));
    }
    if (code == 0)
        code = columns_run(&columns, derive->session, SEEK, &fixed, ret, err);
    return code == 0 ? session_commit(derive->session, err) : code;
}

/* The first indicators of the service that the file lacks, else the first slices. */
static void choose(struct derive *derive, const struct counted_file *file)
{
    const struct counted *counted = derive->counted;

    derive->indicator_count = 0;
    derive->slicing = -1;
    for (int i = 0; i < counted->catalogue->indicator_count; i++) {
        if (counted->ids[i].service == derive->service
            && !file->indicators[counted->ids[i].indicator]
            && derive->indicator_count < DERIVE_INDICATORS)
            derive->indicators[derive->indicator_count++] = counted->ids[i].indicator;
    }
    for (int i = 0; i < counted->slicing_count && derive->slicing < 0; i++) {
        if (counted->slicings[i].service == derive->service && !file->slicings[i])
            derive->slicing = i;
    }
    for (int i = 0; i < derive->indicator_count; i++) {
        derive->inexact_from[i] = INT32_MAX;
        derive->inexact_until[i] = INT32_MIN;
    }
    derive->active = derive->indicator_count > 0 || derive->slicing >= 0;
}

/* Over which portions there is anything to derive from. */
static int find_range(struct derive *derive, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char file[SESSION_FILE_BYTES];
    const char *const values[] = { service_of(derive), session_file(derive->file, file) };
    int code = session_begin(derive->session, " READ ONLY", err);

    if (code == 0)
        code = session_run(derive->session,
                           "SELECT min(minute), max(minute) FROM probity.route_minutes "
                           "WHERE service = $1 AND file_id = $2::bytea AND minute >= 0",
                           SESSION_PARAMS(values), &result, err);
    if (code == 0)
        code = session_commit(derive->session, err);
    if (code != 0)
        return code;
    derive->next_portion = (int32_t)(pq_int(result, 0, 0, 0) / DERIVE_PORTION_MINUTES);
    derive->last_portion = PQgetisnull(result, 0, 1)
                               ? derive->next_portion - 1
                               : (int32_t)(pq_int(result, 0, 1, 0) / DERIVE_PORTION_MINUTES);
    return 0;
}

static bool read_file_id(const PGresult *result, struct file_id *ret)
{
    struct slice text = { PQgetvalue(result, 0, 1), (size_t)PQgetlength(result, 0, 1) };

    return text.length == 2 + 2 * sizeof(ret->bytes)
           && array_read_hex(text, ret->bytes) == (int64_t)sizeof(ret->bytes);
}

int derive_seek(struct derive *derive, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(IDS_BYTES * 64);
    AUTO(pq_clear) PGresult *found = NULL;
    struct counted_file file;
    int code = find_file(derive, &found, err);

    derive->active = false;
    derive->finished = false;
    if (code != 0 || PQntuples(found) == 0)
        return code;
    if (arena == NULL || counted_all(derive->counted, &file, arena) != 0)
        return error_set(err, ENOMEM, "ledger: out of memory");
    derive->service = (int)pq_int(found, 0, 0, 0);
    derive->offset = pq_int(found, 0, 2, 0);
    derive->touched_count = 0;
    counted_restrict(derive->counted, &file, derive->service, PQgetvalue(found, 0, 3),
                     PQgetvalue(found, 0, 4));
    if (!read_file_id(found, &derive->file))
        return 0;
    choose(derive, &file);
    return derive->active ? find_range(derive, err) : 0;
}

/* --- a portion's transaction --- */

/* $1 service, $2 file, and the ids of the job as $3. */
struct job_params {
    char file[SESSION_FILE_BYTES];
    struct buf ids;
};

static void job_params_init(struct job_params *params, const struct derive *derive)
{
    (void)session_file(derive->file, params->file);
    buf_init(&params->ids, IDS_BYTES);
    array_open(&params->ids);
    for (int i = 0; i < derive->indicator_count; i++)
        array_put_int(&params->ids, id_of(derive, derive->indicators[i]));
    array_close(&params->ids);
}

static void job_params_done(struct job_params *params)
{
    buf_done(&params->ids);
}

/* Begins, and locks the position.  The job is dropped where somebody else has it, has moved it, or
 * has done the job already. */
static int begin_locked(struct derive *derive, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    AUTO(job_params_done) struct job_params params;
    const char *values[3];
    int code = session_begin(derive->session, " ISOLATION LEVEL READ COMMITTED", err);

    job_params_init(&params, derive);
    values[0] = service_of(derive);
    values[1] = params.file;
    values[2] = buf_text(&params.ids);
    if (code == 0)
        code = session_run(derive->session,
                           "SELECT \"offset\" FROM probity.positions WHERE service = $1 "
                           "AND file_id = $2::bytea AND ($3 = '{}' OR NOT indicators @> "
                           "$3::integer[]) FOR UPDATE SKIP LOCKED",
                           SESSION_PARAMS(values), &result, err);
    if (code == 0 && (PQntuples(result) == 0 || pq_int(result, 0, 0, -1) != derive->offset)) {
        session_rollback(derive->session);
        derive_drop(derive);
    }
    return code;
}

#define FETCH                                                                \
    "SELECT route, method, minute, total, errors, statuses, histogram "      \
    "FROM probity.route_minutes WHERE service = $1 AND file_id = $2::bytea " \
    "AND minute >= $3::integer AND minute < $4::integer AND minute >= 0"

#define IN_PORTION(table, key, span)                                                        \
    "DELETE FROM probity." table " WHERE service = $1 AND file_id = $2::bytea "             \
    "AND indicator_id = ANY ($3::integer[]) AND " key " >= $4::integer / " span " AND " key \
    " < ($5::integer + " span " - 1) / " span

static const char *const clears[] = {
    IN_PORTION("indicator_minutes", "minute", "1"),
    IN_PORTION("indicator_quarters", "quarter", "15"),
    IN_PORTION("indicator_days", "day", "1440"),
    IN_PORTION("route_bad_minutes", "minute", "1"),
};

#define ADD_MINUTES                                                                            \
    "WITH k AS MATERIALIZED (SELECT * FROM unnest($4::integer[], $5::integer[], "              \
    "$6::bigint[], $7::bigint[], $8::bytea[]) AS k(i, m, n, b, h)), "                          \
    "minutes AS (INSERT INTO probity.indicator_minutes (service, indicator_id, minute, "       \
    "file_id, total, bad, histogram, stamp) SELECT $1, i, m, $2, n, b, h, $3 FROM k) "         \
    "INSERT INTO probity.indicator_quarters (service, indicator_id, quarter, file_id, total, " \
    "bad, stamp) SELECT $1, i, m / 15, $2, sum(n), sum(b), $3 FROM k GROUP BY i, m / 15"

/* The day of the portion anew: from its quarter hours, of which other portions wrote theirs. */
#define ADD_DAY                                                                              \
    "INSERT INTO probity.indicator_days (service, indicator_id, day, file_id, total, bad, "  \
    "stamp) SELECT service, indicator_id, quarter / 96, file_id, sum(total), sum(bad), "     \
    "max(stamp) FROM probity.indicator_quarters WHERE service = $1 AND file_id = $2::bytea " \
    "AND indicator_id = ANY ($3::integer[]) AND quarter >= $4::integer / 1440 * 96 "         \
    "AND quarter < ($4::integer / 1440 + 1) * 96 GROUP BY 1, 2, 3, 4"

#define ADD_BADS                                                                             \
    "INSERT INTO probity.route_bad_minutes (service, indicator_id, route, minute, file_id, " \
    "bad, stamp) SELECT $1, i, r, m, $2, sum(b), $3 FROM unnest($4::integer[], $5::text[], " \
    "$6::integer[], $7::bigint[]) AS k(i, r, m, b) GROUP BY i, r, m"

static int run_added(const struct derive *derive, struct columns *columns, const char *sql,
                     struct error *err)
{
    char file[SESSION_FILE_BYTES];
    char stamp[SESSION_NUMBER_BYTES];
    const char *const values[] = { service_of(derive), session_file(derive->file, file),
                                   session_number(derive->offset, stamp) };
    static const Oid types[] = { 25, 17, 20 };
    const struct pq_params fixed = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };

    return columns_are_empty(columns)
               ? 0
               : columns_run(columns, derive->session, sql, &fixed, NULL, err);
}

static int clear_and_add(struct derive *derive, struct derived *derived, struct error *err)
{
    AUTO(columns_done) struct columns minutes;
    AUTO(job_params_done) struct job_params params;
    char from[SESSION_NUMBER_BYTES];
    char until[SESSION_NUMBER_BYTES];
    const char *values[5];
    int code;

    job_params_init(&params, derive);
    columns_open(&minutes, 5);
    values[0] = service_of(derive);
    values[1] = params.file;
    values[2] = buf_text(&params.ids);
    values[3] = session_number(derived->from_minute, from);
    values[4] = session_number(derived->until_minute, until);
    code = derived_fill(derived, &minutes);
    if (code != 0)
        return error_set(err, -code, "ledger: out of memory");
    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(clears); i++)
        code = session_run(derive->session, clears[i], SESSION_PARAMS(values), NULL, err);
    if (code == 0)
        code = run_added(derive, &minutes, ADD_MINUTES, err);
    if (code == 0)
        code = run_added(derive, &derived->bads, ADD_BADS, err);
    if (code == 0)
        code = session_run(derive->session, ADD_DAY,
                           (&(struct pq_params){ .count = 4, .values = values }), NULL, err);
    return code;
}

static int derive_rows(struct derive *derive, struct derived *derived, struct error *err)
{
    AUTO(pq_clear) PGresult *evidence = NULL;
    char file[SESSION_FILE_BYTES];
    char from[SESSION_NUMBER_BYTES];
    char until[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        service_of(derive),
        session_file(derive->file, file),
        session_number(derived->from_minute, from),
        session_number(derived->until_minute, until),
    };
    int code = session_run(derive->session, FETCH, SESSION_PARAMS(values), &evidence, err);

    for (int row = 0; code == 0 && row < PQntuples(evidence); row++) {
        code = derived_add(derived, evidence, row);
        if (code != 0)
            return error_set(err, -code, "ledger: out of memory");
    }
    return code == 0 ? clear_and_add(derive, derived, err) : code;
}

/* Within the caller's transaction. */
static int do_portion(struct derive *derive, int32_t portion, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(PORTION_BYTES);
    const struct indicator *indicators[DERIVE_INDICATORS];
    int ids[DERIVE_INDICATORS];
    struct derived derived = {
        .indicators = indicators,
        .ids = ids,
        .count = derive->indicator_count,
        .from_minute = portion * DERIVE_PORTION_MINUTES,
        .until_minute = (portion + 1) * DERIVE_PORTION_MINUTES,
        .arena = arena,
        .inexact_from = derive->inexact_from,
        .inexact_until = derive->inexact_until,
    };
    int code;

    for (int i = 0; i < derive->indicator_count; i++) {
        indicators[i] = &derive->counted->catalogue->indicators[derive->indicators[i]];
        ids[i] = id_of(derive, derive->indicators[i]);
    }
    code = arena == NULL ? -ENOMEM : derived_init(&derived);
    if (code == 0)
        code = derive_rows(derive, &derived, err);
    else
        code = error_set(err, -code, "ledger: out of memory");
    derived_done(&derived);
    return code;
}

/* --- the end of a job --- */

static int mark_inexact(struct derive *derive, struct error *err)
{
    AUTO(columns_done) struct columns columns;
    const char *const values[] = { service_of(derive) };
    static const Oid types[] = { 25 };
    const struct pq_params fixed = { 1, types, values, NULL, NULL };

    columns_open(&columns, 3);
    for (int i = 0; i < derive->indicator_count; i++) {
        if (derive->inexact_from[i] > derive->inexact_until[i])
            continue;
        array_put_int(&columns.arrays[0], id_of(derive, derive->indicators[i]));
        array_put_int(&columns.arrays[1], derive->inexact_from[i]);
        array_put_int(&columns.arrays[2], derive->inexact_until[i]);
    }
    if (columns_are_empty(&columns))
        return 0;
    return columns_run(&columns, derive->session,
                       "UPDATE probity.indicators AS t SET "
                       "derived_from = least(t.derived_from, k.f), "
                       "derived_until = greatest(t.derived_until, k.u) "
                       "FROM unnest($2::integer[], $3::integer[], $4::integer[]) AS k(i, f, u) "
                       "WHERE t.service = $1 AND t.id = k.i",
                       &fixed, NULL, err);
}

static int name_indicators(struct derive *derive, struct error *err)
{
    AUTO(job_params_done) struct job_params params;
    const char *values[3];

    job_params_init(&params, derive);
    values[0] = service_of(derive);
    values[1] = params.file;
    values[2] = buf_text(&params.ids);
    return session_run(derive->session,
                       "UPDATE probity.positions SET indicators = ARRAY(SELECT DISTINCT x FROM "
                       "unnest(indicators || $3::integer[]) AS x ORDER BY x) "
                       "WHERE service = $1 AND file_id = $2::bytea",
                       SESSION_PARAMS(values), NULL, err);
}

static int finish_indicators(struct derive *derive, struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < derive->touched_count; i++)
        code = do_portion(derive, derive->touched[i], err);
    if (code == 0)
        code = mark_inexact(derive, err);
    return code == 0 ? name_indicators(derive, err) : code;
}

/* --- slices, out of minutes, all at once --- */

static const char *const slice_steps[] = {
    "DELETE FROM probity.slices WHERE service = $1 AND indicator_id = $3::integer "
    "AND slice_minutes = $4::integer AND file_id = $2::bytea",
    "INSERT INTO probity.slices (service, indicator_id, slice_minutes, slice, file_id, total, "
    "bad, stamp) SELECT service, indicator_id, $4::integer, minute - minute % $4::integer, "
    "file_id, sum(total), sum(bad), max(stamp) FROM probity.indicator_minutes "
    "WHERE service = $1 AND indicator_id = $3::integer AND file_id = $2::bytea "
    "GROUP BY 1, 2, 3, 4, 5",
    "UPDATE probity.positions SET slices = ARRAY(SELECT DISTINCT x COLLATE \"C\" FROM "
    "unnest(slices || ($3 || '/' || $4)) AS x ORDER BY x COLLATE \"C\") "
    "WHERE service = $1 AND file_id = $2::bytea",
};

static int build_slices(struct derive *derive, struct error *err)
{
    const struct slicing *slicing = &derive->counted->slicings[derive->slicing];
    char file[SESSION_FILE_BYTES];
    char id[SESSION_NUMBER_BYTES];
    char minutes[SESSION_NUMBER_BYTES];
    const char *const values[] = { service_of(derive), session_file(derive->file, file),
                                   session_number(slicing->id, id),
                                   session_number(slicing->minutes, minutes) };
    static const Oid types[] = { 25, 17, 25, 25 };
    const struct pq_params params = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };
    int code = 0;

    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(slice_steps); i++)
        code = session_run(derive->session, slice_steps[i], &params, NULL, err);
    return code;
}

/* --- a step --- */

int derive_step(struct derive *derive, struct error *err)
{
    bool last = derive->indicator_count == 0 || derive->next_portion > derive->last_portion;
    int code;

    assert(derive->active);
    code = begin_locked(derive, err);
    if (code != 0 || !derive->active)
        return code;
    if (!last)
        code = do_portion(derive, derive->next_portion, err);
    else if (derive->indicator_count > 0)
        code = finish_indicators(derive, err);
    else
        code = build_slices(derive, err);
    if (code == 0)
        code = session_commit(derive->session, err);
    if (code == 0 && last) {
        derive_drop(derive);
        derive->finished = true;
    }
    derive->next_portion++;
    return code;
}

static bool touch(struct derive *derive, int32_t portion)
{
    for (int i = 0; i < derive->touched_count; i++) {
        if (derive->touched[i] == portion)
            return true;
    }
    if (derive->touched_count == DERIVE_TOUCHED)
        return false;
    derive->touched[derive->touched_count++] = portion;
    return true;
}

void derive_note(struct derive *derive, const struct flush *flush)
{
    int count = flush->tally == NULL ? 0 : tally_row_count(flush->tally);

    if (!derive->active
        || memcmp(derive->file.bytes, flush->file.bytes, sizeof(flush->file.bytes)) != 0)
        return;
    derive->offset = flush->to_offset;
    for (int i = 0; i < count && derive->active; i++) {
        if (!touch(derive, tally_row_at(flush->tally, i)->minute / DERIVE_PORTION_MINUTES))
            derive_drop(derive);
    }
}
