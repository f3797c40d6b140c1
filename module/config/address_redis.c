/* address_redis.c - the addresses of Redis and of Celery's broker. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/address.h"

#include "config/url.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>

enum { REDIS_PORT = 6379 };

static bool scheme_is(struct slice scheme, const char *name)
{
    return slice_equals_nocase(scheme, slice_of(name));
}

static const struct {
    const char *scheme;
    const char *trouble;
} refused_schemes[] = {
    { "https", "holds an https:// URL; that is the REST address, which belongs in "
               "UPSTASH_REDIS_REST_URL (kind upstash): put the TCP address here, "
               "rediss://:PASSWORD@host:6379/0" },
    { "http", "holds an http:// URL; that is a REST address, which belongs in "
              "UPSTASH_REDIS_REST_URL (kind upstash): put the TCP address here, "
              "redis://host:6379/0" },
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
    return address_refuse(address, "is a %.*s:// address: write redis://, rediss:// or unix://",
                          (int)scheme.length, scheme.data);
}

static int keep_login(struct address *address, const struct url *url)
{
    int code = 0;

    if (url->user.length > 0)
        code = address_keep_decoded(address, url->user, &address->target.user);
    if (code == 0 && address->trouble == NULL && url->password.length > 0)
        code = address_keep_decoded(address, url->password, &address->target.password);
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

/* --- TLS, as redis-py and Celery write it behind the '?' --- */

static const struct config_choice cert_reqs_words[] = {
    { "none", false },    { "cert_none", false },
    { "optional", true }, { "cert_optional", true },
    { "required", true }, { "cert_required", true },
    { NULL, 0 },
};

static int take_cert_reqs(struct address *address, struct slice value)
{
    int verify;

    if (!value_parse_choice(value, cert_reqs_words, &verify))
        return address_refuse(address, "has an ssl_cert_reqs that is none of none, optional and "
                                       "required");
    address->target.tls.unverified = !verify;
    if (verify)
        return 0;
    return snapshot_note(address->snapshot, LOG_LEVEL_WARNING,
                         "%s has ssl_cert_reqs=none: whoever sits in between can read the "
                         "password: name the authority with ssl_ca_certs or PROBITY_TLS_CA",
                         address->variable);
}

static int take_check_hostname(struct address *address, struct slice value)
{
    bool checked;

    if (!value_parse_flag(value, &checked))
        return address_refuse(address, "has an ssl_check_hostname that is neither true nor false");
    address->target.tls.any_name = !checked;
    return 0;
}

static int take_ca(struct address *address, struct slice value)
{
    return address_keep_decoded(address, value, &address->target.tls.ca_file);
}

static int take_certificate(struct address *address, struct slice value)
{
    return address_keep_decoded(address, value, &address->target.tls.certificate_file);
}

static int take_key(struct address *address, struct slice value)
{
    return address_keep_decoded(address, value, &address->target.tls.key_file);
}

static const struct {
    const char *name;
    int (*take)(struct address *address, struct slice value);
} tls_params[] = {
    { "ssl_cert_reqs", take_cert_reqs }, { "ssl_check_hostname", take_check_hostname },
    { "ssl_ca_certs", take_ca },         { "ssl_certfile", take_certificate },
    { "ssl_keyfile", take_key },
};

static int keep_tls_param(struct address *address, struct slice name, struct slice value)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tls_params); i++) {
        if (!slice_equals_text(name, tls_params[i].name))
            continue;
        if (address->target.tls.wanted)
            return tls_params[i].take(address, value);
        return snapshot_note(address->snapshot, LOG_LEVEL_WARNING,
                             "%s has %s, but speaks no TLS: write rediss://", address->variable,
                             tls_params[i].name);
    }
    return 0;
}

static int keep_tls(struct address *address, const struct url *url)
{
    struct check_tls *tls = &address->target.tls;
    struct slice query = url->query;
    struct slice name;
    struct slice value;
    int code = 0;

    while (code == 0 && address->trouble == NULL && url_cut_param(&query, &name, &value))
        code = keep_tls_param(address, name, value);
    if (code == 0 && address->trouble == NULL
        && (tls->certificate_file == NULL) != (tls->key_file == NULL))
        code = address_refuse(address, "has one of ssl_certfile and ssl_keyfile: they go together");
    return code;
}

/* --- the address --- */

static int judge_host(struct address *address)
{
    if (address->target.tls.wanted || !address_is_upstash(address->target.host))
        return 0;
    return address_refuse(address, "names a host of Upstash without TLS, which is all that it "
                                   "speaks: write rediss://, or set REDIS_SSL=true");
}

static int redis_over_tcp(struct address *address, const struct url *url)
{
    int code;

    address->target.port = REDIS_PORT;
    code = address_keep_host(address, url->hosts, "localhost");
    return code != 0 || address->trouble != NULL ? code : judge_host(address);
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
    if (scheme_is(url.scheme, "rediss"))
        address->target.tls.wanted = true;
    else if (!socket && !scheme_is(url.scheme, "redis"))
        return refuse_scheme(address, url.scheme);
    if (socket && url.hosts.length > 0)
        return address_refuse(address, "names a host where a path should begin: write three "
                                       "slashes, unix:///run/redis.sock");
    code = socket ? address_keep_socket(address, url.path) : redis_over_tcp(address, &url);
    if (code == 0 && address->trouble == NULL)
        code = keep_login(address, &url);
    if (code == 0 && address->trouble == NULL)
        code = keep_database(address, &url, socket);
    if (code == 0 && address->trouble == NULL)
        code = keep_tls(address, &url);
    /* What reaches a socket of this machine crosses no network. */
    if (socket)
        address->target.tls.wanted = false;
    return code;
}

int address_redis_parts(struct address *address, const struct address_parts *parts)
{
    struct slice host = slice_of(parts->host);

    address->target.password = parts->password;
    /* A path is a socket's here too, as with DATABASE_HOST. */
    if (host.length > 0 && host.data[0] == '/') {
        address->target.tls.wanted = false;
        return address_keep_socket(address, host);
    }
    address->target.port = REDIS_PORT;
    if (memchr(host.data, '/', host.length) != NULL)
        return address_refuse(address, "is an address, not a host: put it in REDIS_URL");
    address->target.host = parts->host;
    if (parts->port != NULL && !value_parse_port(slice_of(parts->port), &address->target.port))
        return address_refuse(address, "has a port beside it that is no number from 1 to 65535");
    return judge_host(address);
}
