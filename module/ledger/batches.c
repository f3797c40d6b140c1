/* batches.c - one row for each key, or for each part of a large batch. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/batches.h"

#include <stdio.h>
#include <string.h>

enum { HASH_BYTES = 32, HASH_TEXT_BYTES = 2 * HASH_BYTES + 3 };

#define POSTED_AT "(timestamptz 'epoch' + $4::bigint * interval '1 millisecond')"

/* Both may be late: a batch waits in its instance's journal while the ledger is out of reach. */
#define WITHIN_A_DAY(row) "abs(extract(epoch FROM " row ".created_at - " POSTED_AT ")) < 86400"

/* A part of a batch whose first part found the key taken by another body is not counted either.  A
 * rival that is about to commit the same key is waited for. */
#define SETTLE                                                                                \
    "INSERT INTO probity.batches AS b (service, key_hash, body_hash, created_at) "            \
    "SELECT $1::text, $2::bytea, $3::bytea, " POSTED_AT " WHERE NOT EXISTS ("                 \
    "SELECT FROM probity.batches AS f WHERE f.service = $1::text AND f.key_hash = $5::bytea " \
    "AND f.body_hash <> $3::bytea AND " WITHIN_A_DAY(                                         \
        "f") ") "                                                                             \
             "ON CONFLICT (service, key_hash) DO UPDATE SET body_hash = CASE WHEN "           \
             "EXCLUDED.created_at > "                                                         \
             "b.created_at THEN EXCLUDED.body_hash ELSE b.body_hash END, "                    \
             "created_at = greatest(b.created_at, EXCLUDED.created_at) "                      \
             "WHERE NOT " WITHIN_A_DAY("b") " RETURNING true"

#define FIND                                                                               \
    "SELECT f.body_hash = $3::bytea FROM probity.batches AS f WHERE f.service = $1::text " \
    "AND f.key_hash = $2::bytea AND " WITHIN_A_DAY("f")

static const char *hash_text(const unsigned char hash[HASH_BYTES], char text[HASH_TEXT_BYTES])
{
    (void)snprintf(text, HASH_TEXT_BYTES, "\\x");
    for (int i = 0; i < HASH_BYTES; i++)
        (void)snprintf(text + 2 + 2 * i, 3, "%02x", hash[i]);
    return text;
}

int batches_find(struct session *session, const char *service, const struct flush_batch *batch,
                 enum batch_verdict *ret, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char hashes[2][HASH_TEXT_BYTES];
    char posted[SESSION_NUMBER_BYTES];
    const char *const values[] = { service, hash_text(batch->first_hash, hashes[0]),
                                   hash_text(batch->body_hash, hashes[1]),
                                   session_number(batch->posted_ms, posted) };
    int code = session_run(session, FIND, SESSION_PARAMS(values), &result, err);

    if (code != 0)
        return code;
    if (PQntuples(result) == 0)
        *ret = BATCH_COUNTS;
    else
        *ret = PQgetvalue(result, 0, 0)[0] == 't' ? BATCH_IS_KNOWN : BATCH_CONTRADICTS;
    return 0;
}

int batches_settle(struct session *session, const char *service, const struct flush_batch *batch,
                   enum batch_verdict *ret, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char hashes[3][HASH_TEXT_BYTES];
    char posted[SESSION_NUMBER_BYTES];
    const char *const values[] = { service, hash_text(batch->key_hash, hashes[0]),
                                   hash_text(batch->body_hash, hashes[1]),
                                   session_number(batch->posted_ms, posted),
                                   hash_text(batch->first_hash, hashes[2]) };
    int code;

    *ret = BATCH_COUNTS;
    if (!batch->keyed)
        return 0;
    code = session_run(session, SETTLE, SESSION_PARAMS(values), &result, err);
    if (code != 0 || PQntuples(result) > 0)
        return code;
    code = batches_find(session, service, batch, ret, err);
    if (code == 0 && *ret == BATCH_COUNTS)
        *ret = BATCH_IS_KNOWN; /* retention has just taken what it was refused for */
    return code;
}
