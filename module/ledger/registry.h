/* registry.h - which ids the ledger knows a catalogue's indicators and objectives by. */
#ifndef LEDGER_REGISTRY_H
#define LEDGER_REGISTRY_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/session.h"
#include "ledger/settings.h"

#include <stdbool.h>

/* Ids are unique within a service.  0: not registered. */
struct registry {
    int *indicators; /* by the indicator's index in the catalogue */
    int *objectives; /* of the version, by the objective's index in the catalogue */
    bool changed;    /* other objectives have been applied to the ledger than those of the
                      * catalogue: it should be read anew */
    bool looked;     /* `changed` is known */
};

/* 0, or -ENOMEM. */
int registry_init(struct registry *registry, const struct catalogue *catalogue) MUST_CHECK;
void registry_done(struct registry *registry);

/* Finds the ids within the caller's transaction.  With `add`, an indicator that isn't there gets an
 * id, and an objective whose definition isn't there becomes a new version; what is there is never
 * rewritten.  0, or -errno as session_run; -ECANCELED with `changed` when the catalogue is the
 * built-in one and the ledger holds applied objectives: nothing was added. */
int registry_load(struct session *session, const struct ledger_settings *settings, bool add,
                  struct registry *registry, struct error *err) MUST_CHECK;

/* Looks again whether the applied objectives in force are those of the catalogue, and sets
 * `changed`.  Cheap: every few seconds.  In the caller's transaction. */
int registry_look(struct session *session, const struct ledger_settings *settings,
                  struct registry *registry, struct error *err) MUST_CHECK;

#endif
