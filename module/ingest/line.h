/* line.h - reads one line of nginx's JSON access log.  Pure: bytes in, numbers and slices out.
 *
 * The format is that of nginx/probity-http.conf, but fields may come in any order, unknown fields
 * hold any JSON, and bytes that are not UTF-8 are let through, because nginx writes them as they
 * came.  A line in exactly our own order is read without looking at any key twice.
 */
#ifndef INGEST_LINE_H
#define INGEST_LINE_H

#include "base/auto.h"
#include "base/limits.h"
#include "base/slice.h"
#include "ingest/reject.h"

#include <stdint.h>

enum { LINE_STATUS_LOW = 100, LINE_STATUS_HIGH = 599 };

/* Slices borrow from the line, or from the scratch where something had to be unescaped. */
struct line {
    int64_t time_ms;      /* wall clock; digits beyond the millisecond are cut */
    uint64_t duration_ms; /* request_time; digits beyond the millisecond round up */
    uint16_t status;
    struct slice service; /* empty when the line names none */
    struct slice method;
    struct slice path;
};

/* Where strings with escapes are unescaped to: an unescaped string is never longer. */
struct line_scratch {
    char bytes[LIMIT_LOG_LINE_IN_BYTES];
    size_t used;
};

/* Reads the line at the front of `chunk` with its newline, if it is one in exactly our own order:
 * the end of such a line is found on the way, without looking for it first.  Returns its length and
 * in `*ret_reject` what line_parse() would say; 0 for every other line. */
size_t line_take(struct slice chunk, struct line_scratch *scratch, struct line *ret,
                 enum reject *ret_reject) MUST_CHECK;

/* Reads a line without its newline.  Returns REJECT_NONE and fills `*ret`, or says why not. */
enum reject line_parse(struct slice text, struct line_scratch *scratch,
                       struct line *ret) MUST_CHECK;

#endif
