/* report.h - one line of the log for every change of state, and none for every round.
 *
 * Also one when a check's trouble gets another reason, at most one a second and check.  Another
 * number in the same phrase is nothing.
 */
#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include "monitor/overview.h"

/* What the log was told last of a check. */
struct told {
    uint64_t check; /* the row's id */
    enum check_status status;
    enum health_reason reason;
    char error_id[CHECK_ERROR_ID_BYTES];
    int64_t since_ms;
    int64_t told_at_ms;
};

struct report {
    uint64_t reloads; /* whose rows `checks` follows */
    struct told checks[LIMIT_CHECKS];
    int check_count;
    const char *readiness; /* "ready", "not_ready", "draining", "maintenance" */
    enum liveness liveness;
    bool disk_hangs;
    int64_t readiness_since_ms;
};

/* Takes the state before anything happened: of that there is nothing to say but which checks can't
 * be looked at, which the first report_changes() does. */
void report_init(struct report *report, const struct overview *overview);

/* Logs what has changed since. */
void report_changes(struct report *report, const struct overview *overview);

#endif
