/* figures.h - the newest SLO figures, and whether anything may be decided with them. */
#ifndef FRONT_FIGURES_H
#define FRONT_FIGURES_H

#include "front/router.h"

struct figures {
    const struct page_set *set; /* held; NULL before the first publication */
    bool any;                   /* there are figures, however old */
    bool too_old;               /* the publication itself is */
    const char *trouble;        /* why they must not be trusted, for people; NULL: they may be */
    int retry_seconds;          /* when to ask again, 0 when only a person can help */
};

struct figures figures_acquire(const struct sources *sources);
void figures_release(struct figures *figures);

/* Answers 503: there are none at all. */
void figures_refuse(struct exchange *exchange, const struct figures *figures);

#endif
