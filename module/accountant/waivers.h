/* waivers.h - the overrides of the gate that are in force, read now and then and published. */
#ifndef ACCOUNTANT_WAIVERS_H
#define ACCOUNTANT_WAIVERS_H

#include "ledger/overrides.h"
#include "page/page.h"

#include <stdint.h>

/* The accountant's thread only.  Begins as zero. */
struct waivers {
    struct gate_override rows[OVERRIDES_MAX];
    int count;
    int64_t next_at_ms; /* boot clock */
};

/* Reads them when it is time.  What can't be read stays as it was: each row says when it ends. */
void waivers_refresh(struct waivers *waivers, struct ledger_reader *reader,
                     const struct ledger_settings *settings, int64_t now_ms);

void waivers_publish(const struct waivers *waivers, struct page_builder *builder);

#endif
