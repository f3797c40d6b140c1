/* kind.c - what all kinds of checks share: failures turned into reasons. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/kind.h"

#include <errno.h>
#include <string.h>

const struct probe_kind *probe_kind_of(enum check_kind kind)
{
    static const struct probe_kind *const kinds[] = {
        [CHECK_HTTP] = &http_kind,
        [CHECK_POSTGRES] = &postgres_kind,
        [CHECK_REDIS] = &redis_kind,
        [CHECK_CELERY] = &celery_kind,
    };

    return kinds[kind];
}

void probe_set_detail(struct outcome *outcome, const char *words)
{
    size_t length = strcspn(words, "\r\n");

    if (length >= sizeof(outcome->detail))
        length = sizeof(outcome->detail) - 1;
    memcpy(outcome->detail, words, length);
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

enum probe_result probe_connect(const struct probe *probe, int64_t deadline_ms, struct stream **ret,
                                struct outcome *outcome)
{
    const struct check_target *target = &probe->check.target;
    const struct stream_address address = { .host = target->host,
                                            .socket_path = target->socket_path,
                                            .port = target->port,
                                            .cancel_fd = probe->cancel_fd };
    struct error err = { 0 };
    int code = stream_open(&address, deadline_ms, ret, &err);

    return code == 0 ? PROBE_KEEP : probe_judge_failure(probe, code, &err, outcome);
}
