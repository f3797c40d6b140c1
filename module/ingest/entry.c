/* entry.c - headers written and read, and the checksum over what they announce. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/entry.h"

#include "ingest/batch.h"
#include "ingest/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* Behind this and the eight digits of the checksum begins what it covers. */
#define ENTRY_OPENING "{\"entry\":\""

enum { OPENING_BYTES = sizeof(ENTRY_OPENING) - 1, CRC_DIGITS = 8, HASH_BYTES = 32 };

#define EXPECT(scan, literal) scan_expect(scan, literal, sizeof(literal) - 1)

static void append_hash(struct buf *buf, const char *name, const unsigned char hash[HASH_BYTES])
{
    buf_printf(buf, ",\"%s\":\"", name);
    for (int i = 0; i < HASH_BYTES; i++)
        buf_printf(buf, "%02x", hash[i]);
    buf_append_char(buf, '"');
}

static uint32_t checksum(struct slice covered, struct slice lines)
{
    uLong sum = crc32(0, (const unsigned char *)covered.data, (uInt)covered.length);

    return (uint32_t)crc32(sum, (const unsigned char *)lines.data, (uInt)lines.length);
}

void entry_write(const struct entry *entry, struct slice lines, struct buf *buf)
{
    AUTO(buf_done) struct buf header;
    uint32_t sum;

    buf_init(&header, ENTRY_HEADER_BYTES);
    buf_printf(&header,
               "\",\"bytes\":%zu,\"events\":%d,\"part\":%d,\"parts\":%d,\"posted\":%" PRId64
               ".%03d",
               lines.length, entry->events, entry->part, entry->parts,
               entry->batch.posted_ms / 1000, (int)(entry->batch.posted_ms % 1000));
    if (entry->batch.keyed) {
        append_hash(&header, "key", entry->batch.key_hash);
        append_hash(&header, "first", entry->batch.first_hash);
        append_hash(&header, "body", entry->batch.body_hash);
    }
    buf_append_text(&header, "}\n");
    sum = checksum(buf_slice(&header), lines);
    buf_printf(buf, ENTRY_OPENING "%08" PRIx32, sum);
    buf_append(buf, buf_slice(&header));
    buf_append(buf, lines);
    if (!buf_ok(&header))
        buf->failed = true;
}

/* A whole number of at most `most`. */
static bool read_count(struct scan *scan, int64_t most, int64_t *ret)
{
    struct scan_number number;

    if (!scan_number(scan, &number) || !number.valid || number.more
        || number.thousandths % 1000 != 0 || number.thousandths / 1000 > most)
        return false;
    *ret = number.thousandths / 1000;
    return true;
}

static bool read_hex(struct scan *scan, unsigned char *ret, size_t bytes)
{
    if ((size_t)(scan->end - scan->at) < 2 * bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        int high = slice_hex_value(scan->at[2 * i]);
        int low = slice_hex_value(scan->at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    scan->at += 2 * bytes;
    return true;
}

static bool read_key(struct scan *scan, struct flush_batch *batch)
{
    batch->keyed = EXPECT(scan, ",\"key\":\"");
    if (!batch->keyed)
        return true;
    return read_hex(scan, batch->key_hash, HASH_BYTES) && EXPECT(scan, "\",\"first\":\"")
           && read_hex(scan, batch->first_hash, HASH_BYTES) && EXPECT(scan, "\",\"body\":\"")
           && read_hex(scan, batch->body_hash, HASH_BYTES) && EXPECT(scan, "\"");
}

size_t entry_read(struct slice text, struct entry *ret)
{
    struct scan scan = { text.data, text.data + text.length };
    struct entry entry = { 0 };
    struct scan_number posted;
    unsigned char sum[CRC_DIGITS / 2];
    int64_t counts[4];

    if (!EXPECT(&scan, ENTRY_OPENING) || !read_hex(&scan, sum, sizeof(sum))
        || !EXPECT(&scan, "\",\"bytes\":")
        || !read_count(&scan, (int64_t)LIMIT_BATCH_BYTES * 4, &counts[0])
        || !EXPECT(&scan, ",\"events\":") || !read_count(&scan, LIMIT_BATCH_EVENTS, &counts[1])
        || !EXPECT(&scan, ",\"part\":") || !read_count(&scan, BATCH_PARTS, &counts[2])
        || !EXPECT(&scan, ",\"parts\":") || !read_count(&scan, BATCH_PARTS, &counts[3])
        || !EXPECT(&scan, ",\"posted\":") || !scan_number(&scan, &posted) || !posted.valid
        || !read_key(&scan, &entry.batch) || !EXPECT(&scan, "}\n"))
        return 0;
    entry.bytes = (size_t)counts[0];
    entry.events = (int)counts[1];
    entry.part = (int)counts[2];
    entry.parts = (int)counts[3];
    entry.batch.posted_ms = posted.thousandths;
    if (entry.part >= entry.parts)
        return 0;
    *ret = entry;
    return (size_t)(scan.at - text.data);
}

bool entry_holds(struct slice header, struct slice lines)
{
    char digits[CRC_DIGITS + 1];
    struct slice covered;

    if (header.length < OPENING_BYTES + CRC_DIGITS)
        return false;
    covered = (struct slice){ header.data + OPENING_BYTES + CRC_DIGITS,
                              header.length - OPENING_BYTES - CRC_DIGITS };
    (void)snprintf(digits, sizeof(digits), "%08" PRIx32, checksum(covered, lines));
    return memcmp(digits, header.data + OPENING_BYTES, CRC_DIGITS) == 0;
}
