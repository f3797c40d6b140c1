/* settings.h - what the writer and the reader need to know of the program. */
#ifndef LEDGER_SETTINGS_H
#define LEDGER_SETTINGS_H

#include "slo/catalogue.h"

#include <stdint.h>

struct ledger_settings {
    const char *conninfo; /* libpq; borrowed for the life of the program */
    const char *service;
    const char *host;                  /* hint in the positions: where this instance runs */
    const char *instance;              /* a random id of this process */
    const struct catalogue *catalogue; /* what is counted and promised; NULL only in old callers */
    const struct objective *objectives;
    int objective_count;
};

#endif
