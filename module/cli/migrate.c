/* migrate.c - `probity migrate`: the ledger's schema, forward and back. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "ledger/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    const char *action;
    const char *target; /* or NULL */
    bool sql_only;
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

/* "-1" is a target, not an option; --sql may stand anywhere. */
static bool read_arguments(int argc, char **argv, struct arguments *ret)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--sql") == 0)
            ret->sql_only = true;
        else if (strncmp(argv[i], "--", 2) == 0)
            return false;
        else if (ret->action == NULL)
            ret->action = argv[i];
        else if (ret->target == NULL)
            ret->target = argv[i];
        else
            return false;
    }
    return true;
}

static void say(void *context, const char *text)
{
    (void)context;
    printf("%s\n", text);
}

static int run(const struct action *action, const struct arguments *arguments)
{
    AUTO(config_release) const struct config *config = NULL;
    struct migrate migrate = { .sql_only = arguments->sql_only, .say = say };
    struct error err = { .code = 0 };

    if (config_load(command_lookup, NULL, &config, &err) != 0)
        return command_fail(COMMAND_FAILED, "migrate", "%s", err.text);
    config_hide_secrets(config);
    migrate.conninfo = config->ledger_conninfo;
    if (migrate.conninfo == NULL && !migrate.sql_only)
        return command_fail(COMMAND_FAILED, "migrate", "%s", config->ledger_misconfigured);
    if (action->run(&migrate, arguments->target, &err) == 0)
        return COMMAND_DONE;
    (void)fflush(stdout);
    return command_fail(err.code == EINVAL ? COMMAND_MISUSED : COMMAND_FAILED, "", "%s", err.text);
}

int command_migrate(int argc, char **argv)
{
    struct arguments arguments = { .action = NULL };
    const struct action *action;
    int targets;

    if (!read_arguments(argc, argv, &arguments))
        return command_fail(COMMAND_MISUSED, "migrate",
                            "too many arguments or an unknown option: run probity help migrate");
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
