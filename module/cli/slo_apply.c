/* slo_apply.c - `probity slo apply`: definitions into the ledger, with a plan of what changes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/slo.h"

#include "base/clock.h"
#include "ledger/apply.h"
#include "slo/lint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts of steps, by kind. */
struct tally_of_steps {
    int counts[APPLY_RETIRED + 1];
};

enum { DAY_MINUTES = 1440, HOUR_MINUTES = 60, WINDOW_BYTES = 200 };

static void print_window(int minutes)
{
    if (minutes % DAY_MINUTES == 0)
        printf("%d d", minutes / DAY_MINUTES);
    else if (minutes % HOUR_MINUTES == 0)
        printf("%d h", minutes / HOUR_MINUTES);
    else
        printf("%d m", minutes);
}

static void print_promise(const struct apply_step *step)
{
    AUTO(buf_done) struct buf window;

    buf_init(&window, WINDOW_BYTES);
    if (step->kept != NULL)
        printf(": %s", step->kept->why);
    if (step->after == NULL)
        return;
    lint_print_window(step->after, &window);
    printf(": %s good over %s, counts %s", step->after->target_text, buf_text(&window),
           step->indicator);
}

/* What people decide about has a line of its own; whatever else differs is in the document. */
static void print_difference(const struct apply_step *step)
{
    const struct definition *before = step->before;
    const struct objective *after = step->after;
    bool said = false;

    if (after == NULL || before->indicator[0] == '\0') {
        print_promise(step);
        return;
    }
    if (strcmp(before->target, after->target_text) != 0) {
        printf("\n    target %s -> %s", before->target, after->target_text);
        said = true;
    }
    if (before->window_minutes != after->window_minutes) {
        printf("\n    window ");
        print_window(before->window_minutes);
        printf(" -> ");
        print_window(after->window_minutes);
        said = true;
    }
    if (strcmp(before->indicator, step->indicator) != 0) {
        printf("\n    counts %s -> %s", before->indicator, step->indicator);
        printf("\n    its history is derived from what was counted, within 0.8 %%");
        said = true;
    }
    if (!said)
        printf("\n    alerts, budgeting, texts or annotations");
}

static void say(void *context, const struct apply_step *step)
{
    static const char signs[] = { '=', '+', '~', '-' };
    struct tally_of_steps *steps = context;

    steps->counts[step->change]++;
    if (step->change == APPLY_SAME)
        return;
    printf("%c %s (%s)", signs[step->change], step->name, step->service);
    if (step->change == APPLY_NEW)
        print_promise(step);
    else if (step->change == APPLY_RETIRED)
        printf(": retired, version %d was in force", step->before->version);
    else
        print_difference(step);
    printf("\n");
}

static void print_sum(const struct slo_arguments *arguments, const struct tally_of_steps *steps)
{
    printf("%s%d new, %d changed, %d retired, %d as they were\n",
           arguments->dry_run ? "nothing was done: " : "", steps->counts[APPLY_NEW],
           steps->counts[APPLY_CHANGED], steps->counts[APPLY_RETIRED], steps->counts[APPLY_SAME]);
    if (steps->counts[APPLY_NEW] > 0
        && steps->counts[APPLY_CHANGED] + steps->counts[APPLY_SAME] == 0)
        printf("what is applied takes the place of a service's built-in objectives: "
               "`probity slo list` shows them, `export NAME` makes files of them\n");
}

/* Who did it is kept for ever. */
static const char *find_author(const struct slo_arguments *arguments)
{
    static const char *const variables[] = { "USER", "LOGNAME" };

    for (size_t i = 0; arguments->author == NULL && i < ARRAY_LENGTH(variables); i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && value[0] != '\0')
            return value;
    }
    return arguments->author == NULL ? "unknown" : arguments->author;
}

static int apply_catalogue(const struct slo_arguments *arguments, const struct catalogue *catalogue,
                           int64_t effective_from_ms)
{
    AUTO(config_release) const struct config *config = slo_config();
    struct tally_of_steps steps = { { 0 } };
    struct apply apply = {
        .catalogue = catalogue,
        .effective_from_ms = effective_from_ms,
        .author = find_author(arguments),
        .prune = arguments->prune,
        .dry_run = arguments->dry_run,
        .say = say,
        .context = &steps,
    };
    struct error err = { .code = 0 };

    if (config == NULL)
        return COMMAND_FAILED;
    apply.conninfo = config->ledger_conninfo;
    if (apply.conninfo == NULL)
        return command_fail(COMMAND_MISUSED, "slo", "%s", config->ledger_misconfigured);
    if (definitions_apply(&apply, &err) != 0) {
        (void)fflush(stdout);
        return command_fail(err.code == EINVAL ? COMMAND_FAILED : COMMAND_MISUSED, "slo",
                            "nothing was done: %s", err.text);
    }
    print_sum(arguments, &steps);
    return COMMAND_DONE;
}

int slo_apply(const struct slo_arguments *arguments)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    int64_t effective_from_ms = 0;
    int code;

    if (problems == NULL)
        return command_fail(COMMAND_FAILED, "slo", "out of memory");
    if (arguments->effective_from != NULL
        && !clock_parse(slice_of(arguments->effective_from), &effective_from_ms))
        return command_fail(COMMAND_MISUSED, "slo",
                            "--effective-from takes a time such as 2026-12-01T00:00:00Z");
    if (arguments->prune && arguments->effective_from != NULL)
        return command_fail(COMMAND_MISUSED, "slo",
                            "--prune retires at once: not together with --effective-from");
    code = slo_load(arguments->words, arguments->count, arguments->strict, problems, &catalogue);
    slo_print_problems(problems);
    if (code != COMMAND_DONE)
        return code;
    return apply_catalogue(arguments, catalogue, effective_from_ms);
}
