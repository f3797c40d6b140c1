/* render.h - one objective as JSON: in the list of /slo, and as its own page.  Pure. */
#ifndef ACCOUNTANT_RENDER_H
#define ACCOUNTANT_RENDER_H

#include "accountant/alarms.h"
#include "accountant/book.h"
#include "accountant/forecasts.h"
#include "accountant/incidents.h"
#include "accountant/latency.h"
#include "accountant/worst.h"
#include "base/buf.h"

#include <stdbool.h>

/* Everything that is said about one objective; borrowed. */
struct render_objective {
    const struct book *book;
    int index;
    const struct latency_percentiles *latency; /* NULL unless it is a latency objective */
    const struct worst_list *routes;           /* of its service; NULL: none */
    const struct alarms *alarms;               /* NULL: none */
    const struct incidents *incidents;         /* NULL: not known */
    const struct forecasts *forecasts;         /* NULL: not known */
};

/* Its object in the list.  Without figures every number is null: nothing is known, not 0. */
void render_listed(const struct render_objective *objective, struct buf *buf);

/* Where a page says what changes without its figures. */
struct render_marks {
    size_t as_of_at; /* the first character of the time */
    size_t stale_at; /* the comma before `stale` */
};

/* Its own page: the same, and as_of, stale, the details of coverage and the worst routes. */
void render_page(const struct render_objective *objective, struct buf *buf,
                 struct render_marks *marks);

/* The page as it is when its figures must not be trusted, and why. */
void render_stale(struct slice page, const struct render_marks *marks, const char *because,
                  struct buf *buf);

/* Puts another time into a page. */
void render_retime(struct buf *page, const struct render_marks *marks, int64_t as_of_wall_ms);

/* A number that is another one when anything but the time has changed that is shown of the
 * objective. */
uint64_t render_version(const struct render_objective *objective);

/* Every ratio is printed with this many decimals, to the worse side. */
enum { RENDER_RATIO_DECIMALS = 6 };

#endif
