/* usual.h - the short way through a line that is as nearly all of nginx's are.  Pure.
 *
 * A usual line is in our own order and has the usual widths: a time with three decimals, a request
 * id of 32 digits, a duration under ten seconds, at most seven digits of bytes, no escapes.
 * Everything else goes through line.h's scanners; what is taken here, they read alike.
 */
#ifndef INGEST_USUAL_H
#define INGEST_USUAL_H

#include "ingest/line.h"

/* Reads the line at the front of `chunk` with its newline.  Returns its length, or 0 if it is no
 * usual one, is rejected, or ends beyond the chunk; `*ret` is then of no meaning. */
size_t usual_take(struct slice chunk, struct line *ret) MUST_CHECK;

#endif
