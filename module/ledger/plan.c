/* plan.c - targets of `probity migrate` as numbers. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/plan.h"

#include "base/slice.h"

#include <errno.h>
#include <string.h>

static int refuse(const char *target, const char *why, struct error *err)
{
    return error_set(err, EINVAL, "migrate: target \"%s\": %s", target, why);
}

/* A step's length with its sign already read, or a revision; -1 for anything else. */
static int read_number(const char *text)
{
    uint64_t number;

    return slice_parse_uint(slice_of(text), 9999, &number) ? (int)number : -1;
}

static int wanted(const char *target, struct plan_range range)
{
    int number;

    if (strcmp(target, "head") == 0)
        return range.head;
    if (strcmp(target, "base") == 0)
        return 0;
    if (*target != '+' && *target != '-')
        return read_number(target);
    number = read_number(target + 1);
    if (number <= 0)
        return -1;
    return *target == '+' ? range.current + number : range.current - number;
}

int plan_target(enum plan_direction direction, const char *target, struct plan_range range,
                struct error *err)
{
    int revision;

    if (target == NULL)
        target = direction == PLAN_DOWN ? "-1" : "head";
    if ((direction != PLAN_DOWN && *target == '-') || (direction != PLAN_UP && *target == '+'))
        return refuse(target, "that is the other way", err);
    revision = wanted(target, range);
    if (revision < 0 || revision > range.head)
        return refuse(target, "there is no such revision: see probity migrate history", err);
    if (direction == PLAN_UP && revision < range.current)
        return refuse(target, "the schema is beyond it: use probity migrate downgrade", err);
    if (direction == PLAN_DOWN && revision > range.current)
        return refuse(target, "the schema is not there yet: use probity migrate upgrade", err);
    return revision;
}
