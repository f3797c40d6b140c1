/* listen.c - the socket that nginx connects to: inherited, or renamed over the one before. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/front.h"

#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    FIRST_PASSED_FD = 3, /* sd_listen_fds(3) */
};

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t length = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

/* Descriptors are ours only when LISTEN_PID names this process: a child would find its parent's
 * variables (sd_listen_fds(3)). */
static bool was_passed(void)
{
    const char *pid_text = getenv("LISTEN_PID");
    const char *count_text = getenv("LISTEN_FDS");
    uint64_t pid;
    uint64_t count;

    return pid_text != NULL && count_text != NULL
           && slice_parse_uint(slice_of(pid_text), INT32_MAX, &pid) && pid == (uint64_t)getpid()
           && slice_parse_uint(slice_of(count_text), INT32_MAX, &count) && count > 0;
}

/* Returns the inherited descriptor, or -1. */
static int find_inherited(void)
{
    if (was_passed() && is_listening(FIRST_PASSED_FD))
        return FIRST_PASSED_FD;
    return is_listening(STDIN_FILENO) ? STDIN_FILENO : -1;
}

bool front_is_handed_socket(void)
{
    return find_inherited() >= 0;
}

static bool fill_address(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (length == 0 || length >= sizeof(address->sun_path))
        return false;
    memcpy(address->sun_path, path, length);
    return true;
}

/* The name to bind beside `path`: hidden, short, this process' own. */
static bool temporary_name(const char *path, struct sockaddr_un *address)
{
    const char *slash = strrchr(path, '/');
    int directory = slash == NULL ? 0 : (int)(slash - path) + 1;
    char name[sizeof(address->sun_path)];
    int length = snprintf(name, sizeof(name), "%.*s.probity.%ld", directory, path, (long)getpid());

    return length > 0 && (size_t)length < sizeof(name) && fill_address(name, address);
}

static int explain(struct error *err, const char *path, const char *what)
{
    int code = errno;
    const char *hint = code == ENOENT   ? ": create the directory, or set PROBITY_LISTEN"
                       : code == EACCES ? ": this account may not write to the directory"
                                        : "";

    return error_set(err, code, "front %s: %s: %s%s", path, what, strerror(code), hint);
}

/* rename(2) would put the socket in the place of whatever file a mistaken path leads to. */
static int refuse_other_files(const char *path, struct error *err)
{
    struct stat status;

    if (stat(path, &status) != 0 || S_ISSOCK(status.st_mode))
        return 0;
    return error_set(err, EEXIST,
                     "front %s: listen: %s is there, and no socket: remove it, or set "
                     "PROBITY_LISTEN",
                     path, S_ISDIR(status.st_mode) ? "a directory" : "a file");
}

/* Binds, restricts and listens before the rename, so that the path never leads to a socket that
 * refuses.  The rename keeps the inode, which is how the front knows itself at that path. */
static int bind_and_rename(const char *path, const struct sockaddr_un *temporary,
                           struct front_socket *socket, struct error *err)
{
    struct stat status;

    (void)unlink(temporary->sun_path); /* left by a killed process of the same number */
    if (bind(socket->fd, (const struct sockaddr *)(const void *)temporary, sizeof(*temporary)) != 0)
        return explain(err, path, "bind");
    if (chmod(temporary->sun_path, 0660) != 0 || listen(socket->fd, BACKLOG) != 0
        || stat(temporary->sun_path, &status) != 0 || rename(temporary->sun_path, path) != 0) {
        (void)explain(err, path, "listen");
        (void)unlink(temporary->sun_path);
        return err == NULL ? -EIO : -err->code;
    }
    socket->device = status.st_dev;
    socket->inode = status.st_ino;
    return 0;
}

int front_listen(const char *path, struct front_socket *ret, struct error *err)
{
    AUTO(front_socket_close) struct front_socket opened = { .fd = find_inherited() };
    struct sockaddr_un final;
    struct sockaddr_un temporary;
    int code;

    if (opened.fd >= 0) {
        opened.inherited = true;
        (void)fcntl(opened.fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(opened.fd, F_SETFL, O_NONBLOCK);
    } else {
        if (!fill_address(path, &final) || !temporary_name(path, &temporary))
            return error_set(err, ENAMETOOLONG,
                             "front %s: listen: the path of a unix socket has at most 107 bytes, "
                             "its directory some 20 fewer: set a shorter PROBITY_LISTEN",
                             path);
        code = refuse_other_files(path, err);
        if (code != 0)
            return code;
        opened.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (opened.fd < 0)
            return explain(err, path, "socket");
        code = bind_and_rename(path, &temporary, &opened, err);
        if (code != 0)
            return code;
    }
    *ret = opened;
    opened.fd = -1;
    return 0;
}

void front_socket_close(struct front_socket *socket)
{
    auto_close(&socket->fd);
}

bool front_path_is_live(const char *path)
{
    AUTO(auto_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;

    if (fd < 0 || !fill_address(path, &address))
        return false;
    /* EAGAIN: its backlog is full, so somebody listens. */
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
}
