/* alarm_speakers.c - one walk from the strictest objective to the most lenient. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_speakers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SEVERITIES = SEVERITY_CRITICAL + 1 };

/* What the stricter objectives over the same events say, by the severity that they can silence:
 * indexes of alarms, -1 for none. */
struct voices {
    int firing[SEVERITIES];   /* the strictest one */
    int resolved[SEVERITIES]; /* the one that was resolved last */
};

/* --- the order --- */

static int compare_groups(const struct objective *a, const struct objective *b)
{
    int order = strcmp(a->service, b->service);

    return order != 0 ? order : (a->indicator > b->indicator) - (a->indicator < b->indicator);
}

static int compare_strictness(const void *left, const void *right)
{
    const struct objective *a = *(const struct objective *const *)left;
    const struct objective *b = *(const struct objective *const *)right;
    int order = compare_groups(a, b);

    if (order == 0)
        order = alert_is_stricter(b, a) - alert_is_stricter(a, b);
    return order;
}

int speakers_sort(struct alarms *alarms)
{
    size_t count = (size_t)alarms->book->count;
    AUTO(auto_free) const struct objective **list = calloc(count + 1, sizeof(struct objective *));

    if (list == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        list[i] = &alarms->book->objectives[i];
    qsort((void *)list, count, sizeof(struct objective *), compare_strictness);
    for (size_t i = 0; i < count; i++)
        alarms->strict[i] = (int)(list[i] - alarms->book->objectives);
    return 0;
}

/* --- the walk --- */

static void forget(struct voices *voices)
{
    for (int i = 0; i < SEVERITIES; i++)
        voices->firing[i] = voices->resolved[i] = -1;
}

/* A burn silences what is not more severe. */
static void hear(const struct alarms *alarms, int at, struct voices *voices)
{
    const struct alarm *alarm = &alarms->list[at];

    if (alarm->rule->kind != RULE_BURN_RATE)
        return;
    for (int i = 0; i < SEVERITIES && i <= (int)alarm->rule->severity; i++) {
        int last = voices->resolved[i];

        if (alarm->alert.state == ALERT_FIRING && voices->firing[i] < 0)
            voices->firing[i] = at;
        if (alarm->alert.state == ALERT_RESOLVED
            && (last < 0 || alarm->alert.resolved_at_ms > alarms->list[last].alert.resolved_at_ms))
            voices->resolved[i] = at;
    }
}

static struct alert_case case_of(const struct alarms *alarms, int at)
{
    const struct alarm *alarm = &alarms->list[at];

    return (struct alert_case){ &alarms->book->objectives[alarm->objective], alarm->rule,
                                &alarm->alert };
}

/* Its own objective first, then the stricter ones. */
static int find_suppressor(const struct alarms *alarms, int at, const struct voices *voices,
                           int64_t wall_ms)
{
    int objective = alarms->list[at].objective;
    struct alert_case mine = case_of(alarms, at);
    int heard[2];

    for (int i = alarms->first[objective]; i < alarms->first[objective + 1]; i++) {
        struct alert_case other = case_of(alarms, i);

        if (alert_suppresses(&other, &mine, wall_ms))
            return i;
    }
    heard[0] = voices->firing[mine.rule->severity];
    heard[1] = voices->resolved[mine.rule->severity];
    for (int i = 0; i < 2; i++) {
        struct alert_case other;

        if (heard[i] < 0)
            continue;
        other = case_of(alarms, heard[i]);
        if (alert_suppresses(&other, &mine, wall_ms))
            return heard[i];
    }
    return -1;
}

static void choose(struct alarms *alarms, int at, const struct voices *voices, int64_t wall_ms)
{
    struct alarm *alarm = &alarms->list[at];
    int before = alarm->suppressed_by;

    alarm->suppressed_by = -1;
    if (!alarms_is_going_on(alarm))
        return;
    alarm->suppressed_by = find_suppressor(alarms, at, voices, wall_ms);
    if (alarm->suppressed_by != before)
        alarm->dirty = true;
}

void speakers_choose(struct alarms *alarms, int64_t wall_ms)
{
    const struct objective *before = NULL;
    struct voices voices;

    for (int i = 0; i < alarms->book->count; i++) {
        int objective = alarms->strict[i];
        const struct objective *now = &alarms->book->objectives[objective];

        if (before == NULL || compare_groups(before, now) != 0)
            forget(&voices);
        before = now;
        for (int at = alarms->first[objective]; at < alarms->first[objective + 1]; at++)
            choose(alarms, at, &voices, wall_ms);
        for (int at = alarms->first[objective]; at < alarms->first[objective + 1]; at++)
            hear(alarms, at, &voices);
    }
}
