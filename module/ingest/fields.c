/* fields.c - walks an object and keeps the values that the map asks for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/fields.h"

#include "base/clock.h"
#include "ingest/decimal.h"
#include "ingest/format.h"
#include "ingest/scan.h"
#include "ingest/target.h"

enum field { FIELD_TIME, FIELD_METHOD, FIELD_PATH, FIELD_STATUS, FIELD_DURATION, FIELD_SERVICE };

enum { FIELDS = FIELD_SERVICE + 1 };

/* The latest time that is one: the year 9999 ends there. */
#define TIME_MAX_MS INT64_C(253402300799999)

/* What is left of each field's name at some depth; empty: it can't be found below. */
struct wanted {
    struct slice names[FIELDS];
};

struct found {
    struct scan_string values[FIELDS]; /* numbers too: as they stand */
};

static bool read_object(struct scan *scan, const struct wanted *wanted, struct found *found,
                        int depth);

/* Takes the member's name off the front of each field's.  Returns whether any goes on below it;
 * `*ret_leaf` is the field that it is itself, or -1. */
static bool descend(const struct wanted *wanted, struct slice key, struct wanted *below,
                    int *ret_leaf)
{
    bool any = false;

    *ret_leaf = -1;
    for (int i = 0; i < FIELDS; i++) {
        struct slice name = wanted->names[i];

        below->names[i] = (struct slice){ NULL, 0 };
        if (name.length == 0 || !slice_starts_with(name, key))
            continue;
        if (name.length == key.length) {
            *ret_leaf = i;
        } else if (key.length > 0 && name.data[key.length] == '.') {
            below->names[i] =
                (struct slice){ name.data + key.length + 1, name.length - key.length - 1 };
            any = true;
        }
    }
    return any;
}

/* Reads a value that is a field's: a string, or a number as it stands; another kind is none. */
static bool read_leaf(struct scan *scan, struct scan_string *ret)
{
    const char *from = scan->at;

    *ret = (struct scan_string){ .present = false };
    if (scan_expect(scan, "\"", 1))
        return scan_string(scan, ret);
    if (!scan_value(scan))
        return false;
    if (*from == '-' || (*from >= '0' && *from <= '9'))
        *ret = (struct scan_string){ { from, (size_t)(scan->at - from) }, true, false };
    return true;
}

static bool read_value(struct scan *scan, const struct wanted *wanted, struct slice key,
                       struct found *found, int depth)
{
    struct wanted below;
    int leaf;
    bool deeper = descend(wanted, key, &below, &leaf);

    if (scan->at == scan->end)
        return false;
    if (deeper && *scan->at == '{')
        return depth < SCAN_DEPTH && read_object(scan, &below, found, depth + 1);
    /* Two fields may be one member: what is found for the first serves all. */
    if (leaf < 0)
        return scan_value(scan);
    if (!read_leaf(scan, &found->values[leaf]))
        return false;
    for (int i = 0; i < leaf; i++) {
        if (slice_equals(wanted->names[i], key))
            found->values[i] = found->values[leaf];
    }
    return true;
}

/* Reads `"key": value`, with blanks around everything. */
static bool read_member(struct scan *scan, const struct wanted *wanted, struct found *found,
                        int depth)
{
    struct scan_string key;

    if (!scan_key(scan, &key))
        return false;
    if (!read_value(scan, wanted, key.raw, found, depth))
        return false;
    scan_blanks(scan);
    return true;
}

/* Recursion is bounded by SCAN_DEPTH. */
static bool read_object(struct scan *scan, const struct wanted *wanted, struct found *found,
                        int depth)
{
    if (!scan_expect(scan, "{", 1))
        return false;
    scan_blanks(scan);
    if (scan_expect(scan, "}", 1))
        return true;
    do {
        if (!read_member(scan, wanted, found, depth))
            return false;
    } while (scan_expect(scan, ",", 1));
    return scan_expect(scan, "}", 1);
}

static bool read_line(struct slice text, const struct source_fields *map, struct found *found)
{
    const struct wanted wanted = { .names = {
                                       [FIELD_TIME] = slice_of(map->time),
                                       [FIELD_METHOD] = slice_of(map->method),
                                       [FIELD_PATH] = slice_of(map->path),
                                       [FIELD_STATUS] = slice_of(map->status),
                                       [FIELD_DURATION] = slice_of(map->duration),
                                       [FIELD_SERVICE] = slice_of(map->service),
                                   } };
    struct scan scan = { text.data, text.data + text.length };

    scan_blanks(&scan);
    if (!read_object(&scan, &wanted, found, 0))
        return false;
    scan_blanks(&scan);
    return scan.at == scan.end;
}

/* Fields that are one member are unescaped each for itself, so that all of them may be longer than
 * the line.  What finds no room is far too long to mean anything. */
static struct slice unescaped(const struct scan_string *string, struct line_scratch *scratch)
{
    char *to = scratch->bytes + scratch->used;
    size_t length;

    if (!string->present || !string->escaped
        || string->raw.length > sizeof(scratch->bytes) - scratch->used)
        return string->raw;
    length = scan_unescape(string->raw, to);
    scratch->used += length;
    return (struct slice){ to, length };
}

static bool read_time(struct slice text, enum source_time form, int64_t *ret_ms)
{
    struct decimal decimal;
    bool more;

    if (form == SOURCE_TIME_RFC3339)
        return clock_parse(text, ret_ms);
    return decimal_read(text, &decimal)
           && decimal_scale(&decimal, form == SOURCE_TIME_UNIX_S ? 3 : 0, TIME_MAX_MS, ret_ms,
                            &more);
}

enum reject fields_parse(const struct source_fields *map, struct slice text,
                         struct line_scratch *scratch, struct line *ret)
{
    struct found found = { 0 };

    if (text.length > LIMIT_LOG_LINE_IN_BYTES)
        return REJECT_TOO_LONG;
    if (!read_line(text, map, &found))
        return REJECT_NOT_JSON;
    for (int i = 0; i < FIELDS; i++) {
        if (i != FIELD_SERVICE && !found.values[i].present)
            return REJECT_MISSING;
    }
    scratch->used = 0;
    if (!read_time(unescaped(&found.values[FIELD_TIME], scratch), map->time_form, &ret->time_ms))
        return REJECT_TIME;
    ret->service = unescaped(&found.values[FIELD_SERVICE], scratch);
    ret->method = unescaped(&found.values[FIELD_METHOD], scratch);
    ret->path = target_path(unescaped(&found.values[FIELD_PATH], scratch), scratch);
    return format_judge(&(struct format_numbers){ found.values[FIELD_STATUS].raw,
                                                  found.values[FIELD_DURATION].raw,
                                                  map->duration_power },
                        ret);
}
