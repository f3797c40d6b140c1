/* chronicle.c - varints, texts with their length, and reasons by their names.
 *
 * Times of the day are differences from the one before, and hours that are alike are counted: most
 * checks have one long run of hours without a failure.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/chronicle.h"

#include "slo/varint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of enum check_status and of enum outcome_status: letters outlive numbers. */
static const char check_letters[] = "SODETN";
static const char outcome_letters[] = "ODE";

enum { REASON_NAMES_MAX = 1024 };

/* --- writing --- */

static void put_int(struct buf *buf, int64_t value)
{
    varint_put(buf, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static void put_text(struct buf *buf, const char *text)
{
    varint_put(buf, strlen(text));
    buf_append_text(buf, text);
}

static void put_maintenance(const struct maintenance *maintenance, struct buf *buf)
{
    varint_put(buf, maintenance->on);
    if (!maintenance->on)
        return;
    varint_put(buf, maintenance->drain);
    put_int(buf, maintenance->since_wall_ms);
    put_int(buf, maintenance->until_wall_ms);
    put_text(buf, maintenance->id);
    put_text(buf, maintenance->reason);
    put_text(buf, maintenance->who);
}

static void put_results(const struct history *history, struct buf *buf)
{
    int64_t before_ms = 0;

    varint_put(buf, (uint64_t)history->result_count);
    for (int age = history->result_count - 1; age >= 0; age--) {
        const struct history_result *result = history_result(history, age);

        put_int(buf, result->at_wall_ms - before_ms);
        put_int(buf, result->latency_us);
        put_int(buf, result->number);
        buf_append_char(buf, outcome_letters[result->status]);
        varint_put(buf, result->reason);
        before_ms = result->at_wall_ms;
    }
}

static void put_transitions(const struct history *history, struct buf *buf)
{
    int64_t before_ms = 0;

    varint_put(buf, (uint64_t)history->transition_count);
    for (int age = history->transition_count - 1; age >= 0; age--) {
        const struct history_transition *transition = history_transition(history, age);

        put_int(buf, transition->at_wall_ms - before_ms);
        put_int(buf, transition->lasted_ms);
        put_int(buf, transition->number);
        buf_append_char(buf, check_letters[transition->from]);
        buf_append_char(buf, check_letters[transition->to]);
        varint_put(buf, transition->reason);
        put_text(buf, transition->error_id);
        before_ms = transition->at_wall_ms;
    }
}

static bool hours_equal(const struct uptime_hour *a, const struct uptime_hour *b)
{
    return a->up_ms == b->up_ms && a->known_ms == b->known_ms;
}

static void put_uptime(const struct uptime *uptime, struct buf *buf)
{
    int back = uptime->full;

    varint_put(buf, uptime->filled_ms);
    varint_put(buf, (uint64_t)uptime->full);
    while (back >= 0) {
        const struct uptime_hour *hour = uptime_hour(uptime, back);
        int run = 1;

        while (run <= back && hours_equal(hour, uptime_hour(uptime, back - run)))
            run++;
        varint_put(buf, (uint64_t)run);
        varint_put(buf, hour->up_ms);
        varint_put(buf, hour->known_ms);
        back -= run;
    }
}

static void put_history(const struct history *history, struct buf *buf)
{
    put_text(buf, history->name);
    put_int(buf, history->judged_at_ms);
    buf_append_char(buf, check_letters[history->status]);
    put_int(buf, history->lasted_ms);
    put_results(history, buf);
    put_transitions(history, buf);
    put_uptime(&history->uptime, buf);
}

void chronicle_write(const struct chronicle *chronicle, struct buf *buf)
{
    put_int(buf, chronicle->saved.boot_ms);
    put_int(buf, chronicle->saved.wall_ms);
    put_text(buf, chronicle->boot_id);
    put_maintenance(&chronicle->maintenance, buf);
    varint_put(buf, HEALTH_REASON_COUNT);
    for (int reason = 0; reason < HEALTH_REASON_COUNT; reason++)
        put_text(buf, reason_name((enum health_reason)reason));
    varint_put(buf, (uint64_t)chronicle->annals.count);
    for (int i = 0; i < chronicle->annals.count; i++)
        put_history(chronicle->annals.items[i], buf);
}

/* --- reading: the first thing that is wrong makes all the rest wrong --- */

struct reader {
    struct slice rest;
    bool bad;
    enum health_reason reasons[REASON_NAMES_MAX]; /* by the writer's numbers */
    uint64_t reason_count;
};

static uint64_t take_uint(struct reader *reader, uint64_t max)
{
    uint64_t value = 0;

    if (reader->bad || !varint_take(&reader->rest, &value) || value > max) {
        reader->bad = true;
        return 0;
    }
    return value;
}

static int64_t take_int(struct reader *reader)
{
    uint64_t value = take_uint(reader, UINT64_MAX);

    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* Times and durations: far from where a sum of two could overflow. */
static int64_t take_ms(struct reader *reader, int64_t min)
{
    int64_t value = take_int(reader);

    if (value < min || value > INT64_MAX / 8 || value < INT64_MIN / 8) {
        reader->bad = true;
        return 0;
    }
    return value;
}

/* A time of the day as its difference from another. */
static int64_t take_time(struct reader *reader, int64_t before_ms)
{
    int64_t time_ms = take_ms(reader, INT64_MIN) + before_ms;

    reader->bad = reader->bad || time_ms > INT64_MAX / 8 || time_ms < INT64_MIN / 8;
    return reader->bad ? 0 : time_ms;
}

static void take_text(struct reader *reader, char *text, size_t bytes)
{
    size_t length = (size_t)take_uint(reader, bytes - 1);

    text[0] = '\0';
    if (reader->bad || length > reader->rest.length
        || memchr(reader->rest.data, '\0', length) != NULL) {
        reader->bad = true;
        return;
    }
    memcpy(text, reader->rest.data, length);
    text[length] = '\0';
    reader->rest.data += length;
    reader->rest.length -= length;
}

static int take_letter(struct reader *reader, const char *letters)
{
    const char *found;

    if (reader->bad || reader->rest.length == 0 || reader->rest.data[0] == '\0') {
        reader->bad = true;
        return 0;
    }
    found = strchr(letters, reader->rest.data[0]);
    reader->rest.data++;
    reader->rest.length--;
    reader->bad = found == NULL;
    return found == NULL ? 0 : (int)(found - letters);
}

static enum health_reason take_reason(struct reader *reader)
{
    uint64_t reason = take_uint(reader, REASON_NAMES_MAX - 1);

    reader->bad = reader->bad || reason >= reader->reason_count;
    return reader->bad ? HEALTH_REASON_NONE : reader->reasons[reason];
}

/* A reason that this version does not know has no phrase any more. */
static enum health_reason find_reason(const char *name)
{
    for (int reason = 0; reason < HEALTH_REASON_COUNT; reason++) {
        if (strcmp(reason_name((enum health_reason)reason), name) == 0)
            return (enum health_reason)reason;
    }
    return HEALTH_REASON_NONE;
}

static void take_reasons(struct reader *reader)
{
    char name[REASON_TEXT_BYTES];

    reader->reason_count = take_uint(reader, REASON_NAMES_MAX);
    for (uint64_t i = 0; i < reader->reason_count; i++) {
        take_text(reader, name, sizeof(name));
        reader->reasons[i] = find_reason(name);
    }
}

static void take_maintenance(struct reader *reader, struct maintenance *maintenance)
{
    maintenance->on = take_uint(reader, 1) != 0;
    if (!maintenance->on)
        return;
    maintenance->drain = take_uint(reader, 1) != 0;
    maintenance->since_wall_ms = take_ms(reader, INT64_MIN);
    maintenance->until_wall_ms = take_ms(reader, INT64_MIN);
    take_text(reader, maintenance->id, sizeof(maintenance->id));
    take_text(reader, maintenance->reason, sizeof(maintenance->reason));
    take_text(reader, maintenance->who, sizeof(maintenance->who));
}

static void take_results(struct reader *reader, struct history *history)
{
    uint64_t count = take_uint(reader, HISTORY_RESULTS);
    struct history_result result = { 0 };

    for (uint64_t i = 0; i < count && !reader->bad; i++) {
        result.at_wall_ms = take_time(reader, result.at_wall_ms);
        result.latency_us = take_int(reader);
        result.number = take_int(reader);
        result.status = (enum outcome_status)take_letter(reader, outcome_letters);
        result.reason = take_reason(reader);
        history_add_result(history, &result);
    }
}

static void take_transitions(struct reader *reader, struct history *history)
{
    uint64_t count = take_uint(reader, HISTORY_TRANSITIONS);
    struct history_transition transition = { 0 };

    for (uint64_t i = 0; i < count && !reader->bad; i++) {
        transition.at_wall_ms = take_time(reader, transition.at_wall_ms);
        transition.lasted_ms = take_ms(reader, 0);
        transition.number = take_int(reader);
        transition.from = (enum check_status)take_letter(reader, check_letters);
        transition.to = (enum check_status)take_letter(reader, check_letters);
        transition.reason = take_reason(reader);
        take_text(reader, transition.error_id, sizeof(transition.error_id));
        history_add_transition(history, &transition);
    }
}

static void take_uptime(struct reader *reader, struct uptime *uptime)
{
    uint64_t filled_ms = take_uint(reader, UPTIME_HOUR_MS - 1);
    uint64_t hours = take_uint(reader, UPTIME_HOURS - 1) + 1;
    uint64_t taken = 0;

    while (taken < hours && !reader->bad) {
        uint64_t run = take_uint(reader, hours - taken);
        uint32_t up_ms = (uint32_t)take_uint(reader, UPTIME_HOUR_MS);
        uint32_t known_ms = (uint32_t)take_uint(reader, UPTIME_HOUR_MS);

        reader->bad = reader->bad || run == 0 || up_ms > known_ms;
        for (uint64_t end = taken + run; taken < end && !reader->bad; taken++)
            uptime->hours[taken] = (struct uptime_hour){ up_ms, known_ms };
    }
    uptime->filled_ms = (uint32_t)filled_ms;
    uptime->full = (int)hours - 1;
    uptime->newest = uptime->full;
    reader->bad = reader->bad || uptime->hours[uptime->newest].known_ms > filled_ms;
}

static void take_history(struct reader *reader, struct history *history)
{
    take_text(reader, history->name, sizeof(history->name));
    history->judged = true;
    history->judged_at_ms = take_ms(reader, INT64_MIN);
    history->status = (enum check_status)take_letter(reader, check_letters);
    history->lasted_ms = take_ms(reader, 0);
    take_results(reader, history);
    take_transitions(reader, history);
    take_uptime(reader, &history->uptime);
}

static void take_annals(struct reader *reader, struct annals *annals)
{
    uint64_t count = take_uint(reader, LIMIT_HISTORIES);

    for (uint64_t i = 0; i < count && !reader->bad; i++) {
        struct history *history = calloc(1, sizeof(*history));

        if (history == NULL) {
            reader->bad = true;
            return;
        }
        annals->items[annals->count++] = history;
        take_history(reader, history);
    }
}

struct chronicle *chronicle_read(struct slice bytes)
{
    AUTO(chronicle_free) struct chronicle *chronicle = calloc(1, sizeof(*chronicle));
    struct reader reader = { .rest = bytes };
    struct chronicle *made;

    if (chronicle == NULL)
        return NULL;
    chronicle->saved.boot_ms = take_ms(&reader, INT64_MIN);
    chronicle->saved.wall_ms = take_ms(&reader, INT64_MIN);
    take_text(&reader, chronicle->boot_id, sizeof(chronicle->boot_id));
    take_maintenance(&reader, &chronicle->maintenance);
    take_reasons(&reader);
    take_annals(&reader, &chronicle->annals);
    if (reader.bad || reader.rest.length > 0)
        return NULL;
    made = chronicle;
    chronicle = NULL;
    return made;
}

void chronicle_free(struct chronicle **chronicle)
{
    if (*chronicle == NULL)
        return;
    annals_done(&(*chronicle)->annals);
    free(*chronicle);
    *chronicle = NULL;
}

void chronicle_move(struct chronicle *chronicle, const char *boot_id, struct moment now)
{
    int64_t ago_ms = now.wall_ms - chronicle->saved.wall_ms;
    int64_t ahead_ms;

    if (boot_id[0] != '\0' && strcmp(boot_id, chronicle->boot_id) == 0
        && chronicle->saved.boot_ms <= now.boot_ms)
        ahead_ms = 0;
    else
        ahead_ms = now.boot_ms - (ago_ms > 0 ? ago_ms : 0) - chronicle->saved.boot_ms;
    for (int i = 0; i < chronicle->annals.count; i++) {
        struct history *history = chronicle->annals.items[i];

        history->judged_at_ms += ahead_ms;
        history->began_at_ms = history->judged_at_ms;
    }
    chronicle->saved = now;
}
