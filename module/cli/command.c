/* command.c - what commands share. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX_BYTES = 1024 };

const char *command_lookup(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

const char *command_lookup_plain(void *context, const char *name)
{
    if (strcmp(name, "PROBITY_CONFIG") == 0 || strcmp(name, "PROBITY_CHECKS") == 0)
        return NULL;
    return command_lookup(context, name);
}

int command_fail(int code, const char *who, const char *format, ...)
{
    char message[MESSAGE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    log_scrub(message);
    (void)fprintf(stderr, "probity%s%s: %s\n", who[0] == '\0' ? "" : " ", who, message);
    return code;
}

static int refuse(const char *who, const char *trouble)
{
    return command_fail(COMMAND_MISUSED, who, "%s: run probity help %.*s", trouble,
                        (int)strcspn(who, " "), who);
}

int command_read(const char *who, const struct option_table *table, char **words, void *ret)
{
    struct error err = { 0 };
    int count = options_read(table, words, ret, &err);

    if (count >= 0)
        return count;
    (void)refuse(who, err.text);
    return -1;
}

int command_read_options(const char *who, const struct option_row *rows, char **argv, void *ret)
{
    int words = command_read(who, &(struct option_table){ .rows = rows }, argv + 1, ret);

    if (words > 0)
        (void)refuse(who, "it takes options alone");
    return words == 0 ? COMMAND_DONE : COMMAND_MISUSED;
}
