/* verdict.h - what is thought of one check, and how people are told.  Pure. */
#ifndef MONITOR_VERDICT_H
#define MONITOR_VERDICT_H

#include "health/reason.h"

#include <stdint.h>

enum check_status {
    CHECK_STARTING,
    CHECK_OK,
    CHECK_DEGRADED,
    CHECK_ERROR,
    CHECK_STALE,
    CHECK_NOT_CONFIGURED,
    CHECK_PAUSED, /* nobody asked, so nobody looked; or somebody has, and there is no result yet */
};

struct check_verdict {
    enum check_status status;
    enum health_reason reason; /* of degraded and error */
    int64_t number;            /* for the reason's phrase */
    int64_t silent_ms;         /* stale: for how long there was no result */
};

enum { CHECK_WORD_BYTES = 96 };

/* "degraded": the status alone.  Static. */
const char *check_status_text(enum check_status status);

/* Why it is not ok, "connection refused", "no result for 12 s"; "" when it is. */
void check_verdict_why(const struct check_verdict *verdict, char text[CHECK_WORD_BYTES]);

/* The word of the readiness page: "ok", "error: connection refused", "stale: …". */
void check_verdict_word(const struct check_verdict *verdict, char text[CHECK_WORD_BYTES]);

/* What to do about it; "" when it is ok.  Static. */
const char *check_verdict_hint(const struct check_verdict *verdict);

#endif
