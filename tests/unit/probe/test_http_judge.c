/* test_http_judge.c - module/probe/http_judge.c and http_report.c */
/* SPDX-License-Identifier: MIT */
#include "probe/http_judge.h"

#include "base/log.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* An answer as http_ask() leaves it behind. */
static void answer_with(struct http_answer *answer, int status, const char *body)
{
    *answer = (struct http_answer){ .text.status = status };
    buf_init(&answer->body, 2 * LIMIT_REPORT_BYTES);
    buf_append_text(&answer->body, body);
}

static struct outcome judge(const struct check_http *want, int status, const char *body)
{
    struct http_answer answer;
    struct outcome outcome = { 0 };

    answer_with(&answer, status, body);
    http_judge(want, &answer, &outcome);
    http_answer_done(&answer);
    ck_assert(outcome.has_facts);
    ck_assert_int_eq(outcome.facts.http.http_status, status);
    return outcome;
}

START_TEST(a_status_is_well_when_it_is_one_of_those_asked_for)
{
    static const struct check_http usual = { 0 };
    static const struct check_http asked = { .statuses = { { 401, 401 }, { 300, 399 } },
                                             .status_count = 2 };
    static const struct {
        const struct check_http *want;
        int status;
        bool is_well;
    } cases[] = {
        { &usual, 200, true },  { &usual, 299, true },  { &usual, 199, false },
        { &usual, 302, false }, { &usual, 503, false }, { &asked, 401, true },
        { &asked, 308, true },  { &asked, 200, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = judge(cases[i].want, cases[i].status, "");

        ck_assert_int_eq(outcome.status, cases[i].is_well ? OUTCOME_OK : OUTCOME_ERROR);
        if (!cases[i].is_well) {
            ck_assert_int_eq(outcome.reason, HEALTH_REASON_HTTP_STATUS);
            ck_assert_int_eq(outcome.number, cases[i].status);
        }
    }
}
END_TEST

START_TEST(a_body_must_hold_what_is_asked_for)
{
    static const struct {
        struct check_http want;
        const char *body;
        enum health_reason reason;
    } cases[] = {
        { { .body_contains = "pong" }, "ping pong", HEALTH_REASON_NONE },
        { { .body_contains = "pong" }, "ping", HEALTH_REASON_HTTP_BODY },
        { { .body_contains = "pong" }, "", HEALTH_REASON_HTTP_BODY },
        { { .json_pointer = "/db/status" }, "{\"db\": {\"status\": 1}}", HEALTH_REASON_NONE },
        { { .json_pointer = "/db/status" }, "{\"db\": 1}", HEALTH_REASON_HTTP_JSON },
        { { .json_pointer = "/db", .json_equals = "up" }, "{\"db\": \"up\"}", HEALTH_REASON_NONE },
        { { .json_pointer = "/db", .json_equals = "up" },
          "{\"db\": \"no\"}",
          HEALTH_REASON_HTTP_JSON },
        { { .json_pointer = "/db", .json_equals = "up" }, "up", HEALTH_REASON_HTTP_JSON },
        { { .json_pointer = "", .json_equals = "7" }, "7", HEALTH_REASON_NONE },
        /* The status is the first trouble, and so the cause. */
        { { .body_contains = "x", .statuses = { { 204, 204 } }, .status_count = 1 },
          "",
          HEALTH_REASON_HTTP_STATUS },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = judge(&cases[i].want, 200, cases[i].body);

        ck_assert_msg(outcome.reason == cases[i].reason, "case %zu", i);
    }
}
END_TEST

START_TEST(a_header_must_be_there)
{
    static const struct check_http want = { .header = "X-A" };
    struct http_answer answer;
    struct outcome outcome = { 0 };

    answer_with(&answer, 200, "");
    http_judge(&want, &answer, &outcome);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_HTTP_HEADER);
    outcome = (struct outcome){ 0 };
    answer.has_header = true;
    http_judge(&want, &answer, &outcome);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_NONE);
    http_answer_done(&answer);
}
END_TEST

START_TEST(of_a_body_that_is_too_long_only_what_is_missing_is_an_error)
{
    static const struct check_http cases[] = { { .body_contains = "found" },
                                               { .body_contains = "missing" },
                                               { .json_pointer = "/a" },
                                               { .report = CHECK_REPORT_MERGE } };
    static const enum health_reason reasons[] = { HEALTH_REASON_NONE, HEALTH_REASON_HTTP_LARGE,
                                                  HEALTH_REASON_HTTP_LARGE, HEALTH_REASON_NONE };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_answer answer;
        struct outcome outcome = { 0 };

        answer_with(&answer, 200, "{\"a\": \"found\", \"status\": \"fail\"}");
        answer.text.cut = true;
        http_judge(&cases[i], &answer, &outcome);
        ck_assert_msg(outcome.reason == reasons[i], "case %zu", i);
        ck_assert_str_eq(outcome.facts.http.reported, "");
        http_answer_done(&answer);
    }
}
END_TEST

START_TEST(an_application_may_speak_for_itself)
{
    static const struct {
        int http_status;
        const char *body;
        enum outcome_status status;
        enum health_reason reason;
        const char *reported;
    } cases[] = {
        { 200, "{\"status\": \"UP\"}", OUTCOME_OK, HEALTH_REASON_NONE, "{\"status\":\"UP\"}" },
        { 200, "{\"status\": \"Healthy\"}", OUTCOME_OK, HEALTH_REASON_NONE,
          "{\"status\":\"Healthy\"}" },
        { 200, "{\"status\": \"warn\"}", OUTCOME_DEGRADED, HEALTH_REASON_REPORTED_DEGRADED,
          "{\"status\":\"warn\"}" },
        { 200, "{\"status\": \"DOWN\"}", OUTCOME_ERROR, HEALTH_REASON_REPORTED_FAILED,
          "{\"status\":\"DOWN\"}" },
        { 503, "{\"status\": \"DOWN\"}", OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS,
          "{\"status\":\"DOWN\"}" },
        { 503, "{\"status\": \"degraded\"}", OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS,
          "{\"status\":\"degraded\"}" },
        { 200, "{\"status\": \"dancing\"}", OUTCOME_OK, HEALTH_REASON_NONE,
          "{\"status\":\"dancing\"}" },
        { 200, "{\"status\": 7, \"x\": 0.10}", OUTCOME_OK, HEALTH_REASON_NONE,
          "{\"status\":7,\"x\":0.10}" },
        { 200, "[\"fail\"]", OUTCOME_OK, HEALTH_REASON_NONE, "" },
        { 200, "fail", OUTCOME_OK, HEALTH_REASON_NONE, "" },
        { 200, "", OUTCOME_OK, HEALTH_REASON_NONE, "" },
    };
    static const struct check_http merge = { .report = CHECK_REPORT_MERGE };
    static const struct check_http show = { .report = CHECK_REPORT_SHOW };
    static const struct check_http ignore = { .report = CHECK_REPORT_IGNORE };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome merged = judge(&merge, cases[i].http_status, cases[i].body);
        struct outcome shown = judge(&show, cases[i].http_status, cases[i].body);
        struct outcome ignored = judge(&ignore, cases[i].http_status, cases[i].body);
        enum health_reason by_status =
            cases[i].http_status == 200 ? HEALTH_REASON_NONE : HEALTH_REASON_HTTP_STATUS;

        ck_assert_int_eq(merged.status, cases[i].status);
        ck_assert_int_eq(merged.reason, cases[i].reason);
        ck_assert_str_eq(merged.facts.http.reported, cases[i].reported);
        ck_assert_int_eq(shown.reason, by_status);
        ck_assert_str_eq(shown.facts.http.reported, cases[i].reported);
        ck_assert_int_eq(ignored.reason, by_status);
        ck_assert_str_eq(ignored.facts.http.reported, "");
    }
}
END_TEST

START_TEST(every_frameworks_word_is_known_and_what_lies_deeper_is_its_own_business)
{
    static const struct check_http merge = { .report = CHECK_REPORT_MERGE };
    static const char *const well[] = { "pass", "OK", "up", "Healthy", "ready", "green" };
    static const char *const less[] = { "warn", "Warning", "Degraded", "yellow" };
    static const char *const ill[] = { "fail",      "error",       "DOWN",
                                       "Unhealthy", "critical",    "OUT_OF_SERVICE",
                                       "failed",    "unavailable", "shutting_down",
                                       "red",       "not_ready" };
    const struct {
        const char *const *words;
        size_t count;
        enum outcome_status status;
    } groups[] = {
        { well, sizeof(well) / sizeof(well[0]), OUTCOME_OK },
        { less, sizeof(less) / sizeof(less[0]), OUTCOME_DEGRADED },
        { ill, sizeof(ill) / sizeof(ill[0]), OUTCOME_ERROR },
    };
    char body[256];

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            (void)snprintf(body, sizeof(body),
                           "{\"status\": \"%s\", \"components\": {\"a\": {\"status\": \"UP\"}, "
                           "\"b\": {\"status\": \"DOWN\"}}}",
                           groups[i].words[j]);
            ck_assert_msg(judge(&merge, 200, body).status == groups[i].status, "%s", body);
        }
    }
}
END_TEST

START_TEST(a_report_that_is_too_long_counts_but_is_not_cut)
{
    static const struct check_http merge = { .report = CHECK_REPORT_MERGE };
    char body[LIMIT_REPORT_BYTES + 100];
    struct outcome outcome;

    memset(body, 'x', sizeof(body));
    memcpy(body, "{\"status\": \"fail\", \"x\": \"", 25);
    memcpy(body + sizeof(body) - 3, "\"}", 3);
    outcome = judge(&merge, 200, body);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_REPORTED_FAILED);
    ck_assert_str_eq(outcome.facts.http.reported, "");
}
END_TEST

START_TEST(a_report_holds_no_secret_whatever_its_application_says)
{
    static const struct check_http show = { .report = CHECK_REPORT_SHOW };
    static const struct {
        const char *body;
        const char *reported;
    } cases[] = {
        { "{\"a\": \"we sent sesame-1\\/2\", \"n\": 0.10}",
          "{\"a\":\"we sent **********\",\"n\":0.1}" },
        { "{\"db\": \"postgres://u:pass:w@rd@h:1/b?x\", \"c\": [{\"redis:\\/\\/:\\u0070w@h\": 1}]}",
          "{\"db\":\"postgres://u:*********@h:1/b?x\",\"c\":[{\"redis://:**@h\":1}]}" },
        { "{\"see\": \"http://h:80/me@home\", \"n\": 0.10}",
          "{\"see\":\"http://h:80/me@home\",\"n\":0.10}" },
        { "{\"n\": 12345678, \"t\": \"12345678\"}", "{\"n\":12345678,\"t\":\"********\"}" },
    };

    log_hide("sesame-1/2");
    log_hide("12345678");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = judge(&show, 200, cases[i].body);

        ck_assert_str_eq(outcome.facts.http.reported, cases[i].reported);
    }
}
END_TEST

TCase *http_judge_cases(void)
{
    TCase *cases = tcase_create("http_judge");

    tcase_add_test(cases, a_report_holds_no_secret_whatever_its_application_says);
    tcase_add_test(cases, a_status_is_well_when_it_is_one_of_those_asked_for);
    tcase_add_test(cases, a_body_must_hold_what_is_asked_for);
    tcase_add_test(cases, a_header_must_be_there);
    tcase_add_test(cases, of_a_body_that_is_too_long_only_what_is_missing_is_an_error);
    tcase_add_test(cases, an_application_may_speak_for_itself);
    tcase_add_test(cases, every_frameworks_word_is_known_and_what_lies_deeper_is_its_own_business);
    tcase_add_test(cases, a_report_that_is_too_long_counts_but_is_not_cut);
    return cases;
}
