/* alarm_store.c - what the ledger says of alarms, and what it is told. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_store.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A lease lasts five of them: some may fail without anybody noticing. */
    CLAIM_MS = 3 * 1000,
    RETRY_MS = 10 * 1000,
    DEADLINE_MS = 2000,
    ARENA_BYTES = 16 * 1024 * 1024,
};

void alarms_let_go(struct alarms *alarms)
{
    for (int i = 0; i < alarms->service_count; i++)
        alarms->held[i] = false;
}

static const struct objective *objective_of(const struct alarms *alarms, const struct alarm *alarm)
{
    return &alarms->book->objectives[alarm->objective];
}

/* Said once per change, not every few seconds. */
static void note(struct alarms *alarms, int code, const char *text)
{
    if (code != 0)
        alarms->failures++;
    if (code != 0 && !alarms->failing)
        log_warning("alerts can't be written: %s", text);
    else if (code == 0 && alarms->failing)
        log_info("alerts can be written again");
    alarms->failing = code != 0;
}

/* --- taking over --- */

/* Objectives are sorted by service, then name. */
static int find_objective(const struct book *book, const struct ledger_alert *row)
{
    int low = 0;
    int high = book->count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(book->objectives[middle].service, row->service);

        if (order == 0)
            order = strcmp(book->objectives[middle].name, row->objective);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static struct alarm *find(struct alarms *alarms, const struct ledger_alert *row)
{
    int objective = find_objective(alarms->book, row);

    for (int i = objective < 0 ? 0 : alarms->first[objective];
         objective >= 0 && i < alarms->first[objective + 1]; i++) {
        if (strcmp(alarms->list[i].rule->name, row->rule) == 0)
            return &alarms->list[i];
    }
    return NULL;
}

/* A rule that nobody has any more is shown by nobody. */
static void take_row(struct alarms *alarms, const struct ledger_alert *row, const bool take[])
{
    struct alarm *alarm = find(alarms, row);
    char *summary;

    if (alarm == NULL || !take[alarms->service_of[alarm->objective]])
        return;
    alarm->alert = row->alert;
    alarm->alert.frozen = alarm->stored.frozen;
    alarm->stored = alarm->alert;
    summary = strdup(row->summary);
    if (summary == NULL)
        return;
    free(alarm->summary);
    alarm->summary = summary;
}

/* No row, or none that is not inactive, means inactive. */
static void take_rows(struct alarms *alarms, const struct ledger_alerts *rows, const bool take[])
{
    for (int i = 0; i < alarms->count; i++) {
        struct alarm *alarm = &alarms->list[i];

        if (!take[alarms->service_of[alarm->objective]])
            continue;
        alarm->stored =
            (struct alert){ .since_ms =
                                alarm->alert.state == ALERT_INACTIVE ? alarm->alert.since_ms : 0,
                            .frozen = alarm->alert.frozen };
        alarm->alert = alarm->stored;
        alarm->dirty = false;
    }
    for (int i = 0; i < rows->count; i++)
        take_row(alarms, &rows->rows[i], take);
}

/* --- rules that are no more --- */

static int service_index(const struct alarms *alarms, const char *service)
{
    for (int i = 0; i < alarms->service_count; i++) {
        if (strcmp(alarms->services[i], service) == 0)
            return i;
    }
    return -1;
}

/* What was going on ends, and what was resolved is forgotten in time, as if the rule still stood.
 */
static bool retire(struct ledger_alert *row, int64_t wall_ms)
{
    enum alert_state before = row->alert.state;

    if (before == ALERT_FIRING) {
        row->alert.state = ALERT_RESOLVED;
        row->alert.resolved_at_ms = wall_ms;
    } else if (before == ALERT_PENDING
               || wall_ms - row->alert.resolved_at_ms >= ALERT_REMEMBERS_MS) {
        row->alert.state = ALERT_INACTIVE;
    }
    row->alert.since_ms = wall_ms;
    row->summary = "its rule is no more";
    row->changed = row->alert.state != before;
    return row->changed;
}

/* With the lease comes what was left behind by definitions that have changed since: nobody else
 * would ever end it. */
static int retire_rows(struct alarms *alarms, const struct alarms_scene *scene,
                       const struct ledger_alerts *rows, const bool gained[], struct error *err)
{
    AUTO(auto_free) struct ledger_alert *ended = calloc((size_t)rows->count + 1, sizeof(*ended));
    int count = 0;

    if (ended == NULL)
        return error_set(err, ENOMEM, "alerts: out of memory");
    for (int i = 0; i < rows->count; i++) {
        int service = service_index(alarms, rows->rows[i].service);

        ended[count] = rows->rows[i];
        if (service >= 0 && gained[service] && find(alarms, &rows->rows[i]) == NULL
            && retire(&ended[count], scene->wall_ms))
            count++;
    }
    for (int i = 0; i < count; i++)
        log_info("alert %s of %s is %s: its rule is no more", ended[i].rule, ended[i].objective,
                 alert_state_text(ended[i].alert.state));
    return count == 0 ? 0
                      : ledger_alerts_write(scene->reader, &(struct ledger_alerts){ ended, count },
                                            clock_boot_ms() + DEADLINE_MS, err);
}

static int claim(struct alarms *alarms, const struct alarms_scene *scene, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct ledger_alerts rows;
    size_t bytes = (size_t)alarms->service_count * sizeof(bool) + 1;
    bool *held = arena == NULL ? NULL : arena_alloc(arena, bytes);
    bool *gained = arena == NULL ? NULL : arena_alloc(arena, bytes);
    int code;

    if (held == NULL || gained == NULL)
        return error_set(err, ENOMEM, "alerts: out of memory");
    code = ledger_alerts_claim(scene->reader, alarms->services, alarms->service_count,
                               clock_boot_ms() + DEADLINE_MS, arena, held, &rows, err);
    if (code != 0)
        return code;
    /* What was ours and still is, is in memory as we wrote it. */
    for (int i = 0; i < alarms->service_count; i++) {
        bool was_held = alarms->held[i];

        alarms->held[i] = held[i];
        gained[i] = held[i] && !was_held;
        held[i] = !(held[i] && was_held);
    }
    take_rows(alarms, &rows, held);
    return retire_rows(alarms, scene, &rows, gained, err);
}

void alarms_claim(struct alarms *alarms, const struct alarms_scene *scene)
{
    struct error err = { 0 };
    int code;

    if (alarms->service_count == 0 || scene->boot_ms < alarms->claim_at_ms)
        return;
    code = claim(alarms, scene, &err);
    note(alarms, code, err.text);
    alarms->claim_at_ms = scene->boot_ms + (code == 0 ? CLAIM_MS : RETRY_MS);
    if (code != 0)
        alarms_let_go(alarms);
}

/* --- writing --- */

static bool is_ours(const struct alarms *alarms, const struct alarm *alarm)
{
    return alarm->dirty && alarms->held[alarms->service_of[alarm->objective]];
}

static bool has_changed(const struct alarm *alarm)
{
    return alarm->alert.state != alarm->stored.state
           || alarm->alert.fired_at_ms != alarm->stored.fired_at_ms;
}

static const char *copy_suppressor(const struct alarms *alarms, const struct alarm *alarm,
                                   struct arena *arena)
{
    char name[ALARM_NAME_BYTES];

    return arena_copy(arena, slice_of(alarms_suppressor(alarms, alarm, name)));
}

static bool list_dirty(const struct alarms *alarms, struct arena *arena, struct ledger_alerts *ret)
{
    struct ledger_alert *rows = arena_alloc(arena, (size_t)alarms->count * sizeof(*rows) + 1);
    int count = 0;

    for (int i = 0; rows != NULL && i < alarms->count; i++) {
        const struct alarm *alarm = &alarms->list[i];

        if (!is_ours(alarms, alarm))
            continue;
        rows[count] = (struct ledger_alert){
            .service = objective_of(alarms, alarm)->service,
            .objective = objective_of(alarms, alarm)->name,
            .rule = alarm->rule->name,
            .severity = rule_severity_text(alarm->rule->severity),
            .alert = alarm->alert,
            .suppressed_by = copy_suppressor(alarms, alarm, arena),
            .frozen = alert_frozen_text(alarm->alert.frozen),
            .summary = alarm->summary == NULL ? "" : alarm->summary,
            .changed = has_changed(alarm),
        };
        if (rows[count++].suppressed_by == NULL)
            return false;
    }
    *ret = (struct ledger_alerts){ rows, count };
    return rows != NULL;
}

static void tell(const struct alarms *alarms, const struct alarm *alarm)
{
    bool speaks = alarm->alert.state == ALERT_FIRING && alarm->suppressed_by < 0;
    char name[ALARM_NAME_BYTES];
    const char *other = alarms_suppressor(alarms, alarm, name);
    const struct log_field fields[] = {
        LOG_TEXT("slo", objective_of(alarms, alarm)->name),
        LOG_TEXT("alert", alarm->rule->name),
        LOG_TEXT("severity", rule_severity_text(alarm->rule->severity)),
        LOG_TEXT("state", alert_state_text(alarm->alert.state)),
        LOG_TEXT("suppressed_by", other),
    };

    log_with(speaks ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, fields, (int)ARRAY_LENGTH(fields),
             "alert %s of %s is %s: %s", alarm->rule->name, objective_of(alarms, alarm)->name,
             alert_state_text(alarm->alert.state), alarm->summary == NULL ? "" : alarm->summary);
}

static void keep(struct alarms *alarms)
{
    for (int i = 0; i < alarms->count; i++) {
        struct alarm *alarm = &alarms->list[i];

        if (!is_ours(alarms, alarm))
            continue;
        if (has_changed(alarm))
            tell(alarms, alarm);
        alarm->stored = alarm->alert;
        alarm->dirty = false;
    }
}

static void take_back(struct alarms *alarms)
{
    for (int i = 0; i < alarms->count; i++) {
        struct alarm *alarm = &alarms->list[i];

        if (is_ours(alarms, alarm))
            alarm->alert = alarm->stored;
        alarm->dirty = false;
    }
    alarms_let_go(alarms);
}

static int save(struct alarms *alarms, const struct alarms_scene *scene, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct ledger_alerts rows;

    if (arena == NULL || !list_dirty(alarms, arena, &rows))
        return error_set(err, ENOMEM, "alerts: out of memory");
    return ledger_alerts_write(scene->reader, &rows, clock_boot_ms() + DEADLINE_MS, err);
}

void alarms_save(struct alarms *alarms, const struct alarms_scene *scene)
{
    struct error err = { 0 };
    bool any = false;
    int code;

    for (int i = 0; i < alarms->count; i++)
        any = any || is_ours(alarms, &alarms->list[i]);
    if (!any)
        return;
    code = save(alarms, scene, &err);
    if (code == 0) {
        keep(alarms);
        return;
    }
    take_back(alarms);
    /* Somebody else has the lease, which is no trouble; whatever else may heal at the next claim.
     */
    if (code != -EBUSY)
        note(alarms, code, err.text);
    alarms->claim_at_ms = scene->boot_ms + (code == -EBUSY ? 0 : CLAIM_MS);
}
