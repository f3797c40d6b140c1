/* http_report.c - the words in which applications report, and what they mean. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_report.h"

#include "base/log.h"
#include "probe/json_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the IETF's draft (pass, warn, fail and their aliases), Spring Boot Actuator, MicroProfile,
 * ASP.NET, NestJS' Terminus, and Elasticsearch's colours.  A word that stands nowhere here says
 * nothing: the status of the answer does. */
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
    { "green", OUTCOME_OK, HEALTH_REASON_NONE },
    { "warn", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "warning", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "degraded", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "yellow", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED },
    { "fail", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "error", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "down", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "unhealthy", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "critical", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "not_ready", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "out_of_service", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "failed", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "unavailable", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "shutting_down", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
    { "red", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED },
};

static void merge(const json_t *status, struct outcome *outcome)
{
    struct slice word = slice_of(json_string_value(status));

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_nocase(word, slice_of(words[i].word)))
            outcome_set(outcome, words[i].status, words[i].reason, 0);
    }
}

/* "redis://:password@host" in anybody's words: of what stands before the last @ of its authority,
 * nothing behind the colon stays. */
static bool blank_passwords(char *text)
{
    bool found = false;

    for (char *at = strstr(text, "://"); at != NULL; at = strstr(at, "://")) {
        char *end;
        char *colon;

        at += 3;
        end = memrchr(at, '@', strcspn(at, "/?# "));
        colon = end == NULL ? NULL : memchr(at, ':', (size_t)(end - at));
        if (colon == NULL)
            continue;
        memset(colon + 1, '*', (size_t)(end - colon - 1));
        found = true;
    }
    return found;
}

/* A copy without secrets that may go to `changed`; NULL when memory is out. */
static char *blank_copy(const char *text, bool *changed)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return NULL;
    *changed = log_scrub(copy) || *changed;
    *changed = blank_passwords(copy) || *changed;
    return copy;
}

static json_t *cleaned(const json_t *json, bool *changed);

static json_t *cleaned_object(const json_t *json, bool *changed)
{
    AUTO(json_body_free) json_t *made = json_object();
    json_t *whole = made;
    void *at = json_object_iter((json_t *)json);

    for (; at != NULL; at = json_object_iter_next((json_t *)json, at)) {
        AUTO(auto_free) char *key = blank_copy(json_object_iter_key(at), changed);

        if (key == NULL
            || json_object_set_new(made, key, cleaned(json_object_iter_value(at), changed)) != 0)
            return NULL;
    }
    made = NULL;
    return whole;
}

static json_t *cleaned_array(const json_t *json, bool *changed)
{
    AUTO(json_body_free) json_t *made = json_array();
    json_t *whole = made;

    for (size_t i = 0; i < json_array_size(json); i++) {
        if (json_array_append_new(made, cleaned(json_array_get(json, i), changed)) != 0)
            return NULL;
    }
    made = NULL;
    return whole;
}

/* As deep as json_body_parse() lets anything be. */
static json_t *cleaned(const json_t *json, bool *changed)
{
    AUTO(auto_free) char *text = NULL;

    if (json_is_object(json))
        return cleaned_object(json, changed);
    if (json_is_array(json))
        return cleaned_array(json, changed);
    if (!json_is_string(json))
        return json_deep_copy(json);
    text = blank_copy(json_string_value(json), changed);
    return text == NULL ? NULL : json_string(text);
}

/* An application may report its own address of the database, or what we have sent it.  Only then is
 * its text not shown as it is. */
static void hide_secrets(const json_t *json, char reported[LIMIT_REPORT_BYTES])
{
    AUTO(json_body_free) json_t *clean = NULL;
    AUTO(auto_free) char *text = NULL;
    bool changed = false;

    if (reported[0] == '\0')
        return;
    clean = cleaned(json, &changed);
    if (clean != NULL && !changed)
        return;
    text = clean == NULL ? NULL : json_dumps(clean, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text == NULL || strlen(text) >= LIMIT_REPORT_BYTES)
        reported[0] = '\0';
    else
        (void)snprintf(reported, LIMIT_REPORT_BYTES, "%s", text);
}

void http_report_take(enum check_report report, const json_t *json, struct slice text,
                      struct outcome *outcome)
{
    struct http_facts *facts = &outcome->facts.http;

    if (json == NULL)
        return;
    (void)json_body_compact(text, facts->reported, sizeof(facts->reported));
    hide_secrets(json, facts->reported);
    if (report == CHECK_REPORT_MERGE)
        merge(json_object_get(json, "status"), outcome);
}
