/* error.c - records the first failure of a chain of calls. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *err, int code, const char *format, ...)
{
    va_list args;

    if (err == NULL || err->code != 0)
        return -code;
    err->code = code;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -code;
}

void error_clear(struct error *err)
{
    if (err == NULL)
        return;
    err->code = 0;
    err->text[0] = '\0';
}
