/* alarm_judge.c - evidence out of the book, a step for each alarm, then who speaks. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_judge.h"

#include "accountant/alarm_speakers.h"
#include "accountant/alarm_words.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* How often the numbers in the words of an alert that goes on are renewed. */
    RENEW_MS = 60 * 1000,
    /* Distinct spans of a service's rules; more are looked up anew each time. */
    SIGHTS = 8,
};

/* How much of a span was dark is the same for all objectives of a service. */
struct sight {
    int service;
    int32_t span_minutes;
    int32_t dark_minutes;
};

struct judge {
    struct alarms *alarms;
    int64_t wall_ms;
    struct sight sights[SIGHTS];
    int sight_count;
};

static int32_t dark(struct judge *judge, int objective, int32_t span_minutes)
{
    int service = judge->alarms->service_of[objective];
    int32_t minutes;

    for (int i = 0; i < judge->sight_count; i++) {
        if (judge->sights[i].service == service && judge->sights[i].span_minutes == span_minutes)
            return judge->sights[i].dark_minutes;
    }
    minutes = book_dark_minutes(judge->alarms->book, objective, span_minutes);
    /* Objectives are sorted by service: those of the one before are done with. */
    if (judge->sight_count == SIGHTS
        || (judge->sight_count > 0 && judge->sights[0].service != service))
        judge->sight_count = 0;
    judge->sights[judge->sight_count++] = (struct sight){ service, span_minutes, minutes };
    return minutes;
}

static int32_t within(const struct objective *objective, int32_t span_minutes)
{
    return span_minutes < objective->window_minutes ? span_minutes : objective->window_minutes;
}

/* Most rules look at spans that are shown, and so have been summed. */
static bool sum(const struct judge *judge, int objective, int32_t span_minutes,
                struct window_sum *ret)
{
    const struct book *book = judge->alarms->book;

    for (int i = 0; i < VERDICT_SPANS; i++) {
        if (verdict_spans[i].minutes == span_minutes) {
            *ret = book->verdicts[objective].spans[i];
            return true;
        }
    }
    *ret = (struct window_sum){ 0, 0 };
    return span_minutes == 0
           || book_sum(book, objective, within(&book->objectives[objective], span_minutes), ret);
}

static bool is_sighted(struct judge *judge, int objective)
{
    return 2 * dark(judge, objective, ALERT_SIGHT_MINUTES) <= ALERT_SIGHT_MINUTES;
}

/* Returns false when the book doesn't know all of it yet. */
static bool gather(struct judge *judge, const struct alarm *alarm, struct alert_evidence *ret)
{
    const struct verdict *verdict = &judge->alarms->book->verdicts[alarm->objective];
    const struct objective *objective = &judge->alarms->book->objectives[alarm->objective];
    const struct alert_rule *rule = alarm->rule;
    bool burn = rule->kind == RULE_BURN_RATE;

    *ret = (struct alert_evidence){
        .whole = verdict->whole,
        .enough = verdict->status != BUDGET_NO_DATA && verdict->status != BUDGET_INSUFFICIENT_DATA,
    };
    ret->long_dark_minutes =
        dark(judge, alarm->objective, burn ? rule->long_minutes : (int32_t)ALERT_SIGHT_MINUTES);
    if (rule->short_minutes > 0)
        ret->short_dark_minutes = dark(judge, alarm->objective, rule->short_minutes);
    if (objective->unwatched == UNWATCHED_FREEZE && !is_sighted(judge, alarm->objective))
        ret->blind = ALERT_FROZEN_PROMISED;
    if (alarms_silence(judge->alarms, alarm->objective) != NULL)
        ret->blind = ALERT_FROZEN_MAINTENANCE;
    return !burn
           || (sum(judge, alarm->objective, rule->long_minutes, &ret->long_sum)
               && sum(judge, alarm->objective, rule->short_minutes, &ret->short_sum));
}

static void describe(struct judge *judge, struct alarm *alarm,
                     const struct alert_evidence *evidence)
{
    char text[ALARM_SUMMARY_BYTES];
    char *summary;

    alarm_describe(&judge->alarms->book->objectives[alarm->objective], alarm->rule, evidence, text,
                   sizeof(text));
    summary = strdup(text);
    if (summary == NULL)
        return; /* the old words are better than none */
    free(alarm->summary);
    alarm->summary = summary;
    alarm->described_at_ms = judge->wall_ms;
}

static void step(struct judge *judge, struct alarm *alarm)
{
    const struct objective *objective = &judge->alarms->book->objectives[alarm->objective];
    int64_t age_ms = judge->wall_ms - alarm->described_at_ms;
    struct alert_evidence evidence;
    bool changed;

    if (!gather(judge, alarm, &evidence))
        return;
    if (!judge->alarms->held[judge->alarms->service_of[alarm->objective]]) {
        /* The state is the holder's affair; what can't be judged, each instance sees for itself. */
        (void)alert_judge(objective, alarm->rule, &evidence, alarm->alert.state == ALERT_FIRING,
                          &alarm->alert.frozen);
        return;
    }
    changed = alert_turn(&alarm->alert, objective, alarm->rule, &evidence, judge->wall_ms);
    if (alarms_is_going_on(alarm) && (changed || age_ms >= RENEW_MS || age_ms < 0)
        && alarm->alert.frozen == ALERT_JUDGED)
        describe(judge, alarm, &evidence);
    alarm->dirty = changed
                   || (alarms_is_going_on(alarm)
                       && (alarm->described_at_ms == judge->wall_ms
                           || alarm->alert.since_ms != alarm->stored.since_ms
                           || alarm->alert.frozen != alarm->stored.frozen));
}

void alarms_judge(struct alarms *alarms, int64_t wall_ms)
{
    struct judge judge = { .alarms = alarms, .wall_ms = wall_ms };

    for (int i = 0; i < alarms->count; i++)
        step(&judge, &alarms->list[i]);
    speakers_choose(alarms, wall_ms);
}
