/* envelope.c - a line of text, then numbers with the low byte first.
 *
 *   18  "probity history 1\n"
 *    4  CRC-32 of everything behind it
 *    4  bytes of the content
 *    8  generation
 *    8  sequence
 *   32  instance
 *    …  content
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/envelope.h"

#include <zlib.h>

enum {
    CHECKSUM_AT = 18,
    LENGTH_AT = 22,
    GENERATION_AT = 26,
    SEQUENCE_AT = 34,
    INSTANCE_AT = 42,
    INSTANCE_BYTES = RANDOM_HEX_BYTES - 1,
};

_Static_assert(INSTANCE_AT + INSTANCE_BYTES == ENVELOPE_HEAD_BYTES, "the head ends there");

static const char magic[] = "probity history ";
static const char version[] = "1\n";

static void put(char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (char)(value >> (8 * i) & 0xff);
}

static uint64_t take(const char *at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return value;
}

static uint32_t checksum(const char *head, struct slice content)
{
    uLong sum = crc32(0, (const unsigned char *)head + LENGTH_AT, ENVELOPE_HEAD_BYTES - LENGTH_AT);

    return (uint32_t)crc32(sum, (const unsigned char *)content.data, (uInt)content.length);
}

void envelope_write(const struct envelope *envelope, struct buf *buf)
{
    char head[ENVELOPE_HEAD_BYTES] = { 0 };

    memcpy(head, magic, sizeof(magic) - 1);
    memcpy(head + sizeof(magic) - 1, version, sizeof(version) - 1);
    put(head + LENGTH_AT, envelope->content.length, 4);
    put(head + GENERATION_AT, envelope->generation, 8);
    put(head + SEQUENCE_AT, envelope->sequence, 8);
    memcpy(head + INSTANCE_AT, envelope->instance, INSTANCE_BYTES);
    put(head + CHECKSUM_AT, checksum(head, envelope->content), 4);
    buf_append(buf, (struct slice){ head, sizeof(head) });
    buf_append(buf, envelope->content);
}

enum envelope_verdict envelope_read(struct slice file, struct envelope *ret)
{
    struct slice content;

    if (!slice_starts_with(file, SLICE(magic)))
        return ENVELOPE_FOREIGN;
    if (file.length < ENVELOPE_HEAD_BYTES)
        return ENVELOPE_DAMAGED;
    if (memcmp(file.data + sizeof(magic) - 1, version, sizeof(version) - 1) != 0)
        return ENVELOPE_OTHER;
    content = (struct slice){ file.data + ENVELOPE_HEAD_BYTES, file.length - ENVELOPE_HEAD_BYTES };
    if (take(file.data + LENGTH_AT, 4) != content.length
        || take(file.data + CHECKSUM_AT, 4) != checksum(file.data, content))
        return ENVELOPE_DAMAGED;
    ret->generation = take(file.data + GENERATION_AT, 8);
    ret->sequence = take(file.data + SEQUENCE_AT, 8);
    memcpy(ret->instance, file.data + INSTANCE_AT, INSTANCE_BYTES);
    ret->instance[INSTANCE_BYTES] = '\0';
    ret->content = content;
    return ENVELOPE_GOOD;
}

const char *envelope_verdict_text(enum envelope_verdict verdict)
{
    static const char *const texts[] = {
        [ENVELOPE_GOOD] = "good",
        [ENVELOPE_FOREIGN] = "no history of probityd",
        [ENVELOPE_OTHER] = "written by another version of probityd",
        [ENVELOPE_DAMAGED] = "damaged",
    };

    return texts[verdict];
}
