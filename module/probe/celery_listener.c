/* celery_listener.c - SUBSCRIBE to the events that every worker sends unasked. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/celery_listener.h"

#include "base/clock.h"
#include "probe/pidbox.h"

#include <errno.h>
#include <stdio.h>

enum {
    RETRY_MS = 10 * 1000,         /* where the other connection was made, and this one was not */
    RETRY_REFUSED_MS = 60 * 1000, /* rights are seldom given from one moment to the next */
    /* Two of the default heartbeats: after that silence means something. */
    FIRST_MS = 5 * 1000,
    /* A connection that only listens never learns that a NAT has forgotten it. */
    SILENT_MS = 30 * 1000,
    HEAR_MS = 50, /* how long one attempt to hear something may take */
};

void celery_listener_close(struct celery_listener *listener)
{
    resp_close(&listener->resp);
}

/* ["message", channel, envelope]; the confirmations of SUBSCRIBE end in a number. */
static void take_message(struct celery_listener *listener, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3
        || reply->element[2]->type != REDIS_REPLY_STRING)
        return;
    heartbeats_take(&listener->heartbeats,
                    (struct slice){ reply->element[2]->str, reply->element[2]->len },
                    clock_boot_ms());
}

/* A role that may not subscribe never hears anything: that is no silence of the workers. */
static void take_refusal(struct celery_listener *listener, const redisReply *reply)
{
    listener->trouble = resp_reason((struct slice){ reply->str, reply->len });
    listener->number = 0;
    listener->again_ms = clock_boot_ms() + RETRY_REFUSED_MS;
    resp_close(&listener->resp);
}

static void hear_some(struct celery_listener *listener, int64_t deadline_ms)
{
    struct error err = { 0 };
    int code = resp_feed(listener->resp, deadline_ms, &err);

    if (code == -ETIMEDOUT)
        return; /* silence is no fault of the connection */
    listener->heard_at_ms = clock_boot_ms();
    while (code == 0 && listener->resp != NULL) {
        AUTO(resp_free) redisReply *reply = NULL;

        code = resp_poll(listener->resp, &reply, &err);
        if (reply == NULL)
            break;
        if (reply->type == REDIS_REPLY_ERROR)
            take_refusal(listener, reply);
        else
            take_message(listener, reply);
    }
    if (code != 0)
        resp_close(&listener->resp);
}

/* All that is there: what lies in a TLS session that was read in part wakes nobody. */
void celery_listener_hear(struct celery_listener *listener)
{
    int64_t deadline_ms = clock_boot_ms() + HEAR_MS;

    do
        hear_some(listener, deadline_ms);
    while (listener->resp != NULL && clock_left_ms(deadline_ms) > 0
           && stream_news(resp_stream(listener->resp)) == STREAM_DATA);
}

static void subscribe(struct resp *resp, const struct probe *probe, int64_t deadline_ms)
{
    static const char *const events[] = { "heartbeat", "online", "offline" };
    char channels[ARRAY_LENGTH(events)][PIDBOX_KEY_BYTES];
    struct error err = { 0 };

    for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
        (void)snprintf(channels[i], sizeof(channels[i]), "%s/%d.celeryev/worker.%s",
                       probe->check.celery.key_prefix, probe->check.target.database, events[i]);
    RESP_ADD(resp, "SUBSCRIBE", channels[0], channels[1], channels[2]);
    /* A refusal or a loss shows when it is read. */
    (void)!resp_send(resp, deadline_ms, &err);
}

void celery_listener_keep(struct celery_listener *listener, const struct probe *probe,
                          int64_t deadline_ms)
{
    struct outcome outcome = { 0 };
    int64_t now_ms = clock_boot_ms();
    bool silent = listener->resp != NULL && now_ms - listener->heard_at_ms > SILENT_MS;

    if (silent)
        resp_close(&listener->resp);
    if (listener->resp != NULL || now_ms < listener->again_ms)
        return;
    listener->heartbeats = (struct heartbeats){ 0 };
    if (resp_open(probe, deadline_ms, &listener->resp, &outcome) != PROBE_KEEP) {
        listener->again_ms = now_ms + RETRY_MS;
        listener->trouble = outcome.reason;
        listener->number = outcome.number;
        return;
    }
    listener->trouble = HEALTH_REASON_NONE;
    listener->heard_at_ms = now_ms;
    if (!silent) /* else workers had their time already: without heartbeats, they send none */
        listener->since_ms = now_ms;
    subscribe(listener->resp, probe, deadline_ms);
}

void celery_listener_await(struct celery_listener *listener, int64_t until_ms)
{
    while (listener->resp != NULL && heartbeats_workers(&listener->heartbeats) == 0
           && celery_listener_is_early(listener) && clock_left_ms(until_ms) > 0)
        celery_listener_hear(listener);
}

bool celery_listener_is_early(const struct celery_listener *listener)
{
    return clock_boot_ms() - listener->since_ms < FIRST_MS;
}

int64_t celery_listener_workers(const struct celery_listener *listener)
{
    int64_t heard = heartbeats_workers(&listener->heartbeats);

    if (listener->resp == NULL || (heard == 0 && celery_listener_is_early(listener)))
        return -1;
    return heard;
}
