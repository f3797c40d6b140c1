/* resp.c - RESP2 over a stream, and what Redis' error replies mean. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/resp.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 4096, WORDS_MAX = 16 };

struct resp {
    struct stream *stream;
    redisReader *reader;
    struct buf out;
    size_t reply_bytes; /* read since the last whole reply */
    int awaited;        /* commands without a reply so far */
};

void resp_close(struct resp **resp)
{
    struct resp *gone = *resp;

    if (gone == NULL)
        return;
    stream_close(&gone->stream);
    if (gone->reader != NULL)
        redisReaderFree(gone->reader);
    buf_done(&gone->out);
    free(gone);
    *resp = NULL;
}

void resp_free(redisReply **reply)
{
    if (*reply != NULL)
        freeReplyObject(*reply);
    *reply = NULL;
}

struct stream *resp_stream(struct resp *resp)
{
    return resp->stream;
}

void resp_add(struct resp *resp, int count, const struct slice *words)
{
    const char *texts[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    char *command = NULL;
    int length;

    if (count > WORDS_MAX) {
        resp->out.failed = true;
        return;
    }
    for (int i = 0; i < count; i++) {
        texts[i] = words[i].data;
        lengths[i] = words[i].length;
    }
    length = redisFormatCommandArgv(&command, count, texts, lengths);
    if (length < 0) {
        resp->out.failed = true;
        return;
    }
    buf_append(&resp->out, (struct slice){ command, (size_t)length });
    redisFreeCommand(command);
    resp->awaited++;
}

void resp_add_texts(struct resp *resp, const char *const *words)
{
    struct slice slices[WORDS_MAX] = { 0 };
    int count = 0;

    while (count < WORDS_MAX && words[count] != NULL) {
        slices[count] = slice_of(words[count]);
        count++;
    }
    resp_add(resp, count, slices);
}

int resp_send(struct resp *resp, int64_t deadline_ms, struct error *err)
{
    int code;

    if (!buf_ok(&resp->out))
        return error_set(err, ENOMEM, "redis: a command finds no memory");
    code = stream_write(resp->stream, buf_slice(&resp->out), deadline_ms, err);
    buf_clear(&resp->out);
    return code;
}

int resp_poll(struct resp *resp, redisReply **ret, struct error *err)
{
    void *reply = NULL;

    if (redisReaderGetReply(resp->reader, &reply) != REDIS_OK)
        return error_set(err, resp->reader->err == REDIS_ERR_OOM ? ENOMEM : EPROTO, "redis: %s",
                         resp->reader->errstr);
    if (reply != NULL) {
        resp->reply_bytes = 0;
        resp->awaited--;
    }
    *ret = reply;
    return 0;
}

int resp_feed(struct resp *resp, int64_t deadline_ms, struct error *err)
{
    char bytes[READ_BYTES];
    size_t count;
    int code = stream_read(resp->stream, bytes, sizeof(bytes), deadline_ms, &count, err);

    if (code != 0)
        return code;
    if (count == 0)
        return error_set(err, ECONNRESET, "redis: the server closed the connection");
    resp->reply_bytes += count;
    if (resp->reply_bytes > LIMIT_REPLY_BYTES)
        return error_set(err, EPROTO, "redis: a reply is larger than %d bytes", LIMIT_REPLY_BYTES);
    if (redisReaderFeed(resp->reader, bytes, count) != REDIS_OK)
        return error_set(err, ENOMEM, "redis: a reply finds no memory");
    return 0;
}

int resp_read(struct resp *resp, int64_t deadline_ms, redisReply **ret, struct error *err)
{
    redisReply *reply = NULL;

    for (;;) {
        int code = resp_poll(resp, &reply, err);

        if (code != 0)
            return code;
        if (reply != NULL) {
            *ret = reply;
            return 0;
        }
        code = resp_feed(resp, deadline_ms, err);
        if (code != 0)
            return code;
    }
}

int resp_drain(struct resp *resp, int64_t deadline_ms, struct error *err)
{
    while (resp->awaited > 0) {
        AUTO(resp_free) redisReply *reply = NULL;
        int code = resp_read(resp, deadline_ms, &reply, err);

        if (code != 0)
            return code;
    }
    return 0;
}

/* First words of error replies (redis 7.0 src/server.c, createSharedObjects; Upstash's documents),
 * more special ones first. */
enum health_reason resp_reason(struct slice words)
{
    static const struct {
        const char *prefix;
        enum health_reason reason;
    } prefixes[] = {
        { "LOADING", HEALTH_REASON_LOADING },
        { "NOAUTH", HEALTH_REASON_AUTHENTICATION_REQUIRED },
        { "WRONGPASS", HEALTH_REASON_AUTHENTICATION },
        { "NOPERM", HEALTH_REASON_PERMISSION },
        { "DENIED", HEALTH_REASON_PERMISSION }, /* protected mode */
        { "READONLY", HEALTH_REASON_READ_ONLY },
        { "OOM", HEALTH_REASON_OUT_OF_MEMORY },
        { "MISCONF", HEALTH_REASON_PERSISTENCE },
        { "MASTERDOWN", HEALTH_REASON_REPLICA_LINK_DOWN },
        { "CLUSTERDOWN", HEALTH_REASON_CLUSTER_DOWN },
        { "BUSY ", HEALTH_REASON_SCRIPT_RUNNING },
        { "ERR invalid password", HEALTH_REASON_AUTHENTICATION }, /* before Redis 6 */
        { "ERR operation not permitted", HEALTH_REASON_AUTHENTICATION },
        { "ERR AUTH", HEALTH_REASON_AUTHENTICATION }, /* a password where none is set */
        { "ERR Client sent AUTH", HEALTH_REASON_AUTHENTICATION },
        { "ERR max number of clients", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "ERR max concurrent connections", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "ERR max daily request limit", HEALTH_REASON_QUOTA },
        { "ERR max requests limit", HEALTH_REASON_QUOTA },
        { "ERR DB capacity quota", HEALTH_REASON_QUOTA },
        { "ERR DB index", HEALTH_REASON_NO_DATABASE },
        { "ERR invalid DB index", HEALTH_REASON_NO_DATABASE },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        if (slice_starts_with(words, slice_of(prefixes[i].prefix)))
            return prefixes[i].reason;
    }
    return HEALTH_REASON_SERVER_ERROR;
}

/* After a refused login nothing else will be answered on this connection. */
enum probe_result resp_judge(const redisReply *reply, struct outcome *outcome)
{
    enum health_reason reason = resp_reason((struct slice){ reply->str, reply->len });

    probe_set_detail(outcome, reply->str);
    outcome_set(outcome, OUTCOME_ERROR, reason, 0);
    switch (reason) {
    case HEALTH_REASON_AUTHENTICATION:
    case HEALTH_REASON_AUTHENTICATION_REQUIRED:
    case HEALTH_REASON_TOO_MANY_CONNECTIONS:
        return PROBE_DROP;
    default:
        return PROBE_KEEP;
    }
}

/* AUTH and SELECT must succeed; a role that may not name its connection still works.  But a full
 * server says so unasked and closes: what looks like the answer to the first command is that. */
static bool is_refusal(const redisReply *reply, bool needed)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    return needed
           || resp_reason((struct slice){ reply->str, reply->len })
                  == HEALTH_REASON_TOO_MANY_CONNECTIONS;
}

static enum probe_result log_in(const struct probe *probe, struct resp *resp, int64_t deadline_ms,
                                struct outcome *outcome)
{
    const struct check_target *target = &probe->check.target;
    struct error err = { 0 };
    char database[16];
    int needed = 0;
    int code;

    if (target->password != NULL && target->user != NULL)
        RESP_ADD(resp, "AUTH", target->user, target->password);
    else if (target->password != NULL)
        RESP_ADD(resp, "AUTH", target->password);
    needed += target->password != NULL;
    (void)snprintf(database, sizeof(database), "%d", target->database);
    if (target->database != 0)
        RESP_ADD(resp, "SELECT", database);
    needed += target->database != 0;
    RESP_ADD(resp, "CLIENT", "SETNAME", "probity");
    code = resp_send(resp, deadline_ms, &err);
    for (int i = 0; code == 0 && i <= needed; i++) {
        AUTO(resp_free) redisReply *reply = NULL;

        code = resp_read(resp, deadline_ms, &reply, &err);
        if (code == 0 && is_refusal(reply, i < needed)) {
            (void)resp_judge(reply, outcome);
            return PROBE_DROP;
        }
    }
    return code == 0 ? PROBE_KEEP : probe_judge_failure(probe, code, &err, outcome);
}

enum probe_result resp_open(const struct probe *probe, int64_t deadline_ms, struct resp **ret,
                            struct outcome *outcome)
{
    AUTO(resp_close) struct resp *resp = calloc(1, sizeof(*resp));
    enum probe_result result;

    if (resp == NULL)
        return PROBE_OURS;
    buf_init(&resp->out, LIMIT_REPLY_BYTES);
    resp->reader = redisReaderCreate();
    if (resp->reader == NULL)
        return PROBE_OURS;
    result = probe_connect(probe, deadline_ms, &resp->stream, outcome);
    if (result == PROBE_KEEP)
        result = log_in(probe, resp, deadline_ms, outcome);
    if (result != PROBE_KEEP)
        return result;
    *ret = resp;
    resp = NULL;
    return PROBE_KEEP;
}
