/* cells.c - a damaged cell must not stop the ledger: it is left out and counted. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/cells.h"

#include "base/pq.h"
#include "ledger/arrays.h"
#include "slo/status_counts.h"

#include <errno.h>

enum { CELL_BYTES = 64 * 1024 };

bool cells_find(struct cells *cells, int ordinal, int *ret_row)
{
    if (cells->result == NULL || cells->at >= PQntuples(cells->result)
        || pq_int(cells->result, cells->at, 0, 0) != ordinal)
        return false;
    *ret_row = cells->at++;
    return true;
}

int cells_read(struct cells *cells, struct cell cell, struct arena *arena, struct slice *ret)
{
    struct slice text = { NULL, 0 };
    unsigned char *bytes;
    int64_t length;

    *ret = (struct slice){ NULL, 0 };
    if (cell.row < 0 || PQgetisnull(cells->result, cell.row, cell.column))
        return 0;
    text.data = PQgetvalue(cells->result, cell.row, cell.column);
    text.length = (size_t)PQgetlength(cells->result, cell.row, cell.column);
    bytes = arena_alloc(arena, text.length + 1);
    if (bytes == NULL)
        return -ENOMEM;
    length = array_read_hex(text, bytes);
    if (length >= 0)
        *ret = (struct slice){ (const char *)bytes, (size_t)length };
    cells->damaged += length < 0;
    return 0;
}

int cells_put_histogram(struct cells *cells, struct buf *column, struct histogram *fresh,
                        struct slice stored)
{
    struct buf encoded;
    int code = stored.length == 0 ? 0 : histogram_merge_encoded(fresh, stored, 1);

    if (code == -ENOMEM)
        return code;
    cells->damaged += code == -EINVAL;
    if (fresh->count == 0) {
        array_put_null(column);
        return 0;
    }
    buf_init(&encoded, CELL_BYTES);
    histogram_encode(fresh, &encoded);
    array_put_bytes(column, buf_slice(&encoded));
    code = buf_ok(&encoded) ? 0 : -ENOMEM;
    buf_done(&encoded);
    return code;
}

int cells_put_statuses(struct cells *cells, struct buf *column, struct slice fresh,
                       struct slice stored)
{
    struct status_counts counts = { { 0 } };
    struct buf encoded;
    int code = 0;

    if (stored.length == 0) {
        array_put_bytes(column, fresh);
        return 0;
    }
    if (status_counts_merge(&counts, stored) != 0)
        cells->damaged++;
    if (status_counts_merge(&counts, fresh) != 0) /* only where the two together overflow */
        return -EOVERFLOW;
    buf_init(&encoded, CELL_BYTES);
    status_counts_encode(&counts, &encoded);
    array_put_bytes(column, buf_slice(&encoded));
    code = buf_ok(&encoded) ? 0 : -ENOMEM;
    buf_done(&encoded);
    return code;
}
