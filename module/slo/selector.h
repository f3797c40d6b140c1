/* selector.h - which events a person means: by route, method, status and duration.  Pure. */
#ifndef SLO_SELECTOR_H
#define SLO_SELECTOR_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { STATUS_LOW = 100, STATUS_HIGH = 599, STATUS_CLIENT_CLOSED = 499, STATUS_SERVER_ERROR = 500 };

/* The methods that are told apart; everything else is OTHER. */
#define FOR_EACH_METHOD(X) \
    X(GET)                 \
    X(HEAD)                \
    X(POST)                \
    X(PUT)                 \
    X(PATCH)               \
    X(DELETE)              \
    X(OTHER)

enum event_method {
#define X(name) EVENT_##name,
    FOR_EACH_METHOD(X)
#undef X
        EVENT_METHOD_COUNT
};

/* One bit per status code from STATUS_LOW on. */
struct status_set {
    uint64_t words[8];
};

/* An event is selected when it fits all four.  499 (the client left) is never an event. */
struct selector {
    const char *const *routes; /* templates; a '*' at the end stands for any rest.  None: all */
    int route_count;
    unsigned methods;           /* bits of enum event_method; 0: all */
    struct status_set statuses; /* all 0: all */
    int64_t from_ms;            /* durations of at least this */
    int64_t below_ms;           /* and strictly below this; 0: no bound */
};

bool status_set_has(const struct status_set *set, int status);
void status_set_add(struct status_set *set, int low, int high);
bool status_set_is_empty(const struct status_set *set);

/* Whether a route and method are among those that the selector names. */
bool selector_takes_series(const struct selector *selector, struct slice route,
                           enum event_method method);

/* Whether status and duration fit. */
bool selector_takes_outcome(const struct selector *selector, int status, uint64_t duration_ms);

/* Whether the selector leaves nothing out. */
bool selector_is_open(const struct selector *selector);

/* Appends the canonical text, what is not restricted left out: routes sorted, ranges of statuses
 * rising ("route=/a|/v1/jobs;method=GET|HEAD;status=100-499;duration=0-500", "" for everything; the
 * bound that is 0 is left out behind the '-': "duration=500-").  Equal texts mean equal selectors.
 */
void selector_print(const struct selector *selector, struct buf *buf);

/* "GET"; static.  And back: OTHER for what is none of them. */
const char *event_method_text(enum event_method method);
enum event_method event_method_of(struct slice text);

#endif
