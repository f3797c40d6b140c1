/* ask.h - one request to a running probityd: over FastCGI to its socket, or over plain HTTP. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

/* Where it listens; one of the two. */
struct ask_target {
    const char *socket_path;
    const char *url; /* "http://host:port", with a prefix or without */
};

struct ask_request {
    const char *method;
    const char *path;   /* "/slo/gate" */
    struct slice query; /* encoded */
    struct slice body;
    const char *token; /* or NULL */
};

/* Appends "name=value" to a query, percent-encoded, with '&' before it where needed. */
void ask_add_parameter(struct buf *query, const char *name, const char *value);

/* Returns NULL, or what is wrong with the address and what to do; never holds a part of it. */
const char *ask_check(const struct ask_target *target);

/* Sends the request and reads the answer: its status, and its body into `body`.  0, or -errno with
 * `err`. */
int ask_send(const struct ask_target *target, const struct ask_request *request,
             int64_t deadline_ms, int *ret_status, struct buf *body, struct error *err) MUST_CHECK;

#endif
