/* test_alarms.c - module/accountant/alarms.c, alarm_judge.c, alarm_store.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/alarms.h"

#include "alarm_stage.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

static enum alert_state state_of(const struct alarm_stage *stage, int objective, int rule)
{
    return stage_alarm(stage, objective, rule)->alert.state;
}

START_TEST(a_burn_fires_is_written_once_and_puts_the_objective_at_risk)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.saves, 0);
    ck_assert_int_eq(alarms_status(&stage.alarms, AVAILABILITY), BUDGET_MET);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.fired_at_ms,
                     stage.wall_ms);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, BUDGET_LOW), ALERT_INACTIVE);
    ck_assert_int_eq(state_of(&stage, ERROR_RATE, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(alarms_status(&stage.alarms, AVAILABILITY), BUDGET_AT_RISK);
    ck_assert_int_eq(fake_ledger.saves, 1);
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.saves, 1);
    stage_turn(&stage, 60); /* the numbers in its words are renewed; nothing has changed */
    ck_assert_int_eq(fake_ledger.saves, 2);
    ck_assert_int_eq(fake_ledger.saved_changes, 4); /* three burns, and the error rate's ticket */
    stage_set_bad(&stage, 0);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_RESOLVED);
    ck_assert_int_eq(alarms_status(&stage.alarms, AVAILABILITY), BUDGET_MET);
    ck_assert_int_eq(fake_ledger.saved_changes, 8);
    stage_end(&stage);
}
END_TEST

START_TEST(of_one_incident_one_alarm_speaks)
{
    static const struct {
        int objective, rule;
        const char *suppressor;
    } cases[] = {
        { AVAILABILITY, FAST_BURN, "" },
        { AVAILABILITY, SLOW_BURN, "page-fast-burn" },
        { AVAILABILITY, TICKET, "page-fast-burn" },
        { AVAILABILITY, BUDGET_EXHAUSTED, "" },
        { ERROR_RATE, FAST_BURN, "app-availability/page-fast-burn" },
        { ERROR_RATE, SLOW_BURN, "page-fast-burn" },
        { LATENCY_95, FAST_BURN, "" },
    };
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char name[ALARM_NAME_BYTES];

        ck_assert_str_eq(alarms_suppressor(&stage.alarms,
                                           stage_alarm(&stage, cases[i].objective, cases[i].rule),
                                           name),
                         cases[i].suppressor);
    }
    stage_end(&stage);
}
END_TEST

START_TEST(what_could_not_be_written_is_not_shown)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    fake_ledger.save_code = -EIO;
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.saves, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    /* Nothing more without a new look at what is there: it may have been written after all. */
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.saves, 1);
    fake_ledger.save_code = 0;
    stage_turn(&stage, 3);
    ck_assert_int_eq(fake_ledger.claims, 2);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_uint_eq(stage.alarms.failures, 1);
    stage_end(&stage);
}
END_TEST

static const struct ledger_alert others[] = {
    { .service = "app",
      .objective = "app-availability",
      .rule = "page-fast-burn",
      .severity = "critical",
      .alert = { .state = ALERT_FIRING, .since_ms = 1769999000000, .fired_at_ms = 1769999000000 },
      .summary = "somebody else's words" },
    { .service = "app", .objective = "app-availability", .rule = "of-long-ago", .summary = "" },
    { .service = "web", .objective = "app-availability", .rule = "page-fast-burn", .summary = "" },
};

START_TEST(who_holds_no_lease_shows_what_the_ledger_says)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    fake_ledger.leased = false;
    fake_ledger.alerts = others;
    fake_ledger.alert_count = 3;
    stage_set_bad(&stage, 0);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_str_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->summary,
                     "somebody else's words");
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, ERROR_RATE, FAST_BURN), ALERT_INACTIVE);
    fake_ledger.alert_count = 0;
    stage_turn(&stage, 3);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(fake_ledger.saves, 0);
    stage_end(&stage);
}
END_TEST

START_TEST(who_takes_over_goes_on_without_firing_again)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    fake_ledger.leased = false;
    fake_ledger.alerts = others;
    fake_ledger.alert_count = 1;
    stage_set_bad(&stage, 150); /* enough for the pages of availability */
    stage_turn(&stage, 1);
    fake_ledger.leased = true;
    stage_turn(&stage, 3);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.fired_at_ms,
                     1769999000000);
    ck_assert_int_eq(fake_ledger.saved_changes, 3); /* the slow ones and the error rate's ticket */
    ck_assert_int_eq(fake_ledger.saved_rows, 4);
    stage_end(&stage);
}
END_TEST

START_TEST(what_burned_under_a_rule_that_is_no_more_ends_with_the_lease)
{
    static const struct ledger_alert left[] = {
        { .service = "app",
          .objective = "app-availability",
          .rule = "of-long-ago",
          .alert = { .state = ALERT_FIRING, .since_ms = 1, .fired_at_ms = 1 },
          .summary = "" },
        { .service = "app",
          .objective = "gone",
          .rule = "page-fast-burn",
          .alert = { .state = ALERT_RESOLVED,
                     .since_ms = 1769999000000,
                     .resolved_at_ms = 1769999000000 },
          .summary = "" },
        { .service = "web",
          .objective = "gone",
          .rule = "page-fast-burn",
          .alert = { .state = ALERT_FIRING },
          .summary = "" },
    };
    struct alarm_stage stage;

    stage_begin(&stage);
    fake_ledger.leased = false;
    fake_ledger.alerts = left;
    fake_ledger.alert_count = (int)ARRAY_LENGTH(left);
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.saves, 0); /* another one's affair */
    fake_ledger.leased = true;
    stage_turn(&stage, 3);
    ck_assert_int_eq(fake_ledger.saved_rows, 1);
    ck_assert_str_eq(fake_ledger.saved_rule, "of-long-ago");
    ck_assert_int_eq(fake_ledger.saved.alert.state, ALERT_RESOLVED);
    ck_assert_int_eq(fake_ledger.saved.alert.fired_at_ms, 1);
    ck_assert(fake_ledger.saved.changed);
    stage_turn(&stage, 3);
    ck_assert_int_eq(fake_ledger.saved_rows, 1); /* once, when the lease was new */
    stage_end(&stage);
}
END_TEST

START_TEST(who_leaves_gives_the_lease_back)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    alarms_leave(&stage.alarms, (struct ledger_reader *)&stage, 1);
    ck_assert_int_eq(fake_ledger.releases, 1);
    alarms_leave(&stage.alarms, (struct ledger_reader *)&stage, 1);
    ck_assert_int_eq(fake_ledger.releases, 1); /* nothing is held any more */
    stage_end(&stage);
}
END_TEST

START_TEST(a_rival_with_the_lease_is_no_trouble)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    fake_ledger.save_code = -EBUSY;
    fake_ledger.leased = false;
    fake_ledger.alerts = others;
    fake_ledger.alert_count = 1;
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    stage_turn(&stage, 1);
    ck_assert_uint_eq(stage.alarms.failures, 0);
    ck_assert_int_eq(fake_ledger.claims, 2);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.fired_at_ms,
                     1769999000000);
    stage_end(&stage);
}
END_TEST

START_TEST(a_ledger_out_of_reach_for_a_minute_is_an_alert_and_freezes_the_others)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 1);
    stage.readable = false;
    stage_set_bad(&stage, 0);
    stage_turn(&stage, 59);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_INACTIVE);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen, ALERT_JUDGED);
    stage_turn(&stage, 1);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_FIRING);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen,
                     ALERT_FROZEN_LEDGER);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    stage.readable = true;
    stage_turn(&stage, 1);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_RESOLVED);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_RESOLVED);
    stage_end(&stage);
}
END_TEST

START_TEST(a_ledger_that_can_only_be_read_is_out_of_reach_for_alerts)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    fake_ledger.claim_code = -EACCES;
    for (int i = 0; i < 7; i++)
        stage_turn(&stage, 10);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_FIRING);
    ck_assert_int_eq(fake_ledger.claims, 8);
    fake_ledger.claim_code = 0;
    stage_turn(&stage, 10);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_RESOLVED);
    stage_end(&stage);
}
END_TEST

START_TEST(a_clock_that_was_set_freezes_until_events_agree_and_leaves_the_lease)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    stage.coverage.last_event_ms = stage.wall_ms;
    stage.wall_ms += 3600 * 1000;
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen,
                     ALERT_FROZEN_CLOCK);
    ck_assert(!stage.alarms.held[0]);
    stage_turn(&stage, 30);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(fake_ledger.claims, 1);
    stage.coverage.last_event_ms = stage.wall_ms;
    stage_turn(&stage, 1);
    ck_assert_int_eq(fake_ledger.claims, 2);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    stage_end(&stage);
}
END_TEST

START_TEST(a_quiet_service_believes_its_clock_after_a_quarter_of_an_hour)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    stage.wall_ms -= 3600 * 1000;
    stage_turn(&stage, 1);
    ck_assert_int_ge(stage.alarms.doubt_since_ms, 0);
    stage_turn(&stage, 15 * 60 + 1);
    ck_assert_int_eq(stage.alarms.doubt_since_ms, -1);
    stage_end(&stage);
}
END_TEST

START_TEST(the_dark_freezes_and_a_few_events_are_not_enough)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_set_bad(&stage, 5000);
    stage_set_watched(40);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen, ALERT_FROZEN_DARK);
    ck_assert_int_eq(fake_ledger.saves, 0);
    stage_set_watched(100);
    stage.verdicts[AVAILABILITY].status = BUDGET_INSUFFICIENT_DATA;
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(alarms_status(&stage.alarms, AVAILABILITY), BUDGET_INSUFFICIENT_DATA);
    stage.objectives[AVAILABILITY].unwatched = UNWATCHED_FREEZE;
    stage_set_watched(20);
    stage_turn(&stage, 1);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen,
                     ALERT_FROZEN_PROMISED);
    stage_end(&stage);
}
END_TEST

START_TEST(a_rule_over_spans_that_are_not_shown_asks_the_book)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage.rules[FAST_BURN].long_minutes = 45;
    stage.rules[FAST_BURN].short_minutes = 0;
    stage_set_bad(&stage, 5000);
    memset(stage.verdicts[AVAILABILITY].spans, 0, sizeof(stage.verdicts[0].spans));
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, SLOW_BURN), ALERT_INACTIVE);
    stage_end(&stage);
}
END_TEST

START_TEST(the_version_changes_with_what_is_shown_and_only_then)
{
    struct alarm_stage stage;
    uint64_t before;
    uint64_t firing;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    before = alarms_version(&stage.alarms, AVAILABILITY);
    stage_turn(&stage, 1);
    ck_assert_uint_eq(alarms_version(&stage.alarms, AVAILABILITY), before);
    stage_set_bad(&stage, 5000);
    stage_turn(&stage, 1);
    firing = alarms_version(&stage.alarms, AVAILABILITY);
    ck_assert_uint_ne(firing, before);
    stage_turn(&stage, 1);
    ck_assert_uint_eq(alarms_version(&stage.alarms, AVAILABILITY), firing);
    stage_set_watched(10);
    stage_turn(&stage, 1);
    ck_assert_uint_ne(alarms_version(&stage.alarms, AVAILABILITY), firing);
    stage_end(&stage);
}
END_TEST

START_TEST(alarms_without_memory_are_refused_whole)
{
    for (int n = 0;; n++) {
        struct alarm_stage stage;
        struct alarms alarms;
        int code;

        stage_begin(&stage);
        malloc_fail_at(n);
        code = alarms_init(&alarms, &stage.book, "app");
        ck_assert_int_eq(code, malloc_failed() ? -ENOMEM : 0);
        malloc_fail_at(-1);
        alarms_done(&alarms);
        stage_end(&stage);
        if (code == 0)
            break;
    }
}
END_TEST

START_TEST(maintenance_keeps_alerts_silent_and_then_they_go_on_truthfully)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_announce(&stage, 600);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen,
                     ALERT_FROZEN_MAINTENANCE);
    ck_assert_ptr_nonnull(alarms_silence(&stage.alarms, AVAILABILITY));
    stage_turn(&stage, 598);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_INACTIVE);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_ptr_null(alarms_silence(&stage.alarms, AVAILABILITY));
    stage_end(&stage);
}
END_TEST

START_TEST(what_fires_when_maintenance_begins_is_silenced_and_stands_still)
{
    struct alarm_stage stage;
    uint64_t version;

    stage_begin(&stage);
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 1);
    version = alarms_version(&stage.alarms, AVAILABILITY);
    stage_announce(&stage, 600);
    stage_set_bad(&stage, 0);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    ck_assert_uint_ne(alarms_version(&stage.alarms, AVAILABILITY), version);
    stage_turn(&stage, 600);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_RESOLVED);
    stage_end(&stage);
}
END_TEST

START_TEST(maintenance_of_another_service_silences_nothing)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_announce(&stage, 600);
    stage.maintenance.service[0] = 'b';
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 1);
    ck_assert_int_eq(state_of(&stage, AVAILABILITY, FAST_BURN), ALERT_FIRING);
    stage_end(&stage);
}
END_TEST

START_TEST(a_ledger_that_goes_in_maintenance_calls_nobody_before_it_is_over)
{
    struct alarm_stage stage;

    stage_begin(&stage);
    stage_turn(&stage, 1);
    stage_announce(&stage, 600);
    stage.readable = false;
    stage_turn(&stage, 1);
    stage_turn(&stage, 590);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_INACTIVE);
    stage_turn(&stage, 10);
    ck_assert_int_eq(stage.alarms.unreachable.state, ALERT_FIRING);
    ck_assert_int_eq(stage_alarm(&stage, AVAILABILITY, FAST_BURN)->alert.frozen,
                     ALERT_FROZEN_LEDGER);
    stage_end(&stage);
}
END_TEST

TCase *alarms_cases(void)
{
    TCase *cases = tcase_create("alarms");

    tcase_add_test(cases, a_burn_fires_is_written_once_and_puts_the_objective_at_risk);
    tcase_add_test(cases, of_one_incident_one_alarm_speaks);
    tcase_add_test(cases, what_could_not_be_written_is_not_shown);
    tcase_add_test(cases, who_holds_no_lease_shows_what_the_ledger_says);
    tcase_add_test(cases, who_takes_over_goes_on_without_firing_again);
    tcase_add_test(cases, what_burned_under_a_rule_that_is_no_more_ends_with_the_lease);
    tcase_add_test(cases, who_leaves_gives_the_lease_back);
    tcase_add_test(cases, a_rival_with_the_lease_is_no_trouble);
    tcase_add_test(cases, a_ledger_out_of_reach_for_a_minute_is_an_alert_and_freezes_the_others);
    tcase_add_test(cases, a_ledger_that_can_only_be_read_is_out_of_reach_for_alerts);
    tcase_add_test(cases, a_clock_that_was_set_freezes_until_events_agree_and_leaves_the_lease);
    tcase_add_test(cases, a_quiet_service_believes_its_clock_after_a_quarter_of_an_hour);
    tcase_add_test(cases, the_dark_freezes_and_a_few_events_are_not_enough);
    tcase_add_test(cases, a_rule_over_spans_that_are_not_shown_asks_the_book);
    tcase_add_test(cases, the_version_changes_with_what_is_shown_and_only_then);
    tcase_add_test(cases, maintenance_keeps_alerts_silent_and_then_they_go_on_truthfully);
    tcase_add_test(cases, what_fires_when_maintenance_begins_is_silenced_and_stands_still);
    tcase_add_test(cases, maintenance_of_another_service_silences_nothing);
    tcase_add_test(cases, a_ledger_that_goes_in_maintenance_calls_nobody_before_it_is_over);
    tcase_add_test(cases, alarms_without_memory_are_refused_whole);
    return cases;
}
