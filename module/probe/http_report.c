/* http_report.c - the words in which applications report, and what they mean. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_report.h"

#include "probe/json_body.h"

/* Of the IETF's draft (pass, warn, fail and their aliases), Spring Boot Actuator, MicroProfile and
 * ASP.NET.  A word that stands nowhere here says nothing: the status of the answer does. */
static const struct {
    const char *word;
    enum outcome_status status;
    enum health_reason reason;
} words[] = {
    { "pass", OUTCOME_OK, HEALTH_REASON_NONE },
    { "passing", OUTCOME_OK, HEALTH_REASON_NONE },
    { "ok", OUTCOME_OK, HEALTH_REASON_NONE },
    { "up", OUTCOME_OK, HEALTH_REASON_NONE },
    { "healthy", OUTCOME_OK, HEALTH_REASON_NONE },
    { "ready", OUTCOME_OK, HEALTH_REASON_NONE },
    { "warn", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "warning", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "degraded", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "fail", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "error", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "down", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "unhealthy", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "critical", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "not_ready", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "out_of_service", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
};

static void merge(const json_t *status, struct outcome *outcome)
{
    struct slice word = slice_of(json_string_value(status));

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_nocase(word, slice_of(words[i].word)))
            outcome_set(outcome, words[i].status, words[i].reason, 0);
    }
}

void http_report_take(enum check_report report, const json_t *json, struct slice text,
                      struct outcome *outcome)
{
    struct http_facts *facts = &outcome->facts.http;

    if (json == NULL)
        return;
    (void)json_body_compact(text, facts->reported, sizeof(facts->reported));
    if (report == CHECK_REPORT_MERGE)
        merge(json_object_get(json, "status"), outcome);
}
