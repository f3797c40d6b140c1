/* diagnose.c - what a person should know about a configuration, and what no log may hold. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "base/buf.h"
#include "config/config.h"
#include "config/dsn.h"
#include "config/snapshot.h"
#include "config/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_MAX_BYTES = 1024 };

struct speaker {
    config_say_fn say;
    void *context;
};

static void say(const struct speaker *speaker, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct speaker *speaker, enum log_level level, const char *format, ...)
{
    char sentence[SENTENCE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    speaker->say(speaker->context, level, sentence);
}

static bool has_member(const struct config *config, enum check_group group)
{
    for (int i = 0; i < config->check_count; i++) {
        if ((config->checks[i].groups & 1U << group) != 0)
            return true;
    }
    return false;
}

static void diagnose_checks(const struct config *config, const struct speaker *speaker)
{
    for (int i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];

        if (check->misconfigured != NULL)
            say(speaker, LOG_LEVEL_ERROR, "check %s: %s", check->name, check->misconfigured);
    }
    if (config->check_count == 0 && !config->require_none)
        say(speaker, LOG_LEVEL_ERROR,
            "no check is configured, so /health/ready answers 503: set PROBITY_APP, DATABASE_URL, "
            "REDIS_URL or CELERY_BROKER_URL, or PROBITY_REQUIRE=none");
    if (config->check_count > 0 && !config->require_none && !has_member(config, GROUP_READINESS))
        say(speaker, LOG_LEVEL_ERROR,
            "no check is a member of readiness, so /health/ready answers 503: name readiness among "
            "the groups of one, or set PROBITY_REQUIRE=none");
    if (config_check(config, "app") == NULL)
        say(speaker, LOG_LEVEL_INFO,
            "PROBITY_APP is not set: /health answers for Probity only, not for the application");
}

/* What a log without a request id costs. */
static void diagnose_source(const struct source_config *source, const struct speaker *speaker)
{
    if (source->file_id == SOURCE_PATH)
        say(speaker, LOG_LEVEL_INFO,
            "source %s: file_id: path: a file is known by this path and its first line. Two files "
            "of this path that begin alike are taken for one and some of their lines are not "
            "counted: give every instance its own path, and rotate at most once a second",
            source->name);
    else if (source->format == SOURCE_JSON)
        say(speaker, LOG_LEVEL_INFO,
            "source %s: file_id: first_line: every file must begin with a line that no other "
            "begins with, such as one that holds a request id; else say file_id: path",
            source->name);
}

static void diagnose_slo(const struct config *config, const struct speaker *speaker)
{
    const struct check_config *database = config_check(config, "database");
    const char *why = config->ledger_misconfigured;

    /* The check has told what is wrong with an address that both use: once is enough. */
    if (why != NULL && database != NULL && database->misconfigured != NULL
        && strcmp(why, database->misconfigured) == 0)
        say(speaker, LOG_LEVEL_WARNING,
            "there is no ledger either, because it would be in the same database: /slo answers 503 "
            "until that is mended");
    else if (why != NULL)
        say(speaker, LOG_LEVEL_WARNING, "%s: /slo answers 503 until then", why);
    if (config->source_count == 0 && config->ingest_token == NULL)
        say(speaker, LOG_LEVEL_WARNING,
            "PROBITY_ACCESS_LOG is not set: no request is counted, and objectives have no data");
    for (int i = 0; i < config->source_count; i++) {
        diagnose_source(&config->sources[i], speaker);
        if (strcmp(config->sources[i].service, config->service) != 0)
            say(speaker, LOG_LEVEL_INFO,
                "source %s: lines of service %s are counted only if it has objectives, which are "
                "built in for %s alone",
                config->sources[i].name, config->sources[i].service, config->service);
    }
}

void config_diagnose(const struct config *config, config_say_fn say_fn, void *context)
{
    const struct snapshot *snapshot = snapshot_of(config);
    const struct speaker speaker = { say_fn, context };

    for (int i = 0; i < snapshot->note_count; i++)
        say_fn(context, snapshot->notes[i].level, snapshot->notes[i].sentence);
    diagnose_checks(config, &speaker);
    diagnose_slo(config, &speaker);
}

/* Kubernetes injects NAME_SERVICE_HOST, NAME_PORT and NAME_PORT_80_TCP… for every Service, also for
 * one that is called probity. */
static bool is_of_kubernetes(const char *name)
{
    const char *port = strstr(name, "_PORT");

    return strstr(name, "_SERVICE_HOST") != NULL || strstr(name, "_SERVICE_PORT") != NULL
           || (port != NULL && (port[5] == '\0' || port[5] == '_'));
}

static void diagnose_name(const char *name, const struct speaker *speaker)
{
    const struct config_key *nearest;

    if (config_key_find(name) != NULL || is_of_kubernetes(name))
        return;
    nearest = config_key_nearest(name);
    if (nearest == NULL)
        say(speaker, LOG_LEVEL_WARNING,
            "%s is no variable of Probity and has no effect: probity check-config lists them all",
            name);
    else
        say(speaker, LOG_LEVEL_WARNING,
            "%s is no variable of Probity and has no effect: is %s meant?", name, nearest->name);
}

void config_diagnose_names(const char *const *environment, config_say_fn say_fn, void *context)
{
    const struct speaker speaker = { say_fn, context };

    for (; *environment != NULL; environment++) {
        struct slice rest = slice_of(*environment);
        struct slice name = slice_cut(&rest, '=');
        char copy[128];

        if (!slice_starts_with(name, SLICE("PROBITY_")) || name.length >= sizeof(copy))
            continue;
        memcpy(copy, name.data, name.length);
        copy[name.length] = '\0';
        diagnose_name(copy, &speaker);
    }
}

/* As it stands, and decoded: a driver's message may hold either. */
static void hide(void *context, struct slice secret)
{
    AUTO(auto_free) char *text = malloc(secret.length + 1);

    (void)context;
    if (text == NULL || secret.length == 0)
        return;
    memcpy(text, secret.data, secret.length);
    text[secret.length] = '\0';
    log_hide(text);
    if (memchr(secret.data, '%', secret.length) != NULL && url_decode(secret, text))
        log_hide(text);
}

static void hide_address(const char *text)
{
    const char *password;

    if (dsn_is_keywords(slice_of(text))) {
        AUTO(arena_free) struct arena *arena = arena_new(64 * 1024);

        password = arena == NULL ? NULL : dsn_password(arena, text);
        log_hide(password);
        return;
    }
    url_each_secret(slice_of(text), hide, NULL);
}

/* The YAML's passwords are known only once they have been put together. */
static void hide_target(const struct check_target *target)
{
    const char *query = target->path == NULL ? NULL : strchr(target->path, '?');

    if (query != NULL)
        url_each_secret_param(slice_of(query + 1), hide, NULL);
    if (target->conninfo != NULL)
        hide_address(target->conninfo);
    if (target->password != NULL)
        hide(NULL, slice_of(target->password));
}

void config_hide_secrets(const struct config *config)
{
    const struct snapshot *snapshot = snapshot_of(config);

    for (int i = 0; i < config->check_count; i++)
        hide_target(&config->checks[i].target);

    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        const char *text;

        if (!snapshot->is_set[i])
            continue;
        memcpy(&text, (const char *)snapshot + key->offset, sizeof(text));
        if (key->type == CONFIG_URL)
            hide_address(text);
        else if (key->type == CONFIG_SECRET || key->type == CONFIG_TOKEN)
            hide(NULL, slice_of(text));
    }
}
