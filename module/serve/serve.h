/* serve.h - runs nginx, probityd and perhaps the application until it is told to end. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/auto.h"
#include "base/error.h"
#include "serve/site.h"

/* Blocks the signals that serve() waits for.  Before any thread is started: the log's would take
 * them. */
void serve_block_signals(void);

/* `command` is the application's argv, or NULL.  Returns what to exit with: 0 when it was told to
 * end, the command's own status when that ended, 1 when something else could not go on, which the
 * log says. */
int serve(const struct site *site, const char *const *command);

#endif
