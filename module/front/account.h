/* account.h - one objective's books as the ledger has them: what it promised and when, over which
 * window, what is left out, how far back it can be told.  Threads of the lane. */
#ifndef FRONT_ACCOUNT_H
#define FRONT_ACCOUNT_H

#include "front/ledger.h"
#include "ledger/history.h"
#include "ledger/versions.h"
#include "slo/calendar.h"

#include <stdbool.h>
#include <stdint.h>

struct account {
    struct named_objective name;
    struct objective_version *versions;
    int version_count;
    const struct objective_version *current;
    struct kept kept;
    int32_t now_minute;          /* the open one */
    struct calendar_span period; /* the last one that was asked for */
};

/* Reads the objective's versions within the visit.  0, -ENOENT where the ledger has none yet, or
 * -errno as desk_run(). */
int account_open(struct desk_visit *visit, const struct named_objective *name, int64_t now_wall_ms,
                 struct account *ret) MUST_CHECK;
void account_close(struct account *account);

/* Why budgets can't be told for this objective, for people; NULL when they can. */
const char *account_budget_trouble(const struct account *account);

/* The objective's window that ends with the minute before `until`, or with the open one if that is
 * earlier: the last so many minutes, or the period since it began. */
struct minute_span account_window(struct account *account, int32_t until);

/* What the window that ends with the open minute comes to, with these spans left out. */
int account_sum_now(struct desk_visit *visit, struct account *account,
                    const struct minute_span *excluded, int excluded_count,
                    struct window_sum *ret) MUST_CHECK;

/* Answers 503: the ledger has no row of it yet. */
void account_refuse(struct exchange *exchange);

#endif
