/* metrics.c - one family at a time, in either format. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "page/metrics.h"

#include <inttypes.h>
#include <stdio.h>

void metrics_init(struct metrics_writer *writer, struct buf *buf, enum metrics_format format)
{
    *writer = (struct metrics_writer){ .buf = buf, .format = format };
}

static const char *type_text(enum metrics_type type, enum metrics_format format)
{
    switch (type) {
    case METRICS_COUNTER:
        return "counter";
    case METRICS_INFO:
        return format == METRICS_OPENMETRICS ? "info" : "gauge";
    case METRICS_GAUGE:
        break;
    }
    return "gauge";
}

/* OpenMetrics names the family without the ending that its samples carry. */
static int family_length(const char *name, enum metrics_type type, enum metrics_format format)
{
    struct slice family = slice_of(name);
    struct slice ending = type == METRICS_COUNTER ? SLICE("_total")
                          : type == METRICS_INFO  ? SLICE("_info")
                                                  : SLICE("");

    if (format == METRICS_OPENMETRICS && family.length > ending.length
        && slice_equals((struct slice){ name + family.length - ending.length, ending.length },
                        ending))
        family.length -= ending.length;
    return (int)family.length;
}

/* 0.0.4 escapes a backslash and a newline in HELP; OpenMetrics the double quote as well. */
static void put_escaped(struct buf *buf, const char *text, bool quotes)
{
    for (;;) {
        size_t plain = strcspn(text, quotes ? "\n\\\"" : "\n\\");

        buf_append(buf, (struct slice){ text, plain });
        text += plain;
        if (*text == '\0')
            return;
        buf_append_char(buf, '\\');
        buf_append_char(buf, (char)(*text == '\n' ? 'n' : *text));
        text++;
    }
}

void metrics_family(struct metrics_writer *writer, const char *name, enum metrics_type type,
                    const char *help)
{
    int length = family_length(name, type, writer->format);

    writer->family = name;
    buf_printf(writer->buf, "# TYPE %.*s %s\n# HELP %.*s ", length, name,
               type_text(type, writer->format), length, name);
    put_escaped(writer->buf, help, writer->format == METRICS_OPENMETRICS);
    buf_append_char(writer->buf, '\n');
}

void metrics_text(struct metrics_writer *writer, const struct metrics_label labels[],
                  const char *number)
{
    char separator = '{';

    buf_append_text(writer->buf, writer->family);
    for (; labels != NULL && labels->name != NULL; labels++) {
        if (labels->value == NULL)
            continue;
        buf_append_char(writer->buf, separator);
        buf_append_text(writer->buf, labels->name);
        buf_append(writer->buf, SLICE("=\""));
        put_escaped(writer->buf, labels->value, true);
        buf_append_char(writer->buf, '"');
        separator = ',';
    }
    if (separator == ',')
        buf_append_char(writer->buf, '}');
    buf_append_char(writer->buf, ' ');
    buf_append_text(writer->buf, number);
    buf_append_char(writer->buf, '\n');
}

void metrics_uint(struct metrics_writer *writer, const struct metrics_label labels[],
                  uint64_t value)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%" PRIu64, value);
    metrics_text(writer, labels, number);
}

void metrics_int(struct metrics_writer *writer, const struct metrics_label labels[], int64_t value)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%" PRId64, value);
    metrics_text(writer, labels, number);
}

/* `value` divided by a power of ten, without a float: 1234 by 1000 is "1.234". */
static void put_scaled(struct metrics_writer *writer, const struct metrics_label labels[],
                       int64_t value, int decimals)
{
    uint64_t scale = decimals == 3 ? 1000 : 1000000;
    uint64_t size = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    char number[48];

    (void)snprintf(number, sizeof(number), "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "",
                   size / scale, decimals, size % scale);
    metrics_text(writer, labels, number);
}

void metrics_seconds_from_ms(struct metrics_writer *writer, const struct metrics_label labels[],
                             int64_t value_ms)
{
    put_scaled(writer, labels, value_ms, 3);
}

void metrics_seconds_from_us(struct metrics_writer *writer, const struct metrics_label labels[],
                             int64_t value_us)
{
    put_scaled(writer, labels, value_us, 6);
}
