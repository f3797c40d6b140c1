/* kind.c - what all kinds of checks share: failures turned into reasons. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/kind.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

enum {
    SECONDS_PER_DAY = 86400,
    DETAIL_LINE_BYTES = 1024, /* of a driver's words, before they are cut */
};

const struct probe_kind *probe_kind_of(enum check_kind kind)
{
    static const struct probe_kind *const kinds[] = {
        [CHECK_HTTP] = &http_kind,       [CHECK_POSTGRES] = &postgres_kind,
        [CHECK_REDIS] = &redis_kind,     [CHECK_CELERY] = &celery_kind,
        [CHECK_UPSTASH] = &upstash_kind, [CHECK_TCP] = &tcp_kind,
        [CHECK_TLS] = &tcp_kind, /* its target wants TLS */
    };

    return kinds[kind];
}

/* A server may quote what it was sent: secrets are blanked before the bound could cut one in two.
 */
void probe_set_detail(struct outcome *outcome, const char *words)
{
    char line[DETAIL_LINE_BYTES];
    size_t length = strcspn(words, "\r\n");

    length = length < sizeof(line) ? length : sizeof(line) - 1;
    memcpy(line, words, length);
    line[length] = '\0';
    (void)log_scrub(line);
    length = length < sizeof(outcome->detail) ? length : sizeof(outcome->detail) - 1;
    memcpy(outcome->detail, line, length);
    outcome->detail[length] = '\0';
}

enum probe_result probe_judge_failure(const struct probe *probe, int code, const struct error *err,
                                      struct outcome *outcome)
{
    static const struct {
        int code;
        enum health_reason reason;
        enum probe_result result;
    } failures[] = {
        { ECONNREFUSED, HEALTH_REASON_REFUSED, PROBE_DROP },
        { ENOENT, HEALTH_REASON_REFUSED, PROBE_DROP }, /* no such unix socket */
        { ETIMEDOUT, HEALTH_REASON_TIMEOUT, PROBE_DROP },
        { ECONNRESET, HEALTH_REASON_CLOSED, PROBE_LOST },
        { EPIPE, HEALTH_REASON_CLOSED, PROBE_LOST },
        { ECONNABORTED, HEALTH_REASON_CLOSED, PROBE_LOST },
        { ENXIO, HEALTH_REASON_NAME_NOT_RESOLVED, PROBE_DROP },
        { EACCES, HEALTH_REASON_PERMISSION, PROBE_DROP },
        { EPERM, HEALTH_REASON_PERMISSION, PROBE_DROP },
        { EPROTO, HEALTH_REASON_PROTOCOL, PROBE_DROP },
        { TLS_FAILED, HEALTH_REASON_TLS_FAILED, PROBE_DROP },
        { TLS_CERTIFICATE_EXPIRED, HEALTH_REASON_CERTIFICATE_EXPIRED, PROBE_DROP },
        { TLS_CERTIFICATE_NOT_YET, HEALTH_REASON_CERTIFICATE_NOT_YET, PROBE_DROP },
        { TLS_CERTIFICATE_UNTRUSTED, HEALTH_REASON_CERTIFICATE_UNTRUSTED, PROBE_DROP },
        { TLS_CERTIFICATE_NAME, HEALTH_REASON_CERTIFICATE_NAME, PROBE_DROP },
        { TLS_CERTIFICATE_REFUSED, HEALTH_REASON_CERTIFICATE_REFUSED, PROBE_DROP },
        { TLS_FILES, HEALTH_REASON_TLS_FILES, PROBE_DROP },
        { ENOMEM, HEALTH_REASON_NONE, PROBE_OURS },
        { EMFILE, HEALTH_REASON_NONE, PROBE_OURS },
        { ENFILE, HEALTH_REASON_NONE, PROBE_OURS },
        { ENOBUFS, HEALTH_REASON_NONE, PROBE_OURS },
        { ECANCELED, HEALTH_REASON_NONE, PROBE_OURS },
    };

    probe_set_detail(outcome, err->text);
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
        if (failures[i].code != -code)
            continue;
        if (failures[i].result != PROBE_OURS)
            outcome_set(outcome, OUTCOME_ERROR, failures[i].reason, probe->check.timeout_ms);
        return failures[i].result;
    }
    /* What is left are the ways in which connect(2) finds no route. */
    outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_UNREACHABLE, 0);
    return PROBE_DROP;
}

/* What the server has shown counts for the operator also where it was refused. */
static int encrypt(const struct probe *probe, struct stream *stream, int64_t deadline_ms,
                   struct outcome *outcome, struct error *err)
{
    const struct check_target *target = &probe->check.target;
    const struct tls_wish wish = { .server_name = target->tls.server_name != NULL
                                                      ? target->tls.server_name
                                                      : target->host,
                                   .ca_file = target->tls.ca_file,
                                   .certificate_file = target->tls.certificate_file,
                                   .key_file = target->tls.key_file,
                                   .any_name = target->tls.any_name,
                                   .unverified = target->tls.unverified };
    int code = stream_encrypt(stream, &wish, deadline_ms, err);
    const struct tls_shown *shown = stream_shown(stream);

    if (shown != NULL) {
        outcome->tls.expires_at_s = shown->expires_at_s;
        memcpy(outcome->tls.protocol, shown->protocol, sizeof(outcome->tls.protocol));
    }
    return code;
}

enum probe_result probe_connect(const struct probe *probe, int64_t deadline_ms, struct stream **ret,
                                struct outcome *outcome)
{
    const struct check_target *target = &probe->check.target;
    const struct stream_address address = { .host = target->host,
                                            .socket_path = target->socket_path,
                                            .port = target->port,
                                            .cancel_fd = probe->cancel_fd };
    AUTO(stream_close) struct stream *stream = NULL;
    struct error err = { 0 };
    int code = stream_open(&address, deadline_ms, &stream, &err);

    if (code == 0 && target->tls.wanted)
        code = encrypt(probe, stream, deadline_ms, outcome, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    *ret = stream;
    stream = NULL;
    return PROBE_KEEP;
}

static void judge_certificate(int64_t limit_days, int64_t now_s, struct outcome *outcome)
{
    int64_t left_s = outcome->tls.expires_at_s - now_s;

    if (limit_days <= 0 || outcome->tls.expires_at_s == 0)
        return;
    /* On a kept connection, or where any certificate will do: no handshake has refused it. */
    if (left_s <= 0)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_CERTIFICATE_EXPIRED, 0);
    else if (left_s < limit_days * SECONDS_PER_DAY)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_CERTIFICATE_EXPIRES,
                    left_s / SECONDS_PER_DAY);
}

void probe_judge_limits(const struct check_limits *limits, int64_t now_wall_ms,
                        struct outcome *outcome)
{
    judge_certificate(limits->certificate_days, now_wall_ms / 1000, outcome);
    if (limits->latency_ms >= 0 && outcome->latency_us > limits->latency_ms * 1000)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_SLOW,
                    (outcome->latency_us + 999) / 1000);
}
