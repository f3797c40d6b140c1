/* migrate.c - `probity migrate`: the ledger's schema, forward and back. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "config/value.h"
#include "ledger/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_WAIT_MAX_MS = 3600 * 1000 };

struct arguments {
    const char *action;
    const char *target;       /* or NULL */
    const char *lock_timeout; /* or NULL */
    bool sql_only;
    bool newer_ok;
};

static int run_current(const struct migrate *migrate, const char *target, struct error *err)
{
    (void)target;
    return migrate_current(migrate, err);
}

static int run_history(const struct migrate *migrate, const char *target, struct error *err)
{
    (void)target;
    return migrate_history(migrate, err);
}

static const struct action {
    const char *name;
    int (*run)(const struct migrate *migrate, const char *target, struct error *err);
    int targets_min;
    int targets_max;
} actions[] = {
    { "current", run_current, 0, 0 },     { "history", run_history, 0, 0 },
    { "upgrade", migrate_upgrade, 0, 1 }, { "downgrade", migrate_downgrade, 0, 1 },
    { "stamp", migrate_stamp, 1, 1 },
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LENGTH(actions); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

static const struct option_row option_rows[] = {
    { "--sql", offsetof(struct arguments, sql_only), OPTION_FLAG, 0, 0 },
    { "--newer-ok", offsetof(struct arguments, newer_ok), OPTION_FLAG, 0, 0 },
    { "--lock-timeout", offsetof(struct arguments, lock_timeout), OPTION_TEXT, 0, 0 },
    { .name = NULL },
};

static void say(void *context, const char *text)
{
    (void)context;
    printf("%s\n", text);
}

static int exit_code(int code)
{
    switch (code) {
    case EINVAL:
    case EAGAIN:
        return COMMAND_MISUSED;
    case EOVERFLOW:
        return COMMAND_NEWER;
    default:
        return COMMAND_FAILED;
    }
}

static int run(const struct action *action, const struct arguments *arguments)
{
    AUTO(config_release) const struct config *config = NULL;
    struct migrate migrate = { .sql_only = arguments->sql_only, .say = say };
    struct error err = { .code = 0 };

    if (arguments->lock_timeout != NULL
        && (!value_parse_duration(slice_of(arguments->lock_timeout), &migrate.lock_wait_ms)
            || migrate.lock_wait_ms > LOCK_WAIT_MAX_MS))
        return command_fail(COMMAND_MISUSED, "migrate",
                            "--lock-timeout: expected a duration such as 5s, at most an hour");
    if (config_load(command_lookup_plain, NULL, &config, &err) != 0)
        return command_fail(COMMAND_FAILED, "migrate", "%s", err.text);
    config_hide_secrets(config);
    migrate.conninfo = config->ledger_conninfo;
    if (migrate.conninfo == NULL && !migrate.sql_only)
        return command_fail(COMMAND_FAILED, "migrate", "%s", config->ledger_misconfigured);
    if (action->run(&migrate, arguments->target, &err) == 0)
        return COMMAND_DONE;
    (void)fflush(stdout);
    /* A roll-back: what stands before a deployment must not hold it up. */
    if (arguments->newer_ok && exit_code(err.code) == COMMAND_NEWER) {
        (void)command_fail(COMMAND_NEWER, "", "%s", err.text);
        return COMMAND_DONE;
    }
    return command_fail(exit_code(err.code), "", "%s", err.text);
}

int command_migrate(int argc, char **argv)
{
    struct arguments arguments = { .action = NULL };
    const struct action *action;
    int words = command_read("migrate", &(struct option_table){ .rows = option_rows }, argv + 1,
                             &arguments);
    int targets;

    (void)argc;
    if (words < 0)
        return COMMAND_MISUSED;
    if (words > 2)
        return command_fail(COMMAND_MISUSED, "migrate",
                            "too many arguments: run probity help migrate");
    arguments.action = words > 0 ? argv[1] : NULL;
    arguments.target = words > 1 ? argv[2] : NULL;
    action = find_action(arguments.action);
    targets = arguments.target != NULL;
    if (action == NULL)
        return command_fail(COMMAND_MISUSED, "migrate",
                            "say one of current, history, upgrade, downgrade, stamp");
    if (targets < action->targets_min || targets > action->targets_max)
        return command_fail(COMMAND_MISUSED, "migrate", "%s %s", action->name,
                            targets == 0 ? "needs a revision, base or head" : "takes no target");
    return run(action, &arguments);
}
