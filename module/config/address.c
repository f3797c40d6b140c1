/* address.c - the addresses of the application, of Redis and of Celery's broker. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/address.h"

#include "config/url.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HTTP_PORT = 80,
    REDIS_PORT = 6379,
    /* What sockaddr_un takes, less its NUL. */
    SUN_PATH_MAX = 107,
};

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

static bool scheme_is(struct slice scheme, const char *name)
{
    return slice_equals_nocase(scheme, slice_of(name));
}

static int keep(struct address *address, struct slice text, const char **ret)
{
    char *copy = arena_copy(address->snapshot->arena, text);

    if (copy == NULL)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

static int keep_decoded(struct address *address, struct slice text, const char **ret)
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

static int keep_socket(struct address *address, struct slice path)
{
    if (path.length == 0 || path.data[0] != '/')
        return address_refuse(address, "names no absolute path of a unix socket: write three "
                                       "slashes, unix:///run/redis.sock");
    if (path.length > SUN_PATH_MAX)
        return address_refuse(address, "names a unix socket whose path is longer than %d bytes",
                              SUN_PATH_MAX);
    return keep_decoded(address, path, &address->target.socket_path);
}

static int keep_host(struct address *address, struct slice hosts, const char *fallback)
{
    struct slice host;
    const char *fault = url_split_host(hosts, &host, &address->target.port);

    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    return keep(address, host.length == 0 ? slice_of(fallback) : host, &address->target.host);
}

/* --- the application --- */

/* unix:/run/app.sock or unix:/run/app.sock:/health, as nginx writes it in proxy_pass. */
static int http_over_socket(struct address *address, struct slice text)
{
    struct slice path = text;
    struct slice socket = slice_cut(&path, ':');
    int code = keep_socket(address, socket);

    if (code != 0 || address->trouble != NULL)
        return code;
    if (path.length > 0 && path.data[0] != '/')
        return address_refuse(address, "has a path that doesn't begin with '/': write "
                                       "unix:/run/app.sock:/health");
    return keep(address, path.length == 0 ? SLICE("/") : path, &address->target.path);
}

static int http_over_tcp(struct address *address, struct slice text, const struct url *url)
{
    struct slice target = url->path;
    int code;

    if (url->has_user)
        return address_refuse(address, "holds a user or a password: the application's health "
                                       "address must be open to Probity");
    if (url->hosts.length == 0 || url->hosts.data[0] == ':')
        return address_refuse(address, "names no host: write http://127.0.0.1:8000/");
    address->target.port = HTTP_PORT;
    code = keep_host(address, url->hosts, "");
    if (code != 0 || address->trouble != NULL)
        return code;
    /* Path and query as they stand: they go to the application as they are. */
    if (url->query.length > 0)
        target.length = (size_t)(text.data + text.length - target.data);
    if (target.length > 0 && target.data[0] == '/')
        return keep(address, target, &address->target.path);
    address->target.path = snapshot_printf(address->snapshot, "/%.*s", (int)target.length,
                                           target.length == 0 ? "" : target.data);
    return address->target.path == NULL ? -ENOMEM : 0;
}

static bool is_visible(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!isgraph((unsigned char)text.data[i]))
            return false;
    }
    return true;
}

int address_http(struct address *address, const char *value)
{
    struct slice text = slice_of(value);
    struct url url;
    const char *fault;

    /* It goes into a request line. */
    if (!is_visible(text))
        return address_refuse(address, "holds a blank, a control character or a letter that isn't "
                                       "ASCII: write it percent-encoded");
    if (slice_starts_with(text, SLICE("http://unix:")))
        return http_over_socket(address, slice_of(value + strlen("http://unix:")));
    if (slice_starts_with(text, SLICE("unix:///")))
        return http_over_socket(address, slice_of(value + strlen("unix://")));
    if (slice_starts_with(text, SLICE("unix:")))
        return http_over_socket(address, slice_of(value + strlen("unix:")));
    fault = url_split(text, &url);
    if (fault != NULL && memmem(value, text.length, "://", 3) == NULL)
        return address_refuse(address, "has no scheme: write http://127.0.0.1:8000/ or "
                                       "unix:/run/app.sock");
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    if (scheme_is(url.scheme, "https"))
        return address_refuse(address, "is an https:// address: the application beside Probity is "
                                       "asked over plain http://");
    if (!scheme_is(url.scheme, "http"))
        return address_refuse(address, "is a %.*s:// address: write http:// or unix:",
                              (int)url.scheme.length, url.scheme.data);
    return http_over_tcp(address, text, &url);
}

/* --- Redis --- */

static const struct {
    const char *scheme;
    const char *trouble;
} refused_schemes[] = {
    { "rediss", "is a rediss:// address: TLS to Redis is not supported yet: use redis:// within a "
                "private network" },
    { "https", "holds an https:// URL; that is the REST address, which belongs in "
               "UPSTASH_REDIS_REST_URL: put the TCP address here, redis://host:6379/0 (rediss:// "
               "and Upstash's REST are not supported yet)" },
    { "http", "holds an http:// URL; that is a REST address, which belongs in "
              "UPSTASH_REDIS_REST_URL: put the TCP address here, redis://host:6379/0" },
    { "amqp", "is an amqp:// address: RabbitMQ is not supported, only Redis is" },
    { "amqps", "is an amqps:// address: RabbitMQ is not supported, only Redis is" },
    { "pyamqp", "is a pyamqp:// address: RabbitMQ is not supported, only Redis is" },
    { "sentinel", "is a sentinel:// address: Redis Sentinel is not supported: name one Redis" },
};

static int refuse_scheme(struct address *address, struct slice scheme)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refused_schemes); i++) {
        if (scheme_is(scheme, refused_schemes[i].scheme))
            return address_refuse(address, "%s", refused_schemes[i].trouble);
    }
    return address_refuse(address, "is a %.*s:// address: write redis:// or unix://",
                          (int)scheme.length, scheme.data);
}

static int keep_login(struct address *address, const struct url *url)
{
    int code = 0;

    if (url->user.length > 0)
        code = keep_decoded(address, url->user, &address->target.user);
    if (code == 0 && address->trouble == NULL && url->password.length > 0)
        code = keep_decoded(address, url->password, &address->target.password);
    if (code == 0 && address->trouble == NULL && url->user.length > 0 && url->password.length == 0)
        code = snapshot_note(address->snapshot, LOG_LEVEL_WARNING,
                             "%s has a user and no password: if that is the password, put a colon "
                             "before it (redis://:PASSWORD@host)",
                             address->variable);
    return code;
}

static int keep_database(struct address *address, const struct url *url, bool path_is_socket)
{
    struct slice query = url->query;
    struct slice database = { NULL, 0 };
    struct slice name;
    struct slice value;
    uint64_t number = 0;

    if (!path_is_socket && url->path.length > 1)
        database = (struct slice){ url->path.data + 1, url->path.length - 1 };
    while (url_cut_param(&query, &name, &value)) {
        if (slice_equals_text(name, "db") || slice_equals_text(name, "virtual_host"))
            database = value;
    }
    if (database.length > 0 && database.data[0] == '/')
        database = (struct slice){ database.data + 1, database.length - 1 };
    if (database.length > 0 && !slice_parse_uint(database, 65535, &number))
        return address_refuse(address, "names a database that is no number: Redis counts its "
                                       "databases, as in redis://host:6379/0");
    address->target.database = (int)number;
    return 0;
}

static bool is_upstash(const char *host)
{
    static const char domain[] = ".upstash.io";
    size_t length = strlen(host);

    return length >= sizeof(domain) - 1
           && strcasecmp(host + length - (sizeof(domain) - 1), domain) == 0;
}

static int redis_over_tcp(struct address *address, const struct url *url)
{
    int code;

    address->target.port = REDIS_PORT;
    code = keep_host(address, url->hosts, "localhost");
    if (code != 0 || address->trouble != NULL)
        return code;
    if (is_upstash(address->target.host))
        return address_refuse(address, "is a redis:// address with a host of Upstash, which speaks "
                                       "TLS alone (rediss://): that is not supported yet");
    return 0;
}

int address_redis(struct address *address, const char *value)
{
    struct url url;
    const char *fault = url_split(slice_of(value), &url);
    bool socket;
    int code;

    if (fault != NULL && strstr(value, "://") == NULL)
        return address_refuse(address, "has no scheme: write redis://host:6379/0 or "
                                       "unix:///run/redis.sock");
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    socket = scheme_is(url.scheme, "unix") || scheme_is(url.scheme, "redis+socket");
    if (!socket && !scheme_is(url.scheme, "redis"))
        return refuse_scheme(address, url.scheme);
    if (socket && url.hosts.length > 0)
        return address_refuse(address, "names a host where a path should begin: write three "
                                       "slashes, unix:///run/redis.sock");
    code = socket ? keep_socket(address, url.path) : redis_over_tcp(address, &url);
    if (code == 0 && address->trouble == NULL)
        code = keep_login(address, &url);
    if (code == 0 && address->trouble == NULL)
        code = keep_database(address, &url, socket);
    return code;
}

int address_redis_parts(struct address *address, const struct address_parts *parts)
{
    struct slice host = slice_of(parts->host);

    address->target.password = parts->password;
    /* A path is a socket's here too, as with DATABASE_HOST. */
    if (host.length > 0 && host.data[0] == '/')
        return keep_socket(address, host);
    address->target.port = REDIS_PORT;
    if (memchr(host.data, '/', host.length) != NULL)
        return address_refuse(address, "is an address, not a host: put it in REDIS_URL");
    address->target.host = parts->host;
    if (parts->port != NULL && !value_parse_port(slice_of(parts->port), &address->target.port))
        return address_refuse(address, "has a port beside it that is no number from 1 to 65535");
    return 0;
}
