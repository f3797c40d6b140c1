/* celery_listener.h - a connection to the broker that only listens to the workers' heartbeats.
 *
 * Its failure is no verdict where workers are asked as well: without heartbeats some facts are
 * unknown.
 */
#ifndef PROBE_CELERY_LISTENER_H
#define PROBE_CELERY_LISTENER_H

#include "probe/heartbeats.h"
#include "probe/kind.h"
#include "probe/resp.h"

/* All zero at the start. */
struct celery_listener {
    struct resp *resp;          /* or NULL */
    enum health_reason trouble; /* why there is none */
    int64_t number;             /* for its phrase */
    int64_t since_ms;
    int64_t heard_at_ms; /* when anything last came over it */
    int64_t again_ms;    /* no other attempt before */
    struct heartbeats heartbeats;
};

void celery_listener_close(struct celery_listener *listener);

/* Opens the connection where there is none, or where it has been silent for too long. */
void celery_listener_keep(struct celery_listener *listener, const struct probe *probe,
                          int64_t deadline_ms);

/* Takes in what has come; gives the connection up when it is broken. */
void celery_listener_hear(struct celery_listener *listener);

/* In the first look there was no time yet for anybody's heartbeat. */
void celery_listener_await(struct celery_listener *listener, int64_t until_ms);

/* Whether nobody could be expected to have sent a heartbeat so far. */
bool celery_listener_is_early(const struct celery_listener *listener);

/* Workers that sent heartbeats lately; -1 while nobody can know. */
int64_t celery_listener_workers(const struct celery_listener *listener);

#endif
