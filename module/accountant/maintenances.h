/* maintenances.h - which services operators work on, as the ledger said last; told to the monitor.
 *
 * While the ledger is out of reach the last list stands: what was announced begins and ends by the
 * clock.
 */
#ifndef ACCOUNTANT_MAINTENANCES_H
#define ACCOUNTANT_MAINTENANCES_H

#include "health/order.h"
#include "ledger/maintenance.h"
#include "page/page.h"

#include <stdbool.h>
#include <stdint.h>

/* The accountant's thread only.  Begins as zero. */
struct maintenances {
    struct maintenance_list list;
    bool known;         /* the ledger has been asked with success */
    bool failing;       /* it could not be asked the last time */
    int64_t read_at_ms; /* boot clock: of the last attempt; 0: none */
    bool told;          /* the monitor has heard: */
    struct maintenance last;
};

void maintenances_done(struct maintenances *maintenances);

/* Asks the ledger when it is time: now and then while it is `well`, seldom else. */
void maintenances_refresh(struct maintenances *maintenances, struct ledger_reader *reader,
                          bool well, int64_t now_ms);

/* Gives what is in force for the service as an order, if that has changed.  Nothing is said before
 * the ledger was asked: what the monitor remembers of its own may be better. */
void maintenances_tell(struct maintenances *maintenances, const char *service,
                       struct orders *orders, int64_t wall_ms);

/* What is in force for a service; NULL: nothing. */
const struct maintenance *maintenances_now(const struct maintenances *maintenances,
                                           const char *service, int64_t wall_ms);

void maintenances_publish(const struct maintenances *maintenances, struct page_builder *builder);

#endif
