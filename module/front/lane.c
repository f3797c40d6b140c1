/* lane.c - a row of jobs, four threads, and a queue back to the reactor. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/lane.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "front/record.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* Jobs waiting and jobs under way: none of them finds the way back full. */
    DONE_CAPACITY = LIMIT_LANE_QUEUE + LIMIT_LANE_THREADS,
    STOP_MS = 1000,
    LOG_PAUSE_MS = 1000,
    /* A handler that has not begun by then would be cut off. */
    LATE_MS = 250,
    /* While jobs wait for their turn somebody looks whether one is late. */
    LOOK_MS = 100,
};

static const char *const thread_names[LIMIT_LANE_THREADS] = { "lane0", "lane1", "lane2", "lane3" };

struct lane {
    /* set before start, read-only afterwards */
    struct loop *loop;
    struct queue *done; /* of struct lane_done */
    struct thread threads[LIMIT_LANE_THREADS];
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct lane_job jobs[LIMIT_LANE_QUEUE]; /* in the order of their arrival */
    int count;
    int slow_jobs;      /* waiting and under way */
    int slow_running;   /* under way */
    int ledger_jobs;    /* of these, those that ask the ledger */
    int ledger_running; /* the same */
    int64_t quiet_until_ms;
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

/* Walks the rest of the input as it comes.  Returns false when there is nobody left to answer;
 * a body that is too long leaves the job unread, and the buffer failed. */
static bool read_body(struct lane_job *job, struct lane_done *done)
{
    enum record_state state = RECORD_PARTIAL;
    struct record_input input;
    char bytes[8192];

    record_input_init(&input, job->request_id);
    while (state == RECORD_PARTIAL && buf_ok(&job->body)) {
        ssize_t got = recv(job->fcgi->ipcFd, bytes, sizeof(bytes), 0);

        if (got <= 0)
            return false;
        state = record_input_feed(&input, (struct slice){ bytes, (size_t)got }, &job->body);
    }
    done->malformed = state == RECORD_BROKEN;
    job->unread = state == RECORD_PARTIAL;
    return !done->malformed;
}

void lane_refuse(struct response *response, const struct request *request)
{
    response_clear(response);
    response_error(response, request,
                   &(struct response_error){
                       .status = 503,
                       .code = "busy",
                       .message = "too many requests that may have to wait are under way",
                       .retry_after_seconds = 1 });
    response->incident = true;
}

/* Returns false when there is nobody left to answer. */
static bool run_handler(struct lane_job *job, struct lane_done *done)
{
    struct exchange *exchange = &job->exchange;

    exchange->request = &job->request;
    exchange->response = &job->response;
    done->late = job->late;
    if (!job->late && job->unread && !read_body(job, done))
        return false;
    if (job->late) {
        lane_refuse(&job->response, &job->request);
    } else if (buf_ok(&job->body)) {
        exchange->body = buf_slice(&job->body);
        router_run_slow(exchange);
    } else {
        router_refuse_body(exchange);
    }
    done->endpoint = exchange->route->endpoint;
    done->status = job->response.status;
    return true;
}

static void write_answer(struct lane_job *job)
{
    response_write(&job->response, &job->request, job->fcgi->out);
    (void)FCGX_FClose(job->fcgi->err);
    (void)FCGX_FClose(job->fcgi->out);
    if (job->unread)
        swallow_input(job->fcgi->ipcFd);
}

/* What stands behind an answer goes to the log alone; at most once a second, whoever asks. */
static void log_incident(struct lane *lane, const struct lane_job *job)
{
    const struct log_field fields[] = {
        LOG_TEXT("request_id", job->request.id),
        LOG_NUMBER("status", job->response.status),
    };
    int64_t now_ms = clock_boot_ms();
    bool quiet;

    (void)pthread_mutex_lock(&lane->mutex);
    quiet = now_ms < lane->quiet_until_ms;
    if (!quiet)
        lane->quiet_until_ms = now_ms + LOG_PAUSE_MS;
    (void)pthread_mutex_unlock(&lane->mutex);
    if (!quiet)
        log_with(LOG_LEVEL_ERROR, fields, 2, "front: %.*s %.*s: %s",
                 (int)job->request.method_text.length, job->request.method_text.data,
                 (int)(job->request.path.length > 200 ? 200 : job->request.path.length),
                 job->request.path.data, job->response.cause.text);
}

static void do_job(struct lane *lane, struct lane_job *job)
{
    struct lane_done done = { .connection = job->connection };

    job->fcgi->keepConnection = 0; /* rare enough for a connection of its own */
    if (!job->slow || run_handler(job, &done))
        write_answer(job);
    if (job->slow && job->response.incident)
        log_incident(lane, job);
    job->fcgi->detached = 1; /* no polling for the peer's end of up to 2 s */
    FCGX_Free(job->fcgi, 1);
    free(job->fcgi);
    response_done(&job->response);
    buf_done(&job->body);
    /* It has room for every job that can exist. */
    if (queue_push(lane->done, &done))
        loop_wake(lane->loop);
}

static bool may_begin(const struct lane *lane, const struct lane_job *job)
{
    if (!job->slow)
        return true;
    return lane->slow_running < LIMIT_LANE_SLOW_THREADS
           && (!job->asks_ledger || lane->ledger_running < LIMIT_LANE_LEDGER_THREADS);
}

/* The oldest job that may begin, or has waited for too long; -1 for none. */
static int next_job(struct lane *lane)
{
    for (int i = 0; i < lane->count; i++) {
        struct lane_job *job = &lane->jobs[i];

        job->late = job->slow && clock_left_ms(job->exchange.deadline_ms) <= LATE_MS;
        if (job->late || may_begin(lane, job))
            return i;
    }
    return -1;
}

static void wait_for_news(struct lane *lane)
{
    if (lane->count == 0)
        (void)pthread_cond_wait(&lane->arrived, &lane->mutex);
    else
        thread_cond_wait(&lane->arrived, &lane->mutex, LOOK_MS);
}

static bool wait_for_job(struct lane *lane, struct lane_job *ret)
{
    int next;

    (void)pthread_mutex_lock(&lane->mutex);
    while ((next = next_job(lane)) < 0 && !lane->stopping)
        wait_for_news(lane);
    if (next >= 0) {
        *ret = lane->jobs[next];
        lane->slow_running += ret->slow;
        lane->ledger_running += ret->asks_ledger;
        lane->count--;
        memmove(&lane->jobs[next], &lane->jobs[next + 1],
                (size_t)(lane->count - next) * sizeof(*lane->jobs));
    }
    (void)pthread_mutex_unlock(&lane->mutex);
    return next >= 0;
}

static void end_slow_job(struct lane *lane, bool asked_ledger)
{
    (void)pthread_mutex_lock(&lane->mutex);
    lane->slow_running--;
    lane->slow_jobs--;
    lane->ledger_running -= asked_ledger;
    lane->ledger_jobs -= asked_ledger;
    (void)pthread_cond_signal(&lane->arrived); /* one that waited for its turn may begin */
    (void)pthread_mutex_unlock(&lane->mutex);
}

static void run_lane(void *context)
{
    struct lane *lane = context;
    struct lane_job job;

    while (wait_for_job(lane, &job)) {
        do_job(lane, &job);
        if (job.slow)
            end_slow_job(lane, job.asks_ledger);
    }
}

bool lane_push(struct lane *lane, const struct lane_job *job)
{
    bool room;

    (void)pthread_mutex_lock(&lane->mutex);
    room = lane->count < LIMIT_LANE_QUEUE && (!job->slow || lane->slow_jobs < LIMIT_LANE_SLOW)
           && (!job->asks_ledger || lane->ledger_jobs < LIMIT_LANE_LEDGER);
    if (room) {
        lane->jobs[lane->count++] = *job;
        lane->slow_jobs += job->slow;
        lane->ledger_jobs += job->asks_ledger;
        (void)pthread_cond_signal(&lane->arrived);
    }
    (void)pthread_mutex_unlock(&lane->mutex);
    return room;
}

bool lane_pop_done(struct lane *lane, struct lane_done *ret)
{
    return queue_pop(lane->done, ret, 0);
}

int lane_start(struct loop *loop, struct lane **ret, struct error *err)
{
    AUTO(lane_stop) struct lane *lane = calloc(1, sizeof(*lane));
    int code = 0;

    if (lane == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    (void)pthread_mutex_init(&lane->mutex, NULL);
    thread_cond_init(&lane->arrived);
    lane->loop = loop;
    lane->done = queue_new(sizeof(struct lane_done), DONE_CAPACITY);
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
