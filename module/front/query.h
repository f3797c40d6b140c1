/* query.h - query parameters, strictly: a typo must not turn a stop into a go.  Pure. */
#ifndef FRONT_QUERY_H
#define FRONT_QUERY_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

#define QUERY_VALUE_BYTES 256

/* A parameter that an endpoint knows; the parser fills in what the query gives. */
struct query_parameter {
    const char *name;
    bool given;
    char value[QUERY_VALUE_BYTES]; /* decoded */
};

/* Reads `query` into the `count` known parameters.  Returns false, with a sentence for the caller
 * in `trouble`, when a parameter is unknown, repeated, empty, too long or not decodable. */
bool query_parse(struct slice query, struct query_parameter known[], int count,
                 struct buf *trouble) MUST_CHECK;

#endif
