/* upstash_reply.c - errors come in three places: the HTTP status, the whole answer, and each
 * element of a pipeline, whose status is 200 all the same. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/upstash_reply.h"

#include "base/auto.h"
#include "probe/json_body.h"
#include "probe/kind.h"
#include "probe/resp.h"

#include <string.h>

enum { INFO, PING };

/* The text of {"error": "…"}; NULL where it is no error. */
static const char *error_of(const json_t *answer)
{
    return json_string_value(json_object_get(answer, "error"));
}

static void set_error(const char *words, enum outcome_status status, struct outcome *outcome)
{
    enum health_reason reason = resp_reason(slice_of(words));

    probe_set_detail(outcome, words);
    if (reason == HEALTH_REASON_PERMISSION && status == OUTCOME_DEGRADED)
        reason = HEALTH_REASON_INFO_REFUSED;
    outcome_set(outcome, status, reason, 0);
}

/* An answer that is no pipeline's: the words of its error tell more than its status. */
static void judge_refusal(int http_status, const json_t *answer, struct outcome *outcome)
{
    const char *words = error_of(answer);

    if (http_status == 401 || http_status == 403)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_AUTHENTICATION, 0);
    if (words != NULL)
        set_error(words, OUTCOME_ERROR, outcome);
    if (http_status != 200)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS, http_status);
    else
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL, 0);
}

static void judge_ping(const json_t *answer, struct outcome *outcome)
{
    const char *words = error_of(answer);
    const char *pong = json_string_value(json_object_get(answer, "result"));

    if (words != NULL) {
        set_error(words, OUTCOME_ERROR, outcome);
    } else if (pong == NULL || strcmp(pong, "PONG") != 0) {
        probe_set_detail(outcome, "upstash: PING was not answered with PONG");
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL, 0);
    }
}

/* A PONG alone is never ok: without INFO the check is degraded. */
static void judge_info(const json_t *answer, struct redis_info *info, struct outcome *outcome)
{
    const char *words = error_of(answer);

    redis_info_parse(slice_of(json_string_value(json_object_get(answer, "result"))), info);
    if (info->known_fields > 0)
        return;
    if (words != NULL)
        set_error(words, OUTCOME_DEGRADED, outcome);
    else
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_PROTOCOL, 0);
}

bool upstash_reply_take(int http_status, struct slice body, struct redis_info *ret_info,
                        struct outcome *outcome)
{
    AUTO(json_body_free) json_t *answer = json_body_parse(body);

    redis_info_parse((struct slice){ "", 0 }, ret_info);
    if (http_status != 200 || json_array_size(answer) != 2) {
        judge_refusal(http_status, answer, outcome);
        return false;
    }
    judge_ping(json_array_get(answer, PING), outcome);
    judge_info(json_array_get(answer, INFO), ret_info, outcome);
    return true;
}
