/* celery_judge.c - the verdict over Celery's workers. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/celery_judge.h"

enum {
    DEAF_MS = 10 * 1000,
    /* Idle workers take a task at once; those with a rate limit may let it wait. */
    STALLED_MS = 60 * 1000,
};

static void degrade(struct outcome *outcome, enum health_reason reason, int64_t number)
{
    outcome_set(outcome, OUTCOME_DEGRADED, reason, number);
}

/* Whether workers send heartbeats that would not get a question.  One that was killed stays heard
 * of for a while, but sends none any more. */
static bool are_deaf(struct celery_judge *judge, const struct celery_view *view,
                     const struct celery_facts *facts)
{
    int64_t now_ms = view->now_ms;

    if (facts->subscribed < 0 || facts->heard_workers <= facts->subscribed) {
        judge->deaf_since_ms = 0;
        return false;
    }
    if (judge->deaf_since_ms == 0)
        judge->deaf_since_ms = now_ms;
    return now_ms - judge->deaf_since_ms >= DEAF_MS && view->heard_lately > facts->subscribed;
}

static void judge_none(struct celery_judge *judge, const struct celery_view *view, bool deaf,
                       struct outcome *outcome)
{
    int64_t now_ms = view->now_ms;
    bool grace;

    if (judge->no_workers_since_ms == 0)
        judge->no_workers_since_ms = now_ms;
    grace = now_ms - judge->no_workers_since_ms < view->celery->grace_ms;
    outcome_set(outcome, grace ? OUTCOME_DEGRADED : OUTCOME_ERROR,
                deaf ? HEALTH_REASON_NOT_CONSUMING : HEALTH_REASON_NO_WORKERS, 0);
}

/* Tasks come and wait, nobody has any under way, and none has been begun for a minute: workers that
 * answer, and consume nothing all the same. */
static bool are_stalled(struct celery_judge *judge, const struct celery_view *view,
                        const struct celery_facts *facts)
{
    if (view->processed_tasks != judge->processed_tasks || judge->processed_since_ms == 0) {
        judge->processed_tasks = view->processed_tasks;
        judge->processed_since_ms = view->now_ms;
    }
    if (view->processed_tasks < 0 || facts->active_tasks != 0 || facts->heard_workers <= 0
        || view->now_ms - judge->processed_since_ms < STALLED_MS)
        return false;
    for (int i = 0; i < view->queues->count; i++) {
        const struct celery_queue_state *queue = &view->queues->list[i];

        if (queue->consumers != 0 && queue->growing_since_ms != 0
            && view->now_ms - queue->growing_since_ms >= STALLED_MS)
            return true;
    }
    return false;
}

static void judge_queues(const struct celery_view *view, struct outcome *outcome)
{
    const struct check_limits *limits = view->limits;
    int64_t deepest = -1;
    int64_t longest_ms = -1;

    for (int i = 0; i < view->queues->count; i++) {
        const struct celery_queue_state *queue = &view->queues->list[i];
        int64_t growing_ms =
            queue->growing_since_ms == 0 ? -1 : view->now_ms - queue->growing_since_ms;

        deepest = queue->depth > deepest ? queue->depth : deepest;
        longest_ms = growing_ms > longest_ms ? growing_ms : longest_ms;
    }
    if (limits->queued_tasks >= 0 && deepest > limits->queued_tasks)
        degrade(outcome, HEALTH_REASON_QUEUE_DEEP, deepest);
    if (limits->queue_growing_ms >= 0 && longest_ms > limits->queue_growing_ms)
        degrade(outcome, HEALTH_REASON_QUEUE_GROWING, longest_ms / 1000);
}

static void judge_some(const struct celery_view *view, bool not_consuming, struct outcome *outcome)
{
    const struct celery_facts *facts = &outcome->facts.celery;

    if (not_consuming)
        degrade(outcome, HEALTH_REASON_NOT_CONSUMING, 0);
    if (facts->subscribed > 0 && facts->active_workers == 0)
        degrade(outcome, HEALTH_REASON_BUSY, 0);
    if (facts->active_workers < facts->subscribed)
        degrade(outcome, HEALTH_REASON_SOME_BUSY, 0);
    if (celery_queues_lack_consumer(view->queues))
        degrade(outcome, HEALTH_REASON_NO_CONSUMER, 0);
    if (facts->active_workers < view->celery->expected_workers)
        degrade(outcome, HEALTH_REASON_FEWER_WORKERS, 0);
}

bool celery_judge(struct celery_judge *judge, const struct celery_view *view,
                  struct outcome *outcome)
{
    const struct celery_facts *facts = &outcome->facts.celery;
    bool deaf = are_deaf(judge, view, facts);
    bool stalled = are_stalled(judge, view, facts);
    bool none = facts->active_workers == 0 && facts->subscribed <= 0;

    if (none) {
        judge_none(judge, view, deaf, outcome);
    } else {
        judge->no_workers_since_ms = 0;
        judge_some(view, deaf || stalled, outcome);
    }
    judge_queues(view, outcome);
    return none || judge->deaf_since_ms != 0;
}
