/* slo_lint.c - `probity slo lint`: what is wrong with definitions, and what their alerts can do. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/slo.h"

#include "base/json.h"
#include "ledger/definitions.h"
#include "slo/lint.h"

#include <stdio.h>

enum { RULES_SHOWN = 16, DECIMALS = 6 };

static int print_for_people(const struct catalogue *catalogue, const struct problems *problems)
{
    AUTO(buf_done) struct buf buf;
    int flaws = 0;

    buf_init(&buf, SLO_OUTPUT_BYTES);
    slo_print_problems(problems);
    if (catalogue == NULL)
        return COMMAND_FAILED;
    for (int i = 0; i < catalogue->objective_count; i++) {
        const struct objective *objective = &catalogue->objectives[i];

        flaws += lint_print(objective, &buf);
        buf_printf(&buf, "  counts %s of the service %s\n\n",
                   catalogue->indicators[objective->indicator].definition, objective->service);
    }
    for (int i = 0; i < catalogue->kept_count; i++)
        buf_printf(&buf, "%s: %s\n", catalogue->kept[i].name, catalogue->kept[i].why);
    flaws += problems_warnings(problems);
    buf_printf(&buf, "%d %s can be used", catalogue->objective_count,
               catalogue->objective_count == 1 ? "objective" : "objectives");
    if (flaws > 0)
        buf_printf(&buf, ", with %d %s", flaws, flaws == 1 ? "warning" : "warnings");
    buf_append_char(&buf, '\n');
    return slo_print(&buf);
}

static void put_fraction(struct json_writer *json, const char *key, struct fraction value)
{
    char text[FRACTION_TEXT_BYTES];

    json_key(json, key);
    if (value.numerator < 0) {
        json_put_null(json);
        return;
    }
    fraction_print(value, DECIMALS, FRACTION_UP, text);
    json_put_raw(json, slice_of(text));
}

static void put_rules(struct json_writer *json, const struct objective *objective)
{
    struct lint_row rows[RULES_SHOWN];
    int count = lint_rules(objective, rows, RULES_SHOWN);

    json_key(json, "alerts");
    json_open_array(json);
    for (int i = 0; i < count; i++) {
        json_open_object(json);
        json_text(json, "name", rows[i].rule->name);
        json_text(json, "severity", rule_severity_text(rows[i].rule->severity));
        put_fraction(json, "fires_above_bad_ratio", rows[i].error_share);
        put_fraction(json, "outage_seen_after_seconds", rows[i].detect_s);
        put_fraction(json, "budget_used_by_then_ratio", rows[i].budget_used);
        json_bool(json, "can_fire", (rows[i].flaws & LINT_UNREACHABLE) == 0);
        json_bool(json, "sound", rows[i].flaws == 0);
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_objective(struct json_writer *json, const struct catalogue *catalogue,
                          const struct objective *objective)
{
    json_open_object(json);
    json_text(json, "name", objective->name);
    json_text(json, "service", objective->service);
    json_text(json, "type", objective_type_text(objective->type));
    json_key(json, "objective");
    json_put_raw(json, slice_of(objective->target_text));
    json_int(json, "window_minutes", objective->window_minutes);
    json_text(json, "counts", catalogue->indicators[objective->indicator].definition);
    put_rules(json, objective);
    json_bool(json, "sound", lint_objective(objective) == 0);
    json_close_object(json);
}

static int print_json(const struct catalogue *catalogue, const struct problems *problems)
{
    AUTO(buf_done) struct buf buf;
    struct json_writer json;

    buf_init(&buf, SLO_OUTPUT_BYTES);
    json_writer_init(&json, &buf);
    json_open_object(&json);
    json_int(&json, "errors", problems_errors(problems));
    json_int(&json, "warnings", problems_warnings(problems));
    json_key(&json, "problems");
    problems_print_json(problems, &buf);
    json.comma = true;
    json_key(&json, "slos");
    json_open_array(&json);
    for (int i = 0; catalogue != NULL && i < catalogue->objective_count; i++)
        put_objective(&json, catalogue, &catalogue->objectives[i]);
    json_close_array(&json);
    json_close_object(&json);
    buf_append_char(&buf, '\n');
    return slo_print(&buf);
}

/* What is applied to the ledger, as a daemon would load it. */
static int load_ledger(struct problems *problems, struct catalogue **ret)
{
    AUTO(config_release) const struct config *config = slo_config();
    const struct openslo_options lenient = { .service = "" };
    struct definitions_query query = { .applied_only = true };
    struct error err = { .code = 0 };

    if (config == NULL)
        return COMMAND_FAILED;
    query.conninfo = config->ledger_conninfo;
    if (query.conninfo == NULL)
        return command_fail(COMMAND_MISUSED, "slo", "name files, or a ledger: %s",
                            config->ledger_misconfigured);
    if (definitions_load(&query, &lenient, problems, ret, &err) == 0)
        return *ret != NULL ? COMMAND_DONE
                            : command_fail(COMMAND_FAILED, "slo", "nothing is applied");
    return problems_errors(problems) > 0 ? COMMAND_FAILED
                                         : command_fail(COMMAND_MISUSED, "slo", "%s", err.text);
}

int slo_lint(const struct slo_arguments *arguments)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    int code;
    int printed;

    if (problems == NULL)
        return command_fail(COMMAND_FAILED, "slo", "out of memory");
    code = arguments->count == 0 ? load_ledger(problems, &catalogue)
                                 : slo_load(arguments->words, arguments->count, arguments->strict,
                                            problems, &catalogue);
    if (code == COMMAND_MISUSED)
        return code;
    printed =
        arguments->json ? print_json(catalogue, problems) : print_for_people(catalogue, problems);
    return code != COMMAND_DONE ? code : printed;
}
