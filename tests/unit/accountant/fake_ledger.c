/* fake_ledger.c - answers from a struct. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "fake_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_ledger fake_ledger;

/* Any address will do: nobody looks behind it. */
static char reader;

int ledger_reader_open(const struct ledger_settings *settings, const struct tracks *tracks,
                       struct ledger_reader **ret, struct error *err)
{
    (void)settings;
    (void)tracks;
    (void)err;
    fake_ledger.opens++;
    *ret = (struct ledger_reader *)(void *)&reader;
    return 0;
}

void ledger_reader_rest(struct ledger_reader *of)
{
    (void)of;
    fake_ledger.rests++;
}

void ledger_reader_close(struct ledger_reader **closed)
{
    if (*closed != NULL)
        fake_ledger.closes++;
    *closed = NULL;
}

void fake_minute_set(struct window *window, int32_t minute, struct window_sum sum)
{
    struct window_sum quarter = window_quarter(window, minute / WINDOW_QUARTER_MINUTES);
    struct window_sum before = { 0, 0 };

    (void)!window_sum(window, minute, minute + 1, &before);
    (void)!window_set_minute(window, minute, sum);
    quarter.total += sum.total - before.total;
    quarter.bad += sum.bad - before.bad;
    (void)!window_set_quarter(window, minute / WINDOW_QUARTER_MINUTES, quarter);
}

int ledger_reader_read(struct ledger_reader *of, const struct ledger_look *look,
                       struct window *const windows[], struct arena *arena, struct ledger_news *ret,
                       struct error *err)
{
    (void)of;
    (void)look;
    (void)arena;
    fake_ledger.reads++;
    if (fake_ledger.read_code != 0)
        return error_set(err, -fake_ledger.read_code, "ledger: a driver's own words");
    for (int i = 0; i < fake_ledger.minute_count; i++)
        fake_minute_set(windows[fake_ledger.minutes[i].track], fake_ledger.minutes[i].minute,
                        fake_ledger.minutes[i].sum);
    *ret = (struct ledger_news){
        .complete = !fake_ledger.loading,
        .anew = fake_ledger.anew,
        .coverage = &fake_ledger.coverage,
        .exclusions = fake_ledger.exclusions,
        .exclusion_count = fake_ledger.exclusion_count,
    };
    return 0;
}

int ledger_reader_histograms(struct ledger_reader *of, const struct ledger_range *range,
                             bool since_last, struct arena *arena,
                             const struct ledger_histogram **ret, int *ret_count, struct error *err)
{
    (void)of;
    (void)arena;
    (void)err;
    fake_ledger.histogram_calls++;
    fake_ledger.change_calls += since_last;
    fake_ledger.from_minute = range->from_minute;
    fake_ledger.to_minute = range->to_minute;
    *ret = fake_ledger.histograms;
    *ret_count = fake_ledger.histogram_count;
    return fake_ledger.histograms_code;
}

int ledger_reader_routes(struct ledger_reader *of, const struct ledger_range *range,
                         struct arena *arena, const struct ledger_route **ret, int *ret_count,
                         struct error *err)
{
    (void)of;
    (void)arena;
    (void)err;
    fake_ledger.route_calls++;
    fake_ledger.routes_from = range->from_minute;
    fake_ledger.routes_to = range->to_minute;
    *ret = fake_ledger.routes;
    *ret_count = fake_ledger.route_count;
    return 0;
}

int ledger_reader_overrides(struct ledger_reader *of, const struct gate_override_list *list,
                            int64_t deadline_ms, struct error *err)
{
    (void)of;
    (void)deadline_ms;
    fake_ledger.override_reads++;
    if (fake_ledger.overrides_code != 0)
        return error_set(err, -fake_ledger.overrides_code, "ledger: a driver's own words");
    *list->count = fake_ledger.override_count;
    for (int i = 0; i < fake_ledger.override_count; i++)
        list->rows[i] = fake_ledger.overrides[i];
    return 0;
}

int ledger_reader_maintenance(struct ledger_reader *of, int64_t deadline_ms,
                              struct maintenance_list *list, struct error *err)
{
    size_t bytes = (size_t)fake_ledger.maintenance_count * sizeof(*list->rows);

    (void)of;
    (void)deadline_ms;
    fake_ledger.maintenance_reads++;
    if (fake_ledger.maintenance_code != 0)
        return error_set(err, -fake_ledger.maintenance_code, "ledger: a driver's own words");
    maintenance_list_done(list);
    list->rows = malloc(bytes + 1);
    if (list->rows == NULL)
        return -ENOMEM;
    if (bytes > 0)
        memcpy(list->rows, fake_ledger.maintenance, bytes);
    list->count = fake_ledger.maintenance_count;
    return 0;
}

void maintenance_list_done(struct maintenance_list *list)
{
    free(list->rows);
    *list = (struct maintenance_list){ 0 };
}

void follower_counters(const struct follower *follower, struct follow_counters *ret)
{
    (void)follower;
    *ret = fake_ledger.ingest;
}

int follower_source_count(const struct follower *follower)
{
    (void)follower;
    return fake_ledger.source_count;
}

const char *follower_source_name(const struct follower *follower, int source)
{
    static const char *const names[] = { "access.log", "shop.log" };

    (void)follower;
    return names[source];
}

void follower_source_counters(const struct follower *follower, int source,
                              struct follow_counters *ret)
{
    (void)follower;
    *ret = fake_ledger.ingest;
    ret->lines += (uint64_t)source;
}

void ledger_writer_counters(const struct ledger_writer *writer, struct ledger_counters *ret)
{
    (void)writer;
    *ret = fake_ledger.written;
}

int ledger_alerts_claim(struct ledger_reader *of, const char *const services[], int count,
                        int64_t deadline_ms, struct arena *arena, bool ret_held[],
                        struct ledger_alerts *ret, struct error *err)
{
    (void)of;
    (void)services;
    (void)deadline_ms;
    (void)arena;
    fake_ledger.claims++;
    if (fake_ledger.claim_code != 0)
        return error_set(err, -fake_ledger.claim_code, "ledger: a driver's own words");
    for (int i = 0; i < count; i++)
        ret_held[i] = fake_ledger.leased;
    *ret = (struct ledger_alerts){ fake_ledger.alerts, fake_ledger.alert_count };
    return 0;
}

void ledger_alerts_release(struct ledger_reader *of, int64_t deadline_ms)
{
    (void)of;
    (void)deadline_ms;
    fake_ledger.releases++;
}

int ledger_alerts_write(struct ledger_reader *of, const struct ledger_alerts *alerts,
                        int64_t deadline_ms, struct error *err)
{
    (void)of;
    (void)deadline_ms;
    fake_ledger.saves++;
    if (fake_ledger.save_code != 0)
        return error_set(err, -fake_ledger.save_code, "ledger: a driver's own words");
    for (int i = 0; i < alerts->count; i++) {
        fake_ledger.saved_rows++;
        fake_ledger.saved_changes += alerts->rows[i].changed;
        fake_ledger.saved = alerts->rows[i];
        (void)snprintf(fake_ledger.saved_rule, sizeof(fake_ledger.saved_rule), "%s",
                       alerts->rows[i].rule);
        (void)snprintf(fake_ledger.saved_suppressor, sizeof(fake_ledger.saved_suppressor), "%s",
                       alerts->rows[i].suppressed_by);
    }
    return 0;
}

int ledger_burns_read(struct ledger_reader *of, const struct ledger_burns *burns,
                      int64_t deadline_ms, struct arena *arena, struct incident_minute **ret,
                      int *ret_count, struct error *err)
{
    struct incident_minute *minutes =
        arena_alloc(arena, (size_t)fake_ledger.burn_count * sizeof(*minutes) + 1);

    (void)of;
    (void)deadline_ms;
    fake_ledger.burn_reads++;
    fake_ledger.burns_from = burns->from_minute;
    fake_ledger.burns_until = burns->until_minute;
    if (fake_ledger.burns_code != 0)
        return error_set(err, -fake_ledger.burns_code, "ledger: a driver's own words");
    *ret_count = 0;
    *ret = minutes;
    for (int i = 0; i < fake_ledger.burn_count; i++) {
        if (fake_ledger.burn_minutes[i].minute >= burns->from_minute)
            minutes[(*ret_count)++] = fake_ledger.burn_minutes[i];
    }
    return 0;
}

int ledger_burns_routes(struct ledger_reader *of, const struct ledger_burns *burns,
                        const struct incident incidents[], int count, int64_t deadline_ms,
                        struct arena *arena, struct ledger_burn_route **ret, int *ret_count,
                        struct error *err)
{
    (void)of;
    (void)burns;
    (void)incidents;
    (void)count;
    (void)deadline_ms;
    (void)arena;
    (void)err;
    *ret = (struct ledger_burn_route *)fake_ledger.burn_routes;
    *ret_count = fake_ledger.burn_route_count;
    return 0;
}
