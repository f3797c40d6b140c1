/* record.h - walks the bytes of a FastCGI request before libfcgi sees them.  Pure.
 *
 * libfcgi 2.4.2 aborts on a name-value pair that claims 0x7ffffffe bytes, overruns a buffer of 64
 * bytes on a FCGI_GET_VALUES that repeats itself, hands out an empty environment when the params
 * are cut, and blocks on everything that is not there yet.  So it is given only what has been
 * walked and found whole.  Source of the layout: FastCGI specification 1.0, sections 3 and 8.
 */
#ifndef FRONT_RECORD_H
#define FRONT_RECORD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum record_state {
    RECORD_PARTIAL, /* nothing wrong so far, and more must come */
    RECORD_WHOLE,   /* from BEGIN to the end of STDIN, and nothing behind it */
    RECORD_BROKEN,  /* `trouble` says why; such a peer is closed */
};

struct record_walk {
    enum record_state state;
    bool params_whole;    /* all params are there, whatever is still missing of STDIN */
    size_t request_bytes; /* of a whole request */
    const char *trouble;  /* static, NULL unless broken */
};

/* Walks what lies at the start of a connection's input. */
struct record_walk record_walk(struct slice bytes);

#endif
