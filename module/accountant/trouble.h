/* trouble.h - why there are no figures, in words that may be shown to anybody.
 *
 * A driver's own text never gets here: it goes to the log, scrubbed.
 */
#ifndef ACCOUNTANT_TROUBLE_H
#define ACCOUNTANT_TROUBLE_H

struct trouble {
    int number;          /* errno of ledger_reader_read() */
    const char *code;    /* what it is about, for people and programs: "ledger_unreachable" */
    const char *message; /* why, and what to do */
};

/* Never NULL; `number` is positive.  Static. */
const struct trouble *trouble_of(int number);

/* Nobody has asked for a while, so nobody reads.  Static. */
const struct trouble *trouble_paused(void);

/* No read has been tried yet.  Static. */
const struct trouble *trouble_starting(void);

#endif
