/* incident.c - one pass over the minutes, the open incident at hand. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/incident.h"

#include "slo/budget.h"

#include <string.h>

static struct window_sum look_back(const struct incident_minute minutes[], int at)
{
    int32_t from = minutes[at].minute - INCIDENT_LOOK_MINUTES + 1;
    struct window_sum sum = { 0, 0 };

    for (int i = at; i >= 0 && minutes[i].minute >= from; i--) {
        sum.total += minutes[i].sum.total;
        sum.bad += minutes[i].sum.bad;
    }
    return sum;
}

static bool is_burning(struct fraction target, const struct incident_minute minutes[], int at)
{
    return fraction_compare(budget_burn_rate(target, look_back(minutes, at)), fraction_of(1, 1))
           > 0;
}

static struct incident begin(const struct incident_minute *minute)
{
    return (struct incident){ minute->minute, minute->minute + 1, minute->sum };
}

/* Minutes that burn only because of those before them don't lengthen an incident; once it goes on,
 * they belong to it. */
struct scan {
    struct incident open;
    bool is_open;
    int32_t burned_until;      /* the first minute behind the last burning one */
    struct window_sum pending; /* of the minutes behind open.until_minute */
};

static void add(struct window_sum *to, struct window_sum sum)
{
    to->total += sum.total;
    to->bad += sum.bad;
}

static void lengthen(struct scan *scan, const struct incident_minute *minute)
{
    add(&scan->open.sum, scan->pending);
    add(&scan->open.sum, minute->sum);
    scan->pending = (struct window_sum){ 0, 0 };
    scan->open.until_minute = minute->minute + 1;
}

/* The newest first: those before move up, and the oldest falls out. */
static int put_first(struct incident ret[], int found, int max, const struct incident *incident)
{
    int kept = found < max ? found : max - 1;

    memmove(&ret[1], ret, (size_t)kept * sizeof(*ret));
    ret[0] = *incident;
    return kept + 1;
}

int incident_find(struct fraction target, const struct incident_minute minutes[], int count,
                  struct incident ret[], int max)
{
    struct scan scan = { .is_open = false };
    int found = 0;

    for (int i = 0; i < count && max > 0; i++) {
        bool burning = is_burning(target, minutes, i);
        bool bad = minutes[i].sum.bad > 0;

        if (scan.is_open && minutes[i].minute - scan.burned_until > INCIDENT_PAUSE_MINUTES) {
            found = put_first(ret, found, max, &scan.open);
            scan.is_open = false;
        }
        if (burning)
            scan.burned_until = minutes[i].minute + 1;
        if (!scan.is_open && burning && bad) {
            scan = (struct scan){ begin(&minutes[i]), true, minutes[i].minute + 1, { 0, 0 } };
        } else if (scan.is_open && burning && bad) {
            lengthen(&scan, &minutes[i]);
        } else if (scan.is_open) {
            add(&scan.pending, minutes[i].sum);
        }
    }
    return scan.is_open ? put_first(ret, found, max, &scan.open) : found;
}

bool incident_is_grave(struct fraction target, struct window_sum whole,
                       const struct incident *incident)
{
    struct window_sum share = { whole.total, incident->sum.bad };

    return fraction_compare(budget_burn_rate(target, share), fraction_of(1, 5)) > 0;
}
