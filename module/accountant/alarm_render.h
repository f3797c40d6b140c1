/* alarm_render.h - alerts as JSON: within an objective, and as a page of their own.  Pure. */
#ifndef ACCOUNTANT_ALARM_RENDER_H
#define ACCOUNTANT_ALARM_RENDER_H

#include "accountant/alarms.h"
#include "base/buf.h"
#include "base/json.h"

enum {
    /* At most so many on one page, those that fire first: the rest is counted. */
    ALARM_PAGE_MAX = 500,
    /* What they take at most: an outage of everything must not keep its page from being made. */
    ALARM_PAGE_BYTES = 2 * 1024 * 1024,
};

/* The array of an objective's alerts, inactive ones too; without `alarms` it is empty. */
void alarm_put_array(struct json_writer *json, const struct alarms *alarms, int objective);

/* Its service's maintenance, where one is in force; `alarms` may be NULL. */
void alarm_put_maintenance(struct json_writer *json, const struct alarms *alarms, int objective);

/* The page of all that are pending, firing or lately resolved, the ledger's own first.  With
 * `stale_because` the figures must not be trusted, and it says why. */
void alarm_render_page(const struct alarms *alarms, const char *stale_because, struct buf *buf);

#endif
