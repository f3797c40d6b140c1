/* arena.h - memory that lives and dies together: a publication, a flush, a request.
 *
 * Allocations are never freed one by one.  An arena belongs to one thread at a time; it may be
 * handed over whole.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/auto.h"
#include "base/slice.h"

#include <stddef.h>

struct arena;

/* Creates an arena that will hold at most `max_bytes`.  NULL when out of memory. */
struct arena *arena_new(size_t max_bytes) MUST_CHECK;
void arena_free(struct arena **arena);

/* Returns zeroed memory aligned for any type, or NULL when the arena is full or memory is out. */
void *arena_alloc(struct arena *arena, size_t bytes) MUST_CHECK;

/* Copies bytes and adds a terminating NUL.  NULL as above. */
char *arena_copy(struct arena *arena, struct slice bytes) MUST_CHECK;

/* Forgets every allocation and keeps the first block for the next use. */
void arena_clear(struct arena *arena);

/* Bytes handed out since the arena was made or cleared. */
size_t arena_used_bytes(const struct arena *arena);

#endif
