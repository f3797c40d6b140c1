/* loop.c - epoll(7), and an eventfd to be woken by. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/loop.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Descriptors served in one turn; more are ready in the next one. */
enum { EVENTS = 128 };

struct loop {
    int epoll_fd;
    int wake_fd;
    struct loop_handler woken;
};

/* The eventfd is edge-triggered and its counter is never read: each write is an edge. */
static void do_nothing(struct loop_handler *handler, uint32_t events)
{
    (void)handler;
    (void)events;
}

int loop_new(struct loop **ret, struct error *err)
{
    AUTO(loop_free) struct loop *loop = calloc(1, sizeof(*loop));
    int code;

    if (loop == NULL)
        return error_set(err, ENOMEM, "loop: out of memory");
    loop->woken.run = do_nothing;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0)
        return error_set(err, errno, "loop: %s", strerror(errno));
    code = loop_watch(loop, loop->wake_fd, EPOLLIN | EPOLLET, &loop->woken);
    if (code != 0)
        return error_set(err, -code, "loop: %s", strerror(-code));
    *ret = loop;
    loop = NULL;
    return 0;
}

void loop_free(struct loop **loop)
{
    if (*loop == NULL)
        return;
    auto_close(&(*loop)->epoll_fd);
    auto_close(&(*loop)->wake_fd);
    free(*loop);
    *loop = NULL;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, struct loop_handler *handler)
{
    struct epoll_event event = { .events = events, .data.ptr = handler };

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

void loop_forget(struct loop *loop, int fd)
{
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof(one));

    (void)written; /* 2^64 wake-ups don't fit; nobody lives that long */
}

int64_t loop_turn(struct loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, timeout_ms);
    int64_t woke_at_us = clock_boot_us();

    for (int i = 0; i < count; i++) {
        struct loop_handler *handler = events[i].data.ptr;

        handler->run(handler, events[i].events);
    }
    return woke_at_us;
}
