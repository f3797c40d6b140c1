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
    case METRICS_HISTOGRAM:
        return "histogram";
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

/* A sample of which the family's name is not all, with one more label than the caller gave. */
struct sample {
    const char *ending; /* of its name */
    struct metrics_label last;
    const char *number;
};

static char put_label(struct buf *buf, const struct metrics_label *label, char separator)
{
    if (label->value == NULL)
        return separator;
    buf_append_char(buf, separator);
    buf_append_text(buf, label->name);
    buf_append(buf, SLICE("=\""));
    put_escaped(buf, label->value, true);
    buf_append_char(buf, '"');
    return ',';
}

static void put_sample(struct metrics_writer *writer, const struct metrics_label labels[],
                       const struct sample *sample)
{
    char separator = '{';

    buf_append_text(writer->buf, writer->family);
    buf_append_text(writer->buf, sample->ending);
    for (; labels != NULL && labels->name != NULL; labels++)
        separator = put_label(writer->buf, labels, separator);
    separator = put_label(writer->buf, &sample->last, separator);
    if (separator == ',')
        buf_append_char(writer->buf, '}');
    buf_append_char(writer->buf, ' ');
    buf_append_text(writer->buf, sample->number);
    buf_append_char(writer->buf, '\n');
}

void metrics_text(struct metrics_writer *writer, const struct metrics_label labels[],
                  const char *number)
{
    put_sample(writer, labels, &(struct sample){ .ending = "", .number = number });
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

enum { NUMBER_BYTES = 48 };

/* `value` divided by a power of ten, without a float: 1234 by 1000 is "1.234". */
static void print_scaled(char number[NUMBER_BYTES], int64_t value, int decimals)
{
    uint64_t scale = decimals == 3 ? 1000 : 1000000;
    uint64_t size = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;

    (void)snprintf(number, NUMBER_BYTES, "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "",
                   size / scale, decimals, size % scale);
}

static void put_scaled(struct metrics_writer *writer, const struct metrics_label labels[],
                       int64_t value, int decimals)
{
    char number[NUMBER_BYTES];

    print_scaled(number, value, decimals);
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

/* A bound is a label, and no number: it has to be written as everybody writes it.  OpenMetrics
 * wants 1.0 where Prometheus' older format has 1. */
static void print_bound(const struct metrics_writer *writer, int64_t bound_ms,
                        char text[NUMBER_BYTES])
{
    size_t length;

    print_scaled(text, bound_ms, 3);
    length = strlen(text);
    while (text[length - 1] == '0' && text[length - 2] != '.')
        length--;
    if (writer->format == METRICS_PROMETHEUS && text[length - 1] == '0')
        length -= 2;
    text[length] = '\0';
}

static void put_uint_sample(struct metrics_writer *writer, const struct metrics_label labels[],
                            struct sample sample, uint64_t value)
{
    char number[NUMBER_BYTES];

    (void)snprintf(number, sizeof(number), "%" PRIu64, value);
    sample.number = number;
    put_sample(writer, labels, &sample);
}

void metrics_histogram(struct metrics_writer *writer, const struct metrics_label labels[],
                       const struct metrics_histogram *histogram)
{
    uint64_t total = 0;
    char text[NUMBER_BYTES];

    for (int i = 0; i < histogram->bound_count; i++) {
        total += histogram->counts[i];
        print_bound(writer, histogram->bounds_ms[i], text);
        put_uint_sample(writer, labels,
                        (struct sample){ .ending = "_bucket", .last = { "le", text } }, total);
    }
    total += histogram->counts[histogram->bound_count];
    put_uint_sample(writer, labels,
                    (struct sample){ .ending = "_bucket", .last = { "le", "+Inf" } }, total);
    print_scaled(text, histogram->sum_ms, 3);
    put_sample(writer, labels, &(struct sample){ .ending = "_sum", .number = text });
    put_uint_sample(writer, labels, (struct sample){ .ending = "_count" }, total);
}
