/* slot.h - where one thread publishes an immutable set of pages and others pick it up.
 *
 * Its owner builds a page set and publishes it; the front acquires the newest one, reads it without
 * locks, and releases it.  A published set is never modified.
 */
#ifndef PAGE_SLOT_H
#define PAGE_SLOT_H

#include "page/page.h"

#include <stdint.h>

struct slot; /* holds the newest set */

struct slot *slot_new(void) MUST_CHECK;
void slot_free(struct slot **slot); /* after every reader has ended */

/* Makes `*set` the newest one and takes ownership of it (sets it to NULL).  The slot's owner
 * thread only. */
void slot_publish(struct slot *slot, struct page_set **set);

/* Returns the newest set, or NULL before the first publication.  Any thread; pair with
 * slot_release(). */
const struct page_set *slot_acquire(struct slot *slot);
void slot_release(const struct page_set **set);

/* How long ago a set was published, by the boot clock.  Any thread that holds it. */
int64_t slot_age_ms(const struct page_set *set);

#endif
