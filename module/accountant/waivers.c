/* waivers.c - reads overrides, and hands them to a publication. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/waivers.h"

#include "base/clock.h"

enum {
    /* Somebody waits for a deployment that was just let through. */
    REFRESH_MS = 2000,
    RETRY_MS = 10000,
    DEADLINE_MS = 1000,
};

void waivers_refresh(struct waivers *waivers, struct ledger_reader *reader,
                     const struct ledger_settings *settings, int64_t now_ms)
{
    const char *const home[] = { settings->service };
    const struct catalogue *catalogue = settings->catalogue;
    struct gate_override_list list = {
        .services = catalogue != NULL ? catalogue->services : home,
        .service_count = catalogue != NULL ? catalogue->service_count : 1,
        .rows = waivers->rows,
        .count = &waivers->count,
    };
    int code;

    if (now_ms < waivers->next_at_ms)
        return;
    code = ledger_reader_overrides(reader, &list, clock_boot_ms() + DEADLINE_MS, NULL);
    waivers->next_at_ms = now_ms + (code == 0 ? REFRESH_MS : RETRY_MS);
}

void waivers_publish(const struct waivers *waivers, struct page_builder *builder)
{
    struct page_override pages[OVERRIDES_MAX];

    for (int i = 0; i < waivers->count; i++) {
        const struct gate_override *row = &waivers->rows[i];

        pages[i] = (struct page_override){
            .id = row->id,
            .service = row->service,
            .objective = row->objective,
            .reason = row->reason,
            .author = row->author,
            .created_at_ms = row->created_at_ms,
            .expires_at_ms = row->expires_at_ms,
        };
    }
    page_set_overrides(builder, pages, waivers->count);
}
