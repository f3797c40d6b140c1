/* combined.h - reads one line of nginx's combined format with $request_time behind it.  Pure.
 *
 *   log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status '
 *                    '$body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
 *
 * nginx writes quotes, backslashes and bytes that are no printable ASCII as \xHH, so that a quote
 * always ends a field, whatever a client sends.  What follows the time after a blank is skipped.
 */
#ifndef INGEST_COMBINED_H
#define INGEST_COMBINED_H

#include "ingest/line.h"

/* Reads a line without its newline.  Returns REJECT_NONE and fills `*ret`, or says why not.  A
 * request line that is none (a 400 has "-", or what the client sent) leaves method and path empty:
 * it was answered all the same. */
enum reject combined_parse(struct slice text, struct line_scratch *scratch,
                           struct line *ret) MUST_CHECK;

#endif
