/* history.h - what became of one check: its last results, its last transitions, its uptime.  Pure.
 *
 * Durations are by the boot clock; times of the day are what the wall clock said then, and decide
 * nothing.  A restart continues the state before it; time in which nobody judged is unknown, not
 * down.  Every function takes NULL, the history for which there was no memory: of that nothing is
 * known.
 */
#ifndef MONITOR_HISTORY_H
#define MONITOR_HISTORY_H

#include "monitor/state.h"
#include "monitor/uptime.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTORY_RESULTS = 60,
    HISTORY_TRANSITIONS = 32,
    HISTORY_NAME_BYTES = 64,
    HISTORY_MINUTES = 60, /* for which changes are counted */
    /* What lies between two judgements beyond this had no judge: the process was stopped, or the
     * machine slept. */
    HISTORY_GAP_MS = 3000,
};

struct history_result {
    int64_t at_wall_ms;
    int64_t latency_us;
    int64_t number; /* for the reason's phrase */
    enum outcome_status status;
    enum health_reason reason;
};

struct history_transition {
    int64_t at_wall_ms;
    int64_t lasted_ms;      /* how long the state before it did */
    int64_t number;         /* for the reason's phrase */
    enum check_status from; /* CHECK_STARTING: it is the first of all */
    enum check_status to;
    enum health_reason reason;           /* of the new state */
    char error_id[CHECK_ERROR_ID_BYTES]; /* of the spell of trouble that began, goes on or ended */
};

struct history {
    char name[HISTORY_NAME_BYTES]; /* of the check */
    bool open;                     /* somebody looks at it */
    /* as of the last judgement */
    bool judged;         /* there was one */
    int64_t began_at_ms; /* boot clock, as is the next; before the boot it is negative */
    int64_t judged_at_ms;
    enum check_status now;    /* what was shown then */
    enum check_status status; /* the last that was more than a start */
    int64_t lasted_ms;        /* for how long it has, so far */
    /* rings: the newest lies before `…_next` */
    struct history_result results[HISTORY_RESULTS];
    int result_count;
    int result_next;
    struct history_transition transitions[HISTORY_TRANSITIONS];
    int transition_count;
    int transition_next;
    struct uptime uptime;
    /* How many transitions there were in each of the last minutes of the boot clock: a check that
     * flaps has more of them than are kept.  A restart forgets these. */
    uint16_t changes[HISTORY_MINUTES];
    int64_t changes_minute; /* the newest */
};

/* A check of that name is looked at from now on: for the first time, or again. */
void history_begin(struct history *history, int64_t now_ms);

/* Takes the result of one look. */
void history_take(struct history *history, const struct outcome *outcome);

/* Takes a verdict; `error_id` names the spell of trouble that it belongs to, or that it ends.
 * Returns whether it was a transition. */
bool history_judge(struct history *history, const struct check_verdict *verdict,
                   const char *error_id, struct moment now);

/* Puts `before`, which ended when it was judged last, in front of what `history` has seen since it
 * began.  Both by the same boot clock. */
void history_continue(struct history *history, const struct history *before);

int history_result_count(const struct history *history);
int history_transition_count(const struct history *history);

/* By age: 0 is the newest.  Below the count. */
const struct history_result *history_result(const struct history *history, int age);
const struct history_transition *history_transition(const struct history *history, int age);

/* Transitions of the last hour: exactly, up to HISTORY_TRANSITIONS; of more, those of its last
 * HISTORY_MINUTES that this process has seen, and never fewer than are kept. */
int history_changes(const struct history *history);

/* Up is ok or degraded, down is error or stale. */
struct uptime_share history_uptime(const struct history *history, int hours);

/* For who reads a history from somewhere: the oldest first. */
void history_add_result(struct history *history, const struct history_result *result);
void history_add_transition(struct history *history, const struct history_transition *transition);

#endif
