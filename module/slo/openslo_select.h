/* openslo_select.h - one selection's words as a selector.  Pure. */
#ifndef SLO_OPENSLO_SELECT_H
#define SLO_OPENSLO_SELECT_H

#include "slo/fraction.h"
#include "slo/openslo_shape.h"
#include "slo/selector.h"

/* Reads route, method, status and duration of a map; what is wrong is recorded.  Returns false when
 * something was.  Routes are copied to the arena. */
bool openslo_select(const struct shape_check *check, const struct spot *map, struct arena *arena,
                    struct selector *ret) MUST_CHECK;

/* "500", "0.5" milliseconds with an operator (lt, lte, gt, gte): narrows the bounds to what is so.
 * Whole milliseconds are what is counted.  False for a bound that leaves nothing, or no number. */
bool openslo_bound(const char *op, struct fraction value_ms, struct selector *selector) MUST_CHECK;

#endif
