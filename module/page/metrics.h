/* metrics.h - writes metric families in Prometheus' text format 0.0.4 or OpenMetrics 1.0.
 *
 * The formats differ in the name of a counter's family (OpenMetrics drops _total there), the
 * escapes of HELP, and the final "# EOF", which the front adds after joining the fragments.
 * Sources: prometheus/docs exposition_formats.md; OpenMetrics specification 1.0.
 */
#ifndef PAGE_METRICS_H
#define PAGE_METRICS_H

#include "base/buf.h"

#include <stdint.h>

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };
enum metrics_type { METRICS_GAUGE, METRICS_COUNTER, METRICS_INFO, METRICS_HISTOGRAM };

struct metrics_writer {
    struct buf *buf; /* borrowed */
    enum metrics_format format;
    const char *family; /* of the samples that follow, with _total or _info where it ends so */
};

struct metrics_label {
    const char *name;
    const char *value; /* NULL: the label is left out */
};

void metrics_init(struct metrics_writer *writer, struct buf *buf, enum metrics_format format);

/* Begins a family.  `name` is the sample's name: a counter's ends in _total, an info's in _info. */
void metrics_family(struct metrics_writer *writer, const char *name, enum metrics_type type,
                    const char *help);

/* Samples of the family begun last; labels end with a NULL name, NULL for none. */
void metrics_uint(struct metrics_writer *writer, const struct metrics_label labels[],
                  uint64_t value);
void metrics_int(struct metrics_writer *writer, const struct metrics_label labels[], int64_t value);

/* Milliseconds or microseconds as seconds, exact. */
void metrics_seconds_from_ms(struct metrics_writer *writer, const struct metrics_label labels[],
                             int64_t value_ms);
void metrics_seconds_from_us(struct metrics_writer *writer, const struct metrics_label labels[],
                             int64_t value_us);

/* A number that is text already ("0.999"). */
void metrics_text(struct metrics_writer *writer, const struct metrics_label labels[],
                  const char *number);

/* Durations counted by how long they took.  `counts` has one more than `bounds_ms`, for what took
 * longer than the last of them; a duration of exactly a bound belongs under it. */
struct metrics_histogram {
    const int64_t *bounds_ms; /* ascending */
    const uint64_t *counts;
    int bound_count;
    int64_t sum_ms;
};

/* One histogram of the family begun last, a METRICS_HISTOGRAM named ..._seconds. */
void metrics_histogram(struct metrics_writer *writer, const struct metrics_label labels[],
                       const struct metrics_histogram *histogram);

#endif
