/* batches.h - what was posted with an Idempotency-Key counts once, whichever instance took it.
 *
 * The key is settled in the transaction that counts the batch, behind the position's move: whoever
 * commits first has it.
 */
#ifndef LEDGER_BATCHES_H
#define LEDGER_BATCHES_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/session.h"
#include "slo/tally.h"

enum batch_verdict {
    BATCH_COUNTS,     /* it has no key, or the key is its own */
    BATCH_IS_KNOWN,   /* the same body was counted before: this one is not */
    BATCH_CONTRADICTS /* another body has the key: this one is not counted */
};

/* Takes the key within the session's transaction.  A key that was posted a day or more before or
 * after this batch is none of its.  0, or -errno as session_run(). */
int batches_settle(struct session *session, const char *service, const struct flush_batch *batch,
                   enum batch_verdict *ret, struct error *err) MUST_CHECK;

/* What is known of the key of a batch that is only now being posted, in a transaction of any kind.
 */
int batches_find(struct session *session, const char *service, const struct flush_batch *batch,
                 enum batch_verdict *ret, struct error *err) MUST_CHECK;

#endif
