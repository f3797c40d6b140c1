/* alert.h - from a rule and what is known to the state of an alert.  Pure: the time is an argument.
 *
 * inactive → pending → firing → resolved → inactive.  What is not known changes nothing: an alert
 * is frozen then, neither raised nor resolved.  All comparisons are strict and exact.
 */
#ifndef SLO_ALERT_H
#define SLO_ALERT_H

#include "slo/objective.h"
#include "slo/rule.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* "Lately resolved": for so long an alert remembers that it fired. */
    ALERT_REMEMBERS_MS = 24 * 60 * 60 * 1000,
    /* A rule about the whole window looks at this much to see whether anybody is watching. */
    ALERT_SIGHT_MINUTES = 5,
};

enum alert_state {
    ALERT_INACTIVE,
    ALERT_PENDING,
    ALERT_FIRING,
    ALERT_RESOLVED, /* inactive, but lately firing */
};

/* Why an alert is not judged. */
enum alert_frozen {
    ALERT_JUDGED,
    ALERT_FROZEN_DARK,        /* more than half of the time that it looks at is dark */
    ALERT_FROZEN_LEDGER,      /* the ledger has been out of reach for too long */
    ALERT_FROZEN_CLOCK,       /* the wall clock was set, and events don't agree with it yet */
    ALERT_FROZEN_PROMISED,    /* nobody is watching, and the objective asks to stand still then */
    ALERT_FROZEN_MAINTENANCE, /* operators work on the service */
};

struct alert {
    enum alert_state state;
    int64_t since_ms;    /* wall: when this state began; 0: it was never another one */
    int64_t fired_at_ms; /* wall: of this episode, or of the last one; 0: never */
    int64_t resolved_at_ms;
    enum alert_frozen frozen;
};

/* What is known of one objective for one rule. */
struct alert_evidence {
    struct window_sum whole; /* the objective's window */
    struct window_sum long_sum;
    struct window_sum short_sum;
    int32_t long_dark_minutes; /* of the long window, since measuring began, watched by nobody; of a
                                * rule without one: of the newest ALERT_SIGHT_MINUTES */
    int32_t short_dark_minutes;
    bool enough;             /* the objective has enough events to be judged at all */
    enum alert_frozen blind; /* a reason that lies outside of the rule; ALERT_JUDGED: none */
};

enum alert_condition { ALERT_FALSE, ALERT_TRUE, ALERT_UNKNOWN };

/* Whether the rule's condition holds.  The guards ask for more only before an alert fires: one that
 * fires goes on as long as its comparison holds.  `ret_frozen` receives why it is not known, or
 * ALERT_JUDGED. */
enum alert_condition alert_judge(const struct objective *objective, const struct alert_rule *rule,
                                 const struct alert_evidence *evidence, bool firing,
                                 enum alert_frozen *ret_frozen);

/* One step.  Returns whether the state changed (or an alert that was resolved fires anew). */
bool alert_step(struct alert *alert, const struct alert_rule *rule, enum alert_condition condition,
                int64_t now_ms);

/* Judges and steps, and notes why it is frozen. */
bool alert_turn(struct alert *alert, const struct objective *objective,
                const struct alert_rule *rule, const struct alert_evidence *evidence,
                int64_t now_ms);

/* One alert among others. */
struct alert_case {
    const struct objective *objective;
    const struct alert_rule *rule;
    const struct alert *alert;
};

/* Whether `other` says already what `mine` would: one incident gives one page.  Within an objective
 * a firing rule silences those of a higher tier; between objectives that share an indicator a burn
 * of the strictest silences those of the others that are not more severe.  It goes on after `other`
 * was resolved until the short window of `mine` holds nothing of that incident any more. */
bool alert_suppresses(const struct alert_case *other, const struct alert_case *mine,
                      int64_t now_ms);

/* Whether one objective promises more than another over the same events; of two that promise the
 * same the name decides, so that one of them speaks. */
bool alert_is_stricter(const struct objective *a, const struct objective *b);

/* "inactive", "pending", "firing", "resolved": the API's and the ledger's word.  Static. */
const char *alert_state_text(enum alert_state state);
bool alert_state_parse(const char *text, enum alert_state *ret) MUST_CHECK;

/* Why in words, "" for ALERT_JUDGED.  Static. */
const char *alert_frozen_text(enum alert_frozen frozen);

#endif
