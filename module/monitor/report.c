/* report.c - from, to, why, in the driver's own words, and for how long it lasted. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/report.h"

#include "base/auto.h"
#include "base/log.h"

static bool is_well(enum check_status status)
{
    return status == CHECK_OK;
}

void report_init(struct report *report, const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        report->checks[i].status = overview->checks[i].verdict.status;
        report->checks[i].since_ms = overview->now.boot_ms;
    }
    report->ready = overview->ready;
    report->ready_since_ms = overview->now.boot_ms;
    report->draining = overview->draining;
    report->liveness = overview->liveness;
}

static void report_check(struct report *report, const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];
    enum check_status before = report->checks[check].status;
    enum check_status after = state->verdict.status;
    char why[CHECK_WORD_BYTES];
    struct log_field fields[6];
    int count = 0;

    check_verdict_why(&state->verdict, why);
    fields[count++] = LOG_TEXT("check", state->config->name);
    fields[count++] = LOG_TEXT("from", check_status_text(before));
    fields[count++] = LOG_TEXT("to", check_status_text(after));
    fields[count++] =
        LOG_NUMBER("lasted_ms", overview->now.boot_ms - report->checks[check].since_ms);
    if (why[0] != '\0')
        fields[count++] = LOG_TEXT("reason", why);
    /* The log alone holds the driver's own words. */
    if (!is_well(after) && after != CHECK_STALE && state->last.detail[0] != '\0')
        fields[count++] = LOG_TEXT("detail", state->last.detail);
    log_with(is_well(after) ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, fields, count,
             "check %s: %s -> %s%s%s", state->config->name, check_status_text(before),
             check_status_text(after), why[0] == '\0' ? "" : ": ", why);
    report->checks[check].status = after;
    report->checks[check].since_ms = overview->now.boot_ms;
}

static void report_readiness(struct report *report, const struct overview *overview)
{
    const char *to = overview->draining ? "draining" : overview->ready ? "ready" : "not_ready";
    const char *from = report->ready ? "ready" : "not_ready";
    const struct log_field fields[] = {
        LOG_TEXT("from", from),
        LOG_TEXT("to", to),
        LOG_NUMBER("lasted_ms", overview->now.boot_ms - report->ready_since_ms),
    };

    log_with(overview->ready || overview->draining ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, fields,
             ARRAY_LENGTH(fields), "readiness: %s -> %s", from, to);
    report->ready = overview->ready;
    report->ready_since_ms = overview->now.boot_ms;
    report->draining = overview->draining;
}

static void report_liveness(struct report *report, const struct overview *overview)
{
    static const char *const texts[] = {
        [LIVENESS_OK] = "ok",
        [LIVENESS_STARTING] = "starting: the application has not answered yet",
        [LIVENESS_APP_FAILED] = "fail: the application failed several times in a row",
        [LIVENESS_FRONT_STALLED] = "fail: the thread that answers requests has stopped",
    };

    log_with(overview->liveness == LIVENESS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, NULL, 0,
             "liveness: %s", texts[overview->liveness]);
    report->liveness = overview->liveness;
}

void report_changes(struct report *report, const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (report->checks[i].status != overview->checks[i].verdict.status)
            report_check(report, overview, i);
    }
    if (report->ready != overview->ready || report->draining != overview->draining)
        report_readiness(report, overview);
    if (report->liveness != overview->liveness)
        report_liveness(report, overview);
}
