/* probers.c - one prober a check; asked to stop together, so that their waits overlap. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/probers.h"

#include "base/clock.h"
#include "base/limits.h"
#include "probe/prober.h"

#include <errno.h>
#include <stdlib.h>

enum { STOP_WITHIN_MS = 1000 }; /* all together: one broken resolver holds up every one of them */

struct probers {
    struct prober *running[LIMIT_CHECKS];
    int count;
    int64_t stop_by_ms; /* 0: nobody has been asked to stop */
};

int probers_start(const struct config *config, struct queue *outcomes, struct probers **ret,
                  struct error *err)
{
    AUTO(probers_stop) struct probers *probers = calloc(1, sizeof(*probers));

    if (probers == NULL)
        return error_set(err, ENOMEM, "probers: out of memory");
    for (int i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];
        int code;

        if (check->misconfigured != NULL || check->not_configured)
            continue;
        code = prober_start(config, i, outcomes, &probers->running[probers->count], err);
        if (code != 0)
            return code;
        probers->count++;
    }
    *ret = probers;
    probers = NULL;
    return 0;
}

void probers_ask_stop(struct probers *probers)
{
    if (probers->stop_by_ms != 0)
        return;
    probers->stop_by_ms = clock_boot_ms() + STOP_WITHIN_MS;
    for (int i = 0; i < probers->count; i++)
        prober_ask_stop(probers->running[i]);
}

void probers_stop(struct probers **probers)
{
    if (*probers == NULL)
        return;
    probers_ask_stop(*probers);
    for (int i = 0; i < (*probers)->count; i++)
        prober_stop(&(*probers)->running[i], (*probers)->stop_by_ms);
    free(*probers);
    *probers = NULL;
}
