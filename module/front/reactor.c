/* reactor.c - accept, wait for whole requests, answer, and keep everybody's deadline. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/reactor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"
#include "front/doorman.h"
#include "front/lag.h"
#include "front/lane.h"
#include "front/record.h"
#include "front/router.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TICK_MS = 250,
    REQUEST_MS = 2000, /* for a request to lie whole in the socket */
    ANSWER_MS = 2000,  /* for the slow lane to write an answer */
    IDLE_MS = 75000,   /* longer than nginx keeps an idle connection: nginx is who closes */
    LINGER_MS = 1000,  /* of a stop: for what has queued up */
    STOP_MS = 2500,    /* of a stop: for answers under way */
    QUIET_MS = 100,    /* a stop may end this early when nobody is connected */
    LOGGED_PER_TICK = 5,
    /* Parameters are looked for this far: nginx's header buffers hold 32 KiB. */
    LIMIT_PEEK_BYTES = 4 * LIMIT_REQUEST_BYTES,
};

struct connection {
    struct loop_handler handler; /* first, so that one pointer is both */
    struct reactor *reactor;
    struct connection *next_free;
    int fd; /* -1: free */
    int64_t deadline_ms;
    bool partial; /* something has come, not a whole request */
    bool in_lane;
    bool cut; /* in the lane, past its deadline */
};

struct reactor {
    /* set before start, read-only afterwards */
    struct sources *sources;
    _Atomic int64_t *beat_ms;
    struct loop *loop;
    struct lane *lane;
    struct doorman *doorman;
    /* any thread */
    atomic_bool stopping;
    /* the front's thread only */
    FCGX_Request *fcgi; /* one at a time; a job of the lane takes it along */
    struct response response;
    struct connection *free_connections;
    int64_t now_ms; /* of this turn */
    int64_t next_tick_ms;
    int64_t stop_at_ms; /* 0: not stopping */
    struct lag lag;
    int logged; /* in this tick */
    char peeked[LIMIT_PEEK_BYTES];
    struct connection connections[LIMIT_CONNECTIONS];
};

static void forget_connection(struct connection *connection)
{
    struct reactor *reactor = connection->reactor;

    connection->fd = -1;
    connection->next_free = reactor->free_connections;
    reactor->free_connections = connection;
    reactor->sources->open_connections--;
}

static void close_connection(struct connection *connection)
{
    (void)close(connection->fd);
    forget_connection(connection);
}

/* Peers that misbehave could otherwise fill the log. */
static bool may_log(struct reactor *reactor)
{
    return reactor->logged++ < LOGGED_PER_TICK;
}

static void close_malformed(struct connection *connection, const char *trouble)
{
    struct reactor *reactor = connection->reactor;

    reactor->sources->counters.malformed++;
    if (may_log(reactor))
        log_warning("front: a connection is closed: what it sent is no request: %s", trouble);
    close_connection(connection);
}

/* Has libfcgi read the request.  Returns false when it has closed the descriptor instead. */
static bool take_request(struct connection *connection)
{
    FCGX_Request *fcgi = connection->reactor->fcgi;

    /* FCGX_Accept_r finishes the former request, and closes unless keepConnection is set. */
    fcgi->ipcFd = connection->fd;
    fcgi->keepConnection = 1;
    fcgi->detached = 1; /* no polling at close */
    if (FCGX_Accept_r(fcgi) == 0)
        return true;
    forget_connection(connection);
    return false;
}

/* A kept connection breaks unless its input is read to the end.  Returns false when the params or
 * the input were not what the walk has seen; then libfcgi has an empty environment. */
static bool drain_input(FCGX_Request *fcgi)
{
    char scratch[1024];

    while (FCGX_GetStr(scratch, sizeof(scratch), fcgi->in) > 0)
        continue;
    return FCGX_GetError(fcgi->in) == 0;
}

static void log_incident(struct reactor *reactor, const struct request *request)
{
    const struct log_field fields[] = {
        LOG_TEXT("request_id", request->id),
        LOG_NUMBER("status", reactor->response.status),
        LOG_NUMBER("duration_ms", clock_boot_ms() - reactor->now_ms),
    };

    if (may_log(reactor))
        log_with(LOG_LEVEL_ERROR, fields, 3, "front: %.*s %.*s: no answer could be given",
                 (int)request->method_text.length, request->method_text.data,
                 (int)(request->path.length > 200 ? 200 : request->path.length),
                 request->path.data);
}

/* Moves request and answer to the lane.  Returns false, having changed nothing, when it is full or
 * no descriptor is left. */
static bool leave_for_lane(struct connection *connection, const struct request *request,
                           bool swallow)
{
    struct reactor *reactor = connection->reactor;
    struct lane_job job = { connection, reactor->fcgi, reactor->response, *request, swallow };
    FCGX_Request *fresh = calloc(1, sizeof(*fresh));
    /* libfcgi closes what it is given; the deadline needs a descriptor that stays ours. */
    int copy = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);

    if (fresh == NULL || copy < 0 || FCGX_InitRequest(fresh, -1, 0) != 0) {
        free(fresh);
        auto_close(&copy);
        return false;
    }
    loop_forget(reactor->loop, connection->fd);
    (void)fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK);
    reactor->fcgi->ipcFd = copy;
    connection->in_lane = true;
    connection->deadline_ms = reactor->now_ms + ANSWER_MS;
    if (lane_push(reactor->lane, &job)) {
        reactor->fcgi = fresh;
        response_init(&reactor->response);
        return true;
    }
    reactor->fcgi->ipcFd = connection->fd;
    connection->in_lane = false;
    (void)fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK);
    (void)close(copy);
    free(fresh);
    return false;
}

static void refuse_for_lane(struct connection *connection, const struct request *request)
{
    struct reactor *reactor = connection->reactor;

    reactor->sources->counters.lane_full++;
    response_clear(&reactor->response);
    response_error(&reactor->response, request,
                   &(struct response_error){ .status = 503,
                                             .code = "busy",
                                             .message = "too many large answers are under way",
                                             .retry_after_seconds = 1 });
    reactor->response.incident = true;
    reactor->fcgi->keepConnection = 0; /* the loop may have forgotten it */
}

/* Answers the request that libfcgi holds; `unread` says that input is left, which nobody walked. */
static void answer(struct connection *connection, bool unread)
{
    struct reactor *reactor = connection->reactor;
    struct response *response = &reactor->response;
    struct request request;
    enum endpoint endpoint;
    int status;

    request_read(reactor->fcgi->envp, &request);
    endpoint = router_answer(&request, reactor->sources, response);
    status = response->status;
    if (unread || response->body.length > LIMIT_FAST_ANSWER_BYTES) {
        if (leave_for_lane(connection, &request, unread)) {
            counters_count(&reactor->sources->counters, endpoint, status);
            return;
        }
        refuse_for_lane(connection, &request);
    }
    counters_count(&reactor->sources->counters, endpoint, response->status);
    if (reactor->stop_at_ms != 0)
        reactor->fcgi->keepConnection = 0;
    response_write(response, &request, reactor->fcgi->out);
    if (response->incident)
        log_incident(reactor, &request);
    response_clear(response);
    FCGX_Finish_r(reactor->fcgi);
    connection->partial = false;
    connection->deadline_ms = reactor->now_ms + IDLE_MS;
    if (reactor->fcgi->ipcFd < 0)
        forget_connection(connection);
}

/* `unread`: more input than a look can hold, all parameters among it.  Nobody here reads a body of
 * that size, so the answer doesn't wait for it. */
static void serve(struct connection *connection, bool unread)
{
    FCGX_Request *fcgi = connection->reactor->fcgi;

    if (!take_request(connection))
        return;
    if (unread || drain_input(fcgi)) {
        answer(connection, unread);
        return;
    }
    connection->reactor->sources->counters.malformed++;
    FCGX_Free(fcgi, 1);
    forget_connection(connection);
}

/* Looks at what lies in the socket without taking it.  Returns how much, or -1 when the connection
 * has ended. */
static ssize_t peek(struct connection *connection)
{
    struct reactor *reactor = connection->reactor;
    const int flags = MSG_PEEK | MSG_DONTWAIT;
    ssize_t got = recv(connection->fd, reactor->peeked, LIMIT_REQUEST_BYTES, flags);

    if (got == LIMIT_REQUEST_BYTES)
        got = recv(connection->fd, reactor->peeked, LIMIT_PEEK_BYTES, flags);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return got == 0 ? -1 : got;
}

static void wait_for_more(struct connection *connection, bool ended)
{
    if (ended) {
        connection->reactor->sources->counters.malformed++;
        close_connection(connection);
    } else if (!connection->partial) {
        connection->partial = true;
        if (connection->deadline_ms > connection->reactor->now_ms + REQUEST_MS)
            connection->deadline_ms = connection->reactor->now_ms + REQUEST_MS;
    }
}

static void connection_ready(struct loop_handler *handler, uint32_t events)
{
    struct connection *connection = (struct connection *)handler;
    ssize_t got = peek(connection);
    struct record_walk walk;

    if (got < 0) {
        close_connection(connection);
        return;
    }
    if (got == 0)
        return;
    walk = record_walk((struct slice){ connection->reactor->peeked, (size_t)got });
    if (walk.state == RECORD_BROKEN)
        close_malformed(connection, walk.trouble);
    else if (walk.state == RECORD_WHOLE)
        serve(connection, false);
    else if (got < LIMIT_PEEK_BYTES)
        wait_for_more(connection, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    else if (walk.params_whole)
        serve(connection, true);
    else
        close_malformed(connection, "its parameters exceed 64 KiB");
}

/* The doorman has accepted somebody. */
static void welcome(void *context, int fd)
{
    struct reactor *reactor = context;
    struct connection *connection = reactor->free_connections;

    /* The turn may have begun before a suspend: its deadline would be over already. */
    reactor->now_ms = clock_boot_ms();
    if (connection == NULL
        || loop_watch(reactor->loop, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, &connection->handler)
               != 0) {
        (void)close(fd);
        reactor->sources->counters.refused++;
        if (may_log(reactor))
            log_warning("front: a connection is refused: %d are open", LIMIT_CONNECTIONS);
        return;
    }
    reactor->free_connections = connection->next_free;
    connection->fd = fd;
    connection->partial = connection->in_lane = connection->cut = false;
    connection->deadline_ms = reactor->now_ms + REQUEST_MS;
    reactor->sources->open_connections++;
    reactor->sources->counters.connections++;
}

static void enforce_deadline(struct connection *connection)
{
    struct reactor *reactor = connection->reactor;

    if (!connection->in_lane) {
        /* A last look: while we were stopped or starved its request may have come. */
        connection_ready(&connection->handler, 0);
        if (connection->fd < 0 || connection->deadline_ms > reactor->now_ms)
            return;
        reactor->sources->counters.deadlines++;
        close_connection(connection);
    } else if (!connection->cut) {
        reactor->sources->counters.deadlines++;
        connection->cut = true;
        (void)shutdown(connection->fd, SHUT_RDWR);
    }
}

static void look_at_publications(struct reactor *reactor)
{
    struct sources *sources = reactor->sources;
    AUTO(slot_release) const struct page_set *set = slot_acquire(sources->health);
    bool old = set != NULL && slot_age_ms(set) > set->max_age_ms;
    bool dead = look_judge(&sources->monitor_look, old, reactor->now_ms);

    if (dead != sources->monitor_dead)
        log_error(dead ? "front: the monitor has stopped publishing: /health fails from now on"
                       : "front: the monitor publishes again");
    sources->monitor_dead = dead;
}

static void tick(struct reactor *reactor)
{
    reactor->next_tick_ms = reactor->now_ms + TICK_MS;
    reactor->logged = 0;
    look_at_publications(reactor);
    doorman_tick(reactor->doorman);
    for (int i = 0; i < LIMIT_CONNECTIONS; i++) {
        struct connection *connection = &reactor->connections[i];

        if (connection->fd >= 0 && connection->deadline_ms <= reactor->now_ms)
            enforce_deadline(connection);
    }
}

static void collect_from_lane(struct reactor *reactor)
{
    struct connection *connection;

    while ((connection = lane_pop_done(reactor->lane)) != NULL)
        close_connection(connection);
}

/* One turn is the heartbeat: wait and serve, take back from the lane, look after deadlines. */
static void turn(struct reactor *reactor)
{
    int64_t woke_at_us;

    reactor->now_ms = clock_boot_ms();
    atomic_store(reactor->beat_ms, reactor->now_ms);
    woke_at_us = loop_turn(reactor->loop, clock_left_ms(reactor->next_tick_ms));
    reactor->now_ms = clock_boot_ms();
    collect_from_lane(reactor);
    if (reactor->now_ms >= reactor->next_tick_ms)
        tick(reactor);
    reactor->sources->loop_lag_us =
        lag_add(&reactor->lag, clock_boot_us() - woke_at_us, reactor->now_ms);
}

static void close_idle(struct reactor *reactor)
{
    for (int i = 0; i < LIMIT_CONNECTIONS; i++) {
        struct connection *connection = &reactor->connections[i];

        if (connection->fd >= 0 && !connection->in_lane)
            close_connection(connection);
    }
}

/* What has queued up is served for a second, then the rest is closed, but for answers under way. */
static bool has_ended(struct reactor *reactor)
{
    int64_t since_ms;

    if (!atomic_load(&reactor->stopping))
        return false;
    if (reactor->stop_at_ms == 0)
        reactor->stop_at_ms = reactor->now_ms;
    since_ms = reactor->now_ms - reactor->stop_at_ms;
    if (since_ms >= LINGER_MS) {
        doorman_close(reactor->doorman);
        close_idle(reactor);
    }
    if (reactor->sources->open_connections == 0)
        return since_ms >= QUIET_MS;
    return since_ms >= STOP_MS;
}

void reactor_run(struct reactor *reactor)
{
    assert(thread_is("front"));
    reactor->now_ms = clock_boot_ms();
    while (!has_ended(reactor))
        turn(reactor);
    doorman_close(reactor->doorman);
    for (int i = 0; i < LIMIT_CONNECTIONS; i++) {
        if (reactor->connections[i].fd >= 0)
            (void)shutdown(reactor->connections[i].fd, SHUT_RDWR);
    }
}

void reactor_stop(struct reactor *reactor)
{
    atomic_store(&reactor->stopping, true);
    loop_wake(reactor->loop);
}

static void prepare_connections(struct reactor *reactor)
{
    for (int i = LIMIT_CONNECTIONS - 1; i >= 0; i--) {
        struct connection *connection = &reactor->connections[i];

        connection->handler.run = connection_ready;
        connection->reactor = reactor;
        connection->fd = -1;
        connection->next_free = reactor->free_connections;
        reactor->free_connections = connection;
    }
}

int reactor_new(const struct reactor_settings *settings, struct reactor **ret, struct error *err)
{
    AUTO(reactor_free) struct reactor *reactor = calloc(1, sizeof(*reactor));
    int code;

    if (reactor == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    reactor->sources = settings->sources;
    reactor->beat_ms = settings->beat_ms;
    response_init(&reactor->response);
    prepare_connections(reactor);
    reactor->fcgi = calloc(1, sizeof(*reactor->fcgi));
    if (reactor->fcgi == NULL || FCGX_InitRequest(reactor->fcgi, -1, 0) != 0)
        return error_set(err, ENOMEM, "front: out of memory");
    code = loop_new(&reactor->loop, err);
    if (code == 0)
        code =
            doorman_new(&(struct doorman_settings){ reactor->loop, settings->listen_fd, welcome,
                                                    reactor, &settings->sources->counters.refused },
                        &reactor->doorman, err);
    if (code == 0)
        code = lane_start(reactor->loop, &reactor->lane, err);
    if (code != 0)
        return code;
    *ret = reactor;
    reactor = NULL;
    return 0;
}

void reactor_free(struct reactor **pointer)
{
    struct reactor *reactor = *pointer;

    *pointer = NULL;
    if (reactor == NULL)
        return;
    lane_stop(&reactor->lane);
    if (thread_left_behind())
        return; /* one of the lane's may still wake our loop */
    for (int i = 0; i < LIMIT_CONNECTIONS; i++) {
        if (reactor->connections[i].fd >= 0)
            (void)close(reactor->connections[i].fd);
    }
    doorman_free(&reactor->doorman);
    loop_free(&reactor->loop);
    response_done(&reactor->response);
    free(reactor->fcgi);
    free(reactor);
}
