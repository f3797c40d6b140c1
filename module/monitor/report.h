/* report.h - one line of the log for every change of state, and none for every round. */
#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include "monitor/overview.h"

/* What the log was told last. */
struct report {
    struct {
        enum check_status status;
        int64_t since_ms;
    } checks[LIMIT_CHECKS];
    bool ready;
    bool draining;
    enum liveness liveness;
    int64_t ready_since_ms;
};

/* Takes the state before anything happened: of that there is nothing to say. */
void report_init(struct report *report, const struct overview *overview);

/* Logs what has changed since. */
void report_changes(struct report *report, const struct overview *overview);

#endif
