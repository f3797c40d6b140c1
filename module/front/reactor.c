/* reactor.c - accept, wait for whole requests, answer, and keep everybody's deadline. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/reactor.h"

#include "base/clock.h"
#include "base/idle.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"
#include "front/connections.h"
#include "front/doorman.h"
#include "front/intake.h"
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
    HISTORY_MS = 3000, /* for a handler of the lane that reads, from the reactor to the last byte */
    CHANGE_MS = 10000, /* for one that is posted to, the rest of the body included */
    SAY_SO_MS = 250,   /* of these: for saying that it took too long */
    IDLE_MS = 75000,   /* longer than nginx keeps an idle connection: nginx is who closes */
    LINGER_MS = 1000,  /* of a stop: for what has queued up */
    STOP_MS = 2500,    /* of a stop: for answers under way */
    QUIET_MS = 100,    /* a stop may end this early when nobody is connected */
    LOGGED_PER_TICK = 5,
    /* Parameters are looked for this far: nginx's header buffers hold 32 KiB. */
    LIMIT_PEEK_BYTES = 4 * LIMIT_REQUEST_BYTES,
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
    struct buf body; /* of the request that is being answered */
    int64_t now_ms;  /* of this turn */
    int64_t next_tick_ms;
    int64_t stop_at_ms; /* 0: not stopping */
    struct lag lag;
    int logged; /* in this tick */
    char peeked[LIMIT_PEEK_BYTES];
    struct connections connections;
};

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
    connection_close(connection);
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

static int64_t lane_deadline_ms(const struct reactor *reactor, const struct exchange *exchange)
{
    const unsigned writing = METHOD_POST | METHOD_DELETE;

    if (!router_is_slow(exchange))
        return reactor->now_ms + ANSWER_MS;
    return reactor->now_ms + ((exchange->request->method & writing) != 0 ? CHANGE_MS : HISTORY_MS);
}

/* Hands the request, and what was answered so far, to the lane.  Returns false, having changed
 * nothing, when it is full or no descriptor is left. */
static bool leave_for_lane(struct connection *connection, const struct exchange *exchange,
                           const struct record_walk *unread)
{
    struct reactor *reactor = connection->reactor;
    FCGX_Request *fresh = calloc(1, sizeof(*fresh));
    /* libfcgi closes what it is given; the deadline needs a descriptor that stays ours. */
    int copy = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
    struct lane_job job = {
        .connection = connection,
        .fcgi = reactor->fcgi,
        .response = reactor->response,
        .request = *exchange->request,
        .exchange = *exchange,
        .slow = router_is_slow(exchange),
        .asks_ledger = router_asks_ledger(exchange),
        .body = reactor->body,
        .unread = unread != NULL,
        .request_id = unread == NULL ? 0 : unread->request_id,
    };

    if (fresh == NULL || copy < 0 || FCGX_InitRequest(fresh, -1, 0) != 0) {
        free(fresh);
        auto_close(&copy);
        return false;
    }
    loop_forget(reactor->loop, connection->fd);
    (void)fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK);
    reactor->fcgi->ipcFd = copy;
    connection->in_lane = true;
    connection->deadline_ms = lane_deadline_ms(reactor, exchange);
    job.exchange.deadline_ms = connection->deadline_ms - SAY_SO_MS;
    if (job.slow)
        job.body.max_bytes = exchange->route->body_bytes;
    if (lane_push(reactor->lane, &job)) {
        reactor->fcgi = fresh;
        response_init(&reactor->response);
        buf_init(&reactor->body, LIMIT_PEEK_BYTES);
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
    lane_refuse(&reactor->response, request);
    reactor->fcgi->keepConnection = 0; /* the loop may have forgotten it */
}

/* Whether the answer, or what is still to be done for it, has left for the lane. */
static bool has_left(struct connection *connection, struct exchange *exchange,
                     const struct record_walk *unread)
{
    struct reactor *reactor = connection->reactor;
    bool slow = router_is_slow(exchange);

    if (slow && unread == NULL
        && (!buf_ok(&reactor->body) || reactor->body.length > exchange->route->body_bytes)) {
        router_refuse_body(exchange);
        return false;
    }
    if (!slow && unread == NULL && reactor->response.body.length <= LIMIT_FAST_ANSWER_BYTES)
        return false;
    if (leave_for_lane(connection, exchange, unread))
        return true;
    refuse_for_lane(connection, exchange->request);
    return false;
}

/* Answers the request that libfcgi holds; `unread` says that input is left, which nobody walked. */
static void answer(struct connection *connection, const struct record_walk *unread)
{
    struct reactor *reactor = connection->reactor;
    struct response *response = &reactor->response;
    struct request request;
    struct exchange exchange = { .request = &request,
                                 .sources = reactor->sources,
                                 .response = response,
                                 .body = buf_slice(&reactor->body),
                                 .unread = unread != NULL };
    enum endpoint endpoint;
    int status;

    request_read(reactor->fcgi->envp, &request);
    reactor->sources->open_connections = reactor->connections.open;
    endpoint = router_answer(&exchange);
    idle_ask(reactor->sources->idle); /* what was known before is the answer, and not how far the
                                         first look has got meanwhile */
    status = response->status;
    if (has_left(connection, &exchange, unread)) {
        if (status != 0)
            counters_count(&reactor->sources->counters, endpoint, status);
        return;
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
        connection_forget(connection);
}

/* `unread`: more input than a look can hold, all parameters among it.  Only a slow handler wants
 * it; any other answer doesn't wait for it. */
static void serve(struct connection *connection, const struct record_walk *unread)
{
    struct reactor *reactor = connection->reactor;
    enum intake intake;

    buf_clear(&reactor->body);
    intake = unread == NULL ? intake_whole(reactor->fcgi, connection->fd, &reactor->body)
                            : intake_head(reactor->fcgi, connection->fd, unread);
    if (intake == INTAKE_TAKEN) {
        answer(connection, unread);
        return;
    }
    reactor->sources->counters.malformed += intake == INTAKE_BROKEN;
    connection_forget(connection);
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
        connection_close(connection);
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
        connection_close(connection);
        return;
    }
    if (got == 0)
        return;
    walk = record_walk((struct slice){ connection->reactor->peeked, (size_t)got });
    if (walk.state == RECORD_BROKEN)
        close_malformed(connection, walk.trouble);
    else if (walk.state == RECORD_WHOLE)
        serve(connection, NULL);
    else if (got < LIMIT_PEEK_BYTES)
        wait_for_more(connection, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    else if (walk.params_whole)
        serve(connection, &walk);
    else
        close_malformed(connection, "its parameters exceed 64 KiB");
}

/* The doorman has accepted somebody. */
static void welcome(void *context, int fd)
{
    struct reactor *reactor = context;
    struct connection *connection = connections_take(&reactor->connections, fd);

    /* The turn may have begun before a suspend: its deadline would be over already. */
    reactor->now_ms = clock_boot_ms();
    if (connection == NULL
        || loop_watch(reactor->loop, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, &connection->handler)
               != 0) {
        if (connection != NULL)
            connection_forget(connection);
        (void)close(fd);
        reactor->sources->counters.refused++;
        if (may_log(reactor))
            log_warning("front: a connection is refused: %d are open", LIMIT_CONNECTIONS);
        return;
    }
    connection->deadline_ms = reactor->now_ms + REQUEST_MS;
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
        connection_close(connection);
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
        struct connection *connection = &reactor->connections.all[i];

        if (connection->fd >= 0 && connection->deadline_ms <= reactor->now_ms)
            enforce_deadline(connection);
    }
}

static void collect_from_lane(struct reactor *reactor)
{
    struct counters *counters = &reactor->sources->counters;
    struct lane_done done;

    while (lane_pop_done(reactor->lane, &done)) {
        counters->malformed += done.malformed;
        counters->lane_full += done.late;
        if (done.status != 0)
            counters_count(counters, done.endpoint, done.status);
        connection_close(done.connection);
    }
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
        struct connection *connection = &reactor->connections.all[i];

        if (connection->fd >= 0 && !connection->in_lane)
            connection_close(connection);
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
    if (reactor->connections.open == 0)
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
        if (reactor->connections.all[i].fd >= 0)
            (void)shutdown(reactor->connections.all[i].fd, SHUT_RDWR);
    }
    /* As before the start: who was told to end has not stalled, however long the others take. */
    atomic_store(reactor->beat_ms, 0);
}

void reactor_stop(struct reactor *reactor)
{
    atomic_store(&reactor->stopping, true);
    loop_wake(reactor->loop);
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
    buf_init(&reactor->body, LIMIT_PEEK_BYTES);
    connections_init(&reactor->connections, reactor, connection_ready);
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
        if (reactor->connections.all[i].fd >= 0)
            (void)close(reactor->connections.all[i].fd);
    }
    doorman_free(&reactor->doorman);
    loop_free(&reactor->loop);
    response_done(&reactor->response);
    buf_done(&reactor->body);
    free(reactor->fcgi);
    free(reactor);
}
