/* annals.c - a short list of histories. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/annals.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS ((int64_t)ANNALS_KEPT_DAYS * 24 * UPTIME_HOUR_MS)

static struct history *find(const struct annals *annals, const char *name)
{
    for (int i = 0; i < annals->count; i++) {
        if (strcmp(annals->items[i]->name, name) == 0)
            return annals->items[i];
    }
    return NULL;
}

static void drop(struct annals *annals, int index)
{
    free(annals->items[index]);
    annals->items[index] = annals->items[--annals->count];
}

/* There is room for twice as many as there can be checks. */
static void drop_oldest(struct annals *annals)
{
    int oldest = -1;

    for (int i = 0; i < annals->count; i++) {
        const struct history *history = annals->items[i];

        if (!history->open
            && (oldest < 0 || history->judged_at_ms < annals->items[oldest]->judged_at_ms))
            oldest = i;
    }
    assert(oldest >= 0);
    drop(annals, oldest);
}

static struct history *find_or_make(struct annals *annals, const char *name)
{
    struct history *history = find(annals, name);

    if (history != NULL || strlen(name) >= HISTORY_NAME_BYTES)
        return history;
    history = calloc(1, sizeof(*history));
    if (history == NULL)
        return NULL;
    (void)snprintf(history->name, sizeof(history->name), "%s", name);
    if (annals->count == LIMIT_HISTORIES)
        drop_oldest(annals);
    annals->items[annals->count++] = history;
    return history;
}

struct history *annals_open(struct annals *annals, const char *name, int64_t now_ms)
{
    struct history *history = find_or_make(annals, name);

    if (history == NULL)
        return NULL;
    history->open = true;
    history_begin(history, now_ms);
    return history;
}

void annals_close(struct history *history)
{
    if (history != NULL)
        history->open = false;
}

int annals_continue(struct annals *annals, const struct history *before)
{
    struct history *history = find_or_make(annals, before->name);

    if (history == NULL)
        return -ENOMEM;
    if (history->judged) {
        history_continue(history, before);
    } else {
        *history = *before;
        history->open = false;
    }
    return 0;
}

void annals_forget(struct annals *annals, int64_t now_ms)
{
    for (int i = annals->count - 1; i >= 0; i--) {
        if (!annals->items[i]->open && now_ms - annals->items[i]->judged_at_ms > KEPT_MS)
            drop(annals, i);
    }
}

void annals_done(struct annals *annals)
{
    while (annals->count > 0)
        drop(annals, annals->count - 1);
}
