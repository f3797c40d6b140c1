/* notify.c - one unconnected datagram socket, and the address from the environment. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/notify.h"

#include "base/slice.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the bytes of the address, or 0 for what is none of a unix socket. */
static socklen_t fill_address(const char *name, struct sockaddr_un *address)
{
    size_t length = strlen(name);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address->sun_path))
        return 0;
    memcpy(address->sun_path, name, length);
    /* An abstract name begins with a NUL, and ends where the address does. */
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    else
        length++;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* sd_watchdog_enabled(3): without WATCHDOG_PID it is whoever reads it. */
static int64_t read_watchdog_ms(void)
{
    const char *pid_text = getenv("WATCHDOG_PID");
    const char *usec_text = getenv("WATCHDOG_USEC");
    uint64_t pid;
    uint64_t usec;

    if (usec_text == NULL || !slice_parse_uint(slice_of(usec_text), INT64_MAX, &usec))
        return 0;
    if (pid_text != NULL
        && (!slice_parse_uint(slice_of(pid_text), INT32_MAX, &pid) || pid != (uint64_t)getpid()))
        return 0;
    return (int64_t)(usec / 1000);
}

static void forget_environment(void)
{
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
}

int notify_open(struct notify *notify, struct error *err)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int code = 0;

    *notify = (struct notify){ .fd = -1 };
    if (name != NULL && name[0] != '\0') {
        notify->address_bytes = fill_address(name, &notify->address);
        if (notify->address_bytes == 0)
            code = error_set(err, EAFNOSUPPORT,
                             "NOTIFY_SOCKET: neither a path nor an abstract name: nobody is told "
                             "that this process is ready");
    }
    if (notify->address_bytes != 0) {
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (notify->fd < 0) {
            notify->address_bytes = 0;
            code = error_set(err, errno, "NOTIFY_SOCKET: socket: %s", strerror(errno));
        } else {
            notify->watchdog_ms = read_watchdog_ms();
        }
    }
    forget_environment();
    return code;
}

void notify_close(struct notify *notify)
{
    if (notify->address_bytes != 0)
        auto_close(&notify->fd);
    notify->address_bytes = 0;
}

bool notify_wanted(const struct notify *notify)
{
    return notify->address_bytes != 0;
}

bool notify_send(const struct notify *notify, const char *message)
{
    const struct sockaddr *address = (const struct sockaddr *)(const void *)&notify->address;
    size_t length = strlen(message);

    if (!notify_wanted(notify))
        return false;
    return sendto(notify->fd, message, length, MSG_NOSIGNAL, address, notify->address_bytes)
           == (ssize_t)length;
}
