/* publish.h - makes the SLO page set of what the clerk knows and hands it to the slot. */
#ifndef ACCOUNTANT_PUBLISH_H
#define ACCOUNTANT_PUBLISH_H

#include "accountant/clerk.h"

/* Publishes, or counts that it could not: the old publication then ages. */
void publish_figures(struct clerk *clerk, int64_t now_ms);

#endif
