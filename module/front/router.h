/* router.h - which handler answers a request, and who may ask.
 *
 * Fast handlers run on the front's thread and wait for nothing.  Slow ones run on a thread of the
 * lane, after the front's thread has judged path, method and permission.
 */
#ifndef FRONT_ROUTER_H
#define FRONT_ROUTER_H

#include "front/request.h"
#include "front/response.h"
#include "front/sources.h"

struct route;

/* One request on its way to an answer. */
struct exchange {
    const struct request *request;
    struct sources *sources; /* a slow handler may use only what every thread may */
    struct response *response;
    const struct route *route;
    struct slice rest;              /* what the route's first "{…}" stands for */
    struct slice id;                /* and the second */
    char who[ACCESS_SUBJECT_BYTES]; /* who asks, where somebody had to be named */
    struct slice body;              /* the whole body, unless it is unread */
    bool unread;         /* there is more of it than a look can hold: for slow handlers alone */
    int64_t deadline_ms; /* slow handlers: by then the answer must stand */
};

typedef void (*route_fn)(struct exchange *exchange);

struct route {
    const char *path; /* "{name}" stands for a segment of at least one byte */
    unsigned methods; /* bits of enum request_method */
    enum access_need need;
    enum endpoint endpoint;
    const char *key; /* of the page, where the handler hands one out */
    route_fn run;
    route_fn slow;     /* instead of `run`: runs on a thread of the lane */
    size_t body_bytes; /* what the handler of a POST takes; a longer body is a 413 */
    bool asks_ledger;  /* a slow handler: waits for the ledger, and not only for the disk */
};

/* Answers the request and never fails: trouble is an answer too.  Where the route has a slow
 * handler, and the request may go there, nothing is answered and `exchange` is filled in for it:
 * router_is_slow().  Wants request, sources and response.  Returns what to count it under. */
enum endpoint router_answer(struct exchange *exchange) MUST_CHECK;

/* Whether the answer is left to a slow handler. */
bool router_is_slow(const struct exchange *exchange);

/* Whether that one waits for the ledger. */
bool router_asks_ledger(const struct exchange *exchange);

/* Runs the slow handler.  A thread of the lane. */
void router_run_slow(struct exchange *exchange);

/* Answers that the body is longer than the route takes. */
void router_refuse_body(struct exchange *exchange);

#endif
