/* command.c - what commands share. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MESSAGE_MAX_BYTES = 1024 };

const char *command_lookup(void *context, const char *name)
{
    (void)context;
    return getenv(name);
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
