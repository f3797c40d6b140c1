/* programs.h - how each of a container's programs is called: its words, its environment. */
#ifndef SERVE_PROGRAMS_H
#define SERVE_PROGRAMS_H

#include "base/auto.h"
#include "base/error.h"
#include "serve/cue.h"
#include "serve/site.h"

#include <sys/types.h>

struct programs {
    const struct site *site;
    const char *const *command;    /* the application's argv, or NULL */
    char **environments[CHILDREN]; /* NULL: ours */
    bool is_trusted;
};

/* What it keeps lives as long as the process. */
void programs_init(struct programs *programs, const struct site *site, const char *const *command);

/* Has probityd started from now on without PROBITY_READY_AFTER: that is for a version that has just
 * come up, and this one has run for long; its instance is not to leave the traffic again because
 * the monitor is started again. */
void programs_trust(struct programs *programs);

/* Starts one of them; what the migration says goes to `output_fd`.  Returns 0, or -errno with
 * `err`.
 */
int programs_start(const struct programs *programs, enum conductor_child child, int output_fd,
                   pid_t *ret, struct error *err) MUST_CHECK;

#endif
