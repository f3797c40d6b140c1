/* slo_list.c - `probity slo list | show | export`: definitions from the ledger or from files. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/slo.h"

#include "base/clock.h"
#include "ledger/definitions.h"
#include "slo/openslo_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_WORDS = 10 /* "2026-11-21" */ };

/* --- where they come from --- */

/* The ledger's; NULL after saying why not. */
static struct definitions *read_ledger(int *ret_code)
{
    AUTO(config_release) const struct config *config = slo_config();
    struct definitions *definitions = NULL;
    struct definitions_query query = { .applied_only = false };
    struct error err = { .code = 0 };

    *ret_code = COMMAND_FAILED;
    if (config == NULL)
        return NULL;
    *ret_code = COMMAND_MISUSED;
    query.conninfo = config->ledger_conninfo;
    if (query.conninfo == NULL)
        (void)command_fail(COMMAND_MISUSED, "slo", "%s; or name files with --file",
                           config->ledger_misconfigured);
    else if (definitions_read(&query, &definitions, &err) != 0)
        (void)command_fail(COMMAND_MISUSED, "slo", "%s", err.text);
    else
        *ret_code = COMMAND_DONE;
    return definitions;
}

static struct catalogue *read_file(const char *path, int *ret_code)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct catalogue *catalogue = NULL;

    *ret_code = problems == NULL ? command_fail(COMMAND_FAILED, "slo", "out of memory")
                                 : slo_load(&path, 1, false, problems, &catalogue);
    if (problems != NULL)
        slo_print_problems(problems);
    return catalogue;
}

/* --- list --- */

/* What is applied for a service takes the place of its built-in objectives. */
static bool is_set_aside(const struct definitions *all, const struct definition *definition)
{
    if (!definition->in_force || strcmp(definition->origin, "built-in") != 0)
        return false;
    for (int i = 0; i < all->count; i++) {
        const struct definition *other = &all->items[i];

        if (other->in_force && strcmp(other->origin, "applied") == 0
            && strcmp(other->service, definition->service) == 0)
            return true;
    }
    return false;
}

static const char *state_of(const struct definitions *all, const struct definition *definition)
{
    if (definition->retired_at_ms != 0)
        return "retired";
    if (is_set_aside(all, definition))
        return "set aside";
    if (definition->in_force)
        return "in force";
    return definition->effective_from_ms > clock_wall_ms() ? "to come" : "replaced";
}

static void list_ledger(const struct definitions *definitions)
{
    char from[CLOCK_TEXT_BYTES];

    printf("%-16s %-32s %7s %-9s %-12s %-12s %-9s %s\n", "SERVICE", "OBJECTIVE", "VERSION", "STATE",
           "FROM", "TARGET", "ORIGIN", "AUTHOR");
    for (int i = 0; i < definitions->count; i++) {
        const struct definition *definition = &definitions->items[i];

        clock_format(definition->effective_from_ms, from);
        printf("%-16s %-32s %7d %-9s %-12.*s %-12s %-9s %s\n", definition->service,
               definition->name, definition->version, state_of(definitions, definition),
               FIRST_WORDS, from, definition->target, definition->origin, definition->author);
    }
}

static void list_file(const struct catalogue *catalogue)
{
    printf("%-16s %-32s %-12s %-12s %s\n", "SERVICE", "OBJECTIVE", "TARGET", "TYPE", "COUNTS");
    for (int i = 0; i < catalogue->objective_count; i++) {
        const struct objective *objective = &catalogue->objectives[i];

        printf("%-16s %-32s %-12s %-12s %s\n", objective->service, objective->name,
               objective->target_text, objective_type_text(objective->type),
               catalogue->indicators[objective->indicator].definition);
    }
    for (int i = 0; i < catalogue->kept_count; i++)
        printf("%-16s %-32s %s\n", catalogue->kept[i].service, catalogue->kept[i].name,
               catalogue->kept[i].why);
}

int slo_list(const struct slo_arguments *arguments)
{
    AUTO(definitions_free) struct definitions *definitions = NULL;
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    int code;

    if (arguments->file != NULL)
        catalogue = read_file(arguments->file, &code);
    else
        definitions = read_ledger(&code);
    if (code == COMMAND_DONE && catalogue != NULL)
        list_file(catalogue);
    else if (code == COMMAND_DONE && definitions != NULL)
        list_ledger(definitions);
    return code;
}

/* --- show and export --- */

/* A document, or a built-in objective's, which has none in the ledger. */
static int put_definition(const struct definition *definition, struct buf *buf, struct error *err)
{
    struct objective objective = { .threshold_ms = definition->threshold_ms,
                                   .window_minutes = definition->window_minutes };
    AUTO(buf_done) struct buf document;

    buf_init(&document, SLO_OUTPUT_BYTES);
    if (definition->document[0] != '\0')
        return openslo_export(definition->document, buf, err);
    (void)snprintf(objective.name, sizeof(objective.name), "%s", definition->name);
    (void)snprintf(objective.service, sizeof(objective.service), "%s", definition->service);
    (void)snprintf(objective.description, sizeof(objective.description), "%s",
                   definition->description);
    (void)snprintf(objective.target_text, sizeof(objective.target_text), "%s", definition->target);
    objective.type =
        strcmp(definition->type, "error_rate") == 0 ? OBJECTIVE_ERROR_RATE : OBJECTIVE_AVAILABILITY;
    openslo_describe(&objective, &document);
    return openslo_export(buf_text(&document), buf, err);
}

static bool is_asked(const struct slo_arguments *arguments, const char *name, bool found[])
{
    bool asked = arguments->count == 0;

    for (int i = 0; i < arguments->count; i++) {
        if (strcmp(arguments->words[i], name) == 0)
            asked = found[i] = true;
    }
    return asked;
}

static int put_ledger(const struct slo_arguments *arguments, bool with_versions, bool found[],
                      struct buf *buf, struct error *err)
{
    AUTO(definitions_free) struct definitions *definitions = NULL;
    char from[CLOCK_TEXT_BYTES];
    int code;

    definitions = read_ledger(&code);
    for (int i = 0; definitions != NULL && code == COMMAND_DONE && i < definitions->count; i++) {
        const struct definition *definition = &definitions->items[i];

        if ((!definition->in_force && !with_versions)
            || !is_asked(arguments, definition->name, found))
            continue;
        if (!with_versions && arguments->count == 0 && is_set_aside(definitions, definition))
            continue;
        clock_format(definition->effective_from_ms, from);
        if (with_versions)
            buf_printf(buf, "# version %d, %s, from %s, %s%s%s\n", definition->version,
                       state_of(definitions, definition), from, definition->origin,
                       definition->author[0] == '\0' ? "" : " by ", definition->author);
        if (put_definition(definition, buf, err) != 0)
            code = command_fail(COMMAND_FAILED, "slo", "%s", err->text);
    }
    return code;
}

static int put_file(const struct slo_arguments *arguments, bool found[], struct buf *buf,
                    struct error *err)
{
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    int code;
    int put = 0;

    catalogue = read_file(arguments->file, &code);
    for (int i = 0; code == COMMAND_DONE && i < catalogue->objective_count && put == 0; i++) {
        if (is_asked(arguments, catalogue->objectives[i].name, found))
            put = openslo_export(catalogue->objectives[i].document, buf, err);
    }
    for (int i = 0; code == COMMAND_DONE && i < catalogue->kept_count && put == 0; i++) {
        if (is_asked(arguments, catalogue->kept[i].name, found))
            put = openslo_export(catalogue->kept[i].document, buf, err);
    }
    return put == 0 ? code : command_fail(COMMAND_FAILED, "slo", "%s", err->text);
}

static int print_definitions(const struct slo_arguments *arguments, bool with_versions)
{
    bool found[SLO_PATHS_MAX] = { false };
    AUTO(buf_done) struct buf buf;
    struct error err = { .code = 0 };
    int code;

    buf_init(&buf, SLO_OUTPUT_BYTES);
    code = arguments->file != NULL ? put_file(arguments, found, &buf, &err)
                                   : put_ledger(arguments, with_versions, found, &buf, &err);
    for (int i = 0; code == COMMAND_DONE && i < arguments->count; i++) {
        if (!found[i])
            code = command_fail(COMMAND_FAILED, "slo", "there is no objective %.95s",
                                arguments->words[i]);
    }
    return code != COMMAND_DONE ? code : slo_print(&buf);
}

int slo_show(const struct slo_arguments *arguments)
{
    return print_definitions(arguments, true);
}

int slo_export(const struct slo_arguments *arguments)
{
    return print_definitions(arguments, false);
}
