/* readers_app.c - files that come with an application: what it is made of, how it is started. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/readers.h"

#include "setup/notes.h"

#include <ctype.h>
#include <string.h>

/* "web: gunicorn app:app" */
void reader_procfile(struct survey *survey, const char *where, struct slice text)
{
    while (text.length > 0) {
        struct slice line = slice_cut(&text, '\n');
        struct slice name = slice_trim(slice_cut(&line, ':'));
        struct survey_command command = { .where = NULL };

        line = slice_trim(line);
        if (line.length == 0)
            continue;
        notes_line(survey, &command, where, line);
        if (slice_equals_text(name, "web"))
            survey->starts[SURVEY_BY_PROCFILE] = command;
        else if (notes_is_worker(&command) && survey->worker.where == NULL)
            survey->worker = command;
        else if (slice_equals_text(name, "release"))
            notes_fact(survey, &survey->release, where, line);
        else
            continue;
        notes_found(survey, where, "%.*s: %.*s", (int)name.length, name.data, (int)line.length,
                    line.data);
    }
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Whether `name` stands there as a name of its own: "celery", not "django-celery-results". */
static bool names_package(struct slice text, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i + length <= text.length; i++) {
        bool begins = i == 0 || !is_name_char(text.data[i - 1]);
        bool ends = i + length == text.length || !is_name_char(text.data[i + length]);

        if (begins && ends
            && slice_equals_nocase((struct slice){ text.data + i, length }, slice_of(name)))
            return true;
    }
    return false;
}

/* requirements.txt, pyproject.toml: a name in a comment is taken for one that is needed, which
 * costs no more than a line of advice. */
void reader_python(struct survey *survey, const char *where, struct slice text)
{
    static const struct {
        const char *name;
        enum survey_trait trait;
    } packages[] = {
        { "fastapi", SURVEY_FASTAPI }, { "django", SURVEY_DJANGO },   { "flask", SURVEY_FLASK },
        { "celery", SURVEY_CELERY },   { "alembic", SURVEY_ALEMBIC }, { "redis", SURVEY_REDIS },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(packages); i++) {
        if (!names_package(text, packages[i].name))
            continue;
        notes_found(survey, where, "%s", packages[i].name);
        survey->traits |= 1U << packages[i].trait;
    }
}

static void take_dependencies(struct survey *survey, const char *where,
                              const struct yaml_node *dependencies)
{
    static const char *const clients[] = { "redis", "ioredis", "bullmq" };

    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++) {
        if (yaml_get(dependencies, clients[i]) == NULL)
            continue;
        notes_found(survey, where, "%s", clients[i]);
        survey->traits |= 1U << SURVEY_REDIS;
    }
}

void reader_package_json(struct survey *survey, const char *where, struct slice text)
{
    const struct yaml_node *package = notes_parse(survey, where, text);
    const char *name = yaml_text(yaml_get(package, "name"));
    const char *start = yaml_text(yaml_get(yaml_get(package, "scripts"), "start"));
    static const char *const words[] = { "npm", "start", NULL };

    if (package == NULL)
        return;
    survey->traits |= 1U << SURVEY_NODE;
    if (name != NULL)
        notes_fact(survey, &survey->service, where, slice_of(name));
    take_dependencies(survey, where, yaml_get(package, "dependencies"));
    if (start == NULL)
        return;
    notes_found(survey, where, "start: %s", start);
    /* npm keeps SIGTERM for itself, so node is started without it where the line is node's alone.
     */
    if (slice_starts_with(slice_of(start), SLICE("node ")) && strpbrk(start, "&|;") == NULL)
        notes_line(survey, &survey->starts[SURVEY_BY_PACKAGE], where, slice_of(start));
    else
        survey->starts[SURVEY_BY_PACKAGE] = (struct survey_command){ where, NULL, words };
}

/* Names alone: what stands behind them is none of our business. */
void reader_variables(struct survey *survey, const char *where, struct slice text)
{
    while (text.length > 0) {
        struct slice line = slice_trim(slice_cut(&text, '\n'));
        struct slice name = slice_trim(slice_cut(&line, '='));

        if (slice_starts_with(name, SLICE("export ")))
            (void)slice_cut(&name, ' ');
        for (int i = 0; i < SURVEY_NAMES; i++) {
            if (!slice_equals_text(slice_trim(name), survey_name_text((enum survey_name)i))
                || survey->names[i].where != NULL)
                continue;
            notes_found(survey, where, "%s", survey_name_text((enum survey_name)i));
            notes_fact(survey, &survey->names[i], where, SLICE("set"));
        }
    }
}
