/* address.c - what the kinds of addresses have in common. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/address.h"

#include "config/url.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What sockaddr_un takes, less its NUL. */
enum { SUN_PATH_MAX = 107 };

int address_refuse(struct address *address, const char *format, ...)
{
    char sentence[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    address->trouble = snapshot_printf(address->snapshot, "%s %s", address->variable, sentence);
    return address->trouble == NULL ? -ENOMEM : 0;
}

int address_keep(struct address *address, struct slice text, const char **ret)
{
    char *copy = arena_copy(address->snapshot->arena, text);

    if (copy == NULL)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int address_keep_decoded(struct address *address, struct slice text, const char **ret)
{
    char *copy = arena_alloc(address->snapshot->arena, text.length + 1);

    if (copy == NULL)
        return -ENOMEM;
    if (!url_decode(text, copy))
        return address_refuse(address, "can't be read: a '%%' that isn't followed by two hex "
                                       "digits must be written as %%25");
    *ret = copy;
    return 0;
}

int address_keep_socket(struct address *address, struct slice path)
{
    if (path.length == 0 || path.data[0] != '/')
        return address_refuse(address, "names no absolute path of a unix socket: write three "
                                       "slashes, unix:///run/redis.sock");
    if (path.length > SUN_PATH_MAX)
        return address_refuse(address, "names a unix socket whose path is longer than %d bytes",
                              SUN_PATH_MAX);
    return address_keep_decoded(address, path, &address->target.socket_path);
}

int address_keep_host(struct address *address, struct slice hosts, const char *fallback)
{
    struct slice host;
    const char *fault = url_split_host(hosts, &host, &address->target.port);

    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    return address_keep(address, host.length == 0 ? slice_of(fallback) : host,
                        &address->target.host);
}

bool address_is_visible(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!isgraph((unsigned char)text.data[i]))
            return false;
    }
    return true;
}

bool address_is_upstash(const char *host)
{
    static const char domain[] = ".upstash.io";
    size_t length = strlen(host);

    return length >= sizeof(domain) - 1
           && strcasecmp(host + length - (sizeof(domain) - 1), domain) == 0;
}
