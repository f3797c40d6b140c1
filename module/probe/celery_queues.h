/* celery_queues.h - the queues of a broker: how deep they are, since when they only grow, and who
 * consumes them.  Pure.
 *
 * Where the configuration names none, those count that workers said they consume.  One of these
 * stays known when its last worker goes, because tasks may still be sent to it; empty and without a
 * consumer it is forgotten after an hour, or when its place is needed.
 */
#ifndef PROBE_CELERY_QUEUES_H
#define PROBE_CELERY_QUEUES_H

#include "config/check.h"
#include "health/outcome.h"
#include "probe/pidbox.h"

struct celery_queue_state {
    char name[PIDBOX_NAME_BYTES];
    int64_t depth;     /* at the last count; -1 unknown */
    int64_t consumers; /* -1 unknown */
    /* Since its depth rose at some count and has fallen at none after it, a count of 0 being a
     * fall; 0: it does not grow.  What rises and falls between two counts is not seen. */
    int64_t growing_since_ms; /* boot clock */
    int64_t growing_since_wall_s;
    int64_t unwanted_since_ms; /* empty and without a consumer; 0: it is not */
};

struct celery_queues {
    struct celery_queue_state list[LIMIT_CELERY_QUEUES];
    int count;
    bool configured; /* these, and no others */
    bool some_refused;
};

void celery_queues_init(struct celery_queues *queues, const struct check_celery *celery);

/* Makes the list that workers' answers are to be read into. */
void celery_queues_ask(const struct celery_queues *queues, struct pidbox_queues *ret);

/* Takes in what they answered; `all` when every subscribed worker did.  Else a queue that nobody
 * named may have its consumer among the others. */
void celery_queues_learn(struct celery_queues *queues, const struct pidbox_queues *found, bool all);

/* Other workers are there than those that were asked. */
void celery_queues_doubt(struct celery_queues *queues);

/* The moment of a count: both clocks. */
struct celery_count {
    int64_t boot_ms;
    int64_t wall_ms;
};

/* Takes in the depth of one queue; -1 when it could not be counted. */
void celery_queues_count(struct celery_queues *queues, int place, int64_t depth,
                         const struct celery_count *at);

/* Forgets what nobody needs any more: after all are counted. */
void celery_queues_tidy(struct celery_queues *queues, int64_t now_ms);

/* Whether tasks wait, or would wait, for a consumer that is not there. */
bool celery_queues_lack_consumer(const struct celery_queues *queues);

/* Fills queues and queued_tasks. */
void celery_queues_fill(const struct celery_queues *queues, struct celery_facts *facts);

#endif
