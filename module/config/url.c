/* url.c - scheme://user:password@hosts/path?query, read with suspicion. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/url.h"

#include "config/value.h"

#include <ctype.h>
#include <string.h>

/* Where the password stops is ours to guess only when it is escaped. */
static const char unescaped[] =
    "an '@', '/' or '?' in the password must be written as %40, %2F or %3F";

static bool is_scheme(struct slice text)
{
    if (text.length == 0 || !isalpha((unsigned char)text.data[0]))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!isalnum((unsigned char)text.data[i]) && memchr("+-.", text.data[i], 3) == NULL)
            return false;
    }
    return true;
}

static struct slice cut_scheme(struct slice *rest)
{
    const char *mark = memmem(rest->data, rest->length, "://", 3);
    struct slice scheme = { rest->data, 0 };

    if (mark != NULL)
        scheme.length = (size_t)(mark - rest->data);
    if (mark == NULL || !is_scheme(scheme))
        return (struct slice){ rest->data, 0 };
    rest->data = mark + 3;
    rest->length -= scheme.length + 3;
    return scheme;
}

/* Cuts at the first of `ends`, which stays in the rest. */
static struct slice cut_before(struct slice *rest, const char *ends)
{
    struct slice head = { rest->data, 0 };

    while (head.length < rest->length && strchr(ends, rest->data[head.length]) == NULL)
        head.length++;
    rest->data += head.length;
    rest->length -= head.length;
    return head;
}

static bool holds(struct slice text, char c)
{
    return text.length > 0 && memchr(text.data, c, text.length) != NULL;
}

static void split_user(struct slice userinfo, struct url *url)
{
    url->has_user = true;
    url->has_password = holds(userinfo, ':');
    url->user = slice_cut(&userinfo, ':');
    url->password = userinfo;
}

const char *url_split(struct slice text, struct url *ret)
{
    struct url url = { .scheme = cut_scheme(&text) };
    struct slice authority;

    if (url.scheme.length == 0)
        return "it has no scheme such as redis:// or postgresql:// in front";
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
            return "it holds a blank or a control character: write %20 for a blank";
    }
    authority = cut_before(&text, "/?");
    url.hosts = authority;
    if (holds(authority, '@')) {
        struct slice userinfo = slice_cut(&url.hosts, '@');

        split_user(userinfo, &url);
    }
    url.path = cut_before(&text, "?");
    if (text.length > 0)
        url.query = (struct slice){ text.data + 1, text.length - 1 };
    if (holds(url.hosts, '@') || holds(url.path, '@') || (!url.has_user && holds(url.query, '@')))
        return unescaped;
    *ret = url;
    return NULL;
}

static bool is_host(struct slice host)
{
    for (size_t i = 0; i < host.length; i++) {
        if (!isalnum((unsigned char)host.data[i]) && memchr(".-_:%", host.data[i], 5) == NULL)
            return false;
    }
    return true;
}

const char *url_split_host(struct slice text, struct slice *host, uint16_t *port)
{
    struct slice rest = text;
    bool bracketed = text.length > 0 && text.data[0] == '[';

    if (bracketed) {
        rest = (struct slice){ text.data + 1, text.length - 1 };
        if (!holds(rest, ']'))
            return "the ']' behind the IPv6 address is missing";
        *host = slice_cut(&rest, ']');
        if (rest.length > 0 && rest.data[0] != ':')
            return "between ']' and the port stands something else than ':'";
    } else {
        *host = cut_before(&rest, ":");
    }
    if (!is_host(*host))
        return "the host name holds characters that no host name has";
    if (rest.length == 0)
        return NULL;
    rest = (struct slice){ rest.data + 1, rest.length - 1 };
    if (!bracketed && holds(rest, ':'))
        return "an IPv6 address must stand in brackets: [::1]:6379";
    if (!value_parse_port(rest, port))
        return "the port must be a number from 1 to 65535 (and an '@', '/' or '?' in the password "
               "be written as %40, %2F or %3F)";
    return NULL;
}

bool url_decode(struct slice text, char *out)
{
    for (size_t i = 0; i < text.length; i++) {
        int value = (unsigned char)text.data[i];

        if (value == '%') {
            if (text.length - i < 3 || slice_hex_value(text.data[i + 1]) < 0
                || slice_hex_value(text.data[i + 2]) < 0)
                return false;
            value = slice_hex_value(text.data[i + 1]) * 16 + slice_hex_value(text.data[i + 2]);
            if (value == 0)
                return false;
            i += 2;
        }
        *out++ = (char)value;
    }
    *out = '\0';
    return true;
}

bool url_cut_param(struct slice *query, struct slice *name, struct slice *value)
{
    struct slice param = { query->data, 0 };

    while (query->length > 0 && param.length == 0)
        param = slice_cut(query, '&');
    if (param.length == 0)
        return false;
    *name = slice_cut(&param, '=');
    *value = param;
    return true;
}

static bool is_secret_name(struct slice name)
{
    static const struct slice words[] = { { "password", 8 },    { "passwd", 6 }, { "pwd", 3 },
                                          { "secret", 6 },      { "token", 5 },  { "key", 3 },
                                          { "credential", 10 }, { "auth", 4 },   { "sig", 3 } };

    /* The name of a file is needed in the log: what is wrong with it stands there alone. */
    if (slice_equals_text(name, "sslkey") || slice_equals_text(name, "ssl_keyfile"))
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (size_t at = 0; at + words[i].length <= name.length; at++) {
            if (slice_equals_nocase((struct slice){ name.data + at, words[i].length }, words[i]))
                return true;
        }
    }
    return false;
}

/* A misspelt password=… is a password all the same: only what is known to be harmless is shown. */
static bool is_harmless(struct slice name)
{
    static const char *const words[] = {
        "application_name",
        "connect_timeout",
        "db",
        "dbname",
        "host",
        "pgbouncer",
        "port",
        "schema",
        "ssl",
        "ssl_cert_reqs",
        "sslmode",
        "sslrootcert",
        "user",
        "virtual_host",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_equals_text(name, words[i]))
            return true;
    }
    return false;
}

static void show_query(struct buf *buf, struct slice query)
{
    struct slice name;
    struct slice value;
    char separator = '?';

    while (url_cut_param(&query, &name, &value)) {
        buf_append_char(buf, separator);
        buf_append(buf, is_harmless(name) || value.length > 0 ? name : SLICE("***"));
        if (value.length > 0) {
            buf_append_char(buf, '=');
            buf_append(buf, is_harmless(name) ? value : SLICE("***"));
        }
        separator = '&';
    }
}

void url_show_path(struct buf *buf, struct slice path)
{
    buf_append(buf, slice_cut(&path, '?'));
    show_query(buf, path);
}

/* A host that is none may be a password whose '@' was lost. */
static void show_hosts(struct buf *buf, struct slice hosts)
{
    struct slice rest = hosts;

    while (rest.length > 0) {
        struct slice host;
        uint16_t port;

        if (url_split_host(slice_cut(&rest, ','), &host, &port) != NULL) {
            buf_append(buf, SLICE("***"));
            return;
        }
    }
    buf_append(buf, hosts);
}

void url_show(struct buf *buf, struct slice text)
{
    struct url url;

    if (url_split(text, &url) != NULL) {
        struct slice scheme = cut_scheme(&text);

        /* Nobody knows where its password begins and ends. */
        buf_append(buf, scheme);
        buf_append(buf, scheme.length > 0 ? SLICE("://***") : SLICE("***"));
        return;
    }
    buf_append(buf, url.scheme);
    buf_append(buf, SLICE("://"));
    /* A user without a password often is one: redis://secret@host. */
    if (url.has_password)
        buf_append(buf, url.user);
    if (url.has_user)
        buf_append(buf, url.has_password ? SLICE(":***@") : SLICE("***@"));
    show_hosts(buf, url.hosts);
    buf_append(buf, url.path);
    show_query(buf, url.query);
}

void url_each_secret_param(struct slice query, url_secret_fn found, void *context)
{
    struct slice name;
    struct slice value;

    while (url_cut_param(&query, &name, &value)) {
        if (is_secret_name(name))
            found(context, value);
    }
}

void url_each_secret(struct slice text, url_secret_fn found, void *context)
{
    struct url url;

    if (url_split(text, &url) != NULL) {
        const char *at = memrchr(text.data, '@', text.length);
        struct slice userinfo;

        (void)cut_scheme(&text);
        if (at == NULL || at < text.data)
            return;
        userinfo = (struct slice){ text.data, (size_t)(at - text.data) };
        if (holds(userinfo, ':'))
            (void)slice_cut(&userinfo, ':');
        found(context, userinfo);
        return;
    }
    if (url.has_user)
        found(context, url.has_password ? url.password : url.user);
    url_each_secret_param(url.query, found, context);
}
