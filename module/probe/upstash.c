/* upstash.c - the check of a Redis database over Upstash's REST: INFO and PING in one request.
 *
 * The token is the target's password: it goes into the request and nowhere else. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "probe/http_ask.h"
#include "probe/kind.h"
#include "probe/redis_trend.h"
#include "probe/stream_link.h"
#include "probe/upstash_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int prepare_upstash(struct probe *probe, const struct config *config, struct error *err)
{
    (void)config;
    probe->memory = calloc(1, sizeof(struct redis_trend));
    return probe->memory != NULL
               ? 0
               : error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
}

static void forget_upstash(struct probe *probe)
{
    auto_free(&probe->memory);
}

static void judge(struct probe *probe, const struct http_answer *answer, struct outcome *outcome)
{
    const struct check_limits *limits = &probe->check.limits;
    struct redis_info info;

    outcome->facts.redis = redis_facts_unknown;
    if (!upstash_reply_take(answer->text.status, buf_slice(&answer->body), &info, outcome))
        return;
    redis_info_judge(&info, limits, outcome);
    redis_trend_take(probe->memory, &info, clock_boot_ms(), limits, outcome);
}

static enum probe_result look_upstash(struct probe *probe, void *link, int64_t deadline_ms,
                                      struct outcome *outcome)
{
    const char *path = probe->check.target.path;
    const struct http_question question = { .target = &probe->check.target,
                                            .path = strcmp(path, "/") == 0 ? "" : path,
                                            .path_suffix = "/pipeline",
                                            .bearer = probe->check.target.password,
                                            .body = UPSTASH_QUESTION,
                                            .body_bytes = 2 * (size_t)HTTP_TEXT_ANSWER_BYTES };
    AUTO(http_answer_done) struct http_answer answer;
    struct error err = { 0 };
    int code = http_ask(link, &question, deadline_ms, &answer, &err);

    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    judge(probe, &answer, outcome);
    return answer.text.keep_alive ? PROBE_KEEP : PROBE_DROP;
}

const struct probe_kind upstash_kind = {
    .prepare = prepare_upstash,
    .forget = forget_upstash,
    .open = stream_link_open,
    .look = look_upstash,
    .close = stream_link_close,
    .watch = stream_link_watch,
    .heed = stream_link_heed,
};
