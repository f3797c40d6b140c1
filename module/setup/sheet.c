/* sheet.c - what was found, what follows from it, and the variables. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/sheet.h"

#include "setup/notes.h"

static void append_findings(struct buf *buf, const struct survey *survey)
{
    buf_append_text(buf, "# Found\n");
    for (int i = 0; i < survey->finding_count; i++)
        buf_printf(buf, "#   %-20s %s\n", survey->findings[i].where, survey->findings[i].what);
    if (survey->finding_count == 0)
        buf_append_text(buf, "#   nothing that says what runs here, or where\n");
    if (survey->is_cut)
        buf_append_text(buf, "#   and more, for which there is no room here\n");
}

static void append_port(struct buf *buf, const struct advice *advice)
{
    if (advice->port_by_variable)
        buf_printf(buf, "#   The application takes its port from PORT (%s)", advice->port_why);
    else if (advice->port_why != NULL)
        buf_printf(buf, "#   The application listens at port %d (%s)", advice->port_before,
                   advice->port_why);
    else
        buf_printf(buf, "#   Nothing says at which port the application listens: %d is a guess",
                   advice->port_before);
    if (advice->port_by_variable && advice->is_within)
        buf_printf(buf, ": behind nginx that is %d", advice->port);
    else if (advice->port != advice->port_before)
        buf_printf(buf, ": it moves to %d, because %d becomes nginx's", advice->port,
                   advice->port_before);
    buf_append_text(buf, ".\n");
}

/* Docker has two pages: the image that is made here, and the one that stands beside it. */
static void append_page(struct buf *buf, const struct advice *advice)
{
    bool makes_image = advice->is_within || advice->wants_dockerfile;
    const char *page = advice->platform == SURVEY_DOCKER && makes_image
                           ? "image"
                           : survey_platform_text(advice->platform);

    buf_printf(buf, "#   Step by step: docs/deploy/%s.md of Probity's folder.\n", page);
}

static void append_conclusions(struct buf *buf, const struct survey *survey,
                               const struct advice *advice)
{
    buf_printf(buf, "#\n# Concluded\n#   For %s: %s (another one: --for).\n",
               survey_platform_text(advice->platform), advice->platform_why);
    append_page(buf, advice);
    buf_printf(buf, "#   Probity goes %s: %s.\n",
               advice->is_within || advice->wants_dockerfile
                   ? "into the application's image and starts it"
                   : "beside the application",
               advice->within_why);
    if (advice->is_within && advice->image != NULL)
        buf_printf(buf, "#   %s: %s, so the tree %s.\n", survey->image.text, advice->image->why,
                   advice->image->has_our_glibc ? "uses the image's glibc"
                                                : "has to bring its own glibc along");
    append_port(buf, advice);
    if (advice->health_why != NULL)
        buf_printf(buf, "#   It tells how it is at %s (%s).\n", advice->health, advice->health_why);
    else
        buf_append_text(buf, "#   Nothing says where the application tells how it is: /health is a "
                             "guess.\n#   Any page that answers 2xx without a login will do.\n");
}

/* What each of the application's own variables makes. */
static const struct meaning {
    enum survey_name name;
    const char *with;
    const char *without;
} meanings[] = {
    { SURVEY_DATABASE_URL, "the check database, and the ledger",
      "no check database; the ledger wants PROBITY_LEDGER_URL then" },
    { SURVEY_REDIS_URL, "the check redis", "no check redis" },
    { SURVEY_CELERY_BROKER_URL, "the check celery", "no check celery" },
    { SURVEY_JWT_SECRET_KEY, "admins' tokens",
      "set it, or PROBITY_ADMIN_TOKEN: the endpoints for admins are closed" },
};

/* Who sets a variable; the file for Railway has the servers that the application uses. */
static const char *setter_of(const struct survey *survey, const struct advice *advice,
                             enum survey_name name)
{
    bool is_in_file = name == SURVEY_DATABASE_URL
                      || (name == SURVEY_REDIS_URL && advice->uses_redis)
                      || (name == SURVEY_CELERY_BROKER_URL && advice->uses_celery);

    if (survey->names[name].where != NULL)
        return survey->names[name].where;
    return advice->platform == SURVEY_RAILWAY && is_in_file ? "railway.ts" : NULL;
}

static void append_names(struct buf *buf, const struct survey *survey, const struct advice *advice)
{
    buf_append_text(buf,
                    "#\n# Probity reads the application's own variables: it needs the same.\n");
    for (size_t i = 0; i < ARRAY_LENGTH(meanings); i++) {
        const struct meaning *meaning = &meanings[i];
        enum survey_name name = meaning->name;

        if (name == SURVEY_JWT_SECRET_KEY && survey->names[name].where == NULL
            && survey->names[SURVEY_SECRET_KEY].where != NULL)
            name = SURVEY_SECRET_KEY;
        if (name == SURVEY_CELERY_BROKER_URL && survey->names[name].where == NULL
            && !survey_has(survey, SURVEY_CELERY))
            continue;
        if (setter_of(survey, advice, name) != NULL)
            buf_printf(buf, "#   %-18s %s (%s)\n", survey_name_text(name), meaning->with,
                       setter_of(survey, advice, name));
        else
            buf_printf(buf, "#   %-18s not found: %s\n", survey_name_text(name), meaning->without);
    }
}

void sheet_append(struct buf *buf, struct survey *survey, const struct advice *advice,
                  const struct sheet_folder *folder)
{
    append_findings(buf, survey);
    append_conclusions(buf, survey, advice);
    append_names(buf, survey, advice);
    if (advice->is_within)
        sheet_append_image(buf, survey, advice);
    else if (!advice->wants_dockerfile)
        sheet_append_gateway(buf, advice);
    if (survey->worker.where != NULL)
        sheet_append_worker(buf, survey, advice);
    sheet_append_files(buf, advice, folder);
}
