/* settings.h - what the writer and the reader need to know of the program. */
#ifndef LEDGER_SETTINGS_H
#define LEDGER_SETTINGS_H

#include "base/idle.h"
#include "slo/catalogue.h"

#include <stdint.h>

/* Where the catalogue was read from: the ledger's word for it. */
enum catalogue_origin {
    ORIGIN_BUILT_IN, /* "built-in" */
    ORIGIN_FILE,     /* "file" */
    ORIGIN_APPLIED,  /* "applied": from the ledger itself */
};

struct ledger_settings {
    const char *conninfo; /* libpq; borrowed for the life of the program */
    const char *service;
    const char *host;                  /* hint in the positions: where this instance runs */
    const char *instance;              /* a random id of this process */
    const struct catalogue *catalogue; /* what is counted and promised */
    enum catalogue_origin origin;
    const struct idle *idle; /* while it is paused no connection is kept; NULL: they always are */
};

#endif
