/* alarm_render.c - the API's `alerts`, field by field in their order. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_render.h"

#include "page/maintenance.h"

#include <stdio.h>

enum { KEY_BYTES = 256 };

/* Whose state calls for nobody: there are those who know. */
static void put_silenced(struct json_writer *json, const struct alarms *alarms, int objective)
{
    const struct maintenance *silence = alarms_silence(alarms, objective);

    if (silence == NULL)
        return;
    json_key(json, "silenced");
    json_open_object(json);
    json_time(json, "until", silence->until_wall_ms);
    json_text(json, "reason", silence->reason);
    json_close_object(json);
}

/* --- within an objective --- */

static void put_marks(struct json_writer *json, const struct alarms *alarms,
                      const struct alarm *alarm)
{
    char name[ALARM_NAME_BYTES];

    if (alarm->suppressed_by >= 0)
        json_text(json, "suppressed_by", alarms_suppressor(alarms, alarm, name));
    if (alarm->alert.frozen != ALERT_JUDGED)
        json_text(json, "frozen", alert_frozen_text(alarm->alert.frozen));
    if (alarms_is_going_on(alarm))
        put_silenced(json, alarms, alarm->objective);
}

static void put_brief(struct json_writer *json, const struct alarms *alarms,
                      const struct alarm *alarm)
{
    json_open_object(json);
    json_text(json, "name", alarm->rule->name);
    json_text(json, "severity", rule_severity_text(alarm->rule->severity));
    json_text(json, "state", alert_state_text(alarm->alert.state));
    json_time(json, "since", alarm->alert.since_ms);
    put_marks(json, alarms, alarm);
    json_close_object(json);
}

void alarm_put_array(struct json_writer *json, const struct alarms *alarms, int objective)
{
    const struct alarm *list;
    int count = 0;

    json_open_array(json);
    if (alarms != NULL) {
        list = alarms_of(alarms, objective, &count);
        for (int i = 0; i < count; i++)
            put_brief(json, alarms, &list[i]);
    }
    json_close_array(json);
}

void alarm_put_maintenance(struct json_writer *json, const struct alarms *alarms, int objective)
{
    const struct maintenance *silence = alarms == NULL ? NULL : alarms_silence(alarms, objective);

    if (silence == NULL)
        return;
    json_key(json, "maintenance");
    maintenance_put(json, NULL, silence);
}

/* --- the page --- */

static void put_times(struct json_writer *json, const struct alert *alert)
{
    json_text(json, "state", alert_state_text(alert->state));
    json_time(json, "since", alert->since_ms);
    json_time(json, "fired_at", alert->fired_at_ms);
    json_time(json, "resolved_at", alert->state == ALERT_FIRING ? 0 : alert->resolved_at_ms);
}

static void put_full(struct json_writer *json, const struct alarms *alarms,
                     const struct alarm *alarm)
{
    const struct objective *objective = &alarms->book->objectives[alarm->objective];
    char key[KEY_BYTES];

    (void)snprintf(key, sizeof(key), "%s/%s/%s", objective->service, objective->name,
                   alarm->rule->name);
    json_open_object(json);
    json_text(json, "slo", objective->name);
    json_text(json, "service", objective->service);
    json_text(json, "name", alarm->rule->name);
    json_text(json, "severity", rule_severity_text(alarm->rule->severity));
    put_times(json, &alarm->alert);
    json_text(json, "summary", alarm->summary);
    json_text(json, "dedup_key", key);
    put_marks(json, alarms, alarm);
    json_close_object(json);
}

/* Every instance that can't reach the ledger says so under the same key: for whoever is woken it is
 * one trouble. */
static void put_unreachable(struct json_writer *json, const struct alarms *alarms)
{
    char key[KEY_BYTES];

    if (alarms->unreachable.state == ALERT_INACTIVE)
        return;
    (void)snprintf(key, sizeof(key), "%s/" ALARM_UNREACHABLE, alarms->service);
    json_open_object(json);
    json_text(json, "slo", "");
    json_text(json, "service", alarms->service);
    json_text(json, "name", ALARM_UNREACHABLE);
    json_text(json, "severity", rule_severity_text(SEVERITY_CRITICAL));
    put_times(json, &alarms->unreachable);
    json_text(json, "summary", alarms->unreachable_summary);
    json_text(json, "dedup_key", key);
    if (alarms->unreachable.state == ALERT_FIRING)
        put_silenced(json, alarms, -1);
    json_close_object(json);
}

/* Of those that call for somebody, or with `silenced` of the others. */
static int count_in(const struct alarms *alarms, enum alert_state state, bool silenced)
{
    int count =
        alarms->unreachable.state == state && (alarms_silence(alarms, -1) != NULL) == silenced;

    for (int i = 0; i < alarms->count; i++)
        count += alarms->list[i].alert.state == state
                 && (alarms_silence(alarms, alarms->list[i].objective) != NULL) == silenced;
    return count;
}

static void put_all(struct json_writer *json, const struct alarms *alarms)
{
    static const enum alert_state order[] = { ALERT_FIRING, ALERT_PENDING, ALERT_RESOLVED };
    int room = ALARM_PAGE_MAX;

    put_unreachable(json, alarms);
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        for (int j = 0; j < alarms->count && room > 0; j++) {
            if (alarms->list[j].alert.state != order[i])
                continue;
            put_full(json, alarms, &alarms->list[j]);
            room--;
        }
    }
}

void alarm_render_page(const struct alarms *alarms, const char *stale_because, struct buf *buf)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    json_open_object(&json);
    json_time(&json, "as_of", alarms->book->as_of_wall_ms);
    json_bool(&json, "stale", stale_because != NULL);
    if (stale_because != NULL)
        json_text(&json, "reason", stale_because);
    json_int(&json, "firing", count_in(alarms, ALERT_FIRING, false));
    json_int(&json, "pending", count_in(alarms, ALERT_PENDING, false));
    json_int(&json, "resolved",
             count_in(alarms, ALERT_RESOLVED, false) + count_in(alarms, ALERT_RESOLVED, true));
    json_int(&json, "silenced",
             count_in(alarms, ALERT_FIRING, true) + count_in(alarms, ALERT_PENDING, true));
    json_key(&json, "alerts");
    json_open_array(&json);
    put_all(&json, alarms);
    json_close_array(&json);
    json_close_object(&json);
}
