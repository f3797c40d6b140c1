/* stream.c - non-blocking sockets, driven by poll(2) until an absolute deadline. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/stream.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How soon a unix socket whose queue is full is asked again: connect(2) can't wait for it. */
enum { FULL_QUEUE_PAUSE_MS = 10 };

struct stream {
    int fd;
    int cancel_fd;   /* borrowed, or -1 */
    struct tls *tls; /* or NULL */
};

static int wait_for(const struct stream *stream, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = stream->fd, .events = events },
                                { .fd = stream->cancel_fd, .events = POLLIN } };
        int left_ms = clock_left_ms(deadline_ms);
        int ready;

        /* Asked first: a peer that sends a byte at a time is always ready. */
        if (left_ms == 0)
            return -ETIMEDOUT;
        ready = poll(fds, ARRAY_LENGTH(fds), left_ms);
        if (ready > 0)
            return fds[1].revents != 0 ? -ECANCELED : 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

static int start_connecting(const struct stream *stream, const struct sockaddr *to,
                            socklen_t to_bytes, int64_t deadline_ms)
{
    while (connect(stream->fd, to, to_bytes) != 0) {
        struct pollfd cancel = { .fd = stream->cancel_fd, .events = POLLIN };

        if (errno != EAGAIN)
            return -errno;
        if (poll(&cancel, 1, FULL_QUEUE_PAUSE_MS) > 0)
            return -ECANCELED;
        if (clock_left_ms(deadline_ms) == 0)
            return -ETIMEDOUT;
    }
    return 0;
}

static int connect_to(struct stream *stream, const struct sockaddr *to, socklen_t to_bytes,
                      int64_t deadline_ms)
{
    const int on = 1;
    int code;
    socklen_t code_bytes = sizeof(code);

    stream->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream->fd < 0)
        return -errno;
    code = start_connecting(stream, to, to_bytes, deadline_ms);
    if (code != 0 && code != -EINPROGRESS)
        return code;
    if (code == -EINPROGRESS) {
        code = wait_for(stream, POLLOUT, deadline_ms);
        if (code != 0)
            return code;
        if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &code, &code_bytes) != 0)
            return -errno;
        if (code != 0)
            return -code;
    }
    if (to->sa_family != AF_UNIX)
        (void)setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return 0;
}

static int connect_unix(struct stream *stream, const char *path, int64_t deadline_ms)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(to.sun_path))
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path));
    return connect_to(stream, (const struct sockaddr *)&to, sizeof(to), deadline_ms);
}

static void free_addresses(struct addrinfo **found)
{
    if (*found != NULL)
        freeaddrinfo(*found);
    *found = NULL;
}

static int resolve(const struct stream_address *address, struct addrinfo **ret, struct error *err)
{
    const struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    char port[8];
    int code;

    (void)snprintf(port, sizeof(port), "%u", (unsigned)address->port);
    code = getaddrinfo(address->host, port, &want, ret);
    if (code == 0)
        return 0;
    if (code == EAI_MEMORY)
        return error_set(err, ENOMEM, "%s: out of memory", address->host);
    if (code == EAI_SYSTEM && errno != 0)
        return error_set(err, errno, "%s: name look-up: %s", address->host, strerror(errno));
    return error_set(err, ENXIO, "%s: name look-up: %s", address->host, gai_strerror(code));
}

/* Whether `code` only says that this machine has no way to that kind of address. */
static bool is_no_way(int code)
{
    return code == -ENETUNREACH || code == -EHOSTUNREACH || code == -EADDRNOTAVAIL
           || code == -EAFNOSUPPORT;
}

/* Each address gets an equal part of the time that is left: one that swallows packets must not
 * take the turn of the next. */
static int connect_tcp(struct stream *stream, const struct stream_address *address,
                       int64_t deadline_ms, struct error *err)
{
    AUTO(free_addresses) struct addrinfo *found = NULL;
    int left = 0;
    int code = resolve(address, &found, err);

    if (code != 0)
        return code;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        left++;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next, left--) {
        int64_t share_ms = clock_left_ms(deadline_ms) / left;
        int failure = connect_to(stream, at->ai_addr, at->ai_addrlen, clock_boot_ms() + share_ms);

        if (failure == 0 || failure == -ECANCELED)
            return failure;
        auto_close(&stream->fd);
        /* The IPv4 server that refuses explains more than the IPv6 route that isn't there. */
        if (code == 0 || !is_no_way(failure))
            code = failure;
    }
    return code;
}

int stream_open(const struct stream_address *address, int64_t deadline_ms, struct stream **ret,
                struct error *err)
{
    AUTO(stream_close) struct stream *stream = malloc(sizeof(*stream));
    const char *where = address->socket_path != NULL ? address->socket_path : address->host;
    int code;

    if (stream == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", where);
    *stream = (struct stream){ .fd = -1, .cancel_fd = address->cancel_fd };
    code = address->socket_path != NULL ? connect_unix(stream, where, deadline_ms)
                                        : connect_tcp(stream, address, deadline_ms, err);
    if (code != 0)
        return error_set(err, -code, "%s: connect: %s", where, strerror(-code));
    *ret = stream;
    stream = NULL;
    return 0;
}

void stream_close(struct stream **stream)
{
    if (*stream == NULL)
        return;
    tls_close(&(*stream)->tls);
    auto_close(&(*stream)->fd);
    free(*stream);
    *stream = NULL;
}

void stream_ignore_cancel(struct stream *stream)
{
    stream->cancel_fd = -1;
}

int stream_encrypt(struct stream *stream, const struct tls_wish *wish, int64_t deadline_ms,
                   struct error *err)
{
    int code = tls_open(stream->fd, wish, &stream->tls, err);

    if (code != 0)
        return code;
    for (;;) {
        code = tls_shake_hands(stream->tls, err);
        if (code == -EAGAIN) {
            code = wait_for(stream, tls_wants(stream->tls), deadline_ms);
            if (code != 0)
                return error_set(err, -code, "tls: handshake: %s", strerror(-code));
        } else {
            return code;
        }
    }
}

const struct tls_shown *stream_shown(const struct stream *stream)
{
    return stream->tls == NULL ? NULL : tls_shown(stream->tls);
}

static bool is_transient(int code)
{
    return code == EAGAIN || code == EINTR;
}

/* Sends what goes without waiting: 0, -EAGAIN, or as stream_write(). */
static int send_some(struct stream *stream, struct slice bytes, size_t *ret_count,
                     struct error *err)
{
    ssize_t sent;

    if (stream->tls != NULL)
        return tls_write(stream->tls, bytes.data, bytes.length, ret_count, err);
    sent = send(stream->fd, bytes.data, bytes.length, MSG_NOSIGNAL);
    if (sent < 0)
        return is_transient(errno) ? -EAGAIN : error_set(err, errno, "write: %s", strerror(errno));
    *ret_count = (size_t)sent;
    return 0;
}

int stream_write(struct stream *stream, struct slice bytes, int64_t deadline_ms, struct error *err)
{
    while (bytes.length > 0) {
        short events = POLLOUT;
        size_t count = 0;
        int code = send_some(stream, bytes, &count, err);

        if (code == -EAGAIN) {
            if (stream->tls != NULL)
                events = tls_wants(stream->tls);
            code = wait_for(stream, events, deadline_ms);
            if (code != 0)
                return error_set(err, -code, "write: %s", strerror(-code));
        }
        if (code != 0)
            return code;
        bytes.data += count;
        bytes.length -= count;
    }
    return 0;
}

/* Takes what is there without waiting: 0, -EAGAIN, or as stream_read(). */
static int receive_some(struct stream *stream, char *bytes, size_t capacity, size_t *ret_count,
                        struct error *err)
{
    ssize_t count;

    if (stream->tls != NULL)
        return tls_read(stream->tls, bytes, capacity, ret_count, err);
    count = recv(stream->fd, bytes, capacity, 0);
    if (count < 0)
        return is_transient(errno) ? -EAGAIN : error_set(err, errno, "read: %s", strerror(errno));
    *ret_count = (size_t)count;
    return 0;
}

/* Whether a read may be tried: at once where TLS holds bytes that poll(2) can't see. */
static int wait_readable(const struct stream *stream, short events, int64_t deadline_ms)
{
    if (stream->tls != NULL && tls_has_pending(stream->tls))
        return clock_left_ms(deadline_ms) == 0 ? -ETIMEDOUT : 0;
    return wait_for(stream, events, deadline_ms);
}

int stream_read(struct stream *stream, char *bytes, size_t capacity, int64_t deadline_ms,
                size_t *ret_count, struct error *err)
{
    short events = POLLIN;

    for (;;) {
        int code = wait_readable(stream, events, deadline_ms);

        if (code != 0)
            return error_set(err, -code, "read: %s", strerror(-code));
        code = receive_some(stream, bytes, capacity, ret_count, err);
        if (code != -EAGAIN)
            return code;
        if (stream->tls != NULL)
            events = tls_wants(stream->tls);
    }
}

static enum stream_news tls_news(struct tls *tls)
{
    size_t count = 0;
    int code = tls_peek(tls, &count, NULL);

    if (code == 0 && count > 0)
        return STREAM_DATA;
    return code == -EAGAIN ? STREAM_QUIET : STREAM_CLOSED;
}

enum stream_news stream_news(struct stream *stream)
{
    char byte;
    ssize_t count;

    if (stream->tls != NULL)
        return tls_news(stream->tls);
    count = recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0)
        return STREAM_DATA;
    return count < 0 && is_transient(errno) ? STREAM_QUIET : STREAM_CLOSED;
}

int stream_fd(const struct stream *stream)
{
    return stream->fd;
}
