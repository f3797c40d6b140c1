/* format.h - one line of a log, in whatever format its source is written.  Pure. */
#ifndef INGEST_FORMAT_H
#define INGEST_FORMAT_H

#include "config/sources.h"
#include "ingest/line.h"

#include <stdbool.h>
#include <string.h>

/* Reads a line without its newline.  Returns REJECT_NONE and fills `*ret`, or says why not. Without
 * a source it is our own format. */
enum reject format_parse(const struct source_config *source, struct slice text,
                         struct line_scratch *scratch, struct line *ret) MUST_CHECK;

/* What a line says, or why it says nothing. */
struct format_line {
    enum reject reject;
    struct line line;
};

/* For format_take(): how long the first part of a torn line is, 0 if it is none. */
size_t format_torn_length(struct slice text);

/* Reads the line at the front of `rest`, or the part of one that is torn.  Returns how long it is
 * with its newline; 0 when it has no end yet.  Here, because it is the way of every line. */
static inline size_t format_take(const struct source_config *source, struct slice rest,
                                 struct line_scratch *scratch, struct format_line *ret)
{
    bool is_ours = source == NULL || source->format == SOURCE_PROBITY;
    const char *newline;
    size_t length = 0;
    size_t torn;

    if (is_ours)
        length = line_take(rest, scratch, &ret->line, &ret->reject);
    if (length > 0)
        return length;
    newline = memchr(rest.data, '\n', rest.length);
    if (newline == NULL)
        return 0;
    length = (size_t)(newline - rest.data) + 1;
    ret->reject =
        format_parse(source, (struct slice){ rest.data, length - 1 }, scratch, &ret->line);
    torn = is_ours && ret->reject == REJECT_NOT_JSON
               ? format_torn_length((struct slice){ rest.data, length })
               : 0;
    return torn > 0 ? torn : length;
}

/* For the readers of formats: fills status and duration.  The duration is a number of units of
 * 10^power ms; what is finer than a millisecond rounds up. */
struct format_numbers {
    struct slice status;
    struct slice duration;
    int power;
};

enum reject format_judge(const struct format_numbers *numbers, struct line *ret) MUST_CHECK;

#endif
