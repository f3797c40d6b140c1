/* http.c - the check of an application over HTTP: any 2xx is well, unless more is asked. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/random.h"
#include "probe/http_ask.h"
#include "probe/http_judge.h"
#include "probe/kind.h"
#include "probe/stream_link.h"

#include <string.h>

/* Whose address may lead to the web server before it, and so back to us: we would call ourselves
 * well, and nobody would ever have looked at the application. */
static bool is_application(const struct check_config *check)
{
    return strcmp(check->name, "app") == 0;
}

/* Our own refusal: others give a 508 for reasons of their own. */
static void judge_loop(struct outcome *outcome)
{
    const struct http_facts *facts = &outcome->facts.http;

    if (facts->http_status == 508 && strstr(facts->reported, "\"loop_detected\"") != NULL)
        outcome->reason = HEALTH_REASON_ANSWERED_BY_US;
}

static enum probe_result look_http(struct probe *probe, void *link, int64_t deadline_ms,
                                   struct outcome *outcome)
{
    const struct check_http *want = &probe->check.http;
    const struct http_question question = { .target = &probe->check.target,
                                            .path = probe->check.target.path,
                                            .path_suffix = "",
                                            .host_header = want->host_header,
                                            .request_id = is_application(&probe->check)
                                                              ? random_own_id()
                                                              : NULL,
                                            .as_https = is_application(&probe->check),
                                            .wanted_header = want->header,
                                            .wanted_in_header = want->header_contains,
                                            .body_bytes = http_judge_body_bytes(want) };
    AUTO(http_answer_done) struct http_answer answer;
    struct error err = { 0 };
    int code = http_ask(link, &question, deadline_ms, &answer, &err);

    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    http_judge(want, &answer, outcome);
    judge_loop(outcome);
    return answer.text.keep_alive ? PROBE_KEEP : PROBE_DROP;
}

const struct probe_kind http_kind = {
    .open = stream_link_open,
    .look = look_http,
    .close = stream_link_close,
    .watch = stream_link_watch,
    .heed = stream_link_heed,
};
