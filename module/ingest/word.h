/* word.h - eight bytes of text as one number, the first byte lowest.  Pure. */
#ifndef INGEST_WORD_H
#define INGEST_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static inline uint64_t word_load(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

/* Marks the bytes that end a run of plain string: quotes, backslashes, control characters.  With
 * bit 1 turned, a quote is the smallest byte above the control characters: one comparison finds
 * both. A borrow can mark bytes above a true one, never below it, so the lowest mark is right, and
 * no mark is no special byte (Hacker's Delight, 6-1). */
static inline uint64_t word_special_bytes(uint64_t word)
{
    uint64_t low = (word ^ WORD_EACH_BYTE('"' ^ 0x20)) - WORD_EACH_BYTE(0x21);
    uint64_t backslash = (word ^ WORD_EACH_BYTE('\\')) - WORD_EACH_BYTE(0x01);

    return (low | backslash) & ~word & WORD_EACH_BYTE(0x80);
}

/* Eight digits at once (Lemire, "Quickly parsing eight digits"). */
static inline bool word_is_digits(uint64_t word)
{
    return ((word & WORD_EACH_BYTE(0xf0))
            | ((word + WORD_EACH_BYTE(0x06)) & WORD_EACH_BYTE(0xf0)) >> 4)
           == WORD_EACH_BYTE(0x33);
}

static inline uint64_t word_digits_value(uint64_t word)
{
    word = (word & WORD_EACH_BYTE(0x0f)) * 2561 >> 8;
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (word & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

#endif
