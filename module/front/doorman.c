/* doorman.c - accept4(2), and one spare descriptor to refuse with. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/doorman.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of one turn: those who are connected already must not wait for a crowd at the door. */
enum { ACCEPTED_AT_ONCE = 64 };

struct doorman {
    struct loop_handler handler; /* first, so that one pointer is both */
    struct doorman_settings settings;
    int spare_fd; /* given up for a moment when there is no other */
    bool watching;
};

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void pause_watching(struct doorman *doorman)
{
    if (doorman->watching)
        loop_forget(doorman->settings.loop, doorman->settings.listen_fd);
    doorman->watching = false;
}

/* Without a descriptor the queue can't be emptied and would wake the loop for ever: the spare one
 * accepts, so that the peer is told at once.  Without that either, wait for the next tick. */
static bool refuse_one(struct doorman *doorman)
{
    int fd;

    if (doorman->spare_fd < 0) {
        pause_watching(doorman);
        return false;
    }
    auto_close(&doorman->spare_fd);
    fd = accept4(doorman->settings.listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        ++*doorman->settings.refused;
    auto_close(&fd);
    doorman->spare_fd = open_spare();
    return true;
}

static void door_ready(struct loop_handler *handler, uint32_t events)
{
    struct doorman *doorman = (struct doorman *)handler;

    (void)events;
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        int fd = accept4(doorman->settings.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            doorman->settings.welcome(doorman->settings.context, fd);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            if (!refuse_one(doorman))
                return;
        } else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static int start_watching(struct doorman *doorman)
{
    int code =
        loop_watch(doorman->settings.loop, doorman->settings.listen_fd, EPOLLIN, &doorman->handler);

    doorman->watching = code == 0;
    return code;
}

int doorman_new(const struct doorman_settings *settings, struct doorman **ret, struct error *err)
{
    AUTO(doorman_free) struct doorman *doorman = calloc(1, sizeof(*doorman));
    int code;

    if (doorman == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    doorman->handler.run = door_ready;
    doorman->settings = *settings;
    doorman->spare_fd = open_spare();
    code = start_watching(doorman);
    if (code != 0)
        return error_set(err, -code, "front: watch the socket: %s", strerror(-code));
    *ret = doorman;
    doorman = NULL;
    return 0;
}

void doorman_tick(struct doorman *doorman)
{
    if (doorman->spare_fd < 0)
        doorman->spare_fd = open_spare();
    if (!doorman->watching && doorman->settings.listen_fd >= 0)
        (void)start_watching(doorman); /* tried again at the next tick */
}

void doorman_close(struct doorman *doorman)
{
    pause_watching(doorman);
    doorman->settings.listen_fd = -1;
}

void doorman_free(struct doorman **doorman)
{
    if (*doorman == NULL)
        return;
    auto_close(&(*doorman)->spare_fd);
    free(*doorman);
    *doorman = NULL;
}
