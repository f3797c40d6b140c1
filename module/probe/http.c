/* http.c - the check of an application over HTTP: any 2xx is well, unless more is asked. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_ask.h"
#include "probe/http_judge.h"
#include "probe/kind.h"
#include "probe/stream_link.h"

static enum probe_result look_http(struct probe *probe, void *link, int64_t deadline_ms,
                                   struct outcome *outcome)
{
    const struct check_http *want = &probe->check.http;
    const struct http_question question = { .target = &probe->check.target,
                                            .path = probe->check.target.path,
                                            .path_suffix = "",
                                            .host_header = want->host_header,
                                            .wanted_header = want->header,
                                            .wanted_in_header = want->header_contains,
                                            .body_bytes = http_judge_body_bytes(want) };
    AUTO(http_answer_done) struct http_answer answer;
    struct error err = { 0 };
    int code = http_ask(link, &question, deadline_ms, &answer, &err);

    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    http_judge(want, &answer, outcome);
    return answer.text.keep_alive ? PROBE_KEEP : PROBE_DROP;
}

const struct probe_kind http_kind = {
    .open = stream_link_open,
    .look = look_http,
    .close = stream_link_close,
    .watch = stream_link_watch,
    .heed = stream_link_heed,
};
