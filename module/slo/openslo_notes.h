/* openslo_notes.h - what OpenSLO can't say, as annotations under probity.dev/.  Pure. */
#ifndef SLO_OPENSLO_NOTES_H
#define SLO_OPENSLO_NOTES_H

#include "slo/objective.h"
#include "slo/openslo_shape.h"

/* Of an SLO. */
struct slo_notes {
    bool typed; /* `type` was named */
    enum objective_type type;
    enum unwatched unwatched;
    struct rule_guard guard;
    bool no_alerts; /* alerts: none */
};

/* Of an AlertCondition; what is not named is 0. */
struct rule_notes {
    int32_t short_minutes;
    bool by_share; /* the threshold follows from this share of the budget */
    struct fraction share;
    bool by_left; /* a rule about what is left of the budget */
    struct fraction left;
    bool clears;
    struct fraction clears_at;
    int tier;
};

/* Reads metadata.annotations; unknown ones under probity.dev/ are errors, others none of ours. */
void openslo_slo_notes(const struct shape_check *check, const struct spot *metadata,
                       struct slo_notes *ret);
void openslo_rule_notes(const struct shape_check *check, const struct spot *metadata,
                        struct rule_notes *ret);

#endif
