/* conductor.h - which of a container's processes runs when, and how all of them end.  Pure.
 *
 * It is told what has happened and answers with what is to be done, in that order; the shell around
 * it (serve.h) starts, signals and waits.  The order of a start: the command, nginx, the migration,
 * then probityd.  That of an end: probityd drains, nginx finishes its requests, and only then the
 * command and probityd are told to end, so that probityd reads nginx's last line.
 */
#ifndef SERVE_CONDUCTOR_H
#define SERVE_CONDUCTOR_H

#include "serve/cue.h"

#include <stdbool.h>
#include <stdint.h>

struct conductor_settings {
    bool has_command;
    bool migrates;
    int64_t drain_ms;
    int64_t shutdown_ms; /* for requests under way; then for the command */
};

enum conductor_phase {
    PHASE_SERVES,
    PHASE_DRAINS,
    PHASE_CLOSES, /* nginx finishes what it has */
    PHASE_ENDS,   /* the others are told to */
    PHASE_OVER,
};

enum conductor_part_state { PART_IDLE, PART_RUNS, PART_WAITS };

/* One of the processes: now, and since when it has not run for a while without ending. */
struct conductor_part {
    enum conductor_part_state state;
    int64_t started_ms;
    int64_t due_ms;   /* PART_WAITS: it is started then */
    int64_t kill_ms;  /* PART_RUNS: it is killed then; 0: nobody has told it to end */
    bool killed;      /* it has been */
    int64_t pause_ms; /* before the next start */
    int ends;         /* in a row */
    int64_t said_ms;  /* when the log last heard of them */
};

enum { NGINX_ENDS = 5 };

struct conductor {
    struct conductor_settings settings;
    enum conductor_phase phase;
    struct conductor_part parts[CHILDREN];
    int exit_status;
    int64_t drained_ms; /* PHASE_DRAINS: until then */
    bool nginx_was_up;
    int64_t nginx_ends_ms[NGINX_ENDS]; /* the last times that it ended by itself, in turn */
    int nginx_ends;
    bool probityd_was_started;
    bool migration_tried; /* once, and probityd is not held up by it any more */
    bool migration_late;  /* the log knows that it goes on in the background */
};

void conductor_init(struct conductor *conductor, const struct conductor_settings *settings);

/* What is to be done now that this has happened. */
void conductor_take(struct conductor *conductor, const struct conductor_event *event,
                    struct conductor_actions *ret);

/* When CONDUCTOR_TIME is of use again; INT64_MAX: when something else happens. */
int64_t conductor_next_ms(const struct conductor *conductor);

#endif
