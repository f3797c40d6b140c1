/* report.c - from, to, why, in the driver's own words, and for how long it lasted. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/report.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
    REASONS_APART_MS = 1000,
    NAMES_MAX_BYTES = 1024,
    DISK_HANGS_MS = 5000, /* a busy one may take a second */
};

static const char *readiness_of(const struct overview *overview)
{
    if (overview->draining)
        return "draining";
    if (overview_maintenance_drains(overview))
        return "maintenance";
    if (overview_group_paused(overview, GROUP_READINESS))
        return "paused";
    return overview->ready ? "ready" : "not_ready";
}

static struct told told_now(const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];
    struct told told = {
        .check = state->config->id,
        .status = state->verdict.status,
        .reason = state->verdict.reason,
        .since_ms = overview->now.boot_ms,
        .told_at_ms = overview->now.boot_ms,
    };

    (void)snprintf(told.error_id, sizeof(told.error_id), "%s", state->error_id);
    return told;
}

/* Of a check that is new there is nothing to say before its first verdict; but one that can't even
 * be looked at has it at once, and its error_id must stand in the log like any other's. */
static struct told told_first(const struct overview *overview, int check)
{
    const struct check_config *config = overview->checks[check].config;
    struct told told = told_now(overview, check);

    if (config->not_configured || config->misconfigured != NULL)
        told.status = CHECK_STARTING;
    return told;
}

void report_init(struct report *report, const struct overview *overview)
{
    report->reloads = overview->reloads;
    report->check_count = overview->config->check_count;
    for (int i = 0; i < report->check_count; i++)
        report->checks[i] = told_first(overview, i);
    report->readiness = readiness_of(overview);
    report->readiness_since_ms = overview->now.boot_ms;
    report->liveness = overview->liveness;
}

static void follow_config(struct report *report, const struct overview *overview)
{
    struct told before[LIMIT_CHECKS];
    int before_count = report->check_count;

    if (report->reloads == overview->reloads)
        return;
    memcpy(before, report->checks, sizeof(before));
    report->reloads = overview->reloads;
    report->check_count = overview->config->check_count;
    for (int i = 0; i < report->check_count; i++) {
        report->checks[i] = told_first(overview, i);
        for (int j = 0; j < before_count; j++) {
            if (before[j].check == report->checks[i].check)
                report->checks[i] = before[j];
        }
    }
}

static void report_check(struct told *told, const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];
    const char *from = check_status_text(told->status);
    const char *to = check_status_text(state->verdict.status);
    bool well = state->verdict.status == CHECK_OK;
    const char *error_id = well ? told->error_id : state->error_id;
    char why[CHECK_WORD_BYTES];
    struct log_field fields[7];
    int64_t since_ms;
    int count = 0;

    check_verdict_why(&state->verdict, why);
    if (state->verdict.status == CHECK_NOT_CONFIGURED)
        why[0] = '\0'; /* the status says it */
    fields[count++] = LOG_TEXT("check", state->config->name);
    fields[count++] = LOG_TEXT("from", from);
    fields[count++] = LOG_TEXT("to", to);
    fields[count++] = LOG_NUMBER("lasted_ms", overview->now.boot_ms - told->since_ms);
    if (why[0] != '\0')
        fields[count++] = LOG_TEXT("reason", why);
    if (error_id[0] != '\0')
        fields[count++] = LOG_TEXT("error_id", error_id);
    /* The log alone holds the driver's own words. */
    if (!well && state->verdict.status != CHECK_STALE && state->last.detail[0] != '\0')
        fields[count++] = LOG_TEXT("detail", state->last.detail);
    log_with(well ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, fields, count, "check %s: %s -> %s%s%s",
             state->config->name, from, to, why[0] == '\0' ? "" : ": ", why);
    since_ms = told->status == state->verdict.status ? told->since_ms : overview->now.boot_ms;
    *told = told_now(overview, check);
    told->since_ms = since_ms;
}

static bool is_news(const struct told *told, const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];

    /* Readiness is said to be paused, and what was so before may be so afterwards. */
    if (state->verdict.status == CHECK_PAUSED)
        return false;
    if (told->status != state->verdict.status)
        return true;
    return told->reason != state->verdict.reason
           && overview->now.boot_ms - told->told_at_ms >= REASONS_APART_MS;
}

/* "redis, celery": a policy or an age may decide long after a check's own line, or without one. */
static void name_failing(const struct overview *overview, struct buf *names)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview_in_group(overview, i, GROUP_READINESS)
            && !overview_check_passes(overview, i, GROUP_READINESS))
            buf_printf(names, "%s%s", names->length == 0 ? "" : ", ",
                       overview->config->checks[i].name);
    }
}

static const char *why_not(const struct overview *overview, struct buf *names)
{
    if (overview->draining)
        return overview->drain.reason;
    if (overview_maintenance_drains(overview))
        return overview->maintenance.reason;
    if (overview_group_paused(overview, GROUP_READINESS))
        return "nobody asks";
    if (!overview->ready)
        name_failing(overview, names);
    return buf_text(names);
}

static void report_readiness(struct report *report, const struct overview *overview)
{
    AUTO(buf_done) struct buf names = { .max_bytes = NAMES_MAX_BYTES };
    const char *to = readiness_of(overview);
    const char *why = why_not(overview, &names);
    const struct log_field fields[] = {
        LOG_TEXT("from", report->readiness),
        LOG_TEXT("to", to),
        LOG_NUMBER("lasted_ms", overview->now.boot_ms - report->readiness_since_ms),
        LOG_TEXT("reason", why),
    };
    int count = (int)ARRAY_LENGTH(fields) - (why[0] == '\0');

    log_with(strcmp(to, "not_ready") == 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, fields, count,
             "readiness: %s -> %s%s%s", report->readiness, to, why[0] == '\0' ? "" : ": ", why);
    report->readiness = to;
    report->readiness_since_ms = overview->now.boot_ms;
}

static void report_liveness(struct report *report, const struct overview *overview)
{
    static const char *const texts[] = {
        [LIVENESS_OK] = "ok",
        [LIVENESS_STARTING] = "starting: the application has not answered yet",
        [LIVENESS_APP_FAILED] = "fail: the application failed several times in a row",
        [LIVENESS_CHECK_FAILED] = "fail: a check of the group failed several times in a row: ",
        [LIVENESS_FRONT_STALLED] = "fail: the thread that answers requests has stopped",
    };
    const char *check = overview->liveness == LIVENESS_CHECK_FAILED
                            ? overview->config->checks[overview->liveness_check].name
                            : "";

    log_with(overview->liveness == LIVENESS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, NULL, 0,
             "liveness: %s%s", texts[overview->liveness], check);
    report->liveness = overview->liveness;
}

/* The keeper itself can't say that it hangs. */
static void report_disk(struct report *report, const struct overview *overview)
{
    int64_t since_ms = overview->keeping.busy_since_ms;
    bool hangs = since_ms != 0 && overview->now.boot_ms - since_ms > DISK_HANGS_MS;

    if (hangs && !report->disk_hangs)
        log_warning("history lives in memory only: the disk of PROBITY_STATE_DIR has not answered "
                    "for %d s",
                    DISK_HANGS_MS / 1000);
    if (!hangs && report->disk_hangs)
        log_info("history: the disk of PROBITY_STATE_DIR answers again");
    report->disk_hangs = hangs;
}

void report_changes(struct report *report, const struct overview *overview)
{
    follow_config(report, overview);
    for (int i = 0; i < report->check_count; i++) {
        if (is_news(&report->checks[i], overview, i))
            report_check(&report->checks[i], overview, i);
    }
    if (report->readiness != readiness_of(overview))
        report_readiness(report, overview);
    if (report->liveness != overview->liveness)
        report_liveness(report, overview);
    report_disk(report, overview);
}
