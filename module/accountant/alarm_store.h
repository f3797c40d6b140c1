/* alarm_store.h - alarms and the ledger: leases, states that others wrote, our own.  For
 * accountant/alarms.c alone. */
#ifndef ACCOUNTANT_ALARM_STORE_H
#define ACCOUNTANT_ALARM_STORE_H

#include "accountant/alarms.h"

/* Every few seconds: takes or renews the leases that are to be had, and takes over the states of
 * those services that are not, or not yet, ours. */
void alarms_claim(struct alarms *alarms, const struct alarms_scene *scene);

/* Writes down what is dirty and ours.  What can't be written is taken back: it is not shown, and is
 * judged anew from what the ledger has. */
void alarms_save(struct alarms *alarms, const struct alarms_scene *scene);

/* Holds nothing any more, until the next claim; in the ledger the leases run out by themselves. */
void alarms_let_go(struct alarms *alarms);

#endif
