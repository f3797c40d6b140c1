/* advice.h - what is concluded from a survey.  Pure. */
#ifndef SETUP_ADVICE_H
#define SETUP_ADVICE_H

#include "setup/image.h"
#include "setup/survey.h"

enum {
    ADVICE_OWN_PORT = 8080, /* nginx's, unless the platform says another one */
    ADVICE_APP_PORT = 8000, /* where the application goes that has no port, or nginx's */
};

struct advice {
    enum survey_platform platform;
    const char *platform_why;
    bool is_within; /* in the application's image, which it starts; else beside it */
    const char *within_why;
    const struct image *image;          /* NULL: there is no Dockerfile */
    const struct survey_command *start; /* the application's; NULL: nobody says */
    int port;                           /* the application's, from now on */
    int port_before;                    /* what it was, 0 if that or a variable */
    bool port_by_variable;
    const char *port_why;
    const char *health;     /* the application's path */
    const char *health_why; /* NULL: a guess */
    const char *service;
    const struct survey_command *worker; /* of Celery; NULL: there is none */
    bool wants_dockerfile;               /* it would be within, and there is none yet */
    bool uses_database, uses_redis, uses_celery;
    const char *release; /* what it runs before a new version; NULL: nothing */
    const char *require; /* for PROBITY_REQUIRE: what is known to be configured */
};

/* Decides; `wanted` is SURVEY_PLATFORMS unless somebody has chosen, and `folder` the name of the
 * one that was surveyed.  `*ret` borrows from the survey. */
void advice_make(struct survey *survey, enum survey_platform wanted, const char *folder,
                 struct advice *ret);

#endif
