/* verdict.c - the words for a verdict. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/verdict.h"

#include <inttypes.h>
#include <stdio.h>

const char *check_status_text(enum check_status status)
{
    static const char *const texts[] = {
        [CHECK_STARTING] = "starting", [CHECK_OK] = "ok",
        [CHECK_DEGRADED] = "degraded", [CHECK_ERROR] = "error",
        [CHECK_STALE] = "stale",       [CHECK_NOT_CONFIGURED] = "not configured",
        [CHECK_PAUSED] = "paused",
    };

    return texts[status];
}

void check_verdict_why(const struct check_verdict *verdict, char text[CHECK_WORD_BYTES])
{
    char reason[REASON_TEXT_BYTES];

    reason_text(verdict->reason, verdict->number, reason);
    switch (verdict->status) {
    case CHECK_DEGRADED:
    case CHECK_ERROR:
        (void)snprintf(text, CHECK_WORD_BYTES, "%s", reason);
        return;
    case CHECK_STALE:
        (void)snprintf(text, CHECK_WORD_BYTES, "no result for %" PRId64 " s",
                       verdict->silent_ms / 1000);
        return;
    case CHECK_STARTING:
        (void)snprintf(text, CHECK_WORD_BYTES, "no verdict yet");
        return;
    case CHECK_NOT_CONFIGURED:
        (void)snprintf(text, CHECK_WORD_BYTES, "not configured");
        return;
    case CHECK_PAUSED:
        (void)snprintf(text, CHECK_WORD_BYTES, "nobody has asked");
        return;
    case CHECK_OK:
        break;
    }
    text[0] = '\0';
}

void check_verdict_word(const struct check_verdict *verdict, char text[CHECK_WORD_BYTES])
{
    const char *status = check_status_text(verdict->status);
    char why[CHECK_WORD_BYTES];

    switch (verdict->status) {
    case CHECK_DEGRADED:
    case CHECK_ERROR:
    case CHECK_STALE:
        check_verdict_why(verdict, why);
        (void)snprintf(text, CHECK_WORD_BYTES, "%s: %.*s", status, REASON_TEXT_BYTES, why);
        return;
    case CHECK_STARTING:
    case CHECK_OK:
    case CHECK_NOT_CONFIGURED:
    case CHECK_PAUSED:
        break;
    }
    (void)snprintf(text, CHECK_WORD_BYTES, "%s", status);
}

const char *check_verdict_hint(const struct check_verdict *verdict)
{
    switch (verdict->status) {
    case CHECK_DEGRADED:
    case CHECK_ERROR:
        return reason_hint(verdict->reason);
    case CHECK_STALE:
        return "the check hangs (in a name look-up?), has no descriptor or memory to look with, or "
               "this process was stopped for a while: see the log, and the DNS of this machine";
    case CHECK_STARTING:
        return "the first looks are under way: wait";
    case CHECK_NOT_CONFIGURED:
        return "PROBITY_REQUIRE names this check and no variable says where it is: set its address";
    case CHECK_PAUSED:
        return "asking has woken it: ask again";
    case CHECK_OK:
        break;
    }
    return "";
}
