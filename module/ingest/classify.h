/* classify.h - which lines are events of the service, and to which route they belong.  Pure.
 *
 * Not counted: OPTIONS, 101, Probity's own endpoints, lines of another service.  A route is the
 * path with numbers, UUIDs and long hex turned into {id}; the first LIMIT_ROUTES of them keep their
 * name for the life of the classifier, what comes later is `other`.
 */
#ifndef INGEST_CLASSIFY_H
#define INGEST_CLASSIFY_H

#include "base/limits.h"
#include "ingest/line.h"

#include <stdint.h>

struct classifier;

enum verdict { VERDICT_EVENT, VERDICT_NOT_COUNTED, VERDICT_BAD_TIME };

/* The route that everything beyond the bound belongs to. */
enum { CLASSIFIER_OTHER = 0, CLASSIFIER_ROUTES = LIMIT_ROUTES + 1 };

/* `service` is copied.  NULL when out of memory. */
struct classifier *classifier_new(const char *service) MUST_CHECK;
void classifier_free(struct classifier **classifier);

/* Judges a line at the wall clock's `now_ms`.  For an event `*ret_route` is its route, below
 * CLASSIFIER_ROUTES. */
enum verdict classifier_judge(struct classifier *classifier, const struct line *line,
                              int64_t now_ms, uint32_t *ret_route);

/* The route's template: valid UTF-8 without NUL, under LIMIT_ROUTE_BYTES. */
struct slice classifier_route_name(const struct classifier *classifier, uint32_t route);

#endif
