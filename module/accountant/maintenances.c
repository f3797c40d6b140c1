/* maintenances.c - reads what operators have announced, and passes it on. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/maintenances.h"

#include "base/clock.h"
#include "page/maintenance.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* An operator waits for every instance to have heard. */
    REFRESH_MS = 2000,
    RETRY_MS = 10000,
    DEADLINE_MS = 1000,
};

void maintenances_done(struct maintenances *maintenances)
{
    maintenance_list_done(&maintenances->list);
}

void maintenances_refresh(struct maintenances *maintenances, struct ledger_reader *reader,
                          bool well, int64_t now_ms)
{
    int64_t pause_ms = maintenances->failing && !well ? RETRY_MS : REFRESH_MS;

    if (maintenances->read_at_ms > 0 && now_ms < maintenances->read_at_ms + pause_ms)
        return;
    maintenances->read_at_ms = now_ms;
    maintenances->failing =
        ledger_reader_maintenance(reader, clock_boot_ms() + DEADLINE_MS, &maintenances->list, NULL)
        != 0;
    maintenances->known = maintenances->known || !maintenances->failing;
}

const struct maintenance *maintenances_now(const struct maintenances *maintenances,
                                           const char *service, int64_t wall_ms)
{
    for (int i = 0; i < maintenances->list.count; i++) {
        const struct maintenance_row *row = &maintenances->list.rows[i];

        if (row->of.since_wall_ms > wall_ms)
            break; /* so are all that follow */
        if (maintenance_in_force(&row->of, wall_ms) && strcmp(row->service, service) == 0)
            return &row->of;
    }
    return NULL;
}

/* Rows are never rewritten but to be ended. */
static bool is_same(const struct maintenance *a, const struct maintenance *b)
{
    return a->on == b->on && strcmp(a->id, b->id) == 0;
}

void maintenances_tell(struct maintenances *maintenances, const char *service,
                       struct orders *orders, int64_t wall_ms)
{
    const struct maintenance *now = maintenances_now(maintenances, service, wall_ms);
    struct order order = { .kind = ORDER_MAINTENANCE };

    if (orders == NULL || !maintenances->known)
        return;
    if (now != NULL)
        order.of.maintenance = *now;
    if (maintenances->told && is_same(&order.of.maintenance, &maintenances->last))
        return;
    /* A queue that is full is tried again in a second. */
    maintenances->told = orders_give(orders, &order);
    maintenances->last = order.of.maintenance;
}

void maintenances_publish(const struct maintenances *maintenances, struct page_builder *builder)
{
    int count = maintenances->list.count;
    AUTO(auto_free) struct page_maintenance *pages = calloc((size_t)count + 1, sizeof(*pages));

    for (int i = 0; pages != NULL && i < count; i++)
        pages[i] = (struct page_maintenance){ maintenances->list.rows[i].service,
                                              &maintenances->list.rows[i].of };
    page_set_maintenances(builder, pages, count);
}
