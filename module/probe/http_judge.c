/* http_judge.c - status, header, body and JSON of an answer, in this order: the first that is not
 * well tells why. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_judge.h"

#include "probe/http_report.h"
#include "probe/json_body.h"

#include <string.h>

/* Room for a report with its white space; what is longer can't be shown. */
enum { REPORT_BODY_BYTES = 4 * LIMIT_REPORT_BYTES };

static bool looks_into_body(const struct check_http *want)
{
    return want->body_contains != NULL || want->json_pointer != NULL;
}

size_t http_judge_body_bytes(const struct check_http *want)
{
    if (looks_into_body(want))
        return 2 * (size_t)HTTP_TEXT_ANSWER_BYTES; /* never the first bound to be reached */
    return want->report == CHECK_REPORT_IGNORE ? 0 : REPORT_BODY_BYTES;
}

static bool is_wanted_status(const struct check_http *want, int status)
{
    for (int i = 0; i < want->status_count; i++) {
        if (status >= want->statuses[i].low && status <= want->statuses[i].high)
            return true;
    }
    return want->status_count == 0 && status >= 200 && status <= 299;
}

/* What is there may be enough; what is missing can't be judged. */
static void judge_miss(const struct http_answer *answer, enum health_reason reason,
                       struct outcome *outcome)
{
    bool is_whole = !answer->text.cut && buf_ok(&answer->body);

    outcome_set(outcome, OUTCOME_ERROR, is_whole ? reason : HEALTH_REASON_HTTP_LARGE, 0);
}

static bool matches_json(const struct check_http *want, const json_t *body)
{
    const json_t *found = body == NULL ? NULL : json_body_find(body, want->json_pointer);

    return found != NULL
           && (want->json_equals == NULL || json_body_equals(found, want->json_equals));
}

static bool holds_text(struct slice body, const char *part)
{
    return body.length > 0 && memmem(body.data, body.length, part, strlen(part)) != NULL;
}

static void judge_body(const struct check_http *want, const struct http_answer *answer,
                       const json_t *json, struct outcome *outcome)
{
    if (want->body_contains != NULL && !holds_text(buf_slice(&answer->body), want->body_contains))
        judge_miss(answer, HEALTH_REASON_HTTP_BODY, outcome);
    if (want->json_pointer != NULL && !matches_json(want, json))
        judge_miss(answer, HEALTH_REASON_HTTP_JSON, outcome);
}

/* NULL where nobody needs it, or it is none. */
static json_t *parse_body(const struct check_http *want, const struct http_answer *answer)
{
    bool is_whole = !answer->text.cut && buf_ok(&answer->body);

    if (!is_whole || (want->json_pointer == NULL && want->report == CHECK_REPORT_IGNORE))
        return NULL;
    return json_body_parse(buf_slice(&answer->body));
}

void http_judge(const struct check_http *want, const struct http_answer *answer,
                struct outcome *outcome)
{
    AUTO(json_body_free) json_t *json = parse_body(want, answer);

    outcome->facts.http.http_status = answer->text.status;
    outcome->has_facts = true;
    if (!is_wanted_status(want, answer->text.status))
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS, answer->text.status);
    if (want->header != NULL && !answer->has_header)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_HTTP_HEADER, 0);
    if (looks_into_body(want))
        judge_body(want, answer, json, outcome);
    if (want->report != CHECK_REPORT_IGNORE && (json_is_object(json) || answer->is_json))
        http_report_take(want->report, json, buf_slice(&answer->body), outcome);
}
