/* groups.c - a bit for each group of checks. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/groups.h"

#include <errno.h>
#include <string.h>

void groups_begin(struct config *config)
{
    static const char *const names[GROUP_NAMED] = {
        [GROUP_LIVENESS] = "liveness",
        [GROUP_READINESS] = "readiness",
        [GROUP_STARTUP] = "startup",
    };

    memcpy(config->groups, names, sizeof(names));
    config->group_count = GROUP_NAMED;
}

/* The group's place; a new one where there is none of that name.  -1: there is no room. */
static int place_of(struct config *config, const char *name)
{
    for (int i = 0; i < config->group_count; i++) {
        if (strcmp(config->groups[i], name) == 0)
            return i;
    }
    if (config->group_count == LIMIT_GROUPS)
        return -1;
    config->groups[config->group_count] = name;
    return config->group_count++;
}

/* Liveness is what a platform restarts for: a dependency that fails would restart the whole fleet,
 * again and again, and mend nothing. */
static int warn_of_liveness(const struct draft *draft, struct error *err)
{
    if (draft->builtin == &builtins[BUILTIN_APP]
        || (draft->check->groups & 1U << GROUP_LIVENESS) == 0)
        return 0;
    if (snapshot_note(draft->snapshot, LOG_LEVEL_WARNING,
                      "check %s is in the group liveness: while it fails, platforms restart every "
                      "instance: put a dependency into readiness alone",
                      draft->check->name)
        != 0)
        return error_set(err, ENOMEM, "configuration: out of memory");
    return 0;
}

int groups_fill(struct draft *draft, struct error *err)
{
    const struct check_entry *entry = draft->entry;
    struct config *config = &draft->snapshot->config;
    uint32_t groups = 0;

    for (int i = 0; entry != NULL && i < entry->groups.count; i++) {
        int at = place_of(config, entry->groups.texts[i]);

        if (at < 0)
            return node_refuse(&entry->node, err, "groups: expected at most %d in all",
                               LIMIT_GROUPS);
        groups |= 1U << at;
    }
    if (groups == 0)
        groups = draft->builtin == NULL ? 1U << GROUP_READINESS : draft->builtin->groups;
    /* The application is what all three are about. */
    if (draft->builtin == &builtins[BUILTIN_APP])
        groups |= draft->builtin->groups;
    draft->check->groups = groups;
    return warn_of_liveness(draft, err);
}
