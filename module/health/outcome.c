/* outcome.c - the first trouble is the cause. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/outcome.h"

void outcome_set(struct outcome *outcome, enum outcome_status status, enum health_reason reason,
                 int64_t number)
{
    /* An error still outweighs a degradation that was noticed earlier in the same look. */
    if (status <= outcome->status)
        return;
    outcome->status = status;
    outcome->reason = reason;
    outcome->number = number;
}
