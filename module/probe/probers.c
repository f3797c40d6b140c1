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
    const struct config *config; /* held: what is to run */
    struct queue *outcomes;      /* borrowed */
    struct idle *idle;           /* borrowed; may be NULL */
    struct prober *running[LIMIT_CHECKS];
    int count;
    /* Asked to stop by a reload.  One that hangs in a name look-up stays here for as long as it
     * does; while there is no room, what is gone from the configuration runs on, unheard. */
    struct prober *leaving[LIMIT_CHECKS];
    int leaving_count;
    int64_t stop_by_ms; /* 0: nobody has been asked to stop */
};

static void take_config(struct probers *probers, const struct config *config)
{
    const struct config *before = probers->config;

    probers->config = config_acquire(config);
    config_release(&before);
}

static bool is_wanted(const struct probers *probers, const struct prober *prober)
{
    return config_check_of_id(probers->config, prober_check(prober)) >= 0;
}

static bool is_running(const struct probers *probers, const struct check_config *check)
{
    for (int i = 0; i < probers->count; i++) {
        if (prober_check(probers->running[i]) == check->id)
            return true;
    }
    return false;
}

static void free_stopped(struct probers *probers)
{
    int kept = 0;

    for (int i = 0; i < probers->leaving_count; i++) {
        if (!prober_reap(&probers->leaving[i]))
            probers->leaving[kept++] = probers->leaving[i];
    }
    probers->leaving_count = kept;
}

static void part_with_unwanted(struct probers *probers)
{
    int kept = 0;

    for (int i = 0; i < probers->count; i++) {
        struct prober *prober = probers->running[i];

        if (is_wanted(probers, prober) || probers->leaving_count == LIMIT_CHECKS) {
            probers->running[kept++] = prober;
            continue;
        }
        prober_ask_stop(prober);
        probers->leaving[probers->leaving_count++] = prober;
    }
    probers->count = kept;
}

static int start_missing(struct probers *probers, struct error *err)
{
    const struct config *config = probers->config;
    int first = 0;

    for (int i = 0; i < config->check_count && probers->count < LIMIT_CHECKS; i++) {
        const struct check_config *check = &config->checks[i];
        int code;

        if (check->misconfigured != NULL || check->not_configured || is_running(probers, check))
            continue;
        code =
            prober_start(&(struct prober_settings){ config, i, probers->outcomes, probers->idle },
                         &probers->running[probers->count], err);
        if (code == 0)
            probers->count++;
        else if (first == 0)
            first = code;
    }
    return first;
}

int probers_tend(struct probers *probers, struct error *err)
{
    free_stopped(probers);
    part_with_unwanted(probers);
    return start_missing(probers, err);
}

int probers_reload(struct probers *probers, const struct config *config, struct error *err)
{
    take_config(probers, config);
    return probers_tend(probers, err);
}

int probers_start(const struct config *config, struct queue *outcomes, struct idle *idle,
                  struct probers **ret, struct error *err)
{
    AUTO(probers_stop) struct probers *probers = calloc(1, sizeof(*probers));
    int code;

    if (probers == NULL)
        return error_set(err, ENOMEM, "probers: out of memory");
    probers->outcomes = outcomes;
    probers->idle = idle;
    code = probers_reload(probers, config, err);
    if (code != 0)
        return code;
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

void probers_stop(struct probers **pointer)
{
    struct probers *probers = *pointer;

    *pointer = NULL;
    if (probers == NULL)
        return;
    probers_ask_stop(probers);
    for (int i = 0; i < probers->count; i++)
        prober_stop(&probers->running[i], probers->stop_by_ms);
    for (int i = 0; i < probers->leaving_count; i++)
        prober_stop(&probers->leaving[i], probers->stop_by_ms);
    config_release(&probers->config);
    free(probers);
}
