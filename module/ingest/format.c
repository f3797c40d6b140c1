/* format.c - which reader a source's lines need, and what they judge alike. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/format.h"

#include "ingest/combined.h"
#include "ingest/decimal.h"
#include "ingest/fields.h"

/* A request that lasts over a year is none. */
#define DURATION_MAX_MS (366 * 86400 * INT64_C(1000))

enum reject format_parse(const struct source_config *source, struct slice text,
                         struct line_scratch *scratch, struct line *ret)
{
    switch (source == NULL ? SOURCE_PROBITY : source->format) {
    case SOURCE_COMBINED:
        return combined_parse(text, scratch, ret);
    case SOURCE_JSON:
        return fields_parse(&source->fields, text, scratch, ret);
    case SOURCE_PROBITY:
        break;
    }
    return line_parse(text, scratch, ret);
}

/* A volume that was full took the first part of a line, and the next one stands behind it.  Within
 * a whole line no such quotes can stand, nginx escapes them. */
size_t format_torn_length(struct slice text)
{
    static const char start[] = "{\"time\":";
    const char *next = memmem(text.data + 1, text.length - 1, start, sizeof(start) - 1);

    return next == NULL ? 0 : (size_t)(next - text.data);
}

enum reject format_judge(const struct format_numbers *numbers, struct line *ret)
{
    struct decimal status;
    struct decimal duration;
    int64_t code;
    int64_t ms;
    bool more;

    if (!decimal_read(numbers->status, &status) || !decimal_read(numbers->duration, &duration)
        || !decimal_scale(&duration, numbers->power, DURATION_MAX_MS, &ms, &more))
        return REJECT_NUMBER;
    ret->duration_ms = (uint64_t)ms + more;
    if (!decimal_scale(&status, 0, LINE_STATUS_HIGH, &code, &more) || more
        || code < LINE_STATUS_LOW)
        return REJECT_STATUS;
    ret->status = (uint16_t)code;
    return REJECT_NONE;
}
