/* cue.h - what the conductor is told of a container's processes, and what it answers with.  Pure.
 */
#ifndef SERVE_CUE_H
#define SERVE_CUE_H

#include "base/log.h"

#include <stdint.h>

enum conductor_child {
    CHILD_COMMAND, /* the application */
    CHILD_MIGRATION,
    CHILD_PROBITYD,
    CHILD_NGINX,
    CHILDREN,
};

/* How `probity migrate upgrade` exits. */
enum {
    MIGRATION_DONE = 0,
    MIGRATION_REFUSED = 1,
    MIGRATION_LATER = 2, /* the ledger is out of reach or busy */
    MIGRATION_NEWER = 3, /* the schema is of a newer program: this one was rolled back */
};

enum conductor_event_kind {
    CONDUCTOR_BEGIN,
    CONDUCTOR_ENDED, /* `child` with `status`, or it could not be started; `words`: what it said */
    CONDUCTOR_UP,    /* nginx listens */
    CONDUCTOR_END,   /* somebody wants it to end; `words` name the signal */
    CONDUCTOR_RELOAD,
    CONDUCTOR_TIME, /* nothing but that time has passed */
};

struct conductor_event {
    enum conductor_event_kind kind;
    enum conductor_child child;
    int status;        /* of its exit, or 128 and the signal's number, as shells have it */
    const char *words; /* or NULL */
    int64_t now_ms;    /* boot clock */
};

enum conductor_action_kind {
    CONDUCTOR_START,
    CONDUCTOR_SIGNAL, /* `child` gets `number` */
    CONDUCTOR_KILL,   /* `child` and all of its process group */
    CONDUCTOR_MARK,   /* nginx is to hear that we drain */
    CONDUCTOR_SAY,
    CONDUCTOR_FINISH, /* nothing runs any more: exit with `number` */
};

enum { CONDUCTOR_TEXT_BYTES = 400, CONDUCTOR_ACTIONS = 24 };

struct conductor_action {
    enum conductor_action_kind kind;
    enum conductor_child child;
    int number;
    enum log_level level;
    char text[CONDUCTOR_TEXT_BYTES];
};

struct conductor_actions {
    struct conductor_action list[CONDUCTOR_ACTIONS];
    int count;
};

/* Each adds one action. */
void cue_start(struct conductor_actions *actions, enum conductor_child child);
void cue_signal(struct conductor_actions *actions, enum conductor_child child, int number);
void cue_kill(struct conductor_actions *actions, enum conductor_child child);
void cue_mark(struct conductor_actions *actions);
void cue_finish(struct conductor_actions *actions, int status);
void cue_say(struct conductor_actions *actions, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum { CUE_STATUS_BYTES = 64 };

/* "3", or "139 (Segmentation fault)"; returns `words`. */
const char *cue_status(int status, char words[CUE_STATUS_BYTES]);

#endif
