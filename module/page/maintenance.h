/* maintenance.h - how maintenance is shown, wherever it is. */
#ifndef PAGE_MAINTENANCE_H
#define PAGE_MAINTENANCE_H

#include "base/json.h"
#include "health/order.h"

/* An object; with `service` it names that, too. */
void maintenance_put(struct json_writer *json, const char *service,
                     const struct maintenance *maintenance);

#endif
