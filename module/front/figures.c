/* figures.c - takes the accountant's newest set and judges its age. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/figures.h"

enum { RETRY_SECONDS = 5 };

struct figures figures_acquire(const struct sources *sources)
{
    struct figures figures = { .set = slot_acquire(sources->slo) };

    if (figures.set == NULL) {
        figures.trouble = "the ledger has not been read yet";
    } else {
        figures.any = figures.set->as_of.length > 0;
        figures.too_old = slot_age_ms(figures.set) > figures.set->max_age_ms;
        if (figures.too_old)
            figures.trouble = "the figures are older than their bound: nobody renews them";
        else if (!figures.set->usable)
            figures.trouble =
                figures.set->trouble != NULL ? figures.set->trouble : "the ledger can't be used";
    }
    if (sources->config->ledger_conninfo != NULL)
        figures.retry_seconds = RETRY_SECONDS;
    return figures;
}

void figures_release(struct figures *figures)
{
    slot_release(&figures->set);
}

void figures_refuse(struct exchange *exchange, const struct figures *figures)
{
    const char *message = figures->trouble != NULL ? figures->trouble : "there are no figures yet";

    response_error(exchange->response, exchange->request,
                   &(struct response_error){ .status = 503,
                                             .code = "ledger_unavailable",
                                             .message = message,
                                             .retry_after_seconds = figures->retry_seconds });
}
