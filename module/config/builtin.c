/* builtin.c - where the environment says that application, database, Redis and Celery are. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/builtin.h"

#include "config/dsn.h"

#include <string.h>
#include <strings.h>

static int find_app(struct address *address, enum check_kind *kind)
{
    const char *text = address->snapshot->app_url;

    (void)kind;
    if (text == NULL)
        return 0;
    address->variable = "PROBITY_APP";
    return address_http(address, text);
}

static int find_database(struct address *address, enum check_kind *kind)
{
    const struct snapshot *snapshot = address->snapshot;
    const struct address_parts parts = {
        .host = snapshot->database_host,
        .port = snapshot->database_port,
        .name = snapshot->database_name,
        .user = snapshot->database_user,
        .password = snapshot->database_password,
    };

    (void)kind;
    if (snapshot->database_url != NULL) {
        address->variable = "DATABASE_URL";
        return dsn_from_url(address, snapshot->database_url);
    }
    if (parts.host != NULL) {
        address->variable = "DATABASE_HOST";
        return dsn_from_parts(address, &parts);
    }
    if (parts.name != NULL || parts.user != NULL || parts.password != NULL)
        return snapshot_note(address->snapshot, LOG_LEVEL_WARNING,
                             "DATABASE_NAME, DATABASE_USER or DATABASE_PASSWORD is set, but "
                             "neither DATABASE_URL nor DATABASE_HOST: there is no check database");
    return 0;
}

static int find_upstash(struct address *address, enum check_kind *kind)
{
    const struct address_rest rest = {
        .url = address->snapshot->upstash_url,
        .token = address->snapshot->upstash_token,
        .token_variable = "UPSTASH_REDIS_REST_TOKEN",
    };

    if (rest.url == NULL)
        return 0;
    address->variable = "UPSTASH_REDIS_REST_URL";
    *kind = CHECK_UPSTASH;
    return address_upstash(address, &rest);
}

/* Upstash's two addresses are easily put into each other's variable. */
static int note_unused_redis(struct snapshot *snapshot)
{
    int code = 0;

    if (snapshot->upstash_url != NULL && strncasecmp(snapshot->upstash_url, "redis", 5) == 0)
        code = snapshot_note(snapshot, LOG_LEVEL_WARNING,
                             "UPSTASH_REDIS_REST_URL holds a TCP address where a REST address "
                             "(https://…) belongs; Probity uses REDIS_URL");
    return code;
}

static int find_redis(struct address *address, enum check_kind *kind)
{
    struct snapshot *snapshot = address->snapshot;
    const struct address_parts parts = {
        .host = snapshot->redis_host,
        .port = snapshot->redis_port,
        .password = snapshot->redis_password,
    };
    int code;

    if (snapshot->redis_url == NULL && parts.host == NULL)
        return find_upstash(address, kind);
    code = note_unused_redis(snapshot);
    if (code != 0)
        return code;
    address->target.tls.wanted = snapshot->redis_ssl;
    if (snapshot->redis_url != NULL) {
        address->variable = "REDIS_URL";
        code = address_redis(address, snapshot->redis_url);
        if (code == 0 && address->trouble == NULL && address->target.password == NULL
            && parts.password != NULL)
            code = snapshot_note(snapshot, LOG_LEVEL_WARNING,
                                 "REDIS_URL has no password, and REDIS_PASSWORD is not used with "
                                 "it: write redis://:PASSWORD@host");
    } else {
        address->variable = snapshot_source(snapshot, offsetof(struct snapshot, redis_host));
        code = address_redis_parts(address, &parts);
    }
    return code;
}

static int find_celery(struct address *address, enum check_kind *kind)
{
    const char *text = address->snapshot->broker_url;

    (void)kind;
    if (text == NULL)
        return 0;
    address->variable = "CELERY_BROKER_URL";
    return address_redis(address, text);
}

/* clang-format off */
#define IN(member) offsetof(struct snapshot, member)
#define BIT(group) (1U << GROUP_##group)
const struct builtin builtins[BUILTIN_COUNT] = {
    { "app", CHECK_HTTP, find_app, "PROBITY_APP", IN(app_policy),
      BIT(READINESS) | BIT(STARTUP) | BIT(LIVENESS) },
    { "database", CHECK_POSTGRES, find_database, "DATABASE_URL or DATABASE_HOST",
      IN(database_policy), BIT(READINESS) },
    { "redis", CHECK_REDIS, find_redis,
      "REDIS_URL, REDIS_INTERNAL_IP or UPSTASH_REDIS_REST_URL", IN(redis_policy), BIT(READINESS) },
    { "celery", CHECK_CELERY, find_celery, "CELERY_BROKER_URL", IN(celery_policy),
      BIT(READINESS) },
};
/* clang-format on */

const struct builtin *builtin_of(const char *name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++) {
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    }
    return NULL;
}
