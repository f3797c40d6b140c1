/* versions.h - what an objective promised and when, and how far back the ledger can tell. */
#ifndef LEDGER_VERSIONS_H
#define LEDGER_VERSIONS_H

#include "base/auto.h"
#include "ledger/desk.h"
#include "slo/fraction.h"

#include <stdbool.h>
#include <stdint.h>

struct objective_version {
    int version;
    int indicator_id;
    char type[16];
    char target_text[24];
    struct fraction target;
    int64_t threshold_ms;
    int32_t window_minutes;
    bool calendar;
    int64_t effective_from_ms; /* wall */
    int64_t retired_at_ms;     /* wall; 0: not retired */
};

/* All versions of an objective in the order in which they became effective; free() them.  -ENOENT
 * when the ledger has none. */
int versions_read(struct desk_visit *visit, const char *service, const char *objective,
                  struct objective_version **ret, int *ret_count) MUST_CHECK;

/* The index of the version that was in force: the newest that had become effective and was not
 * retired; before the first one, the first. */
int versions_in_force(const struct objective_version *versions, int count, int64_t at_wall_ms);

/* From which minute on nothing has been taken by retention. */
struct kept {
    int32_t minutes_from;
    int32_t quarters_from;
};

int kept_read(struct desk_visit *visit, const char *service, int32_t now_minute,
              struct kept *ret) MUST_CHECK;

#endif
