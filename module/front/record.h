/* record.h - walks the bytes of a FastCGI request before libfcgi sees them.  Pure.
 *
 * libfcgi 2.4.2 aborts on a name-value pair that claims 0x7ffffffe bytes, overruns a buffer of 64
 * bytes on a FCGI_GET_VALUES that repeats itself, hands out an empty environment when the params
 * are cut, and blocks on everything that is not there yet.  So it is given only what has been
 * walked and found whole.  Source of the layout: FastCGI specification 1.0, sections 3 and 8.
 */
#ifndef FRONT_RECORD_H
#define FRONT_RECORD_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_HEADER_BYTES = 8 };

enum record_state {
    RECORD_PARTIAL, /* nothing wrong so far, and more must come */
    RECORD_WHOLE,   /* from BEGIN to the end of STDIN, and nothing behind it */
    RECORD_BROKEN,  /* `trouble` says why; such a peer is closed */
};

struct record_walk {
    enum record_state state;
    bool params_whole; /* all params are there, whatever is still missing of STDIN */
    uint16_t request_id;
    size_t head_bytes;    /* where STDIN begins, once the params are whole */
    size_t request_bytes; /* of a whole request */
    const char *trouble;  /* static, NULL unless broken */
};

/* Walks what lies at the start of a connection's input. */
struct record_walk record_walk(struct slice bytes);

/* The record behind which a request has no more input. */
void record_end_of_input(uint16_t request_id, uint8_t record[RECORD_HEADER_BYTES]);

/* The records of STDIN as they come, for a body that no single look could hold. */
struct record_input {
    uint16_t request_id;
    enum record_state state;
    const char *trouble; /* static, NULL unless broken */
    /* record.c's own */
    uint8_t header[RECORD_HEADER_BYTES];
    size_t header_bytes;
    size_t content_left;
    size_t padding_left;
    bool ending; /* the last record, which is empty but for its padding */
};

void record_input_init(struct record_input *input, uint16_t request_id);

/* Walks on over what has come and appends the content to `body`, which keeps to its own bound: a
 * body that is too long ends up as a failed buffer.  Returns the state. */
enum record_state record_input_feed(struct record_input *input, struct slice bytes,
                                    struct buf *body) MUST_CHECK;

#endif
