/* reject.h - why a line of the log is no event. */
#ifndef INGEST_REJECT_H
#define INGEST_REJECT_H

#define FOR_EACH_REJECT(X)                                                             \
    X(NOT_JSON, "not_json")     /* not an object, cut short, or followed by garbage */ \
    X(FORMAT, "bad_format")     /* not as its source is said to be written */          \
    X(MISSING, "missing_field") /* no time, status, method, path or request_time */    \
    X(NUMBER, "bad_number")     /* negative, not a number, out of range */             \
    X(STATUS, "bad_status")     /* not 100 to 599 */                                   \
    X(TIME, "bad_time")         /* no time, older than what is kept, or in the future */        \
    X(TOO_LONG, "too_long")     /* over LIMIT_LOG_LINE_IN_BYTES */

enum reject {
    REJECT_NONE,
#define X(name, text) REJECT_##name,
    FOR_EACH_REJECT(X)
#undef X
        REJECT_COUNT
};

/* "not_json": the word for metrics and logs.  Static. */
const char *reject_text(enum reject reject);

#endif
