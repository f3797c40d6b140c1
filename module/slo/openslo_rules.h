/* openslo_rules.h - alert policies as rules.  Pure. */
#ifndef SLO_OPENSLO_RULES_H
#define SLO_OPENSLO_RULES_H

#include "base/arena.h"
#include "slo/openslo_shape.h"
#include "slo/rule.h"

struct rules_request {
    const struct shape_check *check;
    const struct spot *policies; /* spec.alertPolicies, inlined; there may be none */
    int32_t period_minutes;      /* what shares of the budget are scaled to */
    struct arena *arena;         /* holds the rules */
};

/* The rules of all policies, in their order; `*ret` is NULL where there is no policy.  What is
 * wrong is recorded.  Returns 0 or -ENOMEM. */
int openslo_rules(const struct rules_request *request, const struct alert_rule **ret,
                  int *ret_count) MUST_CHECK;

#endif
