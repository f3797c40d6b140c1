/* celery_roll.c - who answered, by the numbers of their names. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/celery_roll.h"

#include <stdio.h>
#include <string.h>

static bool is_wanted(const struct celery_roll *roll, const char *node)
{
    const char *host = strchr(node, '@');

    if (roll->wanted == NULL)
        return true;
    if (roll->wanted[0] == '@')
        return host != NULL && strcmp(host, roll->wanted) == 0;
    return strcmp(node, roll->wanted) == 0;
}

bool celery_roll_answer(struct celery_roll *roll, const char *node)
{
    if (roll->count < CELERY_ROLL_NODES)
        roll->answered[roll->count++] = pidbox_node_number(node);
    else
        roll->partial = true;
    if (!is_wanted(roll, node))
        return false;
    if (roll->found[0] == '\0')
        (void)snprintf(roll->found, sizeof(roll->found), "%s", node);
    return true;
}

static bool has_answered(const struct celery_roll *roll, const char *node)
{
    uint64_t number = pidbox_node_number(node);

    for (int i = 0; i < roll->count; i++) {
        if (roll->answered[i] == number)
            return true;
    }
    return false;
}

/* Two separators, then the name of the node's own queue: "celery@host.celery.pidbox". */
static bool read_node(struct slice member, char node[PIDBOX_NODE_BYTES])
{
    static const char suffix[] = ".celery.pidbox";
    const size_t suffix_length = sizeof(suffix) - 1;
    const char *separator =
        member.data == NULL ? NULL
                            : memmem(member.data, member.length, PIDBOX_SEPARATOR PIDBOX_SEPARATOR,
                                     2 * strlen(PIDBOX_SEPARATOR));
    size_t length;

    if (separator == NULL)
        return false;
    separator += 2 * strlen(PIDBOX_SEPARATOR);
    length = (size_t)(member.data + member.length - separator);
    if (length <= suffix_length || length - suffix_length >= PIDBOX_NODE_BYTES
        || memcmp(separator + length - suffix_length, suffix, suffix_length) != 0)
        return false;
    (void)snprintf(node, PIDBOX_NODE_BYTES, "%.*s", (int)(length - suffix_length), separator);
    return true;
}

void celery_roll_bound(struct celery_roll *roll, struct slice member)
{
    char node[PIDBOX_NODE_BYTES];

    if (!read_node(member, node)) {
        roll->silent_names++; /* somebody's, and nobody can tell whose */
        return;
    }
    if (has_answered(roll, node))
        return;
    roll->silent_names++;
    roll->wanted_is_bound = roll->wanted_is_bound || is_wanted(roll, node);
}

bool celery_roll_is_busy(const struct celery_roll *roll, int64_t silent)
{
    if (silent <= 0)
        return false;
    if (roll->wanted == NULL)
        return true;
    return !roll->partial && roll->wanted_is_bound && silent >= roll->silent_names;
}
