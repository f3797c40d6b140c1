/* notes.h - how the readers of files put down what they find.  Pure. */
#ifndef SETUP_NOTES_H
#define SETUP_NOTES_H

#include "base/yaml.h"
#include "setup/survey.h"

/* Copies of texts; "" when memory has run out, which is put down too. */
const char *notes_copy(struct survey *survey, struct slice text);

/* A line of what was found, for people. */
void notes_found(struct survey *survey, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first one counts. */
void notes_fact(struct survey *survey, struct survey_fact *fact, const char *where,
                struct slice text);
void notes_line(struct survey *survey, struct survey_command *command, const char *where,
                struct slice line);

/* A list of words, or a line for a shell, as YAML and JSON write commands. */
void notes_node(struct survey *survey, struct survey_command *command, const char *where,
                const struct yaml_node *node);

/* The path of the first http:// address in a text, as health checks write it. */
void notes_health_url(struct survey *survey, const char *where, struct slice text);

/* The only document of a text, NULL where there is none that can be read. */
const struct yaml_node *notes_parse(struct survey *survey, const char *where, struct slice text);

/* A command that runs a Celery worker. */
bool notes_is_worker(const struct survey_command *command);

/* An entry point that runs what it is given, and is not the application itself. */
bool notes_runs_its_arguments(struct survey *survey, const struct survey_command *command);

/* The words of a command with blanks between them. */
const char *notes_text(struct survey *survey, const struct survey_command *command);

#endif
