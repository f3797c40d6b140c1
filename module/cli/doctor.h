/* doctor.h - one thing that `probity doctor` looks at, and the lines that come out of it.
 *
 * Each visit runs on a thread of its own and may hang there, in a name look-up or on a lost disk:
 * then the main thread takes what it has written so far and goes on without it.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "base/buf.h"
#include "base/thread.h"
#include "config/config.h"
#include "health/reason.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct doctor_visit;

typedef void (*doctor_visit_fn)(struct doctor_visit *visit);

struct doctor_visit {
    /* set before start, read-only afterwards */
    const char *name;  /* "database", "ledger", …: what an argument may ask for */
    const char *about; /* what it is: "postgres", "the log that is read" */
    doctor_visit_fn run;
    const struct config *config;
    const struct check_config *check;   /* of a dependency, else NULL */
    const struct source_config *source; /* of a log, else NULL */
    int64_t timeout_ms;
    int64_t deadline_ms;
    /* the main thread */
    bool wanted;
    struct thread thread;
    /* under the lock */
    pthread_mutex_t lock;
    struct buf report;
    const char *step; /* under way, or NULL; static */
    int64_t step_started_us;
    bool failed;
};

/* Begins a step; `step` is static and at most 12 bytes. */
void doctor_begin(struct doctor_visit *visit, const char *step);

/* Calls the step under way something else, now that it is known better. */
void doctor_rename(struct doctor_visit *visit, const char *step);

/* Each of these ends the step with a line of its own, and the time that it took. */
void doctor_pass(struct doctor_visit *visit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It works, and somebody should know something. */
void doctor_note(struct doctor_visit *visit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is wrong, in the closed phrase or in words of ours; the rest may be NULL. */
struct doctor_trouble {
    const char *phrase;
    const char *said;   /* the driver's or the system's own words */
    const char *advice; /* what to do */
    const char *change; /* where */
};

void doctor_fail(struct doctor_visit *visit, const struct doctor_trouble *trouble);

/* Ends the step under way because its time is over.  The main thread, about a thread that hangs. */
void doctor_give_up(struct doctor_visit *visit);

enum { DOCTOR_CHANGE_BYTES = 256 };

/* Where the operator finds what a reason speaks of: "user and password in DATABASE_URL". */
void doctor_find_change(const struct doctor_visit *visit, enum health_reason reason,
                        char text[DOCTOR_CHANGE_BYTES]);

/* Name, connection, TLS and login of a Postgres, step by step.  False when one of them failed;
 * nothing stays open. */
bool doctor_walk_to_postgres(struct doctor_visit *visit, const char *conninfo);

/* Fails the step with a reason's phrase and hint, and the words of whoever said it. */
void doctor_fail_with(struct doctor_visit *visit, enum health_reason reason, int64_t number,
                      const char *said);

/* Resolves a name; one that is an address already is no step.  False when it failed. */
bool doctor_resolve(struct doctor_visit *visit, const char *host);

/* The visits. */
void doctor_visit_check(struct doctor_visit *visit);
void doctor_visit_ledger(struct doctor_visit *visit);
void doctor_visit_log(struct doctor_visit *visit);
void doctor_visit_state(struct doctor_visit *visit);
void doctor_visit_socket(struct doctor_visit *visit);
void doctor_visit_secrets(struct doctor_visit *visit);

#endif
