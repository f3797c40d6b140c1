/* set.h - what stands behind a page set: its memory and who still reads it.  For page/ alone. */
#ifndef PAGE_SET_H
#define PAGE_SET_H

#include "base/arena.h"
#include "base/auto.h"
#include "page/page.h"

#include <stdatomic.h>

struct set {
    struct page_set pages; /* first, so that one pointer is both */
    struct arena *arena;   /* holds this struct too */
    int64_t published_at_ms;
    atomic_int readers; /* the slot counts as one */
};

/* A set that lives in `arena` and will own it.  NULL when it is full. */
struct set *set_new(struct arena *arena) MUST_CHECK;

/* Gives up one reader's share; the last one frees everything. */
void set_release(struct set *set);

#endif
