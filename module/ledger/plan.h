/* plan.h - which revision a target of `probity migrate` means.  Pure. */
#ifndef LEDGER_PLAN_H
#define LEDGER_PLAN_H

#include "base/auto.h"
#include "base/error.h"

enum plan_direction { PLAN_UP, PLAN_DOWN, PLAN_STAMP };

/* Where the schema stands and how far the program's migrations reach; 0 is the base. */
struct plan_range {
    int current;
    int head;
};

/* Reads "head", "base", "+N", "-N" or a revision; NULL means "head" upwards and "-1" downwards.
 * Returns the revision, or -EINVAL with `err` when it does not exist or lies the other way. */
int plan_target(enum plan_direction direction, const char *target, struct plan_range range,
                struct error *err) MUST_CHECK;

#endif
