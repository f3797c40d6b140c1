/* coverage.h - for how long was anybody watching, and which counts are not exact?  Pure. */
#ifndef LEDGER_COVERAGE_H
#define LEDGER_COVERAGE_H

#include <stdint.h>

struct coverage_span {
    int64_t from_ms;
    int64_t until_ms;
};

/* Makes the spans disjoint and rising; returns how many are left. */
int coverage_merge(struct coverage_span spans[], int count);

enum { COVERAGE_HOLES = 16 }; /* of one file */

/* The parts of a file's span that lie in none of its holes, "{FROM,UNTIL,…}" as Postgres writes an
 * array; returns how many.  What is no such array has no holes. */
int coverage_cut(struct coverage_span span, const char *holes,
                 struct coverage_span ret[COVERAGE_HOLES + 1]);

/* How much of `within` the union of the spans covers.  Sorts the spans. */
int64_t coverage_union_ms(struct coverage_span spans[], int count, struct coverage_span within);

/* Minutes of which durations were derived from histograms, or which could not be derived:
 * [from_minute, until_minute), both 0 for none. */
struct ledger_derived {
    int32_t from_minute;
    int32_t until_minute;
};

#endif
