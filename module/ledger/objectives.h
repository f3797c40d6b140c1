/* objectives.h - where the objectives in force come from: files, the ledger, or nobody wrote any.
 */
#ifndef LEDGER_OBJECTIVES_H
#define LEDGER_OBJECTIVES_H

#include "base/auto.h"
#include "base/error.h"
#include "config/config.h"
#include "ledger/settings.h"
#include "slo/catalogue.h"
#include "slo/problem.h"

#include <stdbool.h>

struct objectives {
    struct catalogue *catalogue; /* owned */
    enum catalogue_origin origin;
    char trouble[512]; /* why they can't be read: the catalogue then holds the built-in ones, which
                        * nobody asked for; "" when they can */
};

/* Reads PROBITY_OBJECTIVES; where that is not set, and with `ask_ledger`, what has been applied to
 * the ledger (which may take its whole deadline); else the built-in ones.  What was found on the
 * way is added to `problems`.  Returns 0, or -errno with `err` when it isn't known what is in force
 * (the ledger is out of reach). */
int objectives_load(const struct config *config, bool ask_ledger, struct problems *problems,
                    struct objectives *ret, struct error *err) MUST_CHECK;
void objectives_done(struct objectives *objectives);

#endif
