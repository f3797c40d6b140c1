/* maintenance.h - what operators have announced, as a set carries it, and how it is shown. */
#ifndef PAGE_MAINTENANCE_H
#define PAGE_MAINTENANCE_H

#include "base/json.h"
#include "health/order.h"

struct page_builder;

struct page_maintenance {
    const char *service;
    const struct maintenance *of; /* see maintenance_in_force() */
};

/* Adds them to a set, copied; NULL where there was no memory for them.  Once at most. */
void page_set_maintenances(struct page_builder *builder,
                           const struct page_maintenance *maintenances, int count);

/* An object; with `service` it names that, too. */
void maintenance_put(struct json_writer *json, const char *service,
                     const struct maintenance *maintenance);

#endif
