/* classify.h - which lines are events, and to which service, route and method they belong.  Pure.
 *
 * A line belongs to the service that it names, else to the source's own; only services of the
 * catalogue are counted.  Not counted either: OPTIONS, 101, Probity's own endpoints.  A route is
 * the configured template that the path fits, else (unless only templates are wanted) the path with
 * numbers, UUIDs and long hex turned into {id}; the first LIMIT_ROUTES of a service keep their name
 * for the life of the classifier, what comes later is `other`.
 */
#ifndef INGEST_CLASSIFY_H
#define INGEST_CLASSIFY_H

#include "base/limits.h"
#include "ingest/line.h"
#include "ingest/templates.h"
#include "slo/catalogue.h"

#include <stdint.h>

struct classifier;

enum verdict {
    VERDICT_EVENT,
    VERDICT_NOT_COUNTED,
    VERDICT_BAD_TIME,
    VERDICT_NO_MEMORY, /* nothing has changed: try again later */
};

struct classifier_settings {
    const struct catalogue *catalogue; /* these two are borrowed */
    const struct templates *templates; /* NULL: none */
    bool strict;                       /* a path that fits no template is `other` */
    const char *service; /* of lines that name none; one that the catalogue does not know is not
                          * counted */
    bool posted; /* somebody says himself what his events are: every path is a route's template,
                  * also one that reads like an endpoint of ours */
};

/* NULL when out of memory. */
struct classifier *classifier_new(const struct classifier_settings *settings) MUST_CHECK;
void classifier_free(struct classifier **classifier);

/* What an event belongs to. */
struct event_series {
    int service; /* index into the catalogue's services */
    enum event_method method;
    struct slice route; /* valid UTF-8 without NUL, under LIMIT_ROUTE_BYTES */
};

/* Judges a line at the wall clock's `now_ms`.  For an event `*ret_series` is the number of what it
 * belongs to: numbers are given from 0 on, as series are met. */
enum verdict classifier_judge(struct classifier *classifier, const struct line *line,
                              int64_t now_ms, uint32_t *ret_series);

/* How many series have been met, and each of them; the route is borrowed. */
uint32_t classifier_series_count(const struct classifier *classifier);
struct event_series classifier_series(const struct classifier *classifier, uint32_t series);

#endif
