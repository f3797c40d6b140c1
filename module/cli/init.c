/* init.c - `probity init`: looks at a folder and the environment, and says what Probity needs. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/arena.h"
#include "base/buf.h"
#include "cli/init_write.h"
#include "setup/sheet.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, SHEET_BYTES = 256 * 1024 };

struct options {
    const char *platform;
    bool write;
};

static const struct option_row rows[] = {
    { "--for", offsetof(struct options, platform), OPTION_TEXT, 0, 0 },
    { "--write", offsetof(struct options, write), OPTION_FLAG, 0, 0 },
    { NULL, 0, OPTION_TEXT, 0, 0 },
};

static bool read_platform(const char *text, enum survey_platform *ret)
{
    if (text == NULL) {
        *ret = SURVEY_PLATFORMS;
        return true;
    }
    for (int i = 0; i < SURVEY_PLATFORMS; i++) {
        if (strcmp(text, survey_platform_text((enum survey_platform)i)) == 0) {
            *ret = (enum survey_platform)i;
            return true;
        }
    }
    return false;
}

/* Of the folder, whatever way it is written: a service that has no name is called after it. */
static const char *name_of(const char *folder, char real[PATH_MAX])
{
    const char *slash;

    if (realpath(folder, real) == NULL)
        return "app";
    slash = strrchr(real, '/');
    return slash == NULL || slash[1] == '\0' ? "app" : slash + 1;
}

static int print_sheet(struct survey *survey, const struct advice *advice, char *folder)
{
    const struct sheet_folder look = { init_exists, folder };
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, SHEET_BYTES);
    sheet_append(&buf, survey, advice, &look);
    if (!buf_ok(&buf))
        return command_fail(COMMAND_FAILED, "init", "out of memory");
    (void)fwrite(buf.data, 1, buf.length, stdout);
    return COMMAND_DONE;
}

static int init(char *folder, enum survey_platform platform, bool writes)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct survey survey;
    struct advice advice;
    struct error err = { .code = 0 };
    char real[PATH_MAX];

    if (arena == NULL)
        return command_fail(COMMAND_FAILED, "init", "out of memory");
    survey_init(&survey, arena);
    if (survey_folder(&survey, folder, &err) != 0)
        return command_fail(COMMAND_FAILED, "init", "%s", err.text);
    survey_add_environment(&survey, (const char *const *)environ);
    advice_make(&survey, platform, name_of(folder, real), &advice);
    if (!writes)
        return print_sheet(&survey, &advice, folder);
    if (init_write(folder, &advice, &err) != 0)
        return command_fail(COMMAND_FAILED, "init", "%s", err.text);
    return COMMAND_DONE;
}

int command_init(int argc, char **argv)
{
    struct options options = { .platform = NULL };
    const struct option_table table = { .rows = rows };
    enum survey_platform platform;
    char here[] = ".";
    int words = command_read("init", &table, argv + 1, &options);

    (void)argc;
    if (words < 0)
        return COMMAND_MISUSED;
    if (words > 1)
        return command_fail(COMMAND_MISUSED, "init", "one folder at a time");
    if (!read_platform(options.platform, &platform))
        return command_fail(COMMAND_MISUSED, "init",
                            "--for knows docker, fly, kubernetes, railway and systemd");
    return init(words == 1 ? argv[1] : here, platform, options.write);
}
