/* state.h - what is known of one check, and the word that it deserves.  Pure: times are arguments.
 */
#ifndef MONITOR_STATE_H
#define MONITOR_STATE_H

#include "config/check.h"
#include "health/hysteresis.h"
#include "health/latency.h"
#include "health/outcome.h"
#include "monitor/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* The two clocks, read once for everything that is judged together. */
struct moment {
    int64_t boot_ms;
    int64_t wall_ms;
};

struct history;

/* Which rule lets a check take a group away, or not; in the order in which they are tried. */
enum check_rule {
    CHECK_RULE_WELL,          /* ok or degraded */
    CHECK_RULE_REQUIRED,      /* not configured, and PROBITY_REQUIRE names it */
    CHECK_RULE_NOT_CRITICAL,  /* shown only */
    CHECK_RULE_STARTING,      /* no verdict yet, or none since a pause */
    CHECK_RULE_DEGRADE,       /* policy: degrade */
    CHECK_RULE_FAIL_AFTER,    /* policy: fail_after, and it has lasted too long */
    CHECK_RULE_NOT_YET_AFTER, /* policy: fail_after, and it has not */
    CHECK_RULE_FAIL,          /* policy: fail */
};

#define CHECK_ERROR_ID_BYTES 9

struct check_state {
    /* set at the start; a reload may put another copy of the same row there */
    const struct check_config *config;
    struct moment started;
    uint32_t excused; /* groups that need not wait for its first verdict: it came by a reload */
    /* what has been seen */
    struct hysteresis hysteresis;
    bool has_last;
    struct outcome last;
    int64_t last_success_at_wall_ms; /* 0: never */
    struct check_verdict shown;      /* by the last result that agreed with the hysteresis */
    int64_t consecutive_failures;
    bool paused;           /* no result since a pause began, */
    int64_t resumed_at_ms; /* which ended then, by the boot clock; 0: it lasts */
    struct latency latency;
    /* as of the last judgement */
    struct check_verdict verdict;
    struct moment since;        /* when the status last changed */
    int64_t trouble_since_ms;   /* since when it is neither ok nor degraded; 0: it is */
    bool has_passed;            /* latched: it was ok or degraded once */
    enum check_status unpaused; /* the status, or what it was before the pause */
    uint64_t transitions;
    /* Names this spell of trouble here and in the log, from leaving `ok` (or from the first
     * verdict) until it is back; "" while there is none. */
    char error_id[CHECK_ERROR_ID_BYTES];
    /* What became of it so far, by its name; belongs to the annals.  NULL: there was no memory. */
    struct history *history;
};

void check_state_init(struct check_state *state, const struct check_config *config,
                      struct moment now);

/* Takes the result of one look. */
void check_state_take(struct check_state *state, const struct outcome *outcome);

/* Nobody looks any more, and nothing that was seen counts later; they look again. */
void check_state_pause(struct check_state *state);
void check_state_resume(struct check_state *state, int64_t now_ms);

/* Judges anew, because time alone makes a result stale.  Returns whether the word has changed, how
 * long it is stale apart. */
bool check_state_judge(struct check_state *state, struct moment now);

/* Whether it has been judged at all: the first round is over for it. */
bool check_state_settled(const struct check_state *state);

/* Whether it lets its groups pass at `now_ms`, by its policy and as last judged; and which rule
 * says so. */
bool check_state_passes(const struct check_state *state, int64_t now_ms);
enum check_rule check_state_rule(const struct check_state *state, int64_t now_ms);

/* How old its last result may be, less for a first verdict; and how old it is, -1 before it. */
int64_t check_state_max_age_ms(const struct check_state *state);
int64_t check_state_age_ms(const struct check_state *state, int64_t now_ms);

#endif
