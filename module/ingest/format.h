/* format.h - one line of a log, in whatever format its source is written.  Pure. */
#ifndef INGEST_FORMAT_H
#define INGEST_FORMAT_H

#include "config/sources.h"
#include "ingest/line.h"

/* Reads a line without its newline.  Returns REJECT_NONE and fills `*ret`, or says why not. Without
 * a source it is our own format. */
enum reject format_parse(const struct source_config *source, struct slice text,
                         struct line_scratch *scratch, struct line *ret) MUST_CHECK;

/* For the readers of formats: fills status and duration.  The duration is a number of units of
 * 10^power ms; what is finer than a millisecond rounds up. */
struct format_numbers {
    struct slice status;
    struct slice duration;
    int power;
};

enum reject format_judge(const struct format_numbers *numbers, struct line *ret) MUST_CHECK;

#endif
