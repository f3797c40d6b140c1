/* accountant.h - owns all SLO state: takes the ledger's rows, judges, publishes SLO pages.
 *
 * Pages (keys in its slot): "slo/NAME" for every objective once there are figures, "metrics/fleet"
 * (a fragment with the fleet's figures) and "metrics" (another, with what this instance's ingest
 * and writer counted), both also as ".../openmetrics"; the list and the gate are put together by
 * the front from the set's objectives.  Published once a second.
 */
#ifndef ACCOUNTANT_ACCOUNTANT_H
#define ACCOUNTANT_ACCOUNTANT_H

#include "base/error.h"
#include "config/config.h"
#include "health/order.h"
#include "ingest/follow.h"
#include "ingest/requests.h"
#include "ledger/settings.h"
#include "ledger/writer.h"
#include "page/slot.h"

struct accountant;

struct accountant_settings {
    const struct config *config;
    const struct ledger_settings *ledger; /* its conninfo is NULL: there is no ledger */
    struct slot *slot;
    const struct follower *follower;    /* NULL: no ingest */
    struct requests *requests;          /* what the logs told of; NULL: nobody counts */
    const struct ledger_writer *writer; /* NULL: no ledger */
    const char *objectives_trouble;     /* why the objectives can't be read, or NULL; borrowed */
    struct orders *orders;              /* hears of the home service's maintenance; NULL: nobody */
};

/* Publishes "no figures yet" unless an accountant before has published some, then starts the
 * thread. */
int accountant_start(const struct accountant_settings *settings, struct accountant **ret,
                     struct error *err) MUST_CHECK;

/* Waits at most 1 s. */
void accountant_stop(struct accountant **accountant);

#endif
