/* fields.h - reads one line of any JSON log by a map of fields.  Pure.
 *
 * A field is named by the members that lead to it, separated by dots ("request.uri"); a member
 * whose own name holds the dots is found as well.  Numbers may stand in quotes.  Of two members of
 * the same name the last counts, as in most readers of JSON.
 */
#ifndef INGEST_FIELDS_H
#define INGEST_FIELDS_H

#include "config/sources.h"
#include "ingest/line.h"

/* Reads a line without its newline.  Returns REJECT_NONE and fills `*ret`, or says why not. */
enum reject fields_parse(const struct source_fields *map, struct slice text,
                         struct line_scratch *scratch, struct line *ret) MUST_CHECK;

#endif
