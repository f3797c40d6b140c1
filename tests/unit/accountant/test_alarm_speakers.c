/* test_alarm_speakers.c - module/accountant/alarm_speakers.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/alarm_speakers.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MANY = 1000, ROUNDS = 300, NOW_MS = 100 * 1000 * 1000 };

/* Objectives over a few indicators, with rules of any severity, tier and short window. */
struct crowd {
    struct objective objectives[MANY];
    struct alert_rule rules[4];
    struct catalogue catalogue;
    struct book book;
    struct alarms alarms;
};

static uint32_t chance;

static uint32_t draw(uint32_t below)
{
    chance = chance * 1664525 + 1013904223;
    return (chance >> 8) % below;
}

static struct crowd *crowd_new(int count, int indicators)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    for (int i = 0; i < 4; i++)
        crowd->rules[i] = (struct alert_rule){
            .kind = i == 3 ? RULE_BUDGET_LEFT : RULE_BURN_RATE,
            .severity = (enum rule_severity)draw(3),
            .short_minutes = (int32_t)draw(3) * 5,
            .tier = (int)draw(3),
        };
    for (int i = 0; i < count; i++) {
        struct objective *objective = &crowd->objectives[i];

        *objective = (struct objective){
            .target = fraction_of(90 + (int)draw(3), 100),
            .indicator = (int)draw((uint32_t)indicators),
            .rules = crowd->rules,
            .rule_count = 4,
        };
        (void)snprintf(objective->name, sizeof(objective->name), "slo-%04d", i);
        (void)snprintf(objective->service, sizeof(objective->service), "%s",
                       i < count / 2 ? "app" : "web");
    }
    crowd->book = (struct book){
        .catalogue = &crowd->catalogue,
        .objectives = crowd->objectives,
        .count = count,
    };
    ck_assert_int_eq(alarms_init(&crowd->alarms, &crowd->book, "app"), 0);
    return crowd;
}

static void crowd_free(struct crowd *crowd)
{
    alarms_done(&crowd->alarms);
    free(crowd);
}

static struct alert_case case_of(const struct crowd *crowd, int at)
{
    const struct alarm *alarm = &crowd->alarms.list[at];

    return (struct alert_case){ &crowd->objectives[alarm->objective], alarm->rule, &alarm->alert };
}

/* The definition: whether anybody at all says it already. */
static bool is_said(const struct crowd *crowd, int at)
{
    struct alert_case mine = case_of(crowd, at);

    for (int i = 0; i < crowd->alarms.count; i++) {
        struct alert_case other = case_of(crowd, i);

        if (alert_suppresses(&other, &mine, NOW_MS))
            return true;
    }
    return false;
}

START_TEST(one_walk_finds_what_all_pairs_would)
{
    int suppressed = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct crowd *crowd = crowd_new(8, 2);

        for (int i = 0; i < crowd->alarms.count; i++)
            crowd->alarms.list[i].alert = (struct alert){
                .state = (enum alert_state)draw(4),
                .resolved_at_ms = NOW_MS - (int64_t)draw(12) * 60 * 1000,
            };
        speakers_choose(&crowd->alarms, NOW_MS);
        for (int i = 0; i < crowd->alarms.count; i++) {
            const struct alarm *alarm = &crowd->alarms.list[i];
            struct alert_case mine = case_of(crowd, i);
            struct alert_case other;

            if (alarm->suppressed_by < 0) {
                ck_assert(!alarms_is_going_on(alarm) || !is_said(crowd, i));
                continue;
            }
            suppressed++;
            other = case_of(crowd, alarm->suppressed_by);
            ck_assert(alarms_is_going_on(alarm));
            ck_assert(alert_suppresses(&other, &mine, NOW_MS));
        }
        crowd_free(crowd);
    }
    ck_assert_int_gt(suppressed, ROUNDS);
}
END_TEST

/* Pairs would be four million here, a tenth of a second each turn. */
START_TEST(a_thousand_objectives_over_the_same_events_are_one_walk)
{
    struct crowd *crowd = crowd_new(MANY, 1);
    clock_t began;

    for (int i = 0; i < crowd->alarms.count; i++)
        crowd->alarms.list[i].alert = (struct alert){ .state = ALERT_FIRING, .since_ms = 1 };
    began = clock();
    for (int i = 0; i < 10; i++)
        speakers_choose(&crowd->alarms, NOW_MS);
    ck_assert_int_lt((clock() - began) / (CLOCKS_PER_SEC / 1000), 500);
    crowd_free(crowd);
}
END_TEST

TCase *alarm_speakers_cases(void)
{
    TCase *tests = tcase_create("alarm_speakers");

    tcase_add_test(tests, one_walk_finds_what_all_pairs_would);
    tcase_add_test(tests, a_thousand_objectives_over_the_same_events_are_one_walk);
    return tests;
}
