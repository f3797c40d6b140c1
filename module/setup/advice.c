/* advice.c - one decision a function, each with the reason that people are told. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/advice.h"

#include "setup/notes.h"
#include "setup/port.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HTTP_PORT = 80, FLASK_PORT = 5000, NODE_PORT = 3000, SERVICE_MAX = 40 };

/* A platform that names itself comes before Docker, which they all use. */
static void choose_platform(const struct survey *survey, enum survey_platform wanted,
                            struct advice *advice)
{
    static const enum survey_platform order[] = { SURVEY_RAILWAY, SURVEY_FLY, SURVEY_KUBERNETES,
                                                  SURVEY_DOCKER };

    if (wanted != SURVEY_PLATFORMS) {
        advice->platform = wanted;
        advice->platform_why = "asked for";
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        if (survey->platforms[order[i]].where == NULL)
            continue;
        advice->platform = order[i];
        advice->platform_why = survey->platforms[order[i]].where;
        return;
    }
    advice->platform = SURVEY_SYSTEMD;
    advice->platform_why = "nothing speaks of containers";
}

/* What the image runs: its command, or an entry point that needs none. */
static const struct survey_command *start_of_image(struct survey *survey)
{
    bool is_entry = survey->starts[SURVEY_BY_IMAGE].where == NULL && survey->entry.where != NULL
                    && !notes_runs_its_arguments(survey, &survey->entry);

    return is_entry ? &survey->entry : &survey->starts[SURVEY_BY_IMAGE];
}

static void choose_start(struct survey *survey, struct advice *advice)
{
    bool is_container = advice->platform != SURVEY_SYSTEMD;

    for (int i = 0; i < SURVEY_STARTERS; i++) {
        bool is_platforms = i == SURVEY_BY_PLATFORM;
        const struct survey_command *start =
            i == SURVEY_BY_IMAGE ? start_of_image(survey) : &survey->starts[i];

        if (start->where == NULL)
            continue;
        /* railway.toml says nothing about what Docker runs. */
        if (is_platforms && advice->platform != SURVEY_RAILWAY && advice->platform != SURVEY_FLY)
            continue;
        if (i == SURVEY_BY_IMAGE && !is_container)
            continue;
        advice->start = start;
        return;
    }
}

static bool runs_nginx(const struct survey *survey)
{
    return survey->image.where != NULL && strstr(survey->image.text, "nginx") != NULL;
}

static void choose_place(const struct survey *survey, struct advice *advice)
{
    bool builds = advice->platform == SURVEY_RAILWAY || advice->platform == SURVEY_FLY;

    advice->image = survey->image.where == NULL ? NULL : image_find(survey->image.text);
    if (advice->platform == SURVEY_KUBERNETES) {
        advice->within_why = "a pod has room for a container of its own";
    } else if (advice->platform == SURVEY_SYSTEMD) {
        advice->within_why = "each is a unit of its own";
    } else if (advice->image != NULL && advice->image->family == IMAGE_BARE) {
        advice->within_why = "nginx can't be installed into the application's image";
    } else if (advice->image == NULL && builds) {
        advice->wants_dockerfile = true;
        advice->within_why = "there is no Dockerfile yet; docs/deploy/image.md has one to begin "
                             "with, then ask again";
    } else if (advice->image == NULL) {
        advice->within_why = "there is no Dockerfile to add it to";
    } else if (advice->start == NULL && runs_nginx(survey)) {
        advice->within_why = "the image is an nginx, which may also include Probity's two files "
                             "itself (docs/deploy/image.md)";
    } else if (advice->start == NULL) {
        advice->within_why = "nothing says how the application is started";
    } else {
        advice->is_within = true;
        advice->within_why = "one container, and nothing else to run";
    }
}

static int usual_port(const struct survey *survey)
{
    if (runs_nginx(survey))
        return HTTP_PORT;
    if (survey_has(survey, SURVEY_FLASK))
        return FLASK_PORT;
    return survey_has(survey, SURVEY_NODE) ? NODE_PORT : ADVICE_APP_PORT;
}

/* The files for all platforms but these two have both in one network. */
static bool shares_network(const struct advice *advice)
{
    return advice->is_within
           || (advice->platform != SURVEY_DOCKER && advice->platform != SURVEY_SYSTEMD);
}

/* Two in one network can't have one port: it is the application that moves, because the platform
 * knows nginx's. */
static void choose_port(struct survey *survey, struct advice *advice)
{
    const char *text = advice->start == NULL ? "" : notes_text(survey, advice->start);
    int port = 0;
    bool taken;

    if (port_of_command(text, &port)) {
        advice->port_why = advice->start->where;
        advice->port_by_variable = port == 0;
    } else if (survey->exposed.where != NULL) {
        advice->port_why = survey->exposed.where;
        port = survey->exposed.number;
    } else {
        port = usual_port(survey);
    }
    taken = port == ADVICE_OWN_PORT && shares_network(advice);
    advice->port = port == 0 || taken ? ADVICE_APP_PORT : port;
    advice->port_before = port == 0 ? advice->port : port;
}

static void choose_health(const struct survey *survey, struct advice *advice)
{
    advice->health = survey->health.where == NULL ? "/health" : survey->health.text;
    advice->health_why = survey->health.where;
}

/* It gets into quotes within quotes: one that has some itself stays out. */
static const char *release_of(const struct survey *survey)
{
    if (survey->release.where != NULL && strpbrk(survey->release.text, "'\"\\[") == NULL)
        return survey->release.text;
    if (survey_has(survey, SURVEY_ALEMBIC))
        return "alembic upgrade head";
    return survey_has(survey, SURVEY_DJANGO) ? "python manage.py migrate" : NULL;
}

static void choose_parts(const struct survey *survey, struct advice *advice)
{
    bool has_database = survey->names[SURVEY_DATABASE_URL].where != NULL;
    bool has_redis = survey->names[SURVEY_REDIS_URL].where != NULL;
    bool has_broker = survey->names[SURVEY_CELERY_BROKER_URL].where != NULL;
    static const char *const require[2][2][2] = {
        { { "app", "app,celery" }, { "app,redis", "app,redis,celery" } },
        { { "app,database", "app,database,celery" },
          { "app,database,redis", "app,database,redis,celery" } },
    };

    advice->uses_celery = advice->worker != NULL || has_broker || survey_has(survey, SURVEY_CELERY);
    advice->uses_redis = advice->uses_celery || has_redis || survey_has(survey, SURVEY_REDIS);
    advice->release = release_of(survey);
    /* Who migrates something has one, wherever its address comes from. */
    advice->uses_database = has_database || advice->release != NULL;
    advice->require = require[has_database][has_redis][has_broker];
}

/* A service's name: letters, digits, dots, dashes, underscores. */
static const char *plain_name(struct survey *survey, const char *text)
{
    const char *slash = strrchr(text, '/'); /* "@org/name" of npm */
    char name[SERVICE_MAX + 1];
    size_t length = 0;

    for (const char *c = slash == NULL ? text : slash + 1; *c != '\0' && length < SERVICE_MAX;
         c++) {
        if (isalnum((unsigned char)*c) || (length > 0 && strchr("._-", *c) != NULL))
            name[length++] = (char)tolower((unsigned char)*c);
    }
    return length == 0 ? "app" : notes_copy(survey, (struct slice){ name, length });
}

void advice_make(struct survey *survey, enum survey_platform wanted, const char *folder,
                 struct advice *ret)
{
    *ret = (struct advice){ .image = NULL };
    ret->worker = survey->worker.where == NULL ? NULL : &survey->worker;
    choose_platform(survey, wanted, ret);
    choose_start(survey, ret);
    choose_place(survey, ret);
    choose_port(survey, ret);
    choose_health(survey, ret);
    choose_parts(survey, ret);
    ret->service =
        plain_name(survey, survey->service.where == NULL ? folder : survey->service.text);
}
