/* overview.h - all checks together: ready, started, alive.  Pure: times are arguments. */
#ifndef MONITOR_OVERVIEW_H
#define MONITOR_OVERVIEW_H

#include "base/limits.h"
#include "config/config.h"
#include "health/order.h"
#include "monitor/annals.h"
#include "monitor/keeping.h"
#include "monitor/pause.h"
#include "monitor/state.h"

enum {
    OVERVIEW_MAX_AGE_MS = 3000, /* an older publication is too old */
    OVERVIEW_FRONT_STALL_MS = 3000,
    OVERVIEW_LIVENESS_FAILURES = 3, /* in a row, before liveness fails */
};

enum liveness {
    LIVENESS_OK,
    LIVENESS_STARTING,
    LIVENESS_APP_FAILED,
    LIVENESS_CHECK_FAILED, /* another member of the group: liveness_check */
    LIVENESS_FRONT_STALLED,
};

struct overview {
    /* set at the start, read-only afterwards */
    struct moment started;
    /* by orders */
    const struct config *config; /* in force; held by whoever owns the overview */
    uint64_t reloads;            /* how often it was replaced */
    bool draining;               /* latched */
    struct moment draining_since;
    struct drain drain;             /* while draining: why, who, until when */
    struct maintenance maintenance; /* the last known; on or not */
    uint64_t maintenances;          /* how often it became another */
    bool maintenance_told;          /* by an order, and not by what the last process knew */
    struct pause pause;
    bool ordered; /* something of this has changed since the last judgement */
    /* what has been seen */
    struct check_state checks[LIMIT_CHECKS]; /* in the order of config->checks */
    bool app_answered;                       /* latched */
    int64_t front_looked_at_ms;
    bool front_late;    /* at the last look */
    bool front_stalled; /* at the last two looks */
    /* as of the last judgement */
    struct moment now;
    bool first_round_done;     /* latched: every check has been judged once */
    bool ready_round_done;     /* latched: every member of readiness has */
    bool started_up;           /* latched */
    int64_t steady_since_ms;   /* readiness has passed since then; 0: it does not pass */
    bool steady;               /* latched: it has passed for long enough to begin with */
    bool maintenance_in_force; /* by the wall clock; alone it takes nothing away */
    uint32_t groups_passing;   /* a bit each; readiness without drain and maintenance */
    bool ready;
    enum liveness liveness;
    int liveness_check; /* with LIVENESS_CHECK_FAILED: which one */
    /* counted elsewhere, shown in the metrics */
    uint64_t outcomes_refused;
    uint64_t publications_failed;
    uint64_t histories_refused; /* for want of memory */
    struct keeping keeping;
    struct annals annals; /* what became of the checks, by their names */
};

void overview_init(struct overview *overview, const struct config *config, struct moment now);
void overview_done(struct overview *overview);

/* Takes the result of one look; one that belongs to no check is ignored. */
void overview_take(struct overview *overview, const struct outcome *outcome);

/* Looks whether the front still turns; to be called once a second.  Looks less than a second apart
 * don't count: a process that was stopped and goes on finds its own threads late. */
void overview_look_at_front(struct overview *overview, int64_t beat_ms, int64_t now_ms);

/* Judges everything anew.  Returns whether anything that a page shows has changed, numbers and ages
 * apart. */
bool overview_judge(struct overview *overview, struct moment now);

/* Not ready from now on.  The first order says since when and why; a later one can only bring the
 * end nearer. */
void overview_drain(struct overview *overview, const struct drain *drain, struct moment now);

/* What is in force, in full.  Shown, and judged by, from the next judgement on. */
void overview_maintain(struct overview *overview, const struct maintenance *maintenance);

/* Whether maintenance takes readiness away; draining outranks it in what is shown. */
bool overview_maintenance_drains(const struct overview *overview);

/* A check begins, in the place of that index, and goes on with the history of its name. */
void overview_start_check(struct overview *overview, int check, const struct check_config *config,
                          struct moment now);

/* Puts another configuration in force.  Checks whose row has kept its id go on untouched, those
 * that are gone are forgotten, new ones start.  A new one takes part in a group that passes only
 * from its first verdict on (or when it should have had one): a reload must cost no request.  Under
 * a name that there was before, it starts with what was thought of its predecessor. */
void overview_reload(struct overview *overview, const struct config *config, struct moment now);

/* When readiness will have passed for PROBITY_READY_AFTER; INT64_MAX: it has, or does not pass. */
int64_t overview_steady_at_ms(const struct overview *overview);

/* The state of the check `app` where it says something about the application, else NULL. */
const struct check_state *overview_app(const struct overview *overview);

/* Whether a check is degraded, or fails without taking readiness away. */
bool overview_degraded(const struct overview *overview);

/* Whether the check is a member of that group (an index of config->groups), and whether it lets it
 * pass, as last judged. */
bool overview_in_group(const struct overview *overview, int check, int group);
bool overview_check_passes(const struct overview *overview, int check, int group);

/* Whether the group passes as last judged: by its checks alone (drain and maintenance touch `ready`
 * only), liveness and startup as their pages say.  One without members does not, but for readiness
 * with PROBITY_REQUIRE=none. */
bool overview_group_passes(const struct overview *overview, int group);

#endif
