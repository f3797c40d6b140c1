/* keys.c - the table of keys. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/keys.h"

#include "base/auto.h"
#include "config/snapshot.h"
#include "config/value.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
    /* The front binds a temporary name beside the socket first; sun_path takes 107 bytes. */
    SOCKET_PATH_MAX = 90,
    TEXT_MAX = 1024,
    VALUE_MAX = 16 * 1024,
};

static const struct config_choice log_levels[] = {
    { "debug", LOG_LEVEL_DEBUG },     { "info", LOG_LEVEL_INFO },
    { "warning", LOG_LEVEL_WARNING }, { "warn", LOG_LEVEL_WARNING },
    { "error", LOG_LEVEL_ERROR },     { "critical", LOG_LEVEL_ERROR },
    { "fatal", LOG_LEVEL_ERROR },     { NULL, 0 },
};

static const struct config_choice log_formats[] = {
    { "json", LOG_FORMAT_JSON },
    { "text", LOG_FORMAT_TEXT },
    { NULL, 0 },
};

static const struct config_choice objectives_modes[] = {
    { "lenient", false },
    { "strict", true },
    { NULL, 0 },
};

static const struct config_choice idle_modes[] = {
    { "never", false },
    { "pause", true },
    { NULL, 0 },
};

static const struct config_choice celery_modes[] = {
    { "active", false },
    { "passive", true },
    { NULL, 0 },
};

#define IN_CONFIG(member)    offsetof(struct snapshot, config.member)
#define IN_CONTAINER(member) offsetof(struct snapshot, config.container.member)
#define IN(member)           offsetof(struct snapshot, member)

/* clang-format off */
#define TEXT(name, at, value, help)    { name, CONFIG_TEXT, at, value, 0, TEXT_MAX, NULL, help }
#define LONG_TEXT(name, at, help)      { name, CONFIG_TEXT, at, NULL, 0, VALUE_MAX, NULL, help }
#define NAME(name, at, value, help)    { name, CONFIG_NAME, at, value, 0, 63, NULL, help }
#define SECRET(name, at, help)         { name, CONFIG_SECRET, at, NULL, 0, VALUE_MAX, NULL, help }
#define TOKEN(name, at, help)          { name, CONFIG_TOKEN, at, NULL, 0, TEXT_MAX, NULL, help }
#define LIST(name, at, help)           { name, CONFIG_LIST, at, NULL, 0, TEXT_MAX, NULL, help }
#define URL(name, at, help)            { name, CONFIG_URL, at, NULL, 0, VALUE_MAX, NULL, help }
#define FLAG(name, at, value, help)    { name, CONFIG_FLAG, at, value, 0, 1, NULL, help }
#define CHOICE(name, at, value, words, help) \
    { name, CONFIG_CHOICE, at, value, 0, 0, words, help }
#define COUNT(name, at, value, low, high, help) \
    { name, CONFIG_COUNT, at, value, low, high, NULL, help }
#define DURATION(name, at, value, low_ms, high_ms, help) \
    { name, CONFIG_DURATION, at, value, low_ms, high_ms, NULL, help }
/* clang-format on */

const struct config_key config_keys[] = {
    NAME("PROBITY_SERVICE", IN_CONFIG(service), "app",
         "Name of the service: of its objectives, of the log's and the metrics' label. Letters, "
         "digits, `.`, `_`, `-`."),
    TEXT("APP_VERSION", IN_CONFIG(app_version), NULL,
         "The application's version, shown as `version`. Without it the platform's commit is "
         "taken."),
    TEXT("RAILWAY_GIT_COMMIT_SHA", IN_CONFIG(app_version), NULL,
         "Version on Railway, when `APP_VERSION` is not set."),
    TEXT("RENDER_GIT_COMMIT", IN_CONFIG(app_version), NULL, "The same on Render."),
    TEXT("HEROKU_SLUG_COMMIT", IN_CONFIG(app_version), NULL, "The same on Heroku."),
    TEXT("HEROKU_BUILD_COMMIT", IN_CONFIG(app_version), NULL, "The same on Heroku, newer."),
    TEXT("VERCEL_GIT_COMMIT_SHA", IN_CONFIG(app_version), NULL, "The same on Vercel."),
    TEXT("SOURCE_VERSION", IN_CONFIG(app_version), NULL, "The same where a buildpack ran."),
    TEXT("GIT_COMMIT", IN_CONFIG(app_version), NULL,
         "The same, as Jenkins and many images have it."),
    TEXT("GIT_SHA", IN_CONFIG(app_version), NULL, "The same under another name."),
    TEXT("COMMIT_SHA", IN_CONFIG(app_version), "unknown", "The same under another name."),
    { "PROBITY_LISTEN", CONFIG_TEXT, IN_CONFIG(listen_path), "/run/probity/probity.sock", 0,
      SOCKET_PATH_MAX, NULL,
      "Path of the unix socket on which probityd speaks FastCGI. At most 90 bytes." },
    DURATION("PROBITY_DRAIN_SECONDS", IN_CONFIG(drain_ms), "5", 0, HOUR_MS,
             "How long probityd answers `draining` after SIGTERM before it ends. A second signal "
             "ends it now."),
    CHOICE("LOG_LEVEL", IN_CONFIG(log_level), "info", log_levels,
           "The least level that is logged."),
    CHOICE("LOG_FORMAT", IN_CONFIG(log_format), "json", log_formats,
           "One JSON object a line, or text. Without it: text on a terminal, else JSON."),

    URL("PROBITY_APP", IN(app_url),
        "The application's health address, `http://127.0.0.1:8000/health` or "
        "`unix:/run/app.sock:/health`. Makes the check `app`."),
    URL("DATABASE_URL", IN(database_url),
        "The application's PostgreSQL, as it has it itself (`postgresql+asyncpg://…?schema=x` is "
        "understood). Makes the check `database`."),
    TEXT("DATABASE_HOST", IN(database_host), NULL,
         "Used when `DATABASE_URL` is not set: host name, address, or directory of the socket."),
    TEXT("DATABASE_PORT", IN(database_port), NULL, "Port beside `DATABASE_HOST`; 5432 without it."),
    TEXT("DATABASE_NAME", IN(database_name), NULL, "Database beside `DATABASE_HOST`."),
    TEXT("DATABASE_USER", IN(database_user), NULL, "Role beside `DATABASE_HOST`."),
    SECRET("DATABASE_PASSWORD", IN(database_password), "Password beside `DATABASE_HOST`."),
    COUNT("DATABASE_POOL_SIZE", IN(pool_size), NULL, 0, 1000000,
          "How many connections the application keeps; shown as `pool_size`, with the next one "
          "added."),
    COUNT("DATABASE_MAX_OVERFLOW", IN(max_overflow), NULL, 0, 1000000,
          "How many more it may open."),
    URL("REDIS_URL", IN(redis_url),
        "The application's Redis: `redis://:password@host:6379/0`, `rediss://` with TLS, or "
        "`unix:///run/redis.sock`. Makes the check `redis`. `?ssl_cert_reqs=none`, "
        "`ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` and `ssl_check_hostname` are understood."),
    TEXT("REDIS_INTERNAL_IP", IN(redis_host), NULL,
         "Used when `REDIS_URL` is not set: host name or address."),
    TEXT("REDIS_HOST", IN(redis_host), NULL, "The same under another name."),
    TEXT("REDIS_INTERNAL_PORT", IN(redis_port), NULL,
         "Port beside `REDIS_INTERNAL_IP`; 6379 without it."),
    TEXT("REDIS_PORT", IN(redis_port), NULL, "The same under another name."),
    SECRET("REDIS_PASSWORD", IN(redis_password), "Password beside `REDIS_INTERNAL_IP`."),
    FLAG("REDIS_SSL", IN(redis_ssl), "false",
         "Whether the Redis of `REDIS_URL` or `REDIS_INTERNAL_IP` wants TLS, as `rediss://` says."),
    URL("UPSTASH_REDIS_REST_URL", IN(upstash_url),
        "Upstash's REST address, `https://name-12345.upstash.io`. Makes the check `redis` where "
        "neither `REDIS_URL` nor `REDIS_INTERNAL_IP` is set."),
    TOKEN("UPSTASH_REDIS_REST_TOKEN", IN(upstash_token), "The token beside it."),
    URL("CELERY_BROKER_URL", IN(broker_url),
        "The Celery workers' broker, a Redis, written like `REDIS_URL`. Makes the check `celery`. "
        "`amqp://` and other "
        "brokers are not supported: the check says so."),
    { "PROBITY_CHECKS", CONFIG_YAML, IN(checks_text), NULL, 0, VALUE_MAX, NULL,
      "More checks: the list that stands under `checks` in the file of `PROBITY_CONFIG`, as YAML "
      "text; see `docs/checks.md`. It comes behind the file's." },
    LIST("PROBITY_REQUIRE", IN(require),
         "Which checks there must be, for instance `database,redis`: one that nothing sets is then "
         "`not configured` and a 503. `none`: ready without any check."),
    TEXT("PROBITY_TLS_CA", IN(tls_ca), NULL,
         "File of authorities (PEM) for all checks with TLS that name none themselves, instead of "
         "the system's. PostgreSQL's stands in its address, as `sslrootcert`."),

    DURATION("PROBITY_CHECK_INTERVAL", IN(interval_ms), "1s", 100, HOUR_MS,
             "Pause between two rounds of a check."),
    DURATION(
        "PROBITY_CHECK_TIMEOUT", IN(timeout_ms), "1s", 10, MINUTE_MS,
        "How long one look may take, at most the interval. Without it: 1 s, or the interval where "
        "that is shorter."),
    COUNT("PROBITY_CHECK_FALL", IN(fall), "2", 1, 100, "Failures in a row that make an error."),
    COUNT("PROBITY_CHECK_RISE", IN(rise), "2", 1, 100,
          "Successes in a row that end one. The first success after the start counts at once."),
    DURATION("PROBITY_CHECK_FRESH_INTERVAL", IN(fresh_interval_ms), "15s", 1000, HOUR_MS,
             "How often a round opens a fresh connection, which alone shows a rotated password or "
             "a full server."),
    DURATION(
        "PROBITY_CHECK_MAX_AGE", IN(max_age_ms), "5s", 200, 24 * HOUR_MS,
        "An older result is `stale` and counts as failed. Must exceed interval + timeout. Without "
        "it: 5 s, or twice interval + timeout where that is longer, within the prober's "
        "patience."),
    DURATION(
        "PROBITY_PROBER_PATIENCE", IN(patience_ms), "30s", 1000, HOUR_MS,
        "How long whoever asks (a load balancer, a kubelet) may go on believing an old answer: "
        "no check that can fail a group may have a result that counts for longer."),
    DURATION("PROBITY_READY_AFTER", IN_CONFIG(ready_after_ms), "0s", 0, HOUR_MS,
             "How long everything must have passed without a break before `/health/ready` is a 200 "
             "for the first time. For platforms that switch at the first 200 and never ask again: "
             "a version that is ready and then falls over is not switched to."),
    CHOICE("PROBITY_IDLE", IN_CONFIG(idle_pauses), "never", idle_modes,
           "`pause`: after `PROBITY_IDLE_AFTER` without a request nothing is looked at and no "
           "connection is kept, so that a platform may put the service, and its databases, to "
           "sleep. Readiness is 503 `paused` until somebody asks; see `docs/health.md`."),
    DURATION("PROBITY_IDLE_AFTER", IN_CONFIG(idle_after_ms), "5m", 1000, 24 * HOUR_MS,
             "How long nobody may have asked before that. At least twice "
             "`PROBITY_PROBER_PATIENCE`: who asks regularly must never meet a pause."),
    DURATION("PROBITY_CELERY_INTERVAL", IN(celery_interval_ms), "10s", 1000, HOUR_MS,
             "Pause between two questions to the workers."),
    DURATION("PROBITY_CELERY_TIMEOUT", IN(celery_timeout_ms), "2s", 100, MINUTE_MS,
             "How long the workers have to answer."),
    DURATION("PROBITY_CELERY_MAX_AGE", IN(celery_max_age_ms), "30s", 1000, 24 * HOUR_MS,
             "An older result is `stale`. The same rules hold."),
    CHOICE("PROBITY_CELERY_MODE", IN(celery_passive), "active", celery_modes,
           "`passive` never asks the workers and judges by their heartbeats alone."),
    LIST("PROBITY_CELERY_QUEUES", IN(celery_queues),
         "Queues whose lengths are shown, at most 16. Without it: those that workers say they "
         "consume."),
    COUNT("PROBITY_CELERY_EXPECTED_WORKERS", IN(celery_expected_workers), NULL, 0, 100000,
          "Fewer than this many workers are `degraded`."),
    DURATION("PROBITY_CELERY_GRACE", IN(celery_grace_ms), "30s", 0, HOUR_MS,
             "How long `no workers` is `degraded` before it is an error, so that a redeploy of the "
             "workers doesn't take the service away."),
    TEXT("PROBITY_APP_POLICY", IN(app_policy), "fail",
         "What a failing application means: `fail`, or `fail_after=60s`. It is always critical."),
    TEXT("PROBITY_DATABASE_POLICY", IN(database_policy), "fail",
         "`fail`: not ready. `degrade`: shown, and still ready. `fail_after=60s`: not ready once "
         "it has lasted so long."),
    TEXT("PROBITY_REDIS_POLICY", IN(redis_policy), "fail", "The same for Redis."),
    TEXT("PROBITY_CELERY_POLICY", IN(celery_policy), "fail", "The same for Celery."),

    TEXT("PROBITY_CONFIG", IN(config_file), NULL,
         "A YAML file: `checks` are more checks and rules for those of the environment, see "
         "`docs/checks.md`; `sources` are the logs, their formats and services, see "
         "`docs/sources.md`, and are taken instead of `PROBITY_ACCESS_LOG`."),
    TEXT("PROBITY_ACCESS_LOG", IN_CONFIG(access_log), NULL,
         "nginx's access log of the service, in the format of `nginx/`; several are separated by "
         "commas. Without it no request is counted."),
    TEXT("PROBITY_STATE_DIR", IN_CONFIG(state_dir), "/var/lib/probity",
         "Directory for events that were posted and are not in the ledger yet, and for the history "
         "of "
         "the checks. It should survive a restart. Without one that can be written "
         "`POST /slo/events` answers 503, and a restart forgets the history."),
    URL("PROBITY_LEDGER_URL", IN(ledger_url),
        "PostgreSQL that holds the ledger. Without it: the application's own (`DATABASE_URL`)."),
    TEXT("PROBITY_OBJECTIVES", IN_CONFIG(objectives_path), NULL,
         "OpenSLO definitions: a YAML file, or a folder of them. Without it: what `probity slo "
         "apply` put into the ledger, else the four built-in objectives."),
    CHOICE("PROBITY_OBJECTIVES_MODE", IN_CONFIG(objectives_strict), "lenient", objectives_modes,
           "`strict` refuses what OpenSLO's SDK refuses; `lenient` loads it with warnings."),
    DURATION("PROBITY_SLO_MAX_AGE", IN_CONFIG(slo_max_age_ms), "15s", 1000, HOUR_MS,
             "SLO figures older than this are `stale`."),

    SECRET("JWT_SECRET_KEY", IN_CONFIG(jwt_secret),
           "Key of HS256, HS384 and HS512 tokens, at least 32 bytes."),
    SECRET("SECRET_KEY", IN_CONFIG(jwt_secret), "Used when `JWT_SECRET_KEY` is not set."),
    LONG_TEXT("JWT_PUBLIC_KEY", IN_CONFIG(jwt_public_key), "Key of RS256 and ES256 tokens, PEM."),
    NAME("JWT_ALGORITHM", IN_CONFIG(jwt_algorithm), "HS256",
         "The only algorithm that is accepted, whatever a token says."),
    TEXT("JWT_ISSUER", IN_CONFIG(jwt_issuer), NULL, "If set, a token's `iss` must be this."),
    TEXT("JWT_AUDIENCE", IN_CONFIG(jwt_audience), NULL, "If set, a token's `aud` must hold this."),
    TEXT("PROBITY_JWT_REQUIRE", IN_CONFIG(jwt_require), NULL,
         "A claim that every token must have, for instance `type=access`."),
    TEXT("PROBITY_ADMIN_CLAIM", IN_CONFIG(admin_claim), "role=admin,scope=admin,is_admin=true",
         "The claims that make an admin, any of them, separated by commas. An array that holds "
         "the value counts, a word of `scope`, and a boolean."),
    TOKEN("PROBITY_ADMIN_TOKEN", IN_CONFIG(admin_token),
          "Static token of an admin, at least 32 bytes."),
    TOKEN("PROBITY_READ_TOKEN", IN_CONFIG(read_token),
          "Static token that `/metrics` and `/slo` want, at least 32 bytes. Without it they are "
          "open."),
    TOKEN("PROBITY_INGEST_TOKEN", IN_CONFIG(ingest_token),
          "Static token that `POST /slo/events` wants, at least 32 bytes; an admin's token is "
          "taken too. Without it the endpoint is closed."),

    COUNT(
        "PORT", IN_CONTAINER(port), "8080", 1, 65535,
        "The port on which nginx listens, for IPv4 and IPv6. The command behind `--` gets that of "
        "`PROBITY_UPSTREAM` instead."),
    TEXT("PROBITY_UPSTREAM", IN_CONTAINER(upstream), NULL,
         "Where nginx passes requests on to, `127.0.0.1:8000` or `unix:/run/app.sock`. Without it "
         "the host and port of `PROBITY_APP`; without both only Probity's endpoints answer."),
    TEXT("PROBITY_PATH_PREFIX", IN_CONTAINER(path_prefix), NULL,
         "Stands before Probity's paths, for instance `/internal` for `/internal/health`."),
    TEXT("PROBITY_NGINX_TEMPLATE", IN_CONTAINER(nginx_template), NULL,
         "Another template of nginx's configuration than the one that is installed, for a gateway "
         "of several services for instance."),
    TEXT("PROBITY_LOG_DIR", IN_CONTAINER(log_dir), "/var/log/probity",
         "Directory of nginx's logs, `access.log` and `probity.log`. `PROBITY_ACCESS_LOG`, where "
         "it is not set, is the first of them."),
    COUNT("PROBITY_LOG_MAX_MIB", IN_CONTAINER(log_max_mib), "64", 1, 1024 * 1024,
          "A log that has grown to this is renamed and a new one begun."),
    COUNT("PROBITY_LOG_KEEP", IN_CONTAINER(log_keep), "2", 1, 100,
          "How many renamed files of each log are kept."),
    DURATION("PROBITY_SHUTDOWN_SECONDS", IN_CONTAINER(shutdown_ms), "10", 100, HOUR_MS,
             "How long requests that are under way, and then the command and probityd, have to "
             "end. It comes after `PROBITY_DRAIN_SECONDS`."),
    FLAG("PROBITY_MIGRATE", IN_CONTAINER(migrate), "on",
         "Whether the ledger's schema is brought up to date before probityd starts. A migration "
         "that is refused ends everything; a ledger out of reach is tried again in the "
         "background."),
};

_Static_assert(ARRAY_LENGTH(config_keys) == CONFIG_KEY_COUNT, "count the rows of config_keys");

const struct config_section config_sections[] = {
    { "PROBITY_SERVICE", "The service", NULL },
    { "PROBITY_APP", "Dependencies",
      "An address that can't be used stops nothing: its check is an error from the start and says "
      "what to do. Quotes and blanks around a value are removed, and a warning says so." },
    { "PROBITY_CHECK_INTERVAL", "Checks",
      "A hung dependency shows after at most interval + timeout + 100 ms + timeout." },
    { "PROBITY_CONFIG", "Service level objectives", NULL },
    { "JWT_SECRET_KEY", "Who may",
      "Without a secret of at least 32 bytes the endpoints for admins answer 503 and say why; "
      "nothing else changes. Keys and passwords are taken byte for byte." },
    { "PORT", "Container",
      "What `probity serve` reads, which runs nginx, probityd and perhaps the application in a "
      "container. probityd itself ignores it." },
    { NULL, NULL, NULL },
};

const struct config_key *config_key_find(const char *name)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

enum { PREFIX_BYTES = 8 /* PROBITY_ */ };

const struct config_key *config_key_nearest(const char *name)
{
    const struct config_key *nearest = NULL;
    int length = (int)strnlen(name, VALUE_WORD_BYTES + 1);
    int best = 4; /* farther away it is another word, not a misspelling */

    if (length > VALUE_WORD_BYTES)
        return NULL;
    /* Of a short word half may be wrong: FOO is no misspelt APP.  The prefix is always right. */
    if (length > PREFIX_BYTES && (length - PREFIX_BYTES) / 2 + 1 < best)
        best = (length - PREFIX_BYTES) / 2 + 1;
    /* PROBITY_LOG_LEVEL: one of the variables that are shared with the application. */
    if (strncmp(name, "PROBITY_", 8) == 0 && config_key_find(name + 8) != NULL)
        return config_key_find(name + 8);
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        int apart = value_distance(name, config_keys[i].name);

        if (apart < best) {
            best = apart;
            nearest = &config_keys[i];
        }
    }
    return nearest;
}

const char *config_type_name(enum config_type type)
{
    static const char *const names[] = { "text", "name",   "secret", "secret",  "duration", "count",
                                         "flag", "choice", "list",   "address", "YAML" };

    return names[type];
}
