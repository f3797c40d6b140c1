/* connections.h - the open connections of the front, in a table of fixed size.  The front's thread
 * only. */
#ifndef FRONT_CONNECTIONS_H
#define FRONT_CONNECTIONS_H

#include "base/limits.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct reactor;

struct connection {
    struct loop_handler handler; /* first, so that one pointer is both */
    struct reactor *reactor;
    struct connections *table;
    struct connection *next_free;
    int fd; /* -1: free */
    int64_t deadline_ms;
    bool partial; /* something has come, not a whole request */
    bool in_lane;
    bool cut; /* in the lane, past its deadline */
};

struct connections {
    struct connection *free;
    int open;
    struct connection all[LIMIT_CONNECTIONS];
};

/* All free; `run` is called when one of them is ready. */
void connections_init(struct connections *table, struct reactor *reactor,
                      void (*run)(struct loop_handler *handler, uint32_t events));

/* One that is free, for `fd`; NULL when there is none. */
struct connection *connections_take(struct connections *table, int fd);

/* Gives one back whose descriptor is closed already, or another's by now. */
void connection_forget(struct connection *connection);

void connection_close(struct connection *connection);

#endif
