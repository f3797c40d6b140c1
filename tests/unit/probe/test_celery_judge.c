/* test_celery_judge.c - module/probe/celery_judge.c */
/* SPDX-License-Identifier: MIT */
#include "probe/celery_judge.h"

#include "suite.h"

#define NONE HEALTH_REASON_NONE
#define OK   OUTCOME_OK
#define DEGR OUTCOME_DEGRADED
#define ERR  OUTCOME_ERROR

static const struct check_celery celery = { .expected_workers = -1, .grace_ms = 30000 };
static const struct check_limits limits = { .queued_tasks = 100, .queue_growing_ms = 600000 };

/* What one look has found; `consumers` and `depth` are those of the only queue. */
struct look {
    int64_t at_s;
    int64_t subscribed;
    int64_t answered;
    int64_t heard;
    int64_t lately;
    int64_t active;
    int64_t processed;
    int64_t depth;
    int64_t consumers;
    enum outcome_status status;
    enum health_reason reason;
};

static struct celery_queues queues;

static void begin(struct celery_judge *judge)
{
    *judge = (struct celery_judge){ .deaf_since_ms = 0 };
    celery_queues_init(&queues, &(struct check_celery){ .queues = { "mail" }, .queue_count = 1 });
}

static struct outcome take(struct celery_judge *judge, const struct look *look,
                           const struct check_celery *row)
{
    const int64_t now_ms = 1000000 + look->at_s * 1000;
    const struct celery_view view = { .celery = row,
                                      .limits = &limits,
                                      .queues = &queues,
                                      .now_ms = now_ms,
                                      .heard_lately = look->lately,
                                      .processed_tasks = look->processed };
    struct outcome outcome = { .facts.celery = { .subscribed = look->subscribed,
                                                 .active_workers = look->answered,
                                                 .heard_workers = look->heard,
                                                 .active_tasks = look->active } };

    celery_queues_count(&queues, 0, look->depth, &(struct celery_count){ now_ms, now_ms });
    queues.list[0].consumers = look->consumers;
    (void)celery_judge(judge, &view, &outcome);
    return outcome;
}

static void run(const struct look *looks, size_t count)
{
    struct celery_judge judge;

    begin(&judge);
    for (size_t i = 0; i < count; i++) {
        struct outcome outcome = take(&judge, &looks[i], &celery);

        ck_assert_msg(outcome.status == looks[i].status, "look %zu: status %d", i, outcome.status);
        ck_assert_msg(outcome.reason == looks[i].reason, "look %zu: reason %d", i, outcome.reason);
    }
}

#define RUN(looks) run((looks), sizeof(looks) / sizeof((looks)[0]))

START_TEST(workers_that_answer_are_well_and_silent_ones_busy)
{
    static const struct look looks[] = {
        { 0, 2, 2, 2, 2, 0, 7, 0, 2, OK, NONE },
        { 1, 2, 1, 1, 1, -1, -1, 0, 2, DEGR, HEALTH_REASON_SOME_BUSY },
        { 2, 2, 0, 0, 0, -1, -1, 0, 2, DEGR, HEALTH_REASON_BUSY },
        { 9999, 2, 0, 0, 0, -1, -1, 0, 2, DEGR, HEALTH_REASON_BUSY },
        { 10000, 1, 1, 1, 1, 0, 7, 0, 0, DEGR, HEALTH_REASON_NO_CONSUMER },
    };

    RUN(looks);
}
END_TEST

START_TEST(no_worker_is_degraded_for_the_grace_and_then_an_error)
{
    static const struct look looks[] = {
        { 0, 1, 1, 1, 1, 0, 0, 0, 1, OK, NONE },
        { 10, 0, 0, 1, 1, 0, 0, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
        { 39, 0, 0, 0, 0, -1, -1, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
        { 40, 0, 0, 0, 0, -1, -1, 0, 1, ERR, HEALTH_REASON_NO_WORKERS },
        { 41, 1, 1, 1, 1, 0, 0, 0, 1, OK, NONE },
        { 42, 0, 0, -1, -1, -1, -1, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
    };

    RUN(looks);
}
END_TEST

START_TEST(heartbeats_of_workers_that_are_not_subscribed_are_no_life)
{
    static const struct look looks[] = {
        { 0, 0, 0, 2, 2, 0, 0, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
        { 9, 0, 0, 2, 2, 0, 0, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
        { 10, 0, 0, 2, 2, 0, 0, 0, 1, DEGR, HEALTH_REASON_NOT_CONSUMING },
        { 30, 0, 0, 2, 2, 0, 0, 0, 1, ERR, HEALTH_REASON_NOT_CONSUMING },
        /* One of them has been started anew. */
        { 31, 1, 1, 2, 2, 0, 0, 0, 1, DEGR, HEALTH_REASON_NOT_CONSUMING },
        { 32, 2, 2, 2, 2, 0, 0, 0, 1, OK, NONE },
        /* A killed one is still heard of, and sends nothing any more. */
        { 40, 1, 1, 2, 1, 0, 0, 0, 1, OK, NONE },
        { 60, 1, 1, 2, 1, 0, 0, 0, 1, OK, NONE },
        { 61, 0, 0, 2, 0, 0, 0, 0, 1, DEGR, HEALTH_REASON_NO_WORKERS },
        { 62, 2, 2, 2, 2, 0, 0, 0, 1, OK, NONE },
        { 90, 1, 1, 2, 2, 0, 0, 0, 1, OK, NONE },
    };

    RUN(looks);
}
END_TEST

START_TEST(workers_that_answer_and_begin_nothing_while_a_queue_grows_are_noticed)
{
    static const struct look looks[] = {
        { 0, 1, 1, 1, 1, 0, 5, 0, 1, OK, NONE },
        { 10, 1, 1, 1, 1, 0, 5, 1, 1, OK, NONE },
        { 69, 1, 1, 1, 1, 0, 5, 9, 1, OK, NONE },
        { 70, 1, 1, 1, 1, 0, 5, 9, 1, DEGR, HEALTH_REASON_NOT_CONSUMING },
        { 71, 1, 1, 1, 1, 1, 5, 9, 1, OK, NONE }, /* a long task is under way */
        { 72, 1, 1, 1, 1, 0, 6, 9, 1, OK, NONE },
        { 131, 1, 1, 1, 1, 0, 6, 9, 1, OK, NONE },
        { 132, 1, 1, 1, 1, 0, 6, 10, 1, DEGR, HEALTH_REASON_NOT_CONSUMING },
        { 133, 1, 1, -1, -1, -1, -1, 10, 1, OK, NONE }, /* heartbeats are lost */
        { 200, 1, 1, 1, 1, 0, 6, 10, 1, OK, NONE },
        { 261, 1, 1, 1, 1, 0, 6, 8, 1, OK, NONE }, /* it has become shorter */
        { 400, 1, 1, 1, 1, 0, 6, 9, 0, DEGR, HEALTH_REASON_NO_CONSUMER },
        { 500, 1, 1, 1, 1, 0, 6, 10, 0, DEGR, HEALTH_REASON_NO_CONSUMER },
    };

    RUN(looks);
}
END_TEST

START_TEST(queues_have_limits)
{
    struct celery_judge judge;
    struct look look = { 0, 1, 1, 1, 1, 3, 0, 100, 1, OK, NONE };
    struct outcome outcome;

    begin(&judge);
    ck_assert_int_eq(take(&judge, &look, &celery).status, OUTCOME_OK);
    look = (struct look){ 1, 1, 1, 1, 1, 3, 0, 101, 1, OK, NONE };
    outcome = take(&judge, &look, &celery);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_QUEUE_DEEP);
    ck_assert_int_eq(outcome.number, 101);
    look = (struct look){ 2, 1, 1, 1, 1, 3, 0, 10, 1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &celery).status, OUTCOME_OK);
    look = (struct look){ 3, 1, 1, 1, 1, 3, 1, 11, 1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &celery).status, OUTCOME_OK);
    look = (struct look){ 603, 1, 1, 1, 1, 3, 2, 11, 1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &celery).status, OUTCOME_OK);
    look = (struct look){ 604, 1, 1, 1, 1, 3, 3, 11, 1, OK, NONE };
    outcome = take(&judge, &look, &celery);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_QUEUE_GROWING);
    ck_assert_int_eq(outcome.number, 601);
}
END_TEST

START_TEST(fewer_than_expected_is_degraded_in_both_modes)
{
    const struct check_celery row = { .expected_workers = 3, .grace_ms = 30000 };
    const struct check_celery passive = { .expected_workers = 3, .passive = true };
    struct celery_judge judge;
    struct look look = { 0, 2, 2, 2, 2, 0, 0, 0, 1, OK, NONE };

    begin(&judge);
    ck_assert_int_eq(take(&judge, &look, &row).reason, HEALTH_REASON_FEWER_WORKERS);
    look = (struct look){ 1, -1, 2, 2, 2, 0, 0, 0, -1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &passive).reason, HEALTH_REASON_FEWER_WORKERS);
    look = (struct look){ 2, -1, 3, 3, 3, 0, 0, 0, -1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &passive).status, OUTCOME_OK);
    look = (struct look){ 3, -1, 0, 0, 0, 0, 0, 0, -1, OK, NONE };
    ck_assert_int_eq(take(&judge, &look, &passive).status, OUTCOME_ERROR);
}
END_TEST

TCase *celery_judge_cases(void)
{
    TCase *cases = tcase_create("celery_judge");

    tcase_add_test(cases, workers_that_answer_are_well_and_silent_ones_busy);
    tcase_add_test(cases, no_worker_is_degraded_for_the_grace_and_then_an_error);
    tcase_add_test(cases, heartbeats_of_workers_that_are_not_subscribed_are_no_life);
    tcase_add_test(cases, workers_that_answer_and_begin_nothing_while_a_queue_grows_are_noticed);
    tcase_add_test(cases, queues_have_limits);
    tcase_add_test(cases, fewer_than_expected_is_degraded_in_both_modes);
    return cases;
}
