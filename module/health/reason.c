/* reason.c - the table of phrases and hints. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *phrase;
    const char *hint;
} reasons[HEALTH_REASON_COUNT] = {
#define X(name, phrase, hint) { #name, phrase, hint },
    FOR_EACH_REASON(X)
#undef X
};

static const char number_mark[] = "%lld";

void reason_text(enum health_reason reason, int64_t number, char text[REASON_TEXT_BYTES])
{
    const char *phrase = (unsigned)reason < HEALTH_REASON_COUNT ? reasons[reason].phrase : "";
    const char *mark = strstr(phrase, number_mark);

    /* Filled in by hand, because a format must be a literal for the compiler to check it. */
    if (mark == NULL)
        (void)snprintf(text, REASON_TEXT_BYTES, "%s", phrase);
    else
        (void)snprintf(text, REASON_TEXT_BYTES, "%.*s%" PRId64 "%s", (int)(mark - phrase), phrase,
                       number, mark + sizeof(number_mark) - 1);
}

const char *reason_hint(enum health_reason reason)
{
    return (unsigned)reason < HEALTH_REASON_COUNT ? reasons[reason].hint : "";
}

const char *reason_name(enum health_reason reason)
{
    return (unsigned)reason < HEALTH_REASON_COUNT ? reasons[reason].name : "";
}
