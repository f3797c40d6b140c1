/* readers.h - readers of the files in which applications and platforms are described.  Pure. */
#ifndef SETUP_READERS_H
#define SETUP_READERS_H

#include "setup/survey.h"

/* `where` is the file's name, for people. */
typedef void (*reader_fn)(struct survey *survey, const char *where, struct slice text);

void reader_procfile(struct survey *survey, const char *where, struct slice text);
void reader_python(struct survey *survey, const char *where, struct slice text);
void reader_package_json(struct survey *survey, const char *where, struct slice text);
void reader_variables(struct survey *survey, const char *where, struct slice text); /* .env */

void reader_railway_json(struct survey *survey, const char *where, struct slice text);
void reader_railway_toml(struct survey *survey, const char *where, struct slice text);
void reader_railway_ts(struct survey *survey, const char *where, struct slice text);
void reader_fly_toml(struct survey *survey, const char *where, struct slice text);
void reader_compose(struct survey *survey, const char *where, struct slice text);
void reader_manifest(struct survey *survey, const char *where, struct slice text);

#endif
