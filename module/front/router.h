/* router.h - which handler answers a request, and who may ask.  The front's thread only. */
#ifndef FRONT_ROUTER_H
#define FRONT_ROUTER_H

#include "front/request.h"
#include "front/response.h"
#include "front/sources.h"

struct route;

/* One request on its way to an answer. */
struct exchange {
    const struct request *request;
    struct sources *sources;
    struct response *response;
    const struct route *route;
    struct slice rest; /* of the path, behind a route that ends in "/" */
};

typedef void (*route_fn)(struct exchange *exchange);

struct route {
    const char *path; /* one that ends in "/" takes everything below it */
    unsigned methods; /* bits of enum request_method */
    enum access_need need;
    enum endpoint endpoint;
    const char *key; /* of the page, where the handler hands one out */
    route_fn run;
};

/* Answers the request and never fails: trouble is an answer too.  Returns what to count it under.
 */
enum endpoint router_answer(const struct request *request, struct sources *sources,
                            struct response *response) MUST_CHECK;

#endif
