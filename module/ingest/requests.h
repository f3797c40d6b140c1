/* requests.h - how many requests the logs of this process have told of since it began.
 *
 * By service, method, route and status, and by service and duration.  These are the instance's own,
 * from 0 on at each start, ledger or not; what the ledger holds is the fleet's.  Series are made
 * when they are met, LIMIT_HTTP_SERIES at most: what comes later counts as `other`, by the class of
 * its status.  One thread counts, any thread looks.
 */
#ifndef INGEST_REQUESTS_H
#define INGEST_REQUESTS_H

#include "base/auto.h"
#include "base/slice.h"
#include "slo/selector.h"

#include <stdbool.h>
#include <stdint.h>

enum { REQUESTS_BOUNDS = 8 };

/* What durations are told apart by, ascending: those of the HTTP contract. */
extern const int64_t requests_bounds_ms[REQUESTS_BOUNDS];

struct requests;

/* NULL when out of memory. */
struct requests *requests_new(void) MUST_CHECK;
void requests_free(struct requests **requests);

/* --- the thread that counts --- */

/* Nobody looks between these two: one chunk of a log. */
void requests_begin(struct requests *requests);
void requests_end(struct requests *requests);

/* The number of a service, whose durations are told from now on, with all of them 0.  The name is
 * copied.  -1 when there is no room. */
int requests_service(struct requests *requests, const char *name);

/* The number of what is counted together but for its status.  The route is copied.  -1 when there
 * is no room: then it is the service's `other`. */
int requests_group(struct requests *requests, int service, struct slice route,
                   enum event_method method);

struct requests_event {
    int service;
    int group; /* -1: `other` */
    uint16_t status;
    uint64_t duration_ms;
};

void requests_add(struct requests *requests, const struct requests_event *event);

/* An event for whose service there was no room. */
void requests_miss(struct requests *requests);

/* --- any thread --- */

struct requests_series {
    const char *service;
    const char *method;
    const char *path;
    char status[4]; /* "404", or of `other` "4xx" */
    uint64_t count;
};

struct requests_durations {
    const char *service;
    uint64_t counts[REQUESTS_BOUNDS + 1]; /* the last: longer than all bounds */
    uint64_t sum_ms;
};

/* A copy by service, path, method and status.  Its texts are those of `requests`. */
struct requests_view {
    struct requests_series *series;
    int series_count;
    struct requests_durations *durations;
    int service_count;
    uint64_t unlisted; /* requests that have no series of their own, for want of room */
};

/* Returns false when out of memory. */
bool requests_look(struct requests *requests, struct requests_view *ret) MUST_CHECK;
void requests_view_done(struct requests_view *view);

/* --- where a log was left, for those who read it next in this process --- */

struct requests_mark {
    const char *path; /* copied */
    uint64_t device;
    uint64_t inode;
    int64_t offset;
};

/* Instead of all that were there.  As many as there are sources.  Any thread. */
void requests_keep_marks(struct requests *requests, const struct requests_mark marks[], int count);

/* Returns false when there is none of this path. */
bool requests_find_mark(struct requests *requests, const char *path, struct requests_mark *ret);

#endif
