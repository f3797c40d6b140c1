/* request.h - what a FastCGI environment asks for.  Pure. */
#ifndef FRONT_REQUEST_H
#define FRONT_REQUEST_H

#include "base/slice.h"

/* Bits, so that a route can list what it allows. */
enum request_method {
    METHOD_OTHER = 0,
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_OPTIONS = 4,
    METHOD_POST = 8,
    METHOD_DELETE = 16,
};

/* Those that have a name, in the order in which Allow lists them. */
enum { REQUEST_METHODS = 5 };
struct request_method_name {
    enum request_method method;
    const char *text;
};
extern const struct request_method_name request_methods[REQUEST_METHODS];

#define REQUEST_ID_BYTES 65

/* Slices are borrowed from the environment, and empty where it holds nothing. */
struct request {
    enum request_method method;
    struct slice method_text;
    struct slice path;  /* normalised and decoded by nginx */
    struct slice query; /* raw */
    struct slice accept;
    struct slice authorization;
    struct slice idempotency_key;
    char id[REQUEST_ID_BYTES]; /* the caller's own if it is sane, else nginx's, else a new one */
};

/* `environment` is a NULL-terminated list of NAME=value, as libfcgi keeps it. */
void request_read(char *const environment[], struct request *ret);

#endif
