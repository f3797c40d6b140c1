/* test_celery_queues.c - module/probe/celery_queues.c */
/* SPDX-License-Identifier: MIT */
#include "probe/celery_queues.h"

#include "suite.h"

#include <stdio.h>

static void count(struct celery_queues *queues, int place, int64_t depth, int64_t at_s)
{
    const struct celery_count at = { at_s * 1000, (at_s + 100000) * 1000 };

    celery_queues_count(queues, place, depth, &at);
}

static struct celery_facts facts_of(const struct celery_queues *queues)
{
    struct celery_facts facts = { .queue_count = 0 };

    celery_queues_fill(queues, &facts);
    return facts;
}

/* A table over a broker whose workers consume `names`. */
static struct celery_queues learnt(const char *const *names, int name_count)
{
    const struct check_celery celery = { .queue_count = 0 };
    struct pidbox_queues found;
    struct celery_queues queues;

    celery_queues_init(&queues, &celery);
    celery_queues_ask(&queues, &found);
    for (int i = 0; i < name_count; i++)
        found.consumers[pidbox_add_queue(&found, names[i])]++;
    celery_queues_learn(&queues, &found, true);
    return queues;
}

static const char *const one[] = { "celery" };
static const char *const two[] = { "celery", "solar" };

START_TEST(a_queue_grows_from_its_first_rise_until_it_falls)
{
    static const struct {
        int64_t depth;
        int64_t since_s; /* by the second of the look, -1: does not grow */
    } looks[] = {
        { 5, -1 }, /* nobody knows how it was before */
        { 5, -1 }, { 6, 2 }, { 6, 2 },  { 9, 2 },  { 8, -1 },  { 8, -1 }, { 9, 7 },  { 0, -1 },
        { 1, 9 },  { 2, 9 }, { 1, -1 }, { 2, 12 }, { -1, -1 }, { 5, -1 }, { 6, 15 }, { 600, 15 },
    };
    struct celery_queues queues = learnt(one, 1);

    for (int i = 0; i < (int)(sizeof(looks) / sizeof(looks[0])); i++) {
        int64_t since_s = looks[i].since_s;
        struct celery_facts facts;

        count(&queues, 0, looks[i].depth, i);
        facts = facts_of(&queues);
        ck_assert_msg(facts.queues[0].growing_since_s == (since_s < 0 ? 0 : since_s + 100000),
                      "look %d", i);
        ck_assert_msg(queues.list[0].growing_since_ms == (since_s < 0 ? 0 : since_s * 1000),
                      "look %d", i);
    }
}
END_TEST

START_TEST(configured_queues_are_the_only_ones_and_want_a_consumer_also_when_empty)
{
    const struct check_celery celery = { .queues = { "mail", "solar" }, .queue_count = 2 };
    struct celery_queues queues;
    struct pidbox_queues found;

    celery_queues_init(&queues, &celery);
    ck_assert(!celery_queues_lack_consumer(&queues)); /* nobody has been asked */
    celery_queues_ask(&queues, &found);
    ck_assert_int_eq(pidbox_add_queue(&found, "celery"), -1);
    found.consumers[pidbox_add_queue(&found, "solar")]++;
    celery_queues_learn(&queues, &found, true);
    count(&queues, 0, 0, 0);
    count(&queues, 1, 0, 0);
    celery_queues_tidy(&queues, 7200 * 1000);
    ck_assert_int_eq(queues.count, 2);
    ck_assert_int_eq(queues.list[0].consumers, 0);
    ck_assert_int_eq(queues.list[1].consumers, 1);
    ck_assert(celery_queues_lack_consumer(&queues));
}
END_TEST

START_TEST(while_somebody_is_silent_no_queue_is_said_to_have_no_consumer)
{
    struct celery_queues queues = learnt(two, 2);
    struct pidbox_queues found;

    celery_queues_ask(&queues, &found);
    found.consumers[0] = 1;
    celery_queues_learn(&queues, &found, false);
    ck_assert_int_eq(queues.list[0].consumers, 1);
    ck_assert_int_eq(queues.list[1].consumers, -1);
    count(&queues, 1, 9, 0);
    ck_assert(!celery_queues_lack_consumer(&queues));
    celery_queues_doubt(&queues);
    ck_assert_int_eq(queues.list[0].consumers, -1);
}
END_TEST

START_TEST(a_queue_whose_last_worker_went_is_remembered_and_missed_once_tasks_wait)
{
    struct celery_queues queues = learnt(two, 2);
    struct pidbox_queues found;

    celery_queues_ask(&queues, &found);
    found.consumers[0] = 3;
    celery_queues_learn(&queues, &found, true);
    count(&queues, 0, 0, 0);
    count(&queues, 1, 0, 0);
    celery_queues_tidy(&queues, 1000);
    ck_assert_int_eq(queues.count, 2);
    ck_assert(!celery_queues_lack_consumer(&queues));
    count(&queues, 1, 1, 1);
    ck_assert(celery_queues_lack_consumer(&queues));
}
END_TEST

START_TEST(an_empty_queue_without_a_consumer_is_forgotten_after_an_hour)
{
    struct celery_queues queues = learnt(two, 2);

    queues.list[0].consumers = 0;
    for (int64_t s = 0; s <= 3600; s += 1800) {
        count(&queues, 0, 0, s);
        count(&queues, 1, 0, s);
        celery_queues_tidy(&queues, 1000 + s * 1000);
        ck_assert_int_eq(queues.count, s < 3600 ? 2 : 1);
    }
    ck_assert_str_eq(queues.list[0].name, "solar");
}
END_TEST

START_TEST(a_place_that_is_needed_goes_to_a_queue_that_somebody_consumes)
{
    struct celery_queues queues = learnt(NULL, 0);
    struct pidbox_queues found;
    char name[16];

    celery_queues_ask(&queues, &found);
    for (int i = 0; i <= LIMIT_CELERY_QUEUES; i++) {
        (void)snprintf(name, sizeof(name), "q%d", i);
        (void)pidbox_add_queue(&found, name);
    }
    found.consumers[3] = 1;
    celery_queues_learn(&queues, &found, true);
    ck_assert_int_eq(queues.count, LIMIT_CELERY_QUEUES);
    ck_assert_int_eq(facts_of(&queues).queued_tasks, -1);
    for (int i = 0; i < queues.count; i++)
        count(&queues, i, 0, 0);
    celery_queues_tidy(&queues, 1000);
    ck_assert_int_eq(queues.count, 1);
    ck_assert_str_eq(queues.list[0].name, "q3");
    celery_queues_ask(&queues, &found);
    celery_queues_learn(&queues, &found, true);
    ck_assert_int_eq(facts_of(&queues).queued_tasks, 0);
}
END_TEST

START_TEST(depths_are_summed_unless_one_is_unknown)
{
    struct celery_queues queues = learnt(two, 2);

    ck_assert_int_eq(facts_of(&queues).queued_tasks, -1);
    count(&queues, 0, 3, 0);
    count(&queues, 1, 4, 0);
    ck_assert_int_eq(facts_of(&queues).queued_tasks, 7);
    ck_assert_int_eq(facts_of(&queues).queues[1].depth, 4);
    count(&queues, 1, -1, 1);
    ck_assert_int_eq(facts_of(&queues).queued_tasks, -1);
    queues = learnt(NULL, 0);
    ck_assert_int_eq(facts_of(&queues).queued_tasks, -1);
}
END_TEST

START_TEST(a_queue_that_is_named_twice_is_one)
{
    const struct check_celery celery = { .queue_count = 3, .queues = { "a", "b", "a" } };
    struct pidbox_queues found;
    struct celery_queues queues;

    celery_queues_init(&queues, &celery);
    celery_queues_ask(&queues, &found);
    found.consumers[0] = found.consumers[1] = 1;
    celery_queues_learn(&queues, &found, true);
    ck_assert_int_eq(facts_of(&queues).queue_count, 2);
    ck_assert(!celery_queues_lack_consumer(&queues));
}
END_TEST

TCase *celery_queues_cases(void)
{
    TCase *cases = tcase_create("celery_queues");

    tcase_add_test(cases, a_queue_grows_from_its_first_rise_until_it_falls);
    tcase_add_test(cases, configured_queues_are_the_only_ones_and_want_a_consumer_also_when_empty);
    tcase_add_test(cases, while_somebody_is_silent_no_queue_is_said_to_have_no_consumer);
    tcase_add_test(cases, a_queue_whose_last_worker_went_is_remembered_and_missed_once_tasks_wait);
    tcase_add_test(cases, an_empty_queue_without_a_consumer_is_forgotten_after_an_hour);
    tcase_add_test(cases, a_place_that_is_needed_goes_to_a_queue_that_somebody_consumes);
    tcase_add_test(cases, a_queue_that_is_named_twice_is_one);
    tcase_add_test(cases, depths_are_summed_unless_one_is_unknown);
    return cases;
}
