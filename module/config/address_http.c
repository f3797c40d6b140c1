/* address_http.c - the addresses of what is asked by HTTP or only connected to. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/address.h"

#include "config/url.h"

#include <errno.h>
#include <string.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

/* --- the application --- */

/* unix:/run/app.sock or unix:/run/app.sock:/health, as nginx writes it in proxy_pass. */
static int http_over_socket(struct address *address, struct slice text)
{
    struct slice path = text;
    struct slice socket = slice_cut(&path, ':');
    int code = address_keep_socket(address, socket);

    if (code != 0 || address->trouble != NULL)
        return code;
    if (path.length > 0 && path.data[0] != '/')
        return address_refuse(address, "has a path that doesn't begin with '/': write "
                                       "unix:/run/app.sock:/health");
    return address_keep(address, path.length == 0 ? SLICE("/") : path, &address->target.path);
}

static int http_over_tcp(struct address *address, struct slice text, const struct url *url)
{
    struct slice target = url->path;
    int code;

    if (url->has_user)
        return address_refuse(address, "holds a user or a password: a health address must be open "
                                       "to Probity");
    if (url->hosts.length == 0 || url->hosts.data[0] == ':')
        return address_refuse(address, "names no host: write http://127.0.0.1:8000/");
    address->target.port = address->target.tls.wanted ? HTTPS_PORT : HTTP_PORT;
    code = address_keep_host(address, url->hosts, "");
    if (code != 0 || address->trouble != NULL)
        return code;
    /* Path and query as they stand: they go to the application as they are. */
    if (url->query.length > 0)
        target.length = (size_t)(text.data + text.length - target.data);
    if (target.length > 0 && target.data[0] == '/')
        return address_keep(address, target, &address->target.path);
    address->target.path = snapshot_printf(address->snapshot, "/%.*s", (int)target.length,
                                           target.length == 0 ? "" : target.data);
    return address->target.path == NULL ? -ENOMEM : 0;
}

/* What stands behind "unix:" of an address that is a socket's; empty when it is none. */
static struct slice cut_unix(struct slice text)
{
    static const char *const prefixes[] = { "http://unix:", "unix://", "unix:" };

    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        size_t length = strlen(prefixes[i]);

        /* Behind two slashes a path needs a third. */
        if (slice_starts_with(text, slice_of(prefixes[i]))
            && (i != 1 || (text.length > length && text.data[length] == '/')))
            return (struct slice){ text.data + length, text.length - length };
    }
    return (struct slice){ text.data, 0 };
}

static bool has_scheme(struct slice text)
{
    return text.length > 0 && memmem(text.data, text.length, "://", 3) != NULL;
}

static int refuse_blanks(struct address *address)
{
    /* It goes into a request line. */
    return address_refuse(address, "holds a blank, a control character or a letter that isn't "
                                   "ASCII: write it percent-encoded");
}

int address_http(struct address *address, const char *value)
{
    struct slice text = slice_of(value);
    struct slice socket = cut_unix(text);
    struct url url;
    const char *fault;

    if (!address_is_visible(text))
        return refuse_blanks(address);
    if (socket.length > 0 || slice_equals_text(text, "unix:"))
        return http_over_socket(address, socket);
    fault = url_split(text, &url);
    if (fault != NULL && !has_scheme(text))
        return address_refuse(address, "has no scheme: write http://127.0.0.1:8000/ or "
                                       "unix:/run/app.sock");
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    address->target.tls.wanted = slice_equals_nocase(url.scheme, SLICE("https"));
    if (!address->target.tls.wanted && !slice_equals_nocase(url.scheme, SLICE("http")))
        return address_refuse(address, "is a %.*s:// address: write http://, https:// or unix:",
                              (int)url.scheme.length, url.scheme.data);
    return http_over_tcp(address, text, &url);
}

/* --- connections alone --- */

/* scheme://host:port and nothing else. */
static int host_alone(struct address *address, const char *value, const char *scheme)
{
    struct slice text = slice_of(value);
    struct url url;
    const char *fault = url_split(text, &url);

    if (fault != NULL && !has_scheme(text))
        return address_refuse(address, "has no scheme: write %s://host:port", scheme);
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    if (!slice_equals_nocase(url.scheme, slice_of(scheme)))
        return address_refuse(address, "is a %.*s:// address: write %s://host:port",
                              (int)url.scheme.length, url.scheme.data, scheme);
    if (url.has_user || url.path.length > 1 || url.query.length > 0)
        return address_refuse(address, "holds more than a host and a port: write %s://host:port",
                              scheme);
    if (url.hosts.length == 0 || url.hosts.data[0] == ':')
        return address_refuse(address, "names no host: write %s://host:port", scheme);
    return address_keep_host(address, url.hosts, "");
}

int address_tcp(struct address *address, const char *value)
{
    struct slice socket = cut_unix(slice_of(value));
    int code;

    if (socket.length > 0)
        return address_keep_socket(address, socket);
    code = host_alone(address, value, "tcp");
    if (code == 0 && address->trouble == NULL && address->target.port == 0)
        code = address_refuse(address, "names no port: write tcp://host:port");
    return code;
}

int address_tls(struct address *address, const char *value)
{
    address->target.port = HTTPS_PORT;
    address->target.tls.wanted = true;
    return host_alone(address, value, "tls");
}

/* --- Upstash --- */

static const struct {
    const char *scheme;
    const char *trouble;
} refused_rest[] = {
    { "redis", "holds a redis:// URL; that is the TCP address: put it in REDIS_URL, "
               "as rediss://" },
    { "rediss", "holds a rediss:// URL; that is the TCP address: put it in REDIS_URL" },
};

static int refuse_rest(struct address *address, struct slice scheme)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refused_rest); i++) {
        if (slice_equals_nocase(scheme, slice_of(refused_rest[i].scheme)))
            return address_refuse(address, "%s", refused_rest[i].trouble);
    }
    return address_refuse(address, "is a %.*s:// address: write https://name-12345.upstash.io",
                          (int)scheme.length, scheme.data);
}

/* A prefix without the slash at its end: commands are appended with one. */
static int keep_prefix(struct address *address, struct slice path)
{
    while (path.length > 0 && path.data[path.length - 1] == '/')
        path.length--;
    return address_keep(address, path, &address->target.path);
}

static int keep_token(struct address *address, const struct address_rest *rest)
{
    if (rest->token == NULL)
        return address_refuse(address, "has no token beside it: set %s", rest->token_variable);
    if (!address_is_visible(slice_of(rest->token)))
        return address_refuse(address,
                              "has a token beside it (%s) that holds a blank or a letter "
                              "that isn't ASCII",
                              rest->token_variable);
    address->target.password = rest->token;
    return 0;
}

static int judge_rest(struct address *address)
{
    if (address->target.tls.wanted)
        return 0;
    if (address_is_upstash(address->target.host))
        return address_refuse(address, "is an http:// address with a host of Upstash, which would "
                                       "send the token in the clear: write https://");
    return snapshot_note(address->snapshot, LOG_LEVEL_WARNING,
                         "%s is an http:// address: the token goes over the network in the clear",
                         address->variable);
}

int address_upstash(struct address *address, const struct address_rest *rest)
{
    struct slice text = slice_of(rest->url);
    struct url url;
    const char *fault = url_split(text, &url);
    int code;

    if (!address_is_visible(text))
        return refuse_blanks(address);
    if (fault != NULL && !has_scheme(text))
        return address_refuse(address, "has no scheme: write https://name-12345.upstash.io");
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    address->target.tls.wanted = slice_equals_nocase(url.scheme, SLICE("https"));
    if (!address->target.tls.wanted && !slice_equals_nocase(url.scheme, SLICE("http")))
        return refuse_rest(address, url.scheme);
    if (url.has_user || url.query.length > 0 || url.hosts.length == 0)
        return address_refuse(address, "holds something else than a host: write "
                                       "https://name-12345.upstash.io");
    address->target.port = address->target.tls.wanted ? HTTPS_PORT : HTTP_PORT;
    code = address_keep_host(address, url.hosts, "");
    if (code == 0 && address->trouble == NULL)
        code = keep_prefix(address, url.path);
    if (code == 0 && address->trouble == NULL)
        code = judge_rest(address);
    if (code == 0 && address->trouble == NULL)
        code = keep_token(address, rest);
    return code;
}
