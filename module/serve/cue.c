/* cue.c - one action after the other. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/cue.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct conductor_action *add(struct conductor_actions *actions,
                                    enum conductor_action_kind kind)
{
    struct conductor_action *action = &actions->list[actions->count++];

    assert(actions->count <= CONDUCTOR_ACTIONS);
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    return action;
}

void cue_start(struct conductor_actions *actions, enum conductor_child child)
{
    add(actions, CONDUCTOR_START)->child = child;
}

void cue_signal(struct conductor_actions *actions, enum conductor_child child, int number)
{
    struct conductor_action *action = add(actions, CONDUCTOR_SIGNAL);

    action->child = child;
    action->number = number;
}

void cue_kill(struct conductor_actions *actions, enum conductor_child child)
{
    add(actions, CONDUCTOR_KILL)->child = child;
}

void cue_mark(struct conductor_actions *actions)
{
    (void)add(actions, CONDUCTOR_MARK);
}

void cue_finish(struct conductor_actions *actions, int status)
{
    add(actions, CONDUCTOR_FINISH)->number = status;
}

void cue_say(struct conductor_actions *actions, enum log_level level, const char *format, ...)
{
    struct conductor_action *action = add(actions, CONDUCTOR_SAY);
    va_list args;

    action->level = level;
    va_start(args, format);
    (void)vsnprintf(action->text, sizeof(action->text), format, args);
    va_end(args);
}

const char *cue_status(int status, char words[CUE_STATUS_BYTES])
{
    if (status > 128 && status < 128 + NSIG)
        (void)snprintf(words, CUE_STATUS_BYTES, "%d (%s)", status, strsignal(status - 128));
    else
        (void)snprintf(words, CUE_STATUS_BYTES, "%d", status);
    return words;
}
