/* lint.h - what an objective's rules can and can't do, before anything burns.  Pure.
 *
 * The figures are exact and hold for even traffic; a minute at most comes on top, because what is
 * counted is counted by the minute, and a second, because it is judged once a second.
 */
#ifndef SLO_LINT_H
#define SLO_LINT_H

#include "base/buf.h"
#include "slo/objective.h"

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with a rule; one bit each. */
enum lint_flaw {
    LINT_UNREACHABLE = 1 << 0,   /* even a full outage does not burn so fast: f >= 1/(1-target) */
    LINT_BEYOND_WINDOW = 1 << 1, /* its window is longer than the objective's */
    LINT_SHORT_IS_LONG = 1 << 2, /* the short window is not shorter than the long one */
    LINT_BELOW_SLICE = 1 << 3,   /* a window is shorter than a slice: it is empty at times */
    LINT_NEVER_CLEARS = 1 << 4,  /* a budget rule that ends below where it begins */
};

/* One rule of one objective. */
struct lint_row {
    const struct alert_rule *rule; /* borrowed */
    unsigned flaws;
    struct fraction error_share; /* of bad events above which it fires; budget rules: of the budget
                                  * that is gone */
    struct fraction detect_s;    /* from the beginning of a full outage, with nothing used before;
                                  * negative: never */
    struct fraction budget_used; /* by then */
};

/* What is wrong with the objective itself; one bit each. */
enum lint_objective_flaw {
    LINT_WINDOW_BEYOND_RETENTION = 1 << 0, /* its window is longer than minutes are kept */
    LINT_WINDOW_NOT_OF_SLICES = 1 << 1,    /* its window is no multiple of a slice */
    LINT_FEW_SLICES = 1 << 2,              /* so few slices that one bad one is the whole budget */
    LINT_COMPOSITE = 1 << 3,               /* kept and exported, never evaluated */
};

/* Fills the rows of the objective's rules, in their order.  Returns how many: at most `max`. */
int lint_rules(const struct objective *objective, struct lint_row rows[], int max);

unsigned lint_objective(const struct objective *objective);

/* Appends the table of one objective and what is wrong, as text for a terminal.  Returns how many
 * flaws there are. */
int lint_print(const struct objective *objective, struct buf *buf);

/* "28 d", "1 calendar month (31 d 1 h at most)". */
void lint_print_window(const struct objective *objective, struct buf *buf);

/* "51.84 s", "8 m 38.4 s", "1 h 48 m", "never". */
void lint_print_duration(struct fraction seconds, struct buf *buf);

#endif
