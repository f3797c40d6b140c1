/* snapshot.c - the memory of a configuration, and what was noticed while it was read. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/snapshot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static char *format_into(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static char *format_into(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    int needed;
    char *text;

    va_copy(again, args);
    needed = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (needed < 0)
        return NULL;
    text = arena_alloc(arena, (size_t)needed + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)needed + 1, format, args);
    return text;
}

char *snapshot_printf(struct snapshot *snapshot, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = format_into(snapshot->arena, format, args);
    va_end(args);
    return text;
}

int snapshot_note(struct snapshot *snapshot, enum log_level level, const char *format, ...)
{
    va_list args;
    char *text;

    if (snapshot->note_count == SNAPSHOT_NOTES)
        return 0; /* whoever has fixed sixty-four sees the rest */
    va_start(args, format);
    text = format_into(snapshot->arena, format, args);
    va_end(args);
    if (text == NULL)
        return -ENOMEM;
    snapshot->notes[snapshot->note_count++] = (struct snapshot_note){ level, text };
    return 0;
}

const char *snapshot_source(const struct snapshot *snapshot, size_t offset)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (snapshot->is_set[i] && config_keys[i].offset == offset)
            return config_keys[i].name;
    }
    return NULL;
}

const char *config_check_origin(const struct config *config, int check)
{
    return snapshot_of(config)->origins[check];
}

const char *config_ledger_origin(const struct config *config)
{
    return snapshot_of(config)->ledger_origin;
}

const struct snapshot *snapshot_of(const struct config *config)
{
    return (const struct snapshot *)(const void *)config;
}
