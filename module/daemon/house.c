/* house.c - makes what the parts share, and takes it down. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/house.h"

#include "base/limits.h"
#include "base/log.h"
#include "health/outcome.h"

#include <errno.h>
#include <unistd.h>

/* Who can't be told waits in vain, and says so itself; this process serves all the same. */
static void find_manager(struct house *house)
{
    struct error err = { 0 };

    if (notify_open(&house->notify, &err) != 0)
        log_warning("%s", err.text);
}

int house_init(struct house *house, const struct config **config, struct error *err)
{
    int code;

    house->config = *config;
    *config = NULL;
    find_manager(house);
    code = access_new(house->config, &house->access, err);
    if (code != 0)
        return code;
    house->outcomes = queue_new(sizeof(struct outcome), LIMIT_OUTCOMES);
    if (house->outcomes != NULL)
        house->orders = orders_new(house->outcomes);
    if (house->config->idle_pauses)
        house->idle = idle_new(house->config->idle_after_ms, house->outcomes);
    house->health = slot_new();
    house->slo = slot_new();
    house->journal =
        journal_new(&(struct journal_settings){ house->config->state_dir, house->config->service });
    house->requests = requests_new();
    if (house->orders == NULL || house->health == NULL || house->slo == NULL
        || house->journal == NULL || house->requests == NULL
        || (house->config->idle_pauses && house->idle == NULL))
        return error_set(err, ENOMEM, "probityd: out of memory");
    (void)gethostname(house->host, sizeof(house->host) - 1);
    random_hex(house->instance);
    return 0;
}

void house_done(struct house *house)
{
    requests_free(&house->requests);
    journal_free(&house->journal);
    slot_free(&house->slo);
    slot_free(&house->health);
    orders_free(&house->orders);
    idle_free(&house->idle);
    queue_free(&house->outcomes);
    access_free(&house->access);
    config_release(&house->config);
    notify_close(&house->notify);
}
