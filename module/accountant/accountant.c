/* accountant.c - the thread around the clerk: a turn a second until it is told to stop. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/accountant.h"

#include "accountant/clerk.h"
#include "accountant/publish.h"
#include "base/clock.h"
#include "base/idle.h"
#include "base/queue.h"
#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    TURN_MS = 1000,
    STOP_MS = 1000,
    LEAVE_MS = 700, /* of these, to give back what others wait for */
    REST_MS = 200,  /* of a pause: how often we look whether it is over */
};

static const char thread_name[] = "accountant";

struct accountant {
    /* set before start, read-only afterwards */
    struct queue *bell; /* holds nothing: it is there to be woken by */
    struct thread thread;
    /* accountant thread only, once it runs */
    struct clerk clerk;
    /* any thread */
    atomic_bool stopping;
    atomic_llong leave_by_ms; /* boot clock; set before `stopping` */
};

/* Nobody reads the figures: nobody renews them.  Returns when the next turn is due. */
static void rest(struct accountant *accountant)
{
    const struct idle *idle = accountant->clerk.settings.ledger->idle;
    char nothing;

    clerk_rest(&accountant->clerk, clock_boot_ms() + LEAVE_MS);
    while (idle_is_paused(idle) && !atomic_load(&accountant->stopping)) {
        clerk_pass(&accountant->clerk, (struct clerk_time){ clock_boot_ms(), clock_wall_ms() });
        (void)!queue_pop(accountant->bell, &nothing, clock_boot_ms() + REST_MS);
    }
    clerk_resume(&accountant->clerk);
}

static void run(void *context)
{
    struct accountant *accountant = context;
    int64_t next_ms = clock_boot_ms();
    char nothing;

    assert(thread_is(thread_name));
    while (!atomic_load(&accountant->stopping)) {
        if (idle_is_paused(accountant->clerk.settings.ledger->idle)) {
            rest(accountant);
            next_ms = clock_boot_ms();
            continue;
        }
        clerk_turn(&accountant->clerk, (struct clerk_time){ clock_boot_ms(), clock_wall_ms() });
        next_ms += TURN_MS;
        if (next_ms < clock_boot_ms())
            next_ms = clock_boot_ms(); /* a long turn is not made up for */
        (void)!queue_pop(accountant->bell, &nothing, next_ms);
    }
    clerk_leave(&accountant->clerk, atomic_load(&accountant->leave_by_ms));
}

static void accountant_free(struct accountant **accountant)
{
    if (*accountant == NULL)
        return;
    clerk_done(&(*accountant)->clerk);
    queue_free(&(*accountant)->bell);
    free(*accountant);
    *accountant = NULL;
}

/* After a reload the figures of before are shown until there are new ones. */
static bool has_figures(struct slot *slot)
{
    const struct page_set *set = slot_acquire(slot);
    bool any = set != NULL;

    if (any)
        slot_release(&set);
    return any;
}

int accountant_start(const struct accountant_settings *settings, struct accountant **ret,
                     struct error *err)
{
    AUTO(accountant_free) struct accountant *accountant = calloc(1, sizeof(*accountant));
    int code;

    if (accountant == NULL)
        return error_set(err, ENOMEM, "accountant: out of memory");
    accountant->bell = queue_new(1, 1);
    if (accountant->bell == NULL)
        return error_set(err, ENOMEM, "accountant: out of memory");
    code = clerk_init(&accountant->clerk, settings, &accountant->stopping, err);
    if (code != 0)
        return code;
    if (!has_figures(settings->slot))
        publish_figures(&accountant->clerk, clock_boot_ms());
    code = thread_start(&accountant->thread, thread_name, run, accountant, err);
    if (code != 0)
        return code;
    *ret = accountant;
    accountant = NULL;
    return 0;
}

void accountant_stop(struct accountant **accountant)
{
    if (*accountant == NULL)
        return;
    atomic_store(&(*accountant)->leave_by_ms, clock_boot_ms() + LEAVE_MS);
    atomic_store(&(*accountant)->stopping, true);
    queue_wake((*accountant)->bell);
    /* A reader may sit in a name look-up that can't be cancelled: it keeps its memory then. */
    if (thread_join(&(*accountant)->thread, STOP_MS))
        accountant_free(accountant);
    *accountant = NULL;
}
