/* slo.c - `probity slo`: its subcommands and their options, as tables. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/slo.h"

#include "slo/openslo.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum slo_option_bit {
    STRICT = 1 << 0,
    JSON = 1 << 1,
    DRY_RUN = 1 << 2,
    PRUNE = 1 << 3,
    FROM_FILE = 1 << 4,
    AUTHOR = 1 << 5,
    EFFECTIVE_FROM = 1 << 6,
};

#define PLACE(member) offsetof(struct slo_arguments, member)
static const struct option_row option_rows[] = {
    { "--strict", PLACE(strict), OPTION_FLAG, 0, STRICT },
    { "--json", PLACE(json), OPTION_FLAG, 0, JSON },
    { "--dry-run", PLACE(dry_run), OPTION_FLAG, 0, DRY_RUN },
    { "--prune", PLACE(prune), OPTION_FLAG, 0, PRUNE },
    { "--file", PLACE(file), OPTION_TEXT, 0, FROM_FILE },
    { "--author", PLACE(author), OPTION_TEXT, 0, AUTHOR },
    { "--effective-from", PLACE(effective_from), OPTION_TEXT, 0, EFFECTIVE_FROM },
    { .name = NULL },
};
#undef PLACE

static const struct action {
    const char *name;
    int (*run)(const struct slo_arguments *arguments);
    unsigned options;
    int words_min;
    int words_max;
    const char *usage;
} actions[] = {
    { "lint", slo_lint, STRICT | JSON, 0, SLO_PATHS_MAX, "[PATH…] [--strict] [--json]" },
    { "apply", slo_apply, STRICT | DRY_RUN | PRUNE | AUTHOR | EFFECTIVE_FROM, 1, SLO_PATHS_MAX,
      "PATH… [--effective-from TIME] [--author NAME] [--prune] [--dry-run] [--strict]" },
    { "list", slo_list, FROM_FILE, 0, 0, "[--file PATH]" },
    { "show", slo_show, FROM_FILE, 1, 1, "NAME [--file PATH]" },
    { "export", slo_export, FROM_FILE, 0, SLO_PATHS_MAX, "[NAME…] [--file PATH]" },
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

/* False for options that it has not, and words that are too many or too few. */
static bool read_arguments(const struct action *action, char **words, struct slo_arguments *ret)
{
    const struct option_table table = { option_rows, action->options };
    struct error err = { 0 };

    ret->count = options_read(&table, words, ret, &err);
    if (ret->count < action->words_min || ret->count > action->words_max)
        return false;
    for (int i = 0; i < ret->count; i++)
        ret->words[i] = words[i];
    return true;
}

int command_slo(int argc, char **argv)
{
    struct slo_arguments arguments = { .count = 0 };
    const struct action *action = argc > 1 ? find_action(argv[1]) : NULL;

    if (action == NULL)
        return command_fail(COMMAND_MISUSED, "slo", "say one of lint, apply, list, show, export");
    if (!read_arguments(action, argv + 2, &arguments))
        return command_fail(COMMAND_MISUSED, "slo", "usage: probity slo %s %s", action->name,
                            action->usage);
    return action->run(&arguments);
}

/* --- what the subcommands share --- */

void slo_print_problems(const struct problems *problems)
{
    int hidden = problems_errors(problems) + problems_warnings(problems) - problems_count(problems);

    for (int i = 0; i < problems_count(problems); i++) {
        const struct problem *problem = problems_at(problems, i);
        AUTO(buf_done) struct buf line;

        buf_init(&line, SLO_OUTPUT_BYTES);
        problem_print(problem, &line);
        (void)fprintf(stderr, "%s%s\n",
                      problem->level == PROBLEM_ERROR ? "" : "warning: ", buf_text(&line));
    }
    if (hidden > 0)
        (void)fprintf(stderr, "and %d more\n", hidden);
}

int slo_load(const char *const paths[], int count, bool strict, struct problems *problems,
             struct catalogue **ret)
{
    /* No service of its own: what the files say is all there is. */
    const struct openslo_options settings = { .service = "", .strict = strict };
    AUTO(openslo_free) struct openslo *openslo = openslo_new(&settings, problems);
    struct error err = { .code = 0 };

    for (int i = 0; openslo != NULL && i < count; i++) {
        if (openslo_read_path(openslo, paths[i]) != 0)
            openslo_free(&openslo);
    }
    if (openslo == NULL)
        return command_fail(COMMAND_FAILED, "slo", "out of memory");
    if (openslo_finish(&openslo, ret, &err) == 0)
        return COMMAND_DONE;
    return err.code == EINVAL ? COMMAND_FAILED
                              : command_fail(COMMAND_FAILED, "slo", "%s", err.text);
}

int slo_print(const struct buf *buf)
{
    if (!buf_ok(buf))
        return command_fail(COMMAND_FAILED, "slo", "out of memory");
    (void)fwrite(buf_text(buf), 1, buf->length, stdout);
    return COMMAND_DONE;
}

const struct config *slo_config(void)
{
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    if (config_load(command_lookup_plain, NULL, &config, &err) != 0) {
        (void)command_fail(COMMAND_FAILED, "slo", "%s", err.text);
        return NULL;
    }
    config_hide_secrets(config);
    return config;
}
