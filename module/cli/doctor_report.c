/* doctor_report.c - the lines of a visit: how a step went, and what to do. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "base/clock.h"
#include "cli/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void doctor_begin(struct doctor_visit *visit, const char *step)
{
    (void)pthread_mutex_lock(&visit->lock);
    visit->step = step;
    visit->step_started_us = clock_boot_us();
    (void)pthread_mutex_unlock(&visit->lock);
}

void doctor_rename(struct doctor_visit *visit, const char *step)
{
    (void)pthread_mutex_lock(&visit->lock);
    visit->step = step;
    (void)pthread_mutex_unlock(&visit->lock);
}

/* Only with the lock. */
static void begin_line(struct doctor_visit *visit, const char *mark)
{
    int64_t took_us = clock_boot_us() - visit->step_started_us;

    buf_printf(&visit->report, "  %-6s  %-12s  %5" PRId64 ".%" PRId64 " ms  ", mark,
               visit->step == NULL ? "" : visit->step, took_us / 1000, took_us / 100 % 10);
    visit->step = NULL;
}

__attribute__((format(printf, 2, 0))) static void append_words(struct buf *report,
                                                               const char *format, va_list args)
{
    char words[512];

    (void)vsnprintf(words, sizeof(words), format, args);
    buf_append_text(report, words);
    buf_append_char(report, '\n');
}

void doctor_pass(struct doctor_visit *visit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)pthread_mutex_lock(&visit->lock);
    begin_line(visit, "ok");
    append_words(&visit->report, format, args);
    (void)pthread_mutex_unlock(&visit->lock);
    va_end(args);
}

void doctor_note(struct doctor_visit *visit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)pthread_mutex_lock(&visit->lock);
    begin_line(visit, "note");
    append_words(&visit->report, format, args);
    (void)pthread_mutex_unlock(&visit->lock);
    va_end(args);
}

static void append_member(struct buf *report, const char *name, const char *words)
{
    if (words != NULL && words[0] != '\0')
        buf_printf(report, "          %s: %.*s\n", name, (int)strcspn(words, "\r\n"), words);
}

static void fail(struct doctor_visit *visit, const struct doctor_trouble *trouble)
{
    (void)pthread_mutex_lock(&visit->lock);
    begin_line(visit, "FAILED");
    buf_printf(&visit->report, "%s\n", trouble->phrase);
    append_member(&visit->report, "said", trouble->said);
    append_member(&visit->report, "to do", trouble->advice);
    append_member(&visit->report, "change", trouble->change);
    visit->failed = true;
    (void)pthread_mutex_unlock(&visit->lock);
}

void doctor_fail(struct doctor_visit *visit, const struct doctor_trouble *trouble)
{
    fail(visit, trouble);
}

static bool is_connecting(struct doctor_visit *visit)
{
    bool connecting;

    (void)pthread_mutex_lock(&visit->lock);
    connecting = visit->step != NULL && strcmp(visit->step, "connect") == 0;
    (void)pthread_mutex_unlock(&visit->lock);
    return connecting;
}

void doctor_fail_with(struct doctor_visit *visit, enum health_reason reason, int64_t number,
                      const char *said)
{
    char phrase[REASON_TEXT_BYTES];
    char change[DOCTOR_CHANGE_BYTES];

    reason_text(reason, number, phrase);
    doctor_find_change(visit, reason, change);
    /* Where a connection was taken and then nothing comes, the address is not at fault. */
    if (reason == HEALTH_REASON_TIMEOUT && !is_connecting(visit))
        change[0] = '\0';
    doctor_fail(visit, &(struct doctor_trouble){ .phrase = phrase,
                                                 .said = said,
                                                 .advice = reason_hint(reason),
                                                 .change = change });
}

void doctor_give_up(struct doctor_visit *visit)
{
    static const struct {
        const char *step;
        const char *advice;
    } advices[] = {
        { "name", "the resolver does not answer: look at /etc/resolv.conf and the DNS of this "
                  "machine" },
        { "file", "the file system does not answer: is it mounted over a network?" },
    };
    char phrase[64];
    struct doctor_trouble trouble = { .phrase = phrase };

    (void)pthread_mutex_lock(&visit->lock);
    for (size_t i = 0; visit->step != NULL && i < ARRAY_LENGTH(advices); i++) {
        if (strcmp(advices[i].step, visit->step) == 0)
            trouble.advice = advices[i].advice;
    }
    (void)pthread_mutex_unlock(&visit->lock);
    (void)snprintf(phrase, sizeof(phrase), "no end within %" PRId64 " ms", visit->timeout_ms);
    fail(visit, &trouble);
}

/* --- where to change it --- */

/* The variable, or the place in a file, where the address of what is visited stands. */
static const char *find_origin(const struct doctor_visit *visit)
{
    const struct config *config = visit->config;
    const char *origin = visit->check == NULL
                             ? config_ledger_origin(config)
                             : config_check_origin(config, (int)(visit->check - config->checks));

    return origin != NULL ? origin : "the configuration";
}

void doctor_find_change(const struct doctor_visit *visit, enum health_reason reason,
                        char text[DOCTOR_CHANGE_BYTES])
{
    static const struct {
        enum health_reason reason;
        const char *what;
    } parts[] = {
        { HEALTH_REASON_REFUSED, "host and port" },
        { HEALTH_REASON_UNREACHABLE, "host and port" },
        { HEALTH_REASON_TIMEOUT, "host and port" },
        { HEALTH_REASON_PROTOCOL, "host and port" },
        { HEALTH_REASON_NAME_NOT_RESOLVED, "the host" },
        { HEALTH_REASON_AUTHENTICATION, "user and password" },
        { HEALTH_REASON_AUTHENTICATION_REQUIRED, "user and password" },
        { HEALTH_REASON_NO_DATABASE, "the name of the database" },
        { HEALTH_REASON_TLS_REQUIRED, "the scheme, or sslmode," },
        { HEALTH_REASON_TLS_FAILED, "the scheme, or sslmode, and the port" },
        { HEALTH_REASON_CERTIFICATE_NAME, "the host" },
        { HEALTH_REASON_CERTIFICATE_UNTRUSTED, "the authority (tls.ca, sslrootcert)" },
        { HEALTH_REASON_CERTIFICATE_REFUSED, "our certificate (tls.certificate, sslcert)" },
        { HEALTH_REASON_TLS_FILES, "the files of TLS" },
        { HEALTH_REASON_NOT_ADMITTED, "sslmode" },
    };

    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (parts[i].reason == reason)
            (void)snprintf(text, DOCTOR_CHANGE_BYTES, "%s in %s", parts[i].what,
                           find_origin(visit));
    }
}
