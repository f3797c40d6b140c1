/* alarms.c - the alerts of a book, and what stops all of them at once. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarms.h"

#include "accountant/alarm_judge.h"
#include "accountant/alarm_speakers.h"
#include "accountant/alarm_store.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNREACHABLE_MS = 60 * 1000,
    CLOCK_STEP_MS = 60 * 1000,
    /* Events this near to the clock agree with it. */
    AGREE_MS = 60 * 1000,
    /* A quiet service has no events that could agree: after this the clock is believed. */
    DOUBT_MS = 15 * 60 * 1000,
};

/* --- life --- */

static int count_rules(const struct book *book)
{
    int count = 0;

    for (int i = 0; i < book->count; i++)
        count += book->objectives[i].composite ? 0 : book->objectives[i].rule_count;
    return count < LEDGER_ALERTS_MAX ? count : LEDGER_ALERTS_MAX;
}

static void list_rules(struct alarms *alarms)
{
    int at = 0;

    for (int i = 0; i < alarms->book->count; i++) {
        const struct objective *objective = &alarms->book->objectives[i];

        alarms->first[i] = at;
        for (int j = 0; !objective->composite && j < objective->rule_count && at < alarms->count;
             j++)
            alarms->list[at++] = (struct alarm){
                .objective = i,
                .rule = &objective->rules[j],
                .suppressed_by = -1,
            };
    }
    alarms->first[alarms->book->count] = at;
}

static void list_services(struct alarms *alarms)
{
    for (int i = 0; i < alarms->book->count; i++) {
        const char *service = alarms->book->objectives[i].service;
        int at = 0;

        while (at < alarms->service_count && alarms->services[at] != NULL
               && strcmp(service, alarms->services[at]) != 0)
            at++;
        if (at == alarms->service_count)
            alarms->services[alarms->service_count++] = service;
        alarms->service_of[i] = at;
    }
}

int alarms_init(struct alarms *alarms, const struct book *book, const char *service)
{
    size_t room = (size_t)book->count + 1;

    *alarms = (struct alarms){
        .book = book,
        .service = service == NULL ? "" : service,
        .count = count_rules(book),
        .doubt_since_ms = -1,
    };
    alarms->list = calloc((size_t)alarms->count + 1, sizeof(*alarms->list));
    alarms->first = calloc(room, sizeof(*alarms->first));
    alarms->strict = calloc(room, sizeof(*alarms->strict));
    alarms->service_of = calloc(room, sizeof(*alarms->service_of));
    alarms->services = calloc(room, sizeof(*alarms->services));
    alarms->held = calloc(room, sizeof(*alarms->held));
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers */
    alarms->silences = calloc(room, sizeof(*alarms->silences));
    if (alarms->list == NULL || alarms->first == NULL || alarms->strict == NULL
        || alarms->service_of == NULL || alarms->services == NULL || alarms->held == NULL
        || alarms->silences == NULL)
        return -ENOMEM;
    list_rules(alarms);
    list_services(alarms);
    return speakers_sort(alarms);
}

void alarms_done(struct alarms *alarms)
{
    for (int i = 0; alarms->list != NULL && i < alarms->count; i++)
        free(alarms->list[i].summary);
    free(alarms->list);
    free(alarms->first);
    free(alarms->strict);
    free(alarms->service_of);
    free(alarms->services);
    free(alarms->held);
    free(alarms->silences);
    *alarms = (struct alarms){ 0 };
}

/* --- what is wrong with the outside --- */

/* Two clocks that drift apart at once: one of them was set, and boot time can't be. */
static void watch_clock(struct alarms *alarms, const struct alarms_scene *scene)
{
    int64_t difference_ms = scene->wall_ms - scene->boot_ms;
    int64_t step_ms = difference_ms - alarms->wall_minus_boot_ms;

    if (alarms->began && (step_ms > CLOCK_STEP_MS || step_ms < -CLOCK_STEP_MS))
        alarms->doubt_since_ms = scene->boot_ms;
    alarms->wall_minus_boot_ms = difference_ms;
}

/* Events carry the time of those who logged them. */
static void settle_doubt(struct alarms *alarms, const struct alarms_scene *scene)
{
    int64_t off_ms = scene->wall_ms - book_last_event_ms(alarms->book);

    if (alarms->doubt_since_ms < 0 || !scene->readable)
        return;
    if ((off_ms < AGREE_MS && off_ms > -AGREE_MS)
        || scene->boot_ms - alarms->doubt_since_ms > DOUBT_MS)
        alarms->doubt_since_ms = -1;
}

/* It has no lease and no row: there is nothing to write it into. */
static void watch_reach(struct alarms *alarms, const struct alarms_scene *scene)
{
    static const struct alert_rule rule = { .name = ALARM_UNREACHABLE };
    enum alert_condition condition;

    if (!alarms->began || (scene->reachable && !alarms->failing))
        alarms->well_at_ms = scene->boot_ms;
    condition = scene->boot_ms - alarms->well_at_ms >= UNREACHABLE_MS ? ALERT_TRUE : ALERT_FALSE;
    if (condition == ALERT_TRUE)
        (void)snprintf(alarms->unreachable_summary, sizeof(alarms->unreachable_summary),
                       "alerts of %s stand still, because the ledger has been out of reach for "
                       "more than a minute: %s",
                       alarms->service,
                       scene->trouble != NULL ? scene->trouble : "alerts can't be written there");
    /* Whoever works on the database knows; what is still away afterwards fires at once. */
    if (alarms_silence(alarms, -1) != NULL)
        return;
    if (!alert_step(&alarms->unreachable, &rule, condition, scene->wall_ms))
        return;
    if (alarms->unreachable.state == ALERT_FIRING)
        log_warning("alert " ALARM_UNREACHABLE " is firing: %s", alarms->unreachable_summary);
    else if (alarms->unreachable.state == ALERT_RESOLVED)
        log_info("alert " ALARM_UNREACHABLE " is resolved");
}

static enum alert_frozen blind_by(const struct alarms *alarms)
{
    if (alarms->unreachable.state == ALERT_FIRING)
        return ALERT_FROZEN_LEDGER;
    return alarms->doubt_since_ms >= 0 ? ALERT_FROZEN_CLOCK : ALERT_JUDGED;
}

static void freeze(struct alarms *alarms, enum alert_frozen why)
{
    for (int i = 0; i < alarms->count; i++)
        alarms->list[i].alert.frozen = why;
}

/* Once in a turn and for each service: every alert asks for it, more than once. */
static void find_silences(struct alarms *alarms, const struct alarms_scene *scene)
{
    alarms->maintenances = scene->maintenances;
    alarms->wall_ms = scene->wall_ms;
    for (int i = 0; i < alarms->service_count; i++)
        alarms->silences[i] =
            scene->maintenances == NULL
                ? NULL
                : maintenances_now(scene->maintenances, alarms->services[i], scene->wall_ms);
}

void alarms_turn(struct alarms *alarms, const struct alarms_scene *scene)
{
    enum alert_frozen blind;

    find_silences(alarms, scene);
    watch_clock(alarms, scene);
    settle_doubt(alarms, scene);
    /* Whoever doubts its clock leaves the leases to others: theirs may be right. */
    if (scene->readable && alarms->doubt_since_ms < 0)
        alarms_claim(alarms, scene);
    else if (alarms->doubt_since_ms >= 0)
        alarms_let_go(alarms);
    watch_reach(alarms, scene);
    alarms->began = true;
    blind = blind_by(alarms);
    if (blind != ALERT_JUDGED) {
        freeze(alarms, blind);
    } else if (scene->readable) {
        alarms_judge(alarms, scene->wall_ms);
        alarms_save(alarms, scene);
    }
}

void alarms_leave(struct alarms *alarms, struct ledger_reader *reader, int64_t deadline_ms)
{
    bool any = false;

    for (int i = 0; i < alarms->service_count; i++)
        any = any || alarms->held[i];
    if (any && reader != NULL)
        ledger_alerts_release(reader, deadline_ms);
    alarms_let_go(alarms);
}

/* Nobody has tried to reach it since, so nobody can say for how long it has been out of reach; what
 * fires already has been said. */
void alarms_rest(struct alarms *alarms, struct ledger_reader *reader, int64_t deadline_ms)
{
    alarms_leave(alarms, reader, deadline_ms);
    if (alarms->unreachable.state != ALERT_FIRING)
        alarms->began = false;
}

/* --- for those who show them --- */

const struct alarm *alarms_of(const struct alarms *alarms, int objective, int *ret_count)
{
    *ret_count = alarms->first[objective + 1] - alarms->first[objective];
    return &alarms->list[alarms->first[objective]];
}

const struct maintenance *alarms_silence(const struct alarms *alarms, int objective)
{
    if (objective >= 0)
        return alarms->silences[alarms->service_of[objective]];
    /* The home service may be one without objectives. */
    return alarms->maintenances == NULL
               ? NULL
               : maintenances_now(alarms->maintenances, alarms->service, alarms->wall_ms);
}

bool alarms_is_going_on(const struct alarm *alarm)
{
    return alarm->alert.state == ALERT_PENDING || alarm->alert.state == ALERT_FIRING;
}

enum budget_status alarms_status(const struct alarms *alarms, int objective)
{
    enum budget_status status = alarms->book->verdicts[objective].status;

    for (int i = alarms->first[objective]; i < alarms->first[objective + 1]; i++) {
        if (status == BUDGET_MET && alarms->list[i].alert.state == ALERT_FIRING)
            return BUDGET_AT_RISK;
    }
    return status;
}

/* FNV-1a, by whole words. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211U;
}

uint64_t alarms_version(const struct alarms *alarms, int objective)
{
    const struct maintenance *silence = alarms_silence(alarms, objective);
    uint64_t hash = 14695981039346656037U;

    if (silence != NULL)
        hash = mix(mix(hash, (uint64_t)silence->since_wall_ms), (uint64_t)silence->until_wall_ms);
    for (int i = alarms->first[objective]; i < alarms->first[objective + 1]; i++) {
        const struct alarm *alarm = &alarms->list[i];

        hash = mix(hash, (uint64_t)alarm->alert.state);
        hash = mix(hash, (uint64_t)alarm->alert.since_ms);
        hash = mix(hash, (uint64_t)alarm->alert.frozen);
        hash = mix(hash, (uint64_t)alarm->suppressed_by);
    }
    return hash;
}

const char *alarms_suppressor(const struct alarms *alarms, const struct alarm *alarm,
                              char text[ALARM_NAME_BYTES])
{
    const struct alarm *other;

    if (alarm->suppressed_by < 0)
        return "";
    other = &alarms->list[alarm->suppressed_by];
    if (other->objective == alarm->objective)
        return other->rule->name;
    (void)snprintf(text, ALARM_NAME_BYTES, "%s/%s", alarms->book->objectives[other->objective].name,
                   other->rule->name);
    return text;
}
