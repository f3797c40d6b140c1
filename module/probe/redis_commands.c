/* redis_commands.c - "cmdstat_get:calls=21,usec=175,…", a line a command. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/redis_commands.h"

#include <stdio.h>

enum { OTHERS = LIMIT_REDIS_COMMANDS - 1 };

static struct redis_command *place_of(struct redis_facts *facts, struct slice name)
{
    struct redis_command *command;

    for (int i = 0; i < facts->command_count && i < OTHERS; i++) {
        if (slice_equals_text(name, facts->commands[i].name))
            return &facts->commands[i];
    }
    if (facts->command_count < OTHERS && name.length < sizeof(facts->commands[0].name)) {
        command = &facts->commands[facts->command_count++];
        (void)snprintf(command->name, sizeof(command->name), "%.*s", (int)name.length, name.data);
        return command;
    }
    command = &facts->commands[OTHERS];
    (void)snprintf(command->name, sizeof(command->name), "other");
    return command;
}

static void take_line(struct slice line, struct redis_facts *facts)
{
    struct slice values = line;
    struct slice name = slice_cut(&values, ':');
    struct slice calls = slice_cut(&values, ',');
    uint64_t count;

    if (!slice_starts_with(name, SLICE("cmdstat_")) || !slice_starts_with(calls, SLICE("calls=")))
        return;
    name = (struct slice){ name.data + 8, name.length - 8 };
    calls = (struct slice){ calls.data + 6, calls.length - 6 };
    if (slice_parse_uint(calls, INT64_MAX / 2, &count))
        place_of(facts, name)->calls += count;
}

void redis_commands_parse(struct slice text, struct redis_facts *facts)
{
    for (int i = 0; i < LIMIT_REDIS_COMMANDS; i++)
        facts->commands[i].calls = 0;
    while (text.length > 0)
        take_line(slice_cut(&text, '\n'), facts);
}
