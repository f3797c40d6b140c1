/* slot.c - a mutex around a pointer, and a count of readers: nothing cleverer is needed. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "page/slot.h"

#include "base/clock.h"
#include "page/set.h"

#include <pthread.h>
#include <stdlib.h>

struct slot {
    pthread_mutex_t mutex; /* held for the swap or the count of one reader more */
    struct set *newest;
};

struct set *set_new(struct arena *arena)
{
    struct set *set = arena_alloc(arena, sizeof(*set));

    if (set != NULL)
        set->arena = arena;
    return set;
}

void set_release(struct set *set)
{
    struct arena *arena;

    if (set == NULL || atomic_fetch_sub(&set->readers, 1) != 1)
        return;
    arena = set->arena; /* freeing it takes the set along */
    arena_free(&arena);
}

struct slot *slot_new(void)
{
    struct slot *slot = calloc(1, sizeof(*slot));

    if (slot != NULL)
        (void)pthread_mutex_init(&slot->mutex, NULL);
    return slot;
}

void slot_free(struct slot **slot)
{
    if (*slot == NULL)
        return;
    set_release((*slot)->newest);
    (void)pthread_mutex_destroy(&(*slot)->mutex);
    free(*slot);
    *slot = NULL;
}

void slot_publish(struct slot *slot, struct page_set **pages)
{
    struct set *set = (struct set *)(void *)*pages;
    struct set *before;

    atomic_store(&set->readers, 1);
    set->published_at_ms = clock_boot_ms();
    (void)pthread_mutex_lock(&slot->mutex);
    before = slot->newest;
    slot->newest = set;
    (void)pthread_mutex_unlock(&slot->mutex);
    *pages = NULL;
    set_release(before);
}

const struct page_set *slot_acquire(struct slot *slot)
{
    struct set *set;

    (void)pthread_mutex_lock(&slot->mutex);
    set = slot->newest;
    if (set != NULL)
        atomic_fetch_add(&set->readers, 1);
    (void)pthread_mutex_unlock(&slot->mutex);
    return set == NULL ? NULL : &set->pages;
}

void slot_release(const struct page_set **pages)
{
    if (*pages != NULL)
        set_release((struct set *)(uintptr_t)*pages);
    *pages = NULL;
}

int64_t slot_age_ms(const struct page_set *pages)
{
    return clock_boot_ms() - ((const struct set *)(const void *)pages)->published_at_ms;
}
