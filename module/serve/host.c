/* host.c - sched_getaffinity(2), the cgroup's quota, a socket to try. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/host.h"

#include "base/clock.h"
#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 1500 };

static size_t read_small(const char *root, const char *name, char *text, size_t bytes)
{
    char path[PATH_MAX];
    AUTO(auto_close) int fd = -1;
    ssize_t length;

    if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd < 0 ? 0 : read(fd, text, bytes - 1);
    text[length > 0 ? length : 0] = '\0';
    return strcspn(text, "\n");
}

static int quota(struct slice amount, struct slice period)
{
    uint64_t amount_us;
    uint64_t period_us;

    /* "max" or "-1": no bound. */
    if (!slice_parse_uint(amount, INT32_MAX, &amount_us)
        || !slice_parse_uint(period, INT32_MAX, &period_us) || period_us == 0)
        return INT_MAX;
    return (int)((amount_us + period_us - 1) / period_us);
}

/* The files of both versions of cgroups, as a container finds its own at the root. */
static int cgroup_processors(const char *root)
{
    char text[64] = "";
    char period[64] = "";
    struct slice rest = { text, read_small(root, "cpu.max", text, sizeof(text)) };

    if (rest.length > 0) {
        struct slice amount = slice_cut(&rest, ' ');

        return quota(amount, rest);
    }
    rest.length = read_small(root, "cpu/cpu.cfs_quota_us", text, sizeof(text));
    return quota(rest, (struct slice){ period, read_small(root, "cpu/cpu.cfs_period_us", period,
                                                          sizeof(period)) });
}

int host_processors(const char *root)
{
    int allowed = cgroup_processors(root);
    cpu_set_t set;
    int usable = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    int count = usable < allowed ? usable : allowed;

    return count < 1 ? 1 : count;
}

/* Binds as nginx does: a port whose connections are only just closed is free. */
static int try_to_bind(int family, uint16_t port)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    AUTO(auto_close) int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    int code;

    if (fd < 0)
        return -EAFNOSUPPORT;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        code = bind(fd, (const struct sockaddr *)(const void *)&six, sizeof(six));
    } else {
        code = bind(fd, (const struct sockaddr *)(const void *)&four, sizeof(four));
    }
    return code == 0 && listen(fd, 1) == 0 ? 0 : -errno;
}

bool host_has_family(int family)
{
    return try_to_bind(family, 0) == 0;
}

/* Who was killed in our place a moment ago may still be ending. */
static int bind_with_patience(int family, uint16_t port)
{
    int64_t deadline_ms = clock_boot_ms() + PATIENCE_MS;
    int code;

    while ((code = try_to_bind(family, port)) == -EADDRINUSE && clock_left_ms(deadline_ms) > 0)
        clock_sleep_ms(50);
    return code;
}

int host_check_port(uint16_t port, struct error *err)
{
    static const int families[] = { AF_INET, AF_INET6 };

    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        int code = host_has_family(families[i]) ? bind_with_patience(families[i], port) : 0;

        if (code == -EADDRINUSE)
            return error_set(err, EADDRINUSE,
                             "PORT=%u: another process listens there already: set another PORT, or "
                             "end that one",
                             port);
        if (code == -EACCES)
            return error_set(err, EACCES,
                             "PORT=%u: this account may not listen there: set PORT to 1024 or more",
                             port);
        if (code != 0)
            return error_set(err, -code, "PORT=%u: can't be listened at: %s", port,
                             strerror(-code));
    }
    return 0;
}
