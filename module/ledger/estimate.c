/* estimate.c - bounds of what is selected, and the worse one of them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/estimate.h"

#include "slo/selector.h"

#include <stddef.h>

struct bounds {
    uint64_t low;
    uint64_t high;
};

/* What two selectors have in common; the second may be missing. */
struct meeting {
    const struct selector *first;
    const struct selector *second;
    int64_t from_ms;
    int64_t below_ms; /* 0: no bound */
};

/* Events by class: of those that are no server errors, and of those that are, how many there are
 * and how many of them have a status that is selected. */
struct classes {
    uint64_t others;
    uint64_t chosen_others;
    uint64_t errors;
    uint64_t chosen_errors;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

int estimate_statuses(const struct status_counts *counts, struct estimate_status ret[STATUS_COUNTS])
{
    int found = 0;

    for (int status = STATUS_LOW; status <= STATUS_HIGH; status++) {
        uint64_t count = status_counts_of(counts, status);

        if (count > 0)
            ret[found++] = (struct estimate_status){ status, count };
    }
    return found;
}

static struct meeting meet(const struct selector *first, const struct selector *second)
{
    struct meeting meeting = { first, second, first->from_ms, first->below_ms };

    if (second == NULL)
        return meeting;
    if (second->from_ms > meeting.from_ms)
        meeting.from_ms = second->from_ms;
    if (second->below_ms != 0 && (meeting.below_ms == 0 || second->below_ms < meeting.below_ms))
        meeting.below_ms = second->below_ms;
    return meeting;
}

static bool takes_status(const struct selector *selector, int status)
{
    return selector == NULL || status_set_is_empty(&selector->statuses)
           || status_set_has(&selector->statuses, status);
}

static bool meeting_takes(const struct meeting *meeting, int status)
{
    return takes_status(meeting->first, status) && takes_status(meeting->second, status);
}

static struct classes split_statuses(const struct meeting *meeting, const struct evidence *evidence)
{
    struct classes classes = { 0 };

    for (int i = 0; i < evidence->status_count; i++) {
        const struct estimate_status *seen = &evidence->statuses[i];
        uint64_t chosen = meeting_takes(meeting, seen->status) ? seen->count : 0;

        if (seen->status == STATUS_CLIENT_CLOSED)
            continue;
        if (seen->status >= STATUS_SERVER_ERROR) {
            classes.errors += seen->count;
            classes.chosen_errors += chosen;
        } else {
            classes.others += seen->count;
            classes.chosen_others += chosen;
        }
    }
    return classes;
}

/* How many of the statuses between the two are selected: all (1), none (0), or some (-1). */
static int takes_class(const struct meeting *meeting, int low, int high)
{
    int taken = 0;
    int count = 0;

    for (int status = low; status <= high; status++) {
        if (status == STATUS_CLIENT_CLOSED)
            continue;
        taken += meeting_takes(meeting, status);
        count++;
    }
    if (taken == 0)
        return 0;
    return taken == count ? 1 : -1;
}

/* Without statuses it is known what was a server error, and no more. */
static bool split_classes(const struct meeting *meeting, const struct evidence *evidence,
                          struct classes *ret)
{
    int others = takes_class(meeting, STATUS_LOW, STATUS_SERVER_ERROR - 1);
    int errors = takes_class(meeting, STATUS_SERVER_ERROR, STATUS_HIGH);

    *ret = (struct classes){ .others = less(evidence->total, evidence->errors),
                             .errors = evidence->errors };
    ret->chosen_others = others == 1 ? ret->others : 0;
    ret->chosen_errors = errors == 1 ? ret->errors : 0;
    return !(others < 0 && ret->others > 0) && !(errors < 0 && ret->errors > 0);
}

/* Values that are certainly at or over the threshold: those of whole buckets. */
static uint64_t surely_from(const struct histogram *durations, int64_t threshold_ms)
{
    uint64_t threshold = (uint64_t)threshold_ms;
    uint32_t index = histogram_index(threshold);

    if (histogram_low(index) == threshold)
        return histogram_count_from(durations, threshold);
    if (histogram_high(index) >= HISTOGRAM_MAX_VALUE)
        return 0;
    return histogram_count_from(durations, histogram_high(index) + 1);
}

/* Durations within the meeting's range. */
static struct bounds bounds_of_durations(const struct meeting *meeting,
                                         const struct evidence *evidence, uint64_t others)
{
    const struct histogram *durations = evidence->durations;
    uint64_t beyond_low = 0;
    uint64_t beyond_high = 0;

    if (meeting->below_ms != 0 && meeting->from_ms >= meeting->below_ms)
        return (struct bounds){ 0, 0 };
    if (durations == NULL)
        return (struct bounds){ 0, others };
    if (meeting->below_ms != 0) {
        beyond_low = surely_from(durations, meeting->below_ms);
        beyond_high = histogram_count_from(durations, (uint64_t)meeting->below_ms);
    }
    return (struct bounds){
        .low = less(surely_from(durations, meeting->from_ms), beyond_high),
        .high = less(histogram_count_from(durations, (uint64_t)meeting->from_ms), beyond_low),
    };
}

static bool bounds_of(const struct meeting *meeting, const struct evidence *evidence,
                      struct bounds *ret)
{
    struct classes classes;
    struct bounds durations;

    if (evidence->statuses != NULL)
        classes = split_statuses(meeting, evidence);
    else if (!split_classes(meeting, evidence, &classes))
        return false;
    if (meeting->from_ms == 0 && meeting->below_ms == 0) {
        ret->low = ret->high = classes.chosen_others + classes.chosen_errors;
        return true;
    }
    durations = bounds_of_durations(meeting, evidence, classes.others);
    ret->low = less(classes.chosen_others + durations.low, classes.others);
    ret->high = smaller(classes.chosen_others, durations.high) + classes.chosen_errors;
    return true;
}

struct estimate estimate_share(const struct indicator *indicator, bool marked,
                               const struct evidence *evidence)
{
    struct estimate estimate = { 0 };
    struct meeting looked_at = meet(&indicator->total, NULL);
    struct meeting both = meet(&indicator->total, &indicator->mark);
    struct bounds total = { 0, 0 };
    struct bounds mark = { 0, 0 };

    if (!bounds_of(&looked_at, evidence, &total) || (marked && !bounds_of(&both, evidence, &mark)))
        return estimate;
    estimate.known = true;
    estimate.exact = total.low == total.high && mark.low == mark.high;
    estimate.total = total.low;
    estimate.bad =
        indicator->marks_good ? less(total.low, mark.low) : smaller(total.low, mark.high);
    return estimate;
}
