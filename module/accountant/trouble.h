/* trouble.h - why there are no figures, in words that may be shown to anybody.
 *
 * A driver's own text never gets here: it goes to the log, scrubbed.
 */
#ifndef ACCOUNTANT_TROUBLE_H
#define ACCOUNTANT_TROUBLE_H

#include <stdbool.h>

struct trouble {
    int number;          /* errno of ledger_reader_read() */
    const char *code;    /* of the error body: "ledger_unreachable" */
    const char *message; /* why, and what to do */
    bool heals;          /* by itself, or without a restart: the answer says when to retry */
};

/* Never NULL; `number` is positive.  Static. */
const struct trouble *trouble_of(int number);

/* No read has been tried yet.  Static. */
const struct trouble *trouble_starting(void);

/* The accountant has not published for longer than a publication is good for.  Static. */
const struct trouble *trouble_stalled(void);

#endif
