/* arena.c - a chain of growing blocks with a bump pointer in the newest one. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    FIRST_BLOCK_BYTES = 4096,
    LARGEST_BLOCK_BYTES = 262144,
};

struct block {
    struct block *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *newest;
    size_t max_bytes;
    size_t used_bytes;
};

struct arena *arena_new(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena != NULL)
        arena->max_bytes = max_bytes;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *older = block->older;

        free(block);
        block = older;
    }
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    free_blocks((*arena)->newest);
    free(*arena);
    *arena = NULL;
}

static struct block *block_add(struct arena *arena, size_t bytes)
{
    size_t capacity = arena->newest == NULL ? FIRST_BLOCK_BYTES : arena->newest->capacity * 2;
    struct block *block;

    if (capacity > LARGEST_BLOCK_BYTES)
        capacity = LARGEST_BLOCK_BYTES;
    if (capacity < bytes)
        capacity = bytes;
    block = malloc(sizeof(*block) + capacity);
    if (block == NULL)
        return NULL;
    block->older = arena->newest;
    block->capacity = capacity;
    block->used = 0;
    arena->newest = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = alignof(max_align_t);
    struct block *block = arena->newest;
    void *memory;

    if (bytes > SIZE_MAX - align)
        return NULL;
    bytes = bytes == 0 ? align : (bytes + align - 1) / align * align;
    if (bytes > arena->max_bytes - arena->used_bytes)
        return NULL;
    if (block == NULL || bytes > block->capacity - block->used)
        block = block_add(arena, bytes);
    if (block == NULL)
        return NULL;
    memory = block->data + block->used;
    block->used += bytes;
    arena->used_bytes += bytes;
    return memset(memory, 0, bytes);
}

char *arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.length + 1);

    if (copy != NULL && bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

void arena_clear(struct arena *arena)
{
    struct block *oldest = arena->newest;

    while (oldest != NULL && oldest->older != NULL) {
        arena->newest = oldest->older;
        free(oldest);
        oldest = arena->newest;
    }
    if (oldest != NULL)
        oldest->used = 0;
    arena->used_bytes = 0;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
