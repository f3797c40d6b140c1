/* slo.h - what the subcommands of `probity slo` share. */
#ifndef CLI_SLO_H
#define CLI_SLO_H

#include "cli/command.h"
#include "slo/catalogue.h"
#include "slo/problem.h"

enum { SLO_PATHS_MAX = 64, SLO_OUTPUT_BYTES = 64 * 1024 * 1024 };

struct slo_arguments {
    const char *words[SLO_PATHS_MAX]; /* paths or names */
    int count;
    bool strict;
    bool json;
    bool dry_run;
    bool prune;
    const char *file; /* --file */
    const char *author;
    const char *effective_from;
};

/* All return the process's exit code. */
int slo_lint(const struct slo_arguments *arguments);
int slo_apply(const struct slo_arguments *arguments);
int slo_list(const struct slo_arguments *arguments);
int slo_show(const struct slo_arguments *arguments);
int slo_export(const struct slo_arguments *arguments);

/* Reads all paths together.  Problems are printed to stderr unless `quiet`.  Returns 0 with the
 * catalogue, or an exit code. */
int slo_load(const char *const paths[], int count, bool strict, struct problems *problems,
             struct catalogue **ret) MUST_CHECK;

/* Prints them as "FILE:LINE:COLUMN: field: text", warnings marked as such. */
void slo_print_problems(const struct problems *problems);

/* Writes the buffer to stdout; an exit code. */
int slo_print(const struct buf *buf);

/* The daemon's settings; NULL after saying why not. */
const struct config *slo_config(void);

#endif
