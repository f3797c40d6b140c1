/* child.h - starts a program as a child that does not outlive us. */
#ifndef SERVE_CHILD_H
#define SERVE_CHILD_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct child_program {
    const char *const *argv; /* argv[0] is a path, or a name that is looked for in PATH */
    char *const *environment;
    int output_fd;          /* becomes its stdout and stderr; -1: it has ours */
    bool reads_input;       /* it has our stdin too, else /dev/null */
    bool waits_for_signals; /* it keeps ours blocked: it takes them out of the queue itself, and
                             * none that comes before it does so ends it */
    bool many_files;        /* it may open as many as the account may */
    int death_signal;       /* what it gets when we are killed */
};

/* In a process group of its own: what a terminal sends to ours is for us to pass on.  Returns 0, or
 * -errno with `err`, also when the program can't be executed. */
int child_start(const struct child_program *program, pid_t *ret, struct error *err) MUST_CHECK;

/* `base` with each "NAME=value" of `changes` (ends with NULL) instead of what it has of that name.
 * Borrows all strings; to be freed.  NULL when out of memory. */
char **child_environment(char *const *base, const char *const *changes) MUST_CHECK;

#endif
