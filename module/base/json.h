/* json.h - writes JSON into a buf, in the order of the calls.
 *
 * jansson reads JSON here; it doesn't write it, because it prints 0.1 as 0.10000000000000001 and
 * knows no exact decimals.  The writer puts the commas and escapes strings; bytes that are not
 * UTF-8 become U+FFFD, so that the output is always valid.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct json_writer {
    struct buf *buf; /* borrowed; its failure is the writer's */
    bool comma;      /* the next value or key needs one before it */
};

void json_writer_init(struct json_writer *writer, struct buf *buf);

void json_open_object(struct json_writer *writer);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close_array(struct json_writer *writer);

/* The key of the next value. */
void json_key(struct json_writer *writer, const char *key);

void json_put_text(struct json_writer *writer, const char *text); /* NULL writes null */
void json_put_slice(struct json_writer *writer, struct slice text);
void json_put_int(struct json_writer *writer, int64_t value);
void json_put_uint(struct json_writer *writer, uint64_t value);
void json_put_bool(struct json_writer *writer, bool value);
void json_put_null(struct json_writer *writer);

/* A number or a whole value that is JSON already. */
void json_put_raw(struct json_writer *writer, struct slice json);

/* Microseconds as milliseconds with one decimal, rounded up: never better than the truth. */
void json_put_us_as_ms(struct json_writer *writer, int64_t duration_us);

/* Shorthands for a key and its value; a time is one of RFC 3339, null for 0. */
void json_text(struct json_writer *writer, const char *key, const char *text);
void json_int(struct json_writer *writer, const char *key, int64_t value);
void json_uint(struct json_writer *writer, const char *key, uint64_t value);
void json_bool(struct json_writer *writer, const char *key, bool value);
void json_null_at(struct json_writer *writer, const char *key);
void json_time(struct json_writer *writer, const char *key, int64_t wall_ms);

/* An integer, or null when it is negative: the mark for "not known" all over the program. */
void json_int_or_null(struct json_writer *writer, const char *key, int64_t value);

/* The same for microseconds, written as milliseconds. */
void json_us_as_ms_or_null(struct json_writer *writer, const char *key, int64_t duration_us);

/* Appends `text` as the inside of a JSON string (no quotes). */
void json_escape(struct buf *buf, struct slice text);

#endif
