/* celery_judge.h - what workers, heartbeats and queues come to together.  Pure.
 *
 * Who is subscribed and answers consumes too.  Who is subscribed and silent may have a long task in
 * a solo pool: `busy`, never an error.  Who only sends heartbeats consumes nothing any more, as it
 * happens to workers after a restart of the broker.
 */
#ifndef PROBE_CELERY_JUDGE_H
#define PROBE_CELERY_JUDGE_H

#include "config/check.h"
#include "health/outcome.h"
#include "probe/celery_queues.h"

/* Since when things are as they are, by the boot clock; all zero at the start. */
struct celery_judge {
    int64_t no_workers_since_ms; /* 0: there are some */
    int64_t deaf_since_ms;       /* more workers are heard of than are subscribed; 0: they aren't */
    int64_t processed_tasks;
    int64_t processed_since_ms; /* that number has not changed */
};

/* One look, beside what stands in its facts. */
struct celery_view {
    const struct check_celery *celery;
    const struct check_limits *limits;
    const struct celery_queues *queues;
    int64_t now_ms;
    int64_t heard_lately;    /* workers that sent a heartbeat since deaf_since_ms */
    int64_t processed_tasks; /* all workers' that are heard of; -1 unknown */
};

/* Sets status and reason from facts.celery, whose members are all filled.  Returns whether the next
 * look should come soon. */
bool celery_judge(struct celery_judge *judge, const struct celery_view *view,
                  struct outcome *outcome);

#endif
