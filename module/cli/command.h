/* command.h - what every command of the tool `probity` is made of. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/options.h"
#include "config/config.h"

enum {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,
    COMMAND_MISUSED = 2, /* arguments that make no sense: one line on stderr, nothing done */
    COMMAND_NEWER = 3,   /* `probity migrate`: the schema is of a newer program */
};

/* `argv[0]` is the command's name.  Results go to stdout, complaints to stderr. */
typedef int (*command_fn)(int argc, char **argv);

int command_backfill(int argc, char **argv);
int command_check_config(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_drain(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_gate(int argc, char **argv);
int command_init(int argc, char **argv);
int command_maintenance(int argc, char **argv);
int command_migrate(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_slo(int argc, char **argv);

/* `probity probe celery`; `argv[0]` is "celery". */
int probe_celery(int argc, char **argv);

/* getenv() as config_load() wants it. */
const char *command_lookup(void *context, const char *name);

/* Reads the options of the command `who` as options_read() does.  Returns how many other words
 * there are, or -1 after saying what is wrong. */
int command_read(const char *who, const struct option_table *table, char **words,
                 void *ret) MUST_CHECK;

/* The same for a command that takes nothing else; `argv[0]` is its name.  COMMAND_DONE, or
 * COMMAND_MISUSED after saying what is wrong. */
int command_read_options(const char *who, const struct option_row *rows, char **argv,
                         void *ret) MUST_CHECK;

/* The same without checks and logs, for commands that need neither: a file that is being edited
 * must keep nobody from draining, nor from announcing why. */
const char *command_lookup_plain(void *context, const char *name);

/* Says "probity WHO: message" on stderr with every secret blanked out, and returns `code`. */
int command_fail(int code, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
