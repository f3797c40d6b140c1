/* test_alarm_render.c - module/accountant/alarm_render.c: the API's words, byte by byte. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_render.h"

#include "alarm_stage.h"

#include "suite.h"

#include <string.h>

static void expect(const struct buf *buf, const char *part)
{
    ck_assert_msg(strstr(buf_text(buf), part) != NULL, "%s missing in %s", part, buf_text(buf));
}

START_TEST(an_objective_lists_all_its_alerts)
{
    AUTO(buf_done) struct buf buf;
    struct json_writer json;
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 0);
    buf_init(&buf, 1 << 16);
    json_writer_init(&json, &buf);
    alarm_put_array(&json, &stage.alarms, AVAILABILITY);
    ck_assert_str_eq(
        buf_text(&buf),
        "[{\"name\": \"page-fast-burn\", \"severity\": \"critical\", \"state\": \"firing\", "
        "\"since\": \"2026-02-02T02:40:00.000Z\"}, "
        "{\"name\": \"page-slow-burn\", \"severity\": \"critical\", \"state\": \"firing\", "
        "\"since\": \"2026-02-02T02:40:00.000Z\", \"suppressed_by\": \"page-fast-burn\"}, "
        "{\"name\": \"ticket-slow-burn\", \"severity\": \"warning\", \"state\": \"firing\", "
        "\"since\": \"2026-02-02T02:40:00.000Z\", \"suppressed_by\": \"page-fast-burn\"}, "
        "{\"name\": \"budget-low\", \"severity\": \"warning\", \"state\": \"inactive\", "
        "\"since\": null}, "
        "{\"name\": \"budget-exhausted\", \"severity\": \"warning\", \"state\": \"inactive\", "
        "\"since\": null}]");
    stage_end(&stage);
}
END_TEST

START_TEST(the_page_shows_what_fires_and_was_lately_resolved)
{
    AUTO(buf_done) struct buf buf;
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 0);
    stage_set_bad(&stage, 0);
    stage_turn(&stage, 60);
    buf_init(&buf, 1 << 16);
    alarm_render_page(&stage.alarms, NULL, &buf);
    expect(&buf, "{\"as_of\": \"2026-02-02T02:41:00.000Z\", \"stale\": false, \"firing\": 0, "
                 "\"pending\": 0, \"resolved\": 4, \"silenced\": 0, \"alerts\": [{\"slo\": "
                 "\"app-availability\", "
                 "\"service\": \"app\", \"name\": \"page-fast-burn\", \"severity\": \"critical\", "
                 "\"state\": \"resolved\", \"since\": \"2026-02-02T02:41:00.000Z\", "
                 "\"fired_at\": \"2026-02-02T02:40:00.000Z\", "
                 "\"resolved_at\": \"2026-02-02T02:41:00.000Z\", "
                 "\"summary\": \"app-availability burns its error budget 20 times too fast over 1 "
                 "h (200 of 10000 events bad) and ");
    expect(&buf, "\"dedup_key\": \"app/app-availability/page-fast-burn\"}");
    stage_end(&stage);
}
END_TEST

START_TEST(a_ledger_out_of_reach_is_the_first_alert_and_the_others_stand_still)
{
    AUTO(buf_done) struct buf buf;
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 0);
    stage.readable = false;
    stage_turn(&stage, 61);
    buf_init(&buf, 1 << 16);
    alarm_render_page(&stage.alarms, "it does not answer", &buf);
    expect(&buf, "\"stale\": true, \"reason\": \"it does not answer\", \"firing\": 5, ");
    expect(&buf, "\"alerts\": [{\"slo\": \"\", \"service\": \"app\", \"name\": "
                 "\"ledger-unreachable\", \"severity\": \"critical\", \"state\": \"firing\", ");
    expect(&buf, "\"resolved_at\": null, \"summary\": \"alerts of app stand still, because the "
                 "ledger has been out of reach for more than a minute: it does not answer\", "
                 "\"dedup_key\": \"app/ledger-unreachable\"}");
    expect(&buf, "\"frozen\": \"the ledger is out of reach\"}");
    stage_end(&stage);
}
END_TEST

/* The longest names there can be, all of them firing, and of characters that JSON escapes. */
START_TEST(an_outage_of_everything_fits_its_page)
{
    enum { MANY = 400, NAME = 95, SERVICE = 63 };
    static struct objective objectives[MANY];
    static struct alert_rule rules[2];
    AUTO(alarms_done) struct alarms alarms;
    struct book book = { .objectives = objectives, .count = MANY };
    char summary[ALARM_SUMMARY_BYTES];
    AUTO(buf_done) struct buf buf;

    memset(rules[0].name, 'r', sizeof(rules[0].name) - 1);
    memset(rules[1].name, 's', sizeof(rules[1].name) - 1);
    memset(summary, '"', sizeof(summary) - 1);
    summary[sizeof(summary) - 1] = '\0';
    for (int i = 0; i < MANY; i++) {
        memset(objectives[i].name, 'n', NAME);
        memset(objectives[i].service, 's', SERVICE);
        objectives[i].target = fraction_of(99, 100);
        objectives[i].rules = rules;
        objectives[i].rule_count = 2;
    }
    ck_assert_int_eq(alarms_init(&alarms, &book, "app"), 0);
    for (int i = 0; i < alarms.count; i++) {
        alarms.list[i].alert = (struct alert){ ALERT_FIRING, 1, 1, 1, ALERT_FROZEN_CLOCK };
        alarms.list[i].suppressed_by = (i + 2) % alarms.count;
        alarms.list[i].summary = strdup(summary);
    }
    buf_init(&buf, ALARM_PAGE_BYTES);
    alarm_render_page(&alarms, summary, &buf);
    ck_assert(buf_ok(&buf));
    expect(&buf, "\"firing\": 800, ");
}
END_TEST

START_TEST(what_maintenance_silences_says_so_and_is_counted_apart)
{
    static const char silenced[] = "\"frozen\": \"the service is in maintenance\", \"silenced\": "
                                   "{\"until\": \"2026-02-02T02:50:00.000Z\", "
                                   "\"reason\": \"new disks\"}}";
    AUTO(buf_done) struct buf buf;
    struct json_writer json;
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 0);
    stage_announce(&stage, 600);
    stage_turn(&stage, 1);
    buf_init(&buf, 1 << 16);
    alarm_render_page(&stage.alarms, NULL, &buf);
    expect(&buf, "\"firing\": 0, \"pending\": 0, \"resolved\": 0, \"silenced\": 4, ");
    expect(&buf, "\"state\": \"firing\"");
    expect(&buf, silenced);
    buf_clear(&buf);
    json_writer_init(&json, &buf);
    json_open_object(&json);
    json_key(&json, "alerts");
    alarm_put_array(&json, &stage.alarms, AVAILABILITY);
    alarm_put_maintenance(&json, &stage.alarms, AVAILABILITY);
    alarm_put_maintenance(&json, NULL, AVAILABILITY);
    json_close_object(&json);
    expect(&buf, silenced);
    expect(&buf, "\"state\": \"inactive\", \"since\": null, "
                 "\"frozen\": \"the service is in maintenance\"}], \"maintenance\": {");
    expect(&buf, "{\"id\": \"a1\", \"since\": \"2026-02-02T02:40:00.000Z\", "
                 "\"until\": \"2026-02-02T02:50:00.000Z\", \"reason\": \"new disks\", "
                 "\"author\": \"ada@db1\", \"drain\": true}}");
    stage_end(&stage);
}
END_TEST

TCase *alarm_render_cases(void)
{
    TCase *cases = tcase_create("alarm_render");

    tcase_add_test(cases, an_objective_lists_all_its_alerts);
    tcase_add_test(cases, the_page_shows_what_fires_and_was_lately_resolved);
    tcase_add_test(cases, a_ledger_out_of_reach_is_the_first_alert_and_the_others_stand_still);
    tcase_add_test(cases, what_maintenance_silences_says_so_and_is_counted_apart);
    tcase_add_test(cases, an_outage_of_everything_fits_its_page);
    return cases;
}
