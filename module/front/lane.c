/* lane.c - a ring of jobs, four threads, and a queue back to the reactor. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/lane.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/queue.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    /* Jobs waiting and jobs under way: none of them finds the way back full. */
    DONE_CAPACITY = LIMIT_LANE_QUEUE + LIMIT_LANE_THREADS,
    STOP_MS = 1000,
};

static const char *const thread_names[LIMIT_LANE_THREADS] = { "lane0", "lane1", "lane2", "lane3" };

struct lane {
    /* set before start, read-only afterwards */
    struct loop *loop;
    struct queue *done; /* of struct connection * */
    struct thread threads[LIMIT_LANE_THREADS];
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct lane_job jobs[LIMIT_LANE_QUEUE];
    int first;
    int count;
    bool stopping;
};

/* Reads and forgets: libfcgi may not parse what nobody walked, and a peer that is cut off while
 * it still sends would lose the answer.  Ends with the peer's own end, or the deadline's. */
static void swallow_input(int fd)
{
    char scratch[8192];

    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, scratch, sizeof(scratch), 0) > 0)
        continue;
}

static void do_job(struct lane_job *job)
{
    job->fcgi->keepConnection = 0; /* rare enough for a connection of its own */
    response_write(&job->response, &job->request, job->fcgi->out);
    (void)FCGX_FClose(job->fcgi->err);
    (void)FCGX_FClose(job->fcgi->out);
    if (job->swallow)
        swallow_input(job->fcgi->ipcFd);
    job->fcgi->detached = 1; /* no polling for the peer's end of up to 2 s */
    FCGX_Free(job->fcgi, 1);
    free(job->fcgi);
    response_done(&job->response);
}

static bool wait_for_job(struct lane *lane, struct lane_job *ret)
{
    bool found;

    (void)pthread_mutex_lock(&lane->mutex);
    while (lane->count == 0 && !lane->stopping)
        (void)pthread_cond_wait(&lane->arrived, &lane->mutex);
    found = lane->count > 0;
    if (found) {
        *ret = lane->jobs[lane->first];
        lane->first = (lane->first + 1) % LIMIT_LANE_QUEUE;
        lane->count--;
    }
    (void)pthread_mutex_unlock(&lane->mutex);
    return found;
}

static void run_lane(void *context)
{
    struct lane *lane = context;
    struct lane_job job;

    while (wait_for_job(lane, &job)) {
        do_job(&job);
        /* It has room for every job that can exist. */
        if (queue_push(lane->done, &job.connection))
            loop_wake(lane->loop);
    }
}

bool lane_push(struct lane *lane, const struct lane_job *job)
{
    bool room;

    (void)pthread_mutex_lock(&lane->mutex);
    room = lane->count < LIMIT_LANE_QUEUE;
    if (room) {
        lane->jobs[(lane->first + lane->count) % LIMIT_LANE_QUEUE] = *job;
        lane->count++;
        (void)pthread_cond_signal(&lane->arrived);
    }
    (void)pthread_mutex_unlock(&lane->mutex);
    return room;
}

struct connection *lane_pop_done(struct lane *lane)
{
    struct connection *connection;

    return queue_pop(lane->done, &connection, 0) ? connection : NULL;
}

int lane_start(struct loop *loop, struct lane **ret, struct error *err)
{
    AUTO(lane_stop) struct lane *lane = calloc(1, sizeof(*lane));
    int code = 0;

    if (lane == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    (void)pthread_mutex_init(&lane->mutex, NULL);
    (void)pthread_cond_init(&lane->arrived, NULL);
    lane->loop = loop;
    lane->done = queue_new(sizeof(struct connection *), DONE_CAPACITY);
    if (lane->done == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    for (int i = 0; i < LIMIT_LANE_THREADS && code == 0; i++)
        code = thread_start(&lane->threads[i], thread_names[i], run_lane, lane, err);
    if (code == 0) {
        *ret = lane;
        lane = NULL;
    }
    return code;
}

void lane_stop(struct lane **pointer)
{
    struct lane *lane = *pointer;
    int64_t deadline_ms = clock_boot_ms() + STOP_MS; /* for all of them together */
    bool ended = true;

    *pointer = NULL;
    if (lane == NULL)
        return;
    (void)pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    (void)pthread_cond_broadcast(&lane->arrived);
    (void)pthread_mutex_unlock(&lane->mutex);
    for (int i = 0; i < LIMIT_LANE_THREADS; i++)
        ended = thread_join(&lane->threads[i], clock_left_ms(deadline_ms)) && ended;
    if (!ended)
        return; /* what a running thread uses is not freed */
    queue_free(&lane->done);
    (void)pthread_cond_destroy(&lane->arrived);
    (void)pthread_mutex_destroy(&lane->mutex);
    free(lane);
}
