/* test_kind.c - module/probe/kind.c */
/* SPDX-License-Identifier: MIT */
#include "probe/kind.h"

#include "base/log.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

START_TEST(failed_calls_have_reasons)
{
    static const struct {
        int code;
        enum probe_result result;
        enum health_reason reason;
    } cases[] = {
        { -ECONNREFUSED, PROBE_DROP, HEALTH_REASON_REFUSED },
        { -ENOENT, PROBE_DROP, HEALTH_REASON_REFUSED },
        { -ETIMEDOUT, PROBE_DROP, HEALTH_REASON_TIMEOUT },
        { -ECONNRESET, PROBE_LOST, HEALTH_REASON_CLOSED },
        { -EPIPE, PROBE_LOST, HEALTH_REASON_CLOSED },
        { -ENXIO, PROBE_DROP, HEALTH_REASON_NAME_NOT_RESOLVED },
        { -EHOSTUNREACH, PROBE_DROP, HEALTH_REASON_UNREACHABLE },
        { -ENETUNREACH, PROBE_DROP, HEALTH_REASON_UNREACHABLE },
        { -EACCES, PROBE_DROP, HEALTH_REASON_PERMISSION },
        { -EPROTO, PROBE_DROP, HEALTH_REASON_PROTOCOL },
        { -TLS_FAILED, PROBE_DROP, HEALTH_REASON_TLS_FAILED },
        { -TLS_CERTIFICATE_EXPIRED, PROBE_DROP, HEALTH_REASON_CERTIFICATE_EXPIRED },
        { -TLS_CERTIFICATE_NOT_YET, PROBE_DROP, HEALTH_REASON_CERTIFICATE_NOT_YET },
        { -TLS_CERTIFICATE_UNTRUSTED, PROBE_DROP, HEALTH_REASON_CERTIFICATE_UNTRUSTED },
        { -TLS_CERTIFICATE_NAME, PROBE_DROP, HEALTH_REASON_CERTIFICATE_NAME },
        { -TLS_CERTIFICATE_REFUSED, PROBE_DROP, HEALTH_REASON_CERTIFICATE_REFUSED },
        { -TLS_FILES, PROBE_DROP, HEALTH_REASON_TLS_FILES },
        { -ENOMEM, PROBE_OURS, HEALTH_REASON_NONE },
        { -EMFILE, PROBE_OURS, HEALTH_REASON_NONE },
        { -ECANCELED, PROBE_OURS, HEALTH_REASON_NONE },
    };
    const struct probe probe = { .check.timeout_ms = 1500 };
    const struct error err = { 1, "the driver's\nown words" };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = { 0 };

        ck_assert_int_eq(probe_judge_failure(&probe, cases[i].code, &err, &outcome),
                         cases[i].result);
        ck_assert_int_eq(outcome.reason, cases[i].reason);
        ck_assert_str_eq(outcome.detail, "the driver's");
        if (cases[i].reason == HEALTH_REASON_TIMEOUT)
            ck_assert_int_eq(outcome.number, 1500);
    }
}
END_TEST

START_TEST(a_long_detail_is_cut)
{
    struct outcome outcome = { 0 };
    char words[400];

    memset(words, 'x', sizeof(words));
    words[sizeof(words) - 1] = '\0';
    probe_set_detail(&outcome, words);
    ck_assert_uint_eq(strlen(outcome.detail), sizeof(outcome.detail) - 1);
}
END_TEST

START_TEST(a_secret_in_a_long_detail_is_blanked_before_it_is_cut)
{
    struct outcome outcome = { 0 };
    char words[400];

    log_hide("swordfish-swordfish-swordfish");
    (void)snprintf(words, sizeof(words), "%0150d swordfish-swordfish-swordfish, as we know", 0);
    probe_set_detail(&outcome, words);
    ck_assert_str_eq(strchr(outcome.detail, ' '), " ********");
}
END_TEST

START_TEST(what_a_look_has_measured_is_held_against_the_limits)
{
    enum { DAY = 86400 };
    static const struct {
        int64_t limit_days;
        int64_t expires_at_s;
        int64_t limit_ms;
        int64_t latency_us;
        enum health_reason reason;
        int64_t number;
    } cases[] = {
        { -1, 1000 * DAY + 1, -1, 9000000, HEALTH_REASON_NONE, 0 },
        { 0, 999 * DAY, -1, 0, HEALTH_REASON_NONE, 0 }, /* no date matters */
        { 14, 0, -1, 0, HEALTH_REASON_NONE, 0 },        /* no certificate was shown */
        { 14, 1014 * DAY, -1, 0, HEALTH_REASON_NONE, 0 },
        { 14, 1014 * DAY - 1, -1, 0, HEALTH_REASON_CERTIFICATE_EXPIRES, 13 },
        { 14, 1000 * DAY + 1, -1, 0, HEALTH_REASON_CERTIFICATE_EXPIRES, 0 },
        { 14, 1000 * DAY, -1, 0, HEALTH_REASON_CERTIFICATE_EXPIRED, 0 },
        { -1, 0, 200, 200000, HEALTH_REASON_NONE, 0 },
        { -1, 0, 200, 200001, HEALTH_REASON_SLOW, 201 },
        { 14, 1001 * DAY, 200, 900000, HEALTH_REASON_CERTIFICATE_EXPIRES, 1 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct check_limits limits = { .certificate_days = cases[i].limit_days,
                                             .latency_ms = cases[i].limit_ms };
        struct outcome outcome = { .latency_us = cases[i].latency_us,
                                   .tls.expires_at_s = cases[i].expires_at_s };

        probe_judge_limits(&limits, INT64_C(1000) * DAY * 1000, &outcome);
        ck_assert_msg(outcome.reason == cases[i].reason && outcome.number == cases[i].number,
                      "case %zu: %d %d", i, (int)outcome.reason, (int)outcome.number);
        ck_assert_int_eq(outcome.status,
                         cases[i].reason == HEALTH_REASON_NONE ? OUTCOME_OK : OUTCOME_DEGRADED);
    }
}
END_TEST

START_TEST(every_kind_of_check_can_be_looked_at)
{
    static const enum check_kind kinds[] = { CHECK_HTTP,   CHECK_POSTGRES, CHECK_REDIS,
                                             CHECK_CELERY, CHECK_UPSTASH,  CHECK_TCP,
                                             CHECK_TLS };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct probe_kind *kind = probe_kind_of(kinds[i]);

        ck_assert(kind != NULL && kind->open != NULL && kind->look != NULL && kind->close != NULL
                  && kind->watch != NULL && kind->heed != NULL);
    }
}
END_TEST

TCase *kind_cases(void)
{
    TCase *cases = tcase_create("kind");

    tcase_add_test(cases, failed_calls_have_reasons);
    tcase_add_test(cases, a_long_detail_is_cut);
    tcase_add_test(cases, a_secret_in_a_long_detail_is_blanked_before_it_is_cut);
    tcase_add_test(cases, what_a_look_has_measured_is_held_against_the_limits);
    tcase_add_test(cases, every_kind_of_check_can_be_looked_at);
    return cases;
}
