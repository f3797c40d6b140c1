/* checks.c - which checks there are, where they look, and by which rules they are judged. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/checks.h"

#include "config/address.h"
#include "config/dsn.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const struct check_limits check_no_limits = {
    .latency_ms = -1,
    .certificate_days = -1,
    .connections_percent = -1,
    .replication_lag_ms = -1,
    .longest_query_ms = -1,
    .memory_percent = -1,
    .evicted_per_minute = -1,
    .blocked_clients = -1,
    .queued_tasks = -1,
    .queue_growing_ms = -1,
};

/* Finds a check's address: names in `address->variable` what it was read from, and leaves NULL
 * there when nothing sets it.  Returns 0 or -ENOMEM. */
typedef int (*find_fn)(struct address *address);

static int find_app(struct address *address)
{
    const char *text = address->snapshot->app_url;

    if (text == NULL)
        return 0;
    address->variable = "PROBITY_APP";
    return address_http(address, text);
}

static int find_database(struct address *address)
{
    const struct snapshot *snapshot = address->snapshot;
    const struct address_parts parts = {
        .host = snapshot->database_host,
        .port = snapshot->database_port,
        .name = snapshot->database_name,
        .user = snapshot->database_user,
        .password = snapshot->database_password,
    };

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

static bool is_rest_address(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* Upstash's two addresses are easily put into each other's variable. */
static int find_upstash(struct address *address)
{
    const char *text = address->snapshot->upstash_url;

    if (text == NULL)
        return 0;
    address->variable = "UPSTASH_REDIS_REST_URL";
    if (is_rest_address(text))
        return address_refuse(address, "is set and REDIS_URL is not: Upstash's REST is not "
                                       "supported yet: put the TCP address in REDIS_URL");
    /* Who follows the advice should know at once that it isn't the end of it. */
    if (strncasecmp(text, "rediss://", 9) == 0)
        return address_refuse(address, "holds a rediss:// URL; that is the TCP address: put it in "
                                       "REDIS_URL (TLS to Redis is not supported yet)");
    return address_refuse(address, "holds a redis:// URL; that is the TCP address: put it in "
                                   "REDIS_URL");
}

static int redis_needs_tls(struct address *address)
{
    address->target = (struct check_target){ .path = NULL };
    return address_refuse(address, "is to be reached with TLS (REDIS_SSL): TLS to Redis is not "
                                   "supported yet: use a private network and REDIS_SSL=false");
}

static int note_unused_redis(struct snapshot *snapshot)
{
    int code = 0;

    if (snapshot->upstash_url != NULL && !is_rest_address(snapshot->upstash_url))
        code = snapshot_note(snapshot, LOG_LEVEL_WARNING,
                             "UPSTASH_REDIS_REST_URL holds a TCP address where a REST address "
                             "(https://…) belongs; Probity uses REDIS_URL");
    return code;
}

static int find_redis(struct address *address)
{
    struct snapshot *snapshot = address->snapshot;
    const struct address_parts parts = {
        .host = snapshot->redis_host,
        .port = snapshot->redis_port,
        .password = snapshot->redis_password,
    };
    int code;

    if (snapshot->redis_url == NULL && parts.host == NULL)
        return find_upstash(address);
    code = note_unused_redis(snapshot);
    if (code != 0)
        return code;
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
    if (code == 0 && address->trouble == NULL && snapshot->redis_ssl)
        code = redis_needs_tls(address);
    return code;
}

static int find_celery(struct address *address)
{
    const char *text = address->snapshot->broker_url;

    if (text == NULL)
        return 0;
    address->variable = "CELERY_BROKER_URL";
    return address_redis(address, text);
}

/* In the order of the answers. */
static const struct {
    const char *name;
    enum check_kind kind;
    find_fn find;
    const char *variables; /* what would configure it */
    size_t policy;
    size_t interval;
    size_t timeout;
    size_t max_age;
} kinds[] = {
#define IN(member) offsetof(struct snapshot, member)
    { "app", CHECK_HTTP, find_app, "PROBITY_APP", IN(app_policy), IN(interval_ms), IN(timeout_ms),
      IN(max_age_ms) },
    { "database", CHECK_POSTGRES, find_database, "DATABASE_URL or DATABASE_HOST",
      IN(database_policy), IN(interval_ms), IN(timeout_ms), IN(max_age_ms) },
    { "redis", CHECK_REDIS, find_redis, "REDIS_URL or REDIS_INTERNAL_IP", IN(redis_policy),
      IN(interval_ms), IN(timeout_ms), IN(max_age_ms) },
    { "celery", CHECK_CELERY, find_celery, "CELERY_BROKER_URL", IN(celery_policy),
      IN(celery_interval_ms), IN(celery_timeout_ms), IN(celery_max_age_ms) },
#undef IN
};

static const void *member(const struct snapshot *snapshot, size_t offset)
{
    return (const char *)snapshot + offset;
}

static int64_t time_at(const struct snapshot *snapshot, size_t offset)
{
    int64_t value;

    memcpy(&value, member(snapshot, offset), sizeof(value));
    return value;
}

static const char *text_at(const struct snapshot *snapshot, size_t offset)
{
    const char *value;

    memcpy(&value, member(snapshot, offset), sizeof(value));
    return value;
}

static const char *key_name(size_t offset)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (config_keys[i].offset == offset)
            return config_keys[i].name;
    }
    return "?";
}

static int parse_policy(struct check_config *check, const char *variable, const char *text,
                        struct error *err)
{
    struct slice rest = slice_of(text);
    struct slice word = slice_cut(&rest, '=');
    bool timed = slice_equals_text(word, "fail_after");

    check->critical = true;
    check->policy = timed ? CHECK_POLICY_FAIL_AFTER : CHECK_POLICY_FAIL;
    if (timed && value_parse_duration(rest, &check->fail_after_ms) && check->fail_after_ms > 0)
        return 0;
    if (slice_equals_text(slice_of(text), "fail"))
        return 0;
    if (slice_equals_text(slice_of(text), "degrade") && check->kind != CHECK_HTTP) {
        check->policy = CHECK_POLICY_DEGRADE;
        check->critical = false;
        return 0;
    }
    if (check->kind == CHECK_HTTP)
        return error_set(err, EINVAL,
                         "%s=%.60s: the application is always critical: use fail or "
                         "fail_after=60s",
                         variable, text);
    return error_set(err, EINVAL, "%s=%.60s: use fail, degrade or fail_after=60s", variable, text);
}

/* A result must outlive the wait for the next one, or a healthy check would be stale in between. */
static int judge_times(const struct check_config *check, size_t kind, struct error *err)
{
    char age[VALUE_DURATION_BYTES];
    char wait[VALUE_DURATION_BYTES];

    if (check->max_age_ms > check->interval_ms + check->timeout_ms)
        return 0;
    value_format_duration(check->max_age_ms, age);
    value_format_duration(check->interval_ms + check->timeout_ms, wait);
    return error_set(err, EINVAL,
                     "%s is %s, but %s + %s is %s: every result would be stale before the next: "
                     "set %s above %s",
                     key_name(kinds[kind].max_age), age, key_name(kinds[kind].interval),
                     key_name(kinds[kind].timeout), wait, key_name(kinds[kind].max_age), wait);
}

static void fill_celery(const struct config *config, struct check_celery *celery)
{
    celery->passive = config->celery_mode == CONFIG_CELERY_PASSIVE;
    celery->expected_workers = config->celery_expected_workers;
    celery->grace_ms = config->celery_grace_ms;
    celery->queue_count = config->celery_queue_count;
    memcpy(celery->queues, config->celery_queues, sizeof(celery->queues));
    celery->key_prefix = "";
}

static int fill_rules(const struct snapshot *snapshot, size_t kind, struct check_config *check,
                      struct error *err)
{
    int code;

    check->name = kinds[kind].name;
    check->kind = kinds[kind].kind;
    check->interval_ms = time_at(snapshot, kinds[kind].interval);
    check->timeout_ms = time_at(snapshot, kinds[kind].timeout);
    check->max_age_ms = time_at(snapshot, kinds[kind].max_age);
    check->fresh_interval_ms = snapshot->fresh_interval_ms;
    check->fall = (int)snapshot->fall;
    check->rise = (int)snapshot->rise;
    check->limits = check_no_limits;
    check->groups = 1U << GROUP_READINESS;
    if (check->kind == CHECK_HTTP)
        check->groups |= 1U << GROUP_STARTUP | 1U << GROUP_LIVENESS;
    check->pool_size = snapshot->config.database_pool_size;
    fill_celery(&snapshot->config, &check->celery);
    code = parse_policy(check, key_name(kinds[kind].policy), text_at(snapshot, kinds[kind].policy),
                        err);
    return code != 0 ? code : judge_times(check, kind, err);
}

/* Reads PROBITY_REQUIRE into a flag per kind. */
static int read_required(struct snapshot *snapshot, bool required[ARRAY_LENGTH(kinds)],
                         struct error *err)
{
    struct slice rest = slice_of(snapshot->require);
    struct slice all = slice_trim(rest);

    if (slice_equals_text(all, "none")) {
        snapshot->config.require_none = true;
        return 0;
    }
    for (struct slice word = value_cut_word(&rest); word.length > 0; word = value_cut_word(&rest)) {
        bool known = false;

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
            if (slice_equals_text(word, kinds[i].name))
                known = required[i] = true;
        }
        if (!known)
            return error_set(err, EINVAL,
                             "PROBITY_REQUIRE: %.*s is no check: name some of app, database, "
                             "redis, celery, or none alone",
                             word.length > 60 ? 60 : (int)word.length, word.data);
    }
    return 0;
}

static int add_check(struct snapshot *snapshot, size_t kind, bool required, struct error *err)
{
    struct config *config = &snapshot->config;
    struct check_config *check = &config->checks[config->check_count];
    struct address address = { .snapshot = snapshot };
    int code = fill_rules(snapshot, kind, check, err);

    if (code == 0 && kinds[kind].find(&address) != 0)
        code = error_set(err, ENOMEM, "configuration: out of memory");
    if (code != 0)
        return code;
    check->target = address.target;
    check->misconfigured = address.trouble;
    check->not_configured = address.variable == NULL;
    if (check->not_configured && required
        && snapshot_note(snapshot, LOG_LEVEL_ERROR,
                         "PROBITY_REQUIRE names %s, but nothing configures it: set %s", check->name,
                         kinds[kind].variables)
               != 0)
        return error_set(err, ENOMEM, "configuration: out of memory");
    if (!check->not_configured || required)
        config->check_count++;
    else
        *check = (struct check_config){ .name = NULL };
    return 0;
}

/* The ledger's own address, else whatever the check `database` looks at. */
static int find_ledger(struct snapshot *snapshot)
{
    struct config *config = &snapshot->config;
    struct address address = { .snapshot = snapshot, .variable = "PROBITY_LEDGER_URL" };
    int code;

    if (snapshot->ledger_url != NULL) {
        code = dsn_from_url(&address, snapshot->ledger_url);
    } else {
        address.variable = NULL;
        code = find_database(&address);
    }
    if (code != 0)
        return code;
    config->ledger_conninfo = address.target.conninfo;
    config->ledger_misconfigured = address.trouble;
    if (address.variable == NULL)
        config->ledger_misconfigured =
            "there is no ledger: set DATABASE_URL or PROBITY_LEDGER_URL to a PostgreSQL address";
    return 0;
}

int checks_build(struct snapshot *snapshot, struct error *err)
{
    bool required[ARRAY_LENGTH(kinds)] = { false };
    int code = read_required(snapshot, required, err);
    int notes;

    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(kinds); i++)
        code = add_check(snapshot, i, required[i], err);
    if (code != 0)
        return code;
    notes = snapshot->note_count;
    if (find_ledger(snapshot) != 0)
        return error_set(err, ENOMEM, "configuration: out of memory");
    if (snapshot->ledger_url == NULL)
        snapshot->note_count = notes; /* the check has said it all */
    return 0;
}
