/* test_alert.c - module/slo/alert.c: when an alert fires, when it ends, and what leaves it alone.
 */
/* SPDX-License-Identifier: MIT */
#include "slo/alert.h"

#include "slo/slices.h"
#include "suite.h"

#include <stdio.h>

enum { MONTH = 43200, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static const int64_t start_ms = 1770000000000;

enum { FAST, SLOW, TICKET, LOW, EXHAUSTED };

struct stage {
    struct objective objective;
    struct alert_rule rules[RULE_DEFAULT_COUNT];
};

static void set_up(struct stage *stage, const char *name, const char *target)
{
    *stage = (struct stage){ .objective = { .window_minutes = MONTH } };
    (void)snprintf(stage->objective.name, sizeof(stage->objective.name), "%s", name);
    (void)snprintf(stage->objective.service, sizeof(stage->objective.service), "app");
    ck_assert(fraction_parse(slice_of(target), &stage->objective.target));
    rule_defaults(MONTH, stage->rules);
    stage->objective.rules = stage->rules;
    stage->objective.rule_count = RULE_DEFAULT_COUNT;
}

/* Everything watched, plenty of good events; the windows of the rule as given. */
static struct alert_evidence evidence_of(struct window_sum long_sum, struct window_sum short_sum)
{
    return (struct alert_evidence){
        .whole = { 10000000, long_sum.bad },
        .long_sum = long_sum,
        .short_sum = short_sum,
        .enough = true,
    };
}

static enum alert_condition judge(const struct stage *stage, int rule,
                                  const struct alert_evidence *evidence)
{
    enum alert_frozen frozen;

    return alert_judge(&stage->objective, &stage->rules[rule], evidence, false, &frozen);
}

START_TEST(a_burn_has_to_be_above_the_threshold_in_both_windows)
{
    static const struct {
        struct window_sum long_sum, short_sum;
        enum alert_condition want;
    } cases[] = {
        { { 100000, 1441 }, { 10000, 145 }, ALERT_TRUE },
        { { 100000, 1440 }, { 10000, 145 }, ALERT_FALSE }, /* exactly 14.4 */
        { { 100000, 1441 }, { 10000, 144 }, ALERT_FALSE },
        { { 100000, 1441 }, { 0, 0 }, ALERT_FALSE },
        { { 0, 0 }, { 0, 0 }, ALERT_FALSE },
        { { 100000, 100000 }, { 10000, 10000 }, ALERT_TRUE },
    };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence = evidence_of(cases[i].long_sum, cases[i].short_sum);

        ck_assert_msg(judge(&stage, FAST, &evidence) == cases[i].want, "row %zu", i);
    }
}
END_TEST

START_TEST(guards_ask_for_more_before_it_fires_and_never_after)
{
    static const struct {
        struct rule_guard guard;
        bool enough;
        enum alert_condition want;
    } cases[] = {
        { { 0, 0, { 0, 1 } }, true, ALERT_TRUE },
        { { 0, 0, { 0, 1 } }, false, ALERT_FALSE },
        { { 10, 0, { 0, 1 } }, true, ALERT_TRUE },
        { { 11, 0, { 0, 1 } }, true, ALERT_FALSE },
        { { 0, 1, { 0, 1 } }, true, ALERT_TRUE },
        { { 0, 2, { 0, 1 } }, true, ALERT_FALSE },
        { { 0, 0, { 1645, 1000 } }, true, ALERT_TRUE },
        { { 0, 0, { 2326, 1000 } }, true, ALERT_FALSE },
    };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence =
            evidence_of((struct window_sum){ 10, 1 }, (struct window_sum){ 1, 1 });
        enum alert_frozen frozen;

        stage.objective.guard = cases[i].guard;
        evidence.enough = cases[i].enough;
        ck_assert_msg(judge(&stage, FAST, &evidence) == cases[i].want, "row %zu", i);
        ck_assert_int_eq(
            alert_judge(&stage.objective, &stage.rules[FAST], &evidence, true, &frozen),
            ALERT_TRUE);
    }
}
END_TEST

START_TEST(parts_of_slices_prove_no_more_than_slices)
{
    static const struct {
        struct rule_guard guard;
        enum alert_condition want;
    } cases[] = {
        { { 4, 0, { 0, 1 } }, ALERT_TRUE },   { { 5, 0, { 0, 1 } }, ALERT_FALSE },
        { { 0, 2, { 0, 1 } }, ALERT_TRUE }, /* one and a bit */
        { { 0, 3, { 0, 1 } }, ALERT_FALSE },  { { 0, 0, { 1645, 1000 } }, ALERT_TRUE },
        { { 0, 0, { 30, 1 } }, ALERT_FALSE },
    };
    struct window_sum sum = { (uint64_t)4 * SLICES_UNIT, (uint64_t)1 * SLICES_UNIT + 1 };
    struct alert_evidence evidence = evidence_of(sum, sum);
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    stage.objective.budgeting = BUDGETING_RATIO_TIMESLICES;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        stage.objective.guard = cases[i].guard;
        ck_assert_msg(judge(&stage, FAST, &evidence) == cases[i].want, "row %zu", i);
    }
}
END_TEST

START_TEST(a_rule_that_is_half_in_the_dark_is_not_judged)
{
    static const struct {
        int rule;
        int32_t long_dark, short_dark;
        enum unwatched unwatched;
        enum alert_condition want;
    } cases[] = {
        { FAST, 0, 0, UNWATCHED_IGNORE, ALERT_TRUE }, /* also when it was measured for a minute */
        { FAST, 30, 2, UNWATCHED_IGNORE, ALERT_TRUE },
        { FAST, 31, 0, UNWATCHED_IGNORE, ALERT_UNKNOWN },
        { FAST, 0, 3, UNWATCHED_IGNORE, ALERT_UNKNOWN },
        { FAST, 60, 5, UNWATCHED_GOOD, ALERT_UNKNOWN },
        { FAST, 60, 5, UNWATCHED_BAD, ALERT_TRUE }, /* there the dark itself counts */
        { LOW, 2, 0, UNWATCHED_IGNORE, ALERT_TRUE },
        { LOW, 3, 0, UNWATCHED_IGNORE, ALERT_UNKNOWN },
    };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence =
            evidence_of((struct window_sum){ 10000, 9000 }, (struct window_sum){ 1000, 900 });

        evidence.long_dark_minutes = cases[i].long_dark;
        evidence.short_dark_minutes = cases[i].short_dark;
        stage.objective.unwatched = cases[i].unwatched;
        ck_assert_msg(judge(&stage, cases[i].rule, &evidence) == cases[i].want, "row %zu", i);
    }
}
END_TEST

START_TEST(a_budget_that_heals_ends_its_alert_above_where_it_began)
{
    static const struct {
        int rule;
        uint64_t bad; /* of 1,000 that a million events allow */
        bool firing;
        enum alert_condition want;
    } cases[] = {
        { LOW, 800, false, ALERT_FALSE },       { LOW, 801, false, ALERT_TRUE },
        { LOW, 800, true, ALERT_TRUE },         { LOW, 751, true, ALERT_TRUE },
        { LOW, 750, true, ALERT_FALSE },        { EXHAUSTED, 999, false, ALERT_FALSE },
        { EXHAUSTED, 1000, false, ALERT_TRUE }, { EXHAUSTED, 1500, false, ALERT_TRUE },
        { EXHAUSTED, 951, true, ALERT_TRUE },   { EXHAUSTED, 950, true, ALERT_FALSE },
    };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence =
            evidence_of((struct window_sum){ 0, 0 }, (struct window_sum){ 0, 0 });
        enum alert_frozen frozen;

        evidence.whole = (struct window_sum){ 1000000, cases[i].bad };
        ck_assert_msg(alert_judge(&stage.objective, &stage.rules[cases[i].rule], &evidence,
                                  cases[i].firing, &frozen)
                          == cases[i].want,
                      "row %zu", i);
    }
}
END_TEST

START_TEST(an_alert_goes_through_its_states_and_remembers_when)
{
    static const struct {
        int minute;
        enum alert_condition condition;
        enum alert_state want;
        bool changed;
    } steps[] = {
        { 0, ALERT_FALSE, ALERT_INACTIVE, false },    { 1, ALERT_TRUE, ALERT_PENDING, true },
        { 2, ALERT_TRUE, ALERT_PENDING, false },      { 3, ALERT_FALSE, ALERT_INACTIVE, true },
        { 4, ALERT_TRUE, ALERT_PENDING, true },       { 5, ALERT_TRUE, ALERT_PENDING, false },
        { 6, ALERT_TRUE, ALERT_FIRING, true },        { 7, ALERT_UNKNOWN, ALERT_FIRING, false },
        { 8, ALERT_TRUE, ALERT_FIRING, false },       { 9, ALERT_FALSE, ALERT_RESOLVED, true },
        { 1448, ALERT_FALSE, ALERT_RESOLVED, false }, { 1449, ALERT_FALSE, ALERT_INACTIVE, true },
    };
    struct alert alert = { 0 };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    stage.rules[FAST].for_minutes = 2;
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        bool changed = alert_step(&alert, &stage.rules[FAST], steps[i].condition,
                                  start_ms + steps[i].minute * MINUTE_MS);

        ck_assert_msg(alert.state == steps[i].want, "step %zu: %s", i,
                      alert_state_text(alert.state));
        ck_assert_msg(changed == steps[i].changed, "step %zu", i);
    }
    ck_assert_int_eq(alert.fired_at_ms, start_ms + 6 * MINUTE_MS);
    ck_assert_int_eq(alert.resolved_at_ms, start_ms + 9 * MINUTE_MS);
}
END_TEST

START_TEST(without_a_pause_asked_for_it_fires_at_once_and_again)
{
    struct alert alert = { 0 };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    ck_assert(alert_step(&alert, &stage.rules[FAST], ALERT_TRUE, start_ms));
    ck_assert_int_eq(alert.state, ALERT_FIRING);
    ck_assert(alert_step(&alert, &stage.rules[FAST], ALERT_FALSE, start_ms + 1));
    ck_assert(alert_step(&alert, &stage.rules[FAST], ALERT_TRUE, start_ms + 2));
    ck_assert_int_eq(alert.state, ALERT_FIRING);
    ck_assert_int_eq(alert.fired_at_ms, start_ms + 2);
    ck_assert_int_eq(alert.since_ms, start_ms + 2);
}
END_TEST

START_TEST(time_in_the_dark_does_not_count_as_pending)
{
    struct alert_evidence evidence =
        evidence_of((struct window_sum){ 1000, 900 }, (struct window_sum){ 100, 90 });
    struct alert alert = { 0 };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    stage.rules[FAST].for_minutes = 10;
    (void)alert_turn(&alert, &stage.objective, &stage.rules[FAST], &evidence, start_ms);
    ck_assert_int_eq(alert.state, ALERT_PENDING);
    evidence.blind = ALERT_FROZEN_LEDGER;
    (void)alert_turn(&alert, &stage.objective, &stage.rules[FAST], &evidence, start_ms + HOUR_MS);
    ck_assert_int_eq(alert.state, ALERT_PENDING);
    ck_assert_int_eq(alert.since_ms, start_ms);
    ck_assert_int_eq(alert.frozen, ALERT_FROZEN_LEDGER);
    evidence.blind = ALERT_JUDGED;
    (void)alert_turn(&alert, &stage.objective, &stage.rules[FAST], &evidence,
                     start_ms + 2 * HOUR_MS);
    ck_assert_int_eq(alert.state, ALERT_PENDING);
    (void)alert_turn(&alert, &stage.objective, &stage.rules[FAST], &evidence,
                     start_ms + 2 * HOUR_MS + 10 * MINUTE_MS);
    ck_assert_int_eq(alert.state, ALERT_FIRING);
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_nothing_wait_for_the_future)
{
    struct alert alert = { 0 };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    stage.rules[FAST].for_minutes = 5;
    (void)alert_step(&alert, &stage.rules[FAST], ALERT_TRUE, start_ms);
    (void)alert_step(&alert, &stage.rules[FAST], ALERT_TRUE, start_ms - 24 * (int64_t)HOUR_MS);
    (void)alert_step(&alert, &stage.rules[FAST], ALERT_TRUE,
                     start_ms - 24 * (int64_t)HOUR_MS + 5 * MINUTE_MS);
    ck_assert_int_eq(alert.state, ALERT_FIRING);
}
END_TEST

START_TEST(one_incident_gives_one_page)
{
    static const struct {
        int other, mine;
        enum alert_state state; /* of the other */
        int resolved_minutes_ago;
        bool want;
    } cases[] = {
        { FAST, SLOW, ALERT_FIRING, 0, true },
        { FAST, TICKET, ALERT_FIRING, 0, true },
        { SLOW, FAST, ALERT_FIRING, 0, false },
        { FAST, FAST, ALERT_FIRING, 0, false },
        { FAST, SLOW, ALERT_PENDING, 0, false },
        { FAST, LOW, ALERT_FIRING, 0, false },
        { EXHAUSTED, LOW, ALERT_FIRING, 0, false },
        { LOW, FAST, ALERT_FIRING, 0, false },
        /* The slow tier still sees the incident that the fast one has done with. */
        { FAST, SLOW, ALERT_RESOLVED, 29, true },
        { FAST, SLOW, ALERT_RESOLVED, 30, false },
        { FAST, TICKET, ALERT_RESOLVED, 359, true },
        { FAST, TICKET, ALERT_RESOLVED, 360, false },
    };
    struct stage stage;

    set_up(&stage, "app-availability", "0.999");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert alert = {
            .state = cases[i].state,
            .resolved_at_ms = start_ms - cases[i].resolved_minutes_ago * MINUTE_MS,
        };
        struct alert mine = { .state = ALERT_FIRING };
        struct alert_case a = { &stage.objective, &stage.rules[cases[i].other], &alert };
        struct alert_case b = { &stage.objective, &stage.rules[cases[i].mine], &mine };

        ck_assert_msg(alert_suppresses(&a, &b, start_ms) == cases[i].want, "row %zu", i);
    }
}
END_TEST

START_TEST(of_objectives_over_the_same_events_only_the_strictest_pages)
{
    static const struct {
        int indicator; /* of the other objective */
        int other, mine;
        const char *target, *name;
        bool want;
    } cases[] = {
        { 7, FAST, FAST, "0.999", "app-availability", true },
        { 7, FAST, SLOW, "0.999", "app-availability", true },
        { 7, TICKET, FAST, "0.999", "app-availability", false }, /* a ticket is no page */
        { 7, FAST, TICKET, "0.999", "app-availability", true },
        { 8, FAST, FAST, "0.999", "app-availability", false },
        { 7, FAST, FAST, "0.95", "app-availability", false },
        { 7, FAST, FAST, "0.99", "app-availability", true }, /* as strict: the name decides */
        { 7, FAST, FAST, "0.99", "app-zebra", false },
        { 7, FAST, LOW, "0.999", "app-availability", false },
        { 7, LOW, FAST, "0.999", "app-availability", false },
    };
    struct alert firing = { .state = ALERT_FIRING };
    struct stage rate;

    set_up(&rate, "app-error-rate", "0.99");
    rate.objective.indicator = 7;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct stage stage;
        struct alert_case other = { &stage.objective, &stage.rules[cases[i].other], &firing };
        struct alert_case mine = { &rate.objective, &rate.rules[cases[i].mine], &firing };

        set_up(&stage, cases[i].name, cases[i].target);
        stage.objective.indicator = cases[i].indicator;
        ck_assert_msg(alert_suppresses(&other, &mine, start_ms) == cases[i].want, "row %zu", i);
    }
}
END_TEST

/* A small generator with a fixed seed: the same run every time. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static bool may_follow(enum alert_state before, enum alert_state after)
{
    static const bool allowed[4][4] = {
        [ALERT_INACTIVE] = { true, true, true, false },
        [ALERT_PENDING] = { true, true, true, false },
        [ALERT_FIRING] = { false, false, true, true },
        [ALERT_RESOLVED] = { true, true, true, true },
    };

    return allowed[before][after];
}

/* One random turn, held against what must always hold. */
static void expect_lawful_turn(struct alert *alert, const struct stage *stage, uint32_t *random,
                               int64_t now_ms)
{
    struct alert_evidence evidence =
        evidence_of((struct window_sum){ 1000, next_random(random) % 30 },
                    (struct window_sum){ 100, next_random(random) % 3 });
    const struct alert before = *alert;
    bool changed;

    evidence.short_dark_minutes = (int32_t)(next_random(random) % 8);
    evidence.enough = next_random(random) % 8 > 0;
    changed = alert_turn(alert, &stage->objective, &stage->rules[FAST], &evidence, now_ms);
    ck_assert(may_follow(before.state, alert->state));
    ck_assert(changed == (before.state != alert->state));
    if (alert->frozen != ALERT_JUDGED) {
        ck_assert_int_eq(alert->state, before.state);
        ck_assert_int_eq(alert->since_ms, before.since_ms);
    }
    if (alert->state == ALERT_FIRING && changed)
        ck_assert_int_eq(alert->fired_at_ms, now_ms);
    if (alert->state == ALERT_RESOLVED && changed)
        ck_assert_int_eq(alert->resolved_at_ms, now_ms);
    if (alert->state == ALERT_RESOLVED)
        ck_assert_int_ge(alert->resolved_at_ms, alert->fired_at_ms);
}

START_TEST(whatever_happens_an_alert_never_skips_a_state_and_frozen_never_moves)
{
    uint32_t random = 1;

    for (int run = 0; run < 200; run++) {
        int64_t now_ms = start_ms;
        struct alert alert = { 0 };
        struct stage stage;

        set_up(&stage, "app-availability", "0.999");
        stage.rules[FAST].for_minutes = run % 4;
        for (int step = 0; step < 300; step++) {
            now_ms += next_random(&random) % (step % 50 == 0 ? 90000000 : 120000);
            expect_lawful_turn(&alert, &stage, &random, now_ms);
        }
    }
}
END_TEST

START_TEST(states_are_read_back_from_their_words)
{
    enum alert_state state = ALERT_INACTIVE;

    for (int i = ALERT_INACTIVE; i <= ALERT_RESOLVED; i++) {
        ck_assert(alert_state_parse(alert_state_text((enum alert_state)i), &state));
        ck_assert_int_eq(state, i);
    }
    ck_assert(!alert_state_parse("flapping", &state));
    ck_assert_str_eq(alert_frozen_text(ALERT_JUDGED), "");
    ck_assert_str_eq(alert_frozen_text(ALERT_FROZEN_LEDGER), "the ledger is out of reach");
}
END_TEST

TCase *alert_cases(void)
{
    TCase *cases = tcase_create("alert");

    tcase_add_test(cases, a_burn_has_to_be_above_the_threshold_in_both_windows);
    tcase_add_test(cases, guards_ask_for_more_before_it_fires_and_never_after);
    tcase_add_test(cases, parts_of_slices_prove_no_more_than_slices);
    tcase_add_test(cases, a_rule_that_is_half_in_the_dark_is_not_judged);
    tcase_add_test(cases, a_budget_that_heals_ends_its_alert_above_where_it_began);
    tcase_add_test(cases, an_alert_goes_through_its_states_and_remembers_when);
    tcase_add_test(cases, without_a_pause_asked_for_it_fires_at_once_and_again);
    tcase_add_test(cases, time_in_the_dark_does_not_count_as_pending);
    tcase_add_test(cases, a_clock_that_was_set_back_makes_nothing_wait_for_the_future);
    tcase_add_test(cases, one_incident_gives_one_page);
    tcase_add_test(cases, of_objectives_over_the_same_events_only_the_strictest_pages);
    tcase_add_test(cases, whatever_happens_an_alert_never_skips_a_state_and_frozen_never_moves);
    tcase_add_test(cases, states_are_read_back_from_their_words);
    return cases;
}
