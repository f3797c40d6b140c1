/* doorman.h - accepts connections, also when no descriptor is left.  The front's thread only. */
#ifndef FRONT_DOORMAN_H
#define FRONT_DOORMAN_H

#include "base/error.h"
#include "base/loop.h"

struct doorman;

struct doorman_settings {
    struct loop *loop;
    int listen_fd;                          /* borrowed, non-blocking */
    void (*welcome)(void *context, int fd); /* takes the descriptor */
    void *context;
    uint64_t *refused; /* counts those that were accepted only to be closed */
};

int doorman_new(const struct doorman_settings *settings, struct doorman **ret,
                struct error *err) MUST_CHECK;
void doorman_free(struct doorman **doorman);

/* A few times a second: goes back to work after a lack of descriptors. */
void doorman_tick(struct doorman *doorman);

/* Accepts no more. */
void doorman_close(struct doorman *doorman);

#endif
