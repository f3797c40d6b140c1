/* upsert.h - adds rows to what the tables hold: at most five statements, within the caller's
 * transaction.
 *
 * Plain counts are added by Postgres; histograms and statuses are fetched, merged here and written
 * back, which is safe because only the holder of the file's position, a row lock, writes that
 * file's rows.
 */
#ifndef LEDGER_UPSERT_H
#define LEDGER_UPSERT_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/counted.h"
#include "ledger/rows.h"
#include "ledger/session.h"

#include <stdint.h>

enum { UPSERT_ALL_MINUTES = INT32_MIN };

struct upsert {
    struct session *session;
    const struct counted *counted;
    const struct counted_file *file_counted; /* rows of other indicators are left out */
    struct file_id file;
    int64_t stamp; /* the offset that the position moves to */
    const struct rows *rows;
    int32_t minute; /* only this minute's rows, or UPSERT_ALL_MINUTES */
    int damaged;    /* stored histograms and statuses that could not be read and were replaced */
};

/* 0, or -errno as session_run; -E2BIG when the rows don't fit one statement. */
int upsert_rows(struct upsert *upsert, struct error *err) MUST_CHECK;

#endif
