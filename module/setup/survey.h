/* survey.h - what a folder and an environment say about an application and where it is to run.
 *
 * Pure but for survey_folder(): files come as their text.  Nothing is decided here; of two that say
 * something about the same thing the first one counts, and the order of files is that of the table
 * in survey.c.
 */
#ifndef SETUP_SURVEY_H
#define SETUP_SURVEY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>

enum survey_platform {
    SURVEY_DOCKER,
    SURVEY_FLY,
    SURVEY_KUBERNETES,
    SURVEY_RAILWAY,
    SURVEY_SYSTEMD,
    SURVEY_PLATFORMS, /* their number; or none */
};

/* What an application is made of. */
enum survey_trait {
    SURVEY_FASTAPI,
    SURVEY_DJANGO,
    SURVEY_FLASK,
    SURVEY_NODE,
    SURVEY_CELERY,
    SURVEY_ALEMBIC,
    SURVEY_REDIS,
};

/* Variables that Probity reads as the application does. */
enum survey_name {
    SURVEY_DATABASE_URL,
    SURVEY_REDIS_URL,
    SURVEY_CELERY_BROKER_URL,
    SURVEY_JWT_SECRET_KEY,
    SURVEY_SECRET_KEY,
    SURVEY_NAMES,
};

/* How something is started, as its file writes it. */
struct survey_command {
    const char *where;        /* NULL: nobody says */
    const char *line;         /* for a shell; NULL where there are words */
    const char *const *words; /* ends with NULL */
};

struct survey_fact {
    const char *where; /* NULL: nobody says */
    const char *text;
};

struct survey_port {
    const char *where; /* NULL: nobody says */
    int number;        /* 0: it is taken from the variable PORT */
};

/* Who says how the application is started. */
enum survey_starter { SURVEY_BY_PLATFORM, SURVEY_BY_IMAGE, SURVEY_BY_PROCFILE, SURVEY_BY_PACKAGE };
enum { SURVEY_STARTERS = SURVEY_BY_PACKAGE + 1 };

struct survey_finding {
    const char *where;
    const char *what;
};

struct survey {
    struct arena *arena;   /* holds all the texts */
    struct arena *scratch; /* while a file is read: what is parsed out of it */
    bool is_cut;           /* memory or a bound has run out: something is missing */
    struct survey_finding findings[48];
    int finding_count;

    struct survey_fact platforms[SURVEY_PLATFORMS];
    struct survey_fact names[SURVEY_NAMES];
    unsigned traits;          /* bits of survey_trait */
    struct survey_fact image; /* what the last stage of the Dockerfile is made from */
    struct survey_fact user;  /* whom it runs as */
    struct survey_command entry;
    struct survey_command starts[SURVEY_STARTERS];
    struct survey_command worker; /* Celery's */
    struct survey_port exposed;
    struct survey_fact health; /* the path at which the application tells how it is */
    struct survey_fact service;
    struct survey_fact release; /* what is run before a new version */
    struct survey_fact compose; /* a file of Docker Compose */
};

/* An empty one whose texts go to `arena`. */
void survey_init(struct survey *survey, struct arena *arena);

/* Takes up a file of the folder; `name` is relative to it.  One that nobody knows, or that can't be
 * understood, says nothing. */
void survey_add_file(struct survey *survey, const char *name, struct slice text);

/* Takes up an environment, "NAME=value" each, which ends with NULL.  Values of secrets are not
 * looked at. */
void survey_add_environment(struct survey *survey, const char *const *environment);

/* Reads the files of a folder that are known by their names.  Returns 0, or -errno with `err` where
 * the folder can't be read at all. */
int survey_folder(struct survey *survey, const char *folder, struct error *err) MUST_CHECK;

/* Whether it holds a trait. */
bool survey_has(const struct survey *survey, enum survey_trait trait);

const char *survey_platform_text(enum survey_platform platform);
const char *survey_name_text(enum survey_name name);

#endif
