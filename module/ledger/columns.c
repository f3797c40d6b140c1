/* columns.c - array parameters behind fixed ones. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/columns.h"

#include "ledger/arrays.h"

#include <assert.h>
#include <errno.h>

enum { COLUMN_BYTES = 64 * 1024 * 1024 };

void columns_open(struct columns *columns, int count)
{
    assert(count <= COLUMNS_MAX);
    columns->count = count;
    for (int i = 0; i < count; i++) {
        buf_init(&columns->arrays[i], COLUMN_BYTES);
        array_open(&columns->arrays[i]);
    }
}

void columns_done(struct columns *columns)
{
    for (int i = 0; i < columns->count; i++)
        buf_done(&columns->arrays[i]);
    columns->count = 0;
}

bool columns_are_empty(const struct columns *columns)
{
    return columns->arrays[0].length <= 1; /* the brace */
}

int columns_run(struct columns *columns, struct session *session, const char *sql,
                const struct pq_params *fixed, PGresult **ret, struct error *err)
{
    const char *values[COLUMNS_FIXED_MAX + COLUMNS_MAX];
    Oid types[COLUMNS_FIXED_MAX + COLUMNS_MAX] = { 0 };
    struct pq_params params = { fixed->count + columns->count, types, values, NULL, NULL };

    assert(fixed->count <= COLUMNS_FIXED_MAX);
    for (int i = 0; i < fixed->count; i++) {
        values[i] = fixed->values[i];
        types[i] = fixed->types == NULL ? 0 : fixed->types[i];
    }
    for (int i = 0; i < columns->count; i++) {
        array_close(&columns->arrays[i]);
        if (!buf_ok(&columns->arrays[i]))
            return error_set(err, E2BIG, "ledger: a flush does not fit one statement");
        values[fixed->count + i] = buf_text(&columns->arrays[i]);
    }
    return session_run(session, sql, &params, ret, err);
}
