/* dsn.c - strips what libpq doesn't know, and lets libpq judge the rest. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/dsn.h"

#include "config/url.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

enum { CONNINFO_MAX_BYTES = 32 * 1024 };

static void options_free(PQconninfoOption **options)
{
    PQconninfoFree(*options);
    *options = NULL;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    }
    return NULL;
}

static bool is_listed(const char *value, const char *const words[])
{
    for (; *words != NULL; words++) {
        if (strcmp(value, *words) == 0)
            return true;
    }
    return false;
}

static bool ports_are_right(const char *text)
{
    struct slice rest = slice_of(text);
    uint16_t port;

    while (rest.length > 0) {
        struct slice one = slice_cut(&rest, ',');

        /* libpq takes an empty one for the default. */
        if (one.length > 0 && (one.data[0] == 't' || !value_parse_port(one, &port)))
            return false;
    }
    return true;
}

/* libpq looks at some values only when it connects; a person wants to know now. */
static int judge_options(struct address *address, const PQconninfoOption *options)
{
    static const char *const modes[] = { "disable",   "allow",       "prefer", "require",
                                         "verify-ca", "verify-full", NULL };
    const char *port = option(options, "port");
    const char *mode = option(options, "sslmode");

    if (port != NULL && !ports_are_right(port))
        return address_refuse(address,
                              "can't be read: the port must be a number from 1 to 65535 "
                              "(and an '@', '/' or '?' in the password be written as %%40, "
                              "%%2F or %%3F)");
    if (mode != NULL && !is_listed(mode, modes))
        return address_refuse(address, "has an sslmode that libpq doesn't know: use disable, "
                                       "allow, prefer, require, verify-ca or verify-full");
    return 0;
}

/* Takes the conninfo over if libpq does.  Its own words may hold pieces of the password. */
static int judge(struct address *address, const char *conninfo)
{
    char *words = NULL;
    AUTO(options_free) PQconninfoOption *options = PQconninfoParse(conninfo, &words);
    int code;

    PQfreemem(words);
    if (options == NULL)
        return address_refuse(address,
                              "can't be read as a PostgreSQL address: in user, password "
                              "and name write %% as %%25, @ as %%40, / as %%2F, : as %%3A");
    code = judge_options(address, options);
    if (code == 0 && address->trouble == NULL)
        address->target.conninfo = conninfo;
    return code;
}

static bool knows(const PQconninfoOption *known, struct slice name)
{
    for (; known->keyword != NULL; known++) {
        if (slice_equals_text(name, known->keyword))
            return true;
    }
    return false;
}

/* What SQLAlchemy's drivers call ssl, in libpq's words; NULL for what needs no word. */
static const char *ssl_mode(struct slice value)
{
    static const char *const pairs[][2] = {
        { "true", "require" },      { "1", "require" }, { "on", "require" },
        { "false", "disable" },     { "0", "disable" }, { "off", "disable" },
        { "no-verify", "require" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        if (slice_equals_nocase(value, slice_of(pairs[i][0])))
            return pairs[i][1];
    }
    return NULL;
}

static bool is_word(struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        if (!isalnum((unsigned char)name.data[i]) && name.data[i] != '_' && name.data[i] != '-')
            return false;
    }
    return name.length > 0 && name.length < 40;
}

struct params {
    struct buf kept;    /* "?a=b&c=d" or "" */
    struct buf dropped; /* "schema, pgbouncer" */
};

static void params_done(struct params *params)
{
    buf_done(&params->kept);
    buf_done(&params->dropped);
}

static void keep_param(struct buf *kept, struct slice name, struct slice value)
{
    buf_append_char(kept, kept->length == 0 ? '?' : '&');
    buf_append(kept, name);
    buf_append_char(kept, '=');
    buf_append(kept, value);
}

static void sort_param(struct params *params, const PQconninfoOption *known, struct slice name,
                       struct slice value)
{
    bool is_ssl = slice_equals_text(name, "ssl");
    const char *mode = is_ssl || slice_equals_text(name, "sslmode") ? ssl_mode(value) : NULL;

    if (is_ssl || mode != NULL) {
        keep_param(&params->kept, SLICE("sslmode"), mode == NULL ? value : slice_of(mode));
    } else if (knows(known, name)) {
        keep_param(&params->kept, name, value);
    } else {
        buf_append_text(&params->dropped, params->dropped.length == 0 ? "" : ", ");
        /* A strange name may be the rest of a password. */
        buf_append(&params->dropped,
                   is_word(name) && value.length > 0 ? name : SLICE("one with a strange name"));
    }
}

static int sort_params(struct params *params, struct slice query)
{
    AUTO(options_free) PQconninfoOption *known = PQconninfoParse("", NULL);
    struct slice name;
    struct slice value;

    if (known == NULL)
        return -ENOMEM;
    while (url_cut_param(&query, &name, &value))
        sort_param(params, known, name, value);
    return buf_ok(&params->kept) && buf_ok(&params->dropped) ? 0 : -ENOMEM;
}

/* Puts the address together again with the scheme that libpq wants and the parameters it knows. */
static int rebuild(struct address *address, struct slice text, const struct url *url)
{
    AUTO(params_done) struct params params;
    const char *begin = url->scheme.data + url->scheme.length;
    const char *end = url->query.length > 0 ? url->query.data - 1 : text.data + text.length;
    char *conninfo;
    int code;

    buf_init(&params.kept, CONNINFO_MAX_BYTES);
    buf_init(&params.dropped, CONNINFO_MAX_BYTES);
    code = sort_params(&params, url->query);
    if (code != 0)
        return code;
    if (end > begin && end[-1] == '?')
        end--;
    conninfo = snapshot_printf(address->snapshot, "postgresql%.*s%s", (int)(end - begin), begin,
                               buf_text(&params.kept));
    if (conninfo == NULL)
        return -ENOMEM;
    if (params.dropped.length > 0)
        code = snapshot_note(address->snapshot, LOG_LEVEL_INFO,
                             "%s has parameters that libpq doesn't know; Probity leaves them out: "
                             "%s",
                             address->variable, buf_text(&params.dropped));
    return code != 0 ? code : judge(address, conninfo);
}

static bool is_postgres(struct slice scheme)
{
    struct slice base = slice_cut(&scheme, '+');

    return slice_equals_nocase(base, SLICE("postgres"))
           || slice_equals_nocase(base, SLICE("postgresql"));
}

bool dsn_is_keywords(struct slice text)
{
    return text.length > 0 && memmem(text.data, text.length, "://", 3) == NULL
           && memchr(text.data, '=', text.length) != NULL;
}

int dsn_from_url(struct address *address, const char *value)
{
    struct slice text = slice_of(value);
    struct url url;
    const char *fault;

    if (dsn_is_keywords(text))
        return judge(address, value);
    fault = url_split(text, &url);
    if (fault != NULL && memmem(text.data, text.length, "://", 3) == NULL)
        return address_refuse(address, "is no address: write "
                                       "postgresql://user:password@host:5432/name");
    if (fault != NULL)
        return address_refuse(address, "can't be read: %s", fault);
    if (!is_postgres(url.scheme))
        return address_refuse(address,
                              "is a %.*s:// address: only PostgreSQL is supported: write "
                              "postgresql://user:password@host:5432/name",
                              (int)url.scheme.length, url.scheme.data);
    return rebuild(address, text, &url);
}

static void put_keyword(struct buf *buf, const char *keyword, const char *value)
{
    if (value == NULL)
        return;
    buf_append_text(buf, buf->length == 0 ? "" : " ");
    buf_append_text(buf, keyword);
    buf_append(buf, SLICE("='"));
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            buf_append_char(buf, '\\');
        buf_append_char(buf, *value);
    }
    buf_append_char(buf, '\'');
}

int dsn_from_parts(struct address *address, const struct address_parts *parts)
{
    AUTO(buf_done) struct buf buf;
    uint16_t port = 5432;
    char digits[8];
    char *conninfo;

    buf_init(&buf, CONNINFO_MAX_BYTES);
    if (memmem(parts->host, strlen(parts->host), "://", 3) != NULL)
        return address_refuse(address, "is an address, not a host: put it in DATABASE_URL");
    if (parts->port != NULL && !value_parse_port(slice_of(parts->port), &port))
        return address_refuse(address, "has a DATABASE_PORT beside it that is no number from 1 to "
                                       "65535");
    (void)snprintf(digits, sizeof(digits), "%u", port);
    put_keyword(&buf, "host", parts->host);
    put_keyword(&buf, "port", digits);
    put_keyword(&buf, "dbname", parts->name);
    put_keyword(&buf, "user", parts->user);
    put_keyword(&buf, "password", parts->password);
    if (!buf_ok(&buf))
        return -ENOMEM;
    conninfo = arena_copy(address->snapshot->arena, buf_slice(&buf));
    return conninfo == NULL ? -ENOMEM : judge(address, conninfo);
}

const char *dsn_password(struct arena *arena, const char *conninfo)
{
    AUTO(options_free) PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    const char *password = options == NULL ? NULL : option(options, "password");

    return password == NULL ? NULL : arena_copy(arena, slice_of(password));
}

void dsn_show(struct buf *buf, const char *conninfo)
{
    AUTO(options_free) PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    const char *host = options == NULL ? NULL : option(options, "host");
    const char *port = options == NULL ? NULL : option(options, "port");
    const char *name = options == NULL ? NULL : option(options, "dbname");

    if (host == NULL && options != NULL)
        host = option(options, "hostaddr");
    buf_printf(buf, "%s:%s/%s", host == NULL ? "localhost" : host, port == NULL ? "5432" : port,
               name == NULL ? "" : name);
}
