/* usual.c - fields at known places, eight bytes at a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/usual.h"

#include "ingest/scan.h"

#define HEAD_OPENING "{\"time\":"
#define HEAD_ID      ",\"request_id\":\""
#define HEAD_SERVICE "\",\"service\":\""

enum {
    TIME_BYTES = 14, /* 1795262400.123 */
    ID_BYTES = 32,
    STATUS_BYTES = 3,
    DURATION_BYTES = 5, /* 0.123 */
    TIME_AT = sizeof(HEAD_OPENING) - 1,
    ID_KEY_AT = TIME_AT + TIME_BYTES,
    ID_AT = ID_KEY_AT + sizeof(HEAD_ID) - 1,
    SERVICE_KEY_AT = ID_AT + ID_BYTES,
    HEAD_BYTES = SERVICE_KEY_AT + sizeof(HEAD_SERVICE) - 1,
};

#define EXPECT(scan, literal) scan_expect(scan, literal, sizeof(literal) - 1)
#define IS_AT(at, literal)    (memcmp(at, literal, sizeof(literal) - 1) == 0)

/* Two words of digits: 00 and the first six, then 0, the four that follow and the three behind the
 * point.  So the number is read in thousandths without a loop. */
static inline bool read_time(const char *at, int64_t *ret)
{
    uint64_t first = word_load(at) << 16 | 0x3030;
    uint64_t last = word_load(at + 6);
    uint64_t point = last >> 32 & 0xff;

    last = (last & 0xffffffff) << 8 | 0x30 | last >> 40 << 40;
    if (point != '.' || !word_is_digits(first) || !word_is_digits(last))
        return false;
    *ret = (int64_t)(word_digits_value(first) * 10000000 + word_digits_value(last));
    return true;
}

/* Whether 32 bytes end no string: bit 5 and one beside it hold for hex digits, and for no quote, no
 * backslash and no control character. */
static inline bool is_plain_id(const char *at)
{
    uint64_t all = WORD_EACH_BYTE(0x20);

    for (int i = 0; i < ID_BYTES; i += 8) {
        uint64_t word = word_load(at + i);

        all &= word & (word << 1 | word >> 1);
    }
    return all == WORD_EACH_BYTE(0x20);
}

static inline bool read_head(struct scan *scan, struct line *line)
{
    const char *at = scan->at;

    if (scan->end - at < HEAD_BYTES || !IS_AT(at, HEAD_OPENING)
        || !read_time(at + TIME_AT, &line->time_ms) || !IS_AT(at + ID_KEY_AT, HEAD_ID)
        || !is_plain_id(at + ID_AT) || !IS_AT(at + SERVICE_KEY_AT, HEAD_SERVICE))
        return false;
    scan->at += HEAD_BYTES;
    return true;
}

/* Stops at the closing quote, which the literal behind it begins with. */
static inline struct slice read_string(struct scan *scan)
{
    const char *from = scan->at;

    scan->at = scan_plain(from, scan->end);
    return (struct slice){ from, (size_t)(scan->at - from) };
}

/* The word's other half is made of digits, so that one test serves all. */
static inline bool read_status(struct scan *scan, uint16_t *ret)
{
    uint64_t digits;

    if (scan->end - scan->at < 8)
        return false;
    digits = word_load(scan->at) << 40 | WORD_EACH_BYTE('0') >> 24;
    if (!word_is_digits(digits))
        return false;
    *ret = (uint16_t)word_digits_value(digits);
    scan->at += STATUS_BYTES;
    return *ret >= LINE_STATUS_LOW && *ret <= LINE_STATUS_HIGH;
}

/* One digit, the point, three digits. */
static inline bool read_duration(struct scan *scan, uint64_t *ret_ms)
{
    uint64_t word;
    uint64_t digits;

    if (scan->end - scan->at < 8)
        return false;
    word = word_load(scan->at);
    digits = (word & 0xff) << 32 | word >> 16 << 40 | WORD_EACH_BYTE('0') >> 32;
    if ((word >> 8 & 0xff) != '.' || !word_is_digits(digits))
        return false;
    *ret_ms = word_digits_value(digits);
    scan->at += DURATION_BYTES;
    return true;
}

/* Moves past one to seven digits. */
static inline bool skip_digits(struct scan *scan)
{
    uint64_t word;
    uint64_t others;

    if (scan->end - scan->at < 8)
        return false;
    word = word_load(scan->at);
    others = (((word ^ WORD_EACH_BYTE('0')) & WORD_EACH_BYTE(0x7f)) + WORD_EACH_BYTE(0x76)) | word;
    others &= WORD_EACH_BYTE(0x80);
    if (others == 0 || (others & 0x80) != 0)
        return false;
    scan->at += __builtin_ctzll(others) >> 3;
    return true;
}

static inline bool read_names(struct scan *scan, struct line *line)
{
    line->service = read_string(scan);
    if (!EXPECT(scan, "\",\"method\":\""))
        return false;
    line->method = read_string(scan);
    if (!EXPECT(scan, "\",\"path\":\""))
        return false;
    line->path = read_string(scan);
    return EXPECT(scan, "\",\"status\":");
}

static inline bool read_tail(struct scan *scan, struct line *line)
{
    if (!read_status(scan, &line->status) || !EXPECT(scan, ",\"request_time\":")
        || !read_duration(scan, &line->duration_ms) || !EXPECT(scan, ",\"bytes\":")
        || !skip_digits(scan) || !EXPECT(scan, ",\"upstream_time\":\""))
        return false;
    (void)read_string(scan);
    return EXPECT(scan, "\"}\n");
}

size_t usual_take(struct slice chunk, struct line *ret)
{
    struct scan scan = { chunk.data, chunk.data + chunk.length };
    size_t length;

    if (!read_head(&scan, ret) || !read_names(&scan, ret) || !read_tail(&scan, ret))
        return 0;
    length = (size_t)(scan.at - chunk.data);
    return length <= LIMIT_LOG_LINE_IN_BYTES ? length : 0;
}
