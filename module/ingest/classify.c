/* classify.c - turns paths into route templates and finds them in a bounded table. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/classify.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 1024, /* of the hash table: a power of two, filled to a fifth at most */
    UUID_BYTES = 36,
    LONG_HEX_DIGITS = 16,
    STATUS_SWITCHING = 101,
    FUTURE_MS = 10 * 60 * 1000, /* clocks of nginx and ours may differ by that much */
};

#define PAST_MS ((int64_t)LIMIT_RETENTION_MINUTES * 60000)

struct route {
    uint64_t hash;
    size_t length;
    char name[LIMIT_ROUTE_BYTES];
};

struct classifier {
    char *service_text;
    struct slice service;
    struct route routes[CLASSIFIER_ROUTES];
    uint32_t route_count;
    uint16_t slots[SLOTS]; /* a route's index; 0 (`other` is never looked up) is free */
};

/* A path under construction: the template and its hash. */
struct template
{
    char text[LIMIT_ROUTE_BYTES];
    size_t length;
    bool too_long;
};

struct classifier *classifier_new(const char *service)
{
    AUTO(classifier_free) struct classifier *classifier = calloc(1, sizeof(*classifier));
    struct classifier *made;

    if (classifier == NULL)
        return NULL;
    classifier->service_text = strdup(service);
    if (classifier->service_text == NULL)
        return NULL;
    classifier->service = slice_of(classifier->service_text);
    memcpy(classifier->routes[CLASSIFIER_OTHER].name, "other", 5);
    classifier->routes[CLASSIFIER_OTHER].length = 5;
    classifier->route_count = 1;
    made = classifier;
    classifier = NULL;
    return made;
}

void classifier_free(struct classifier **classifier)
{
    if (*classifier == NULL)
        return;
    free((*classifier)->service_text);
    free(*classifier);
    *classifier = NULL;
}

/* What a byte may be part of. */
enum { HEX_DIGIT = 1, DECIMAL_DIGIT = 2, UNSAFE = 4 };

static unsigned byte_kind(unsigned char byte)
{
    static const unsigned char kinds[256] = {
        [0] = UNSAFE, ['0'] = 3, ['1'] = 3, ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3,
        ['7'] = 3,    ['8'] = 3, ['9'] = 3, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1,
        ['f'] = 1,    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
    };

    return byte >= 0x80 ? UNSAFE : kinds[byte];
}

static bool is_uuid(struct slice segment)
{
    if (segment.length != UUID_BYTES)
        return false;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = segment.data[i];

        if (dash ? c != '-' : (byte_kind((unsigned char)c) & HEX_DIGIT) == 0)
            return false;
    }
    return true;
}

/* Whether the segment stands for one of many things of a kind.  `all` and `any` say what all and
 * any of its bytes are. */
static bool is_id(struct slice segment, unsigned all, unsigned any)
{
    if (segment.length == 0)
        return false;
    if ((all & DECIMAL_DIGIT) != 0)
        return true;
    if ((all & HEX_DIGIT) != 0 && (any & DECIMAL_DIGIT) != 0)
        return segment.length >= LONG_HEX_DIGITS;
    return is_uuid(segment);
}

static void template_append(struct template *template, struct slice bytes)
{
    /* One byte less than the bound: readers keep names with a NUL behind them. */
    if (bytes.length >= sizeof(template->text) - template->length) {
        template->too_long = true;
        return;
    }
    memcpy(template->text + template->length, bytes.data, bytes.length);
    template->length += bytes.length;
}

/* Appends bytes of which some are NUL or beyond ASCII, as text that Postgres takes. */
static void template_append_unsafe(struct template *template, struct slice bytes)
{
    while (bytes.length > 0 && !template->too_long) {
        size_t width = bytes.data[0] == '\0' ? 0 : utf8_width(bytes);

        if (width == 0)
            template_append(template, SLICE("\xef\xbf\xbd"));
        else
            template_append(template, (struct slice){ bytes.data, width });
        width = width == 0 ? 1 : width;
        bytes = (struct slice){ bytes.data + width, bytes.length - width };
    }
}

/* Bytes up to the next slash. */
static size_t segment_length(struct slice rest)
{
    size_t i = 0;

    while (i < rest.length && rest.data[i] != '/')
        i++;
    return i;
}

/* Whether the path's segment at its front stands for one of many things of a kind.  Everything that
 * does begins with a hex digit, so that most segments are done with their first byte. */
static bool begins_with_id(struct slice rest, size_t length)
{
    unsigned all = HEX_DIGIT | DECIMAL_DIGIT;
    unsigned any = 0;

    if (length == 0 || (byte_kind((unsigned char)rest.data[0]) & HEX_DIGIT) == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned kind = byte_kind((unsigned char)rest.data[i]);

        all &= kind;
        any |= kind;
    }
    return is_id((struct slice){ rest.data, length }, all, any);
}

/* Whether the path holds a NUL or bytes beyond ASCII. */
static bool is_unsafe(struct slice path)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t marks = 0;
    size_t i = 0;

    for (; path.length - i >= 8; i += 8) {
        uint64_t word;

        memcpy(&word, path.data + i, sizeof(word));
        marks |= word | (word - ones); /* bit 7: beyond ASCII, or borrowed by a zero byte */
    }
    for (; i < path.length; i++)
        marks |= byte_kind((unsigned char)path.data[i]) == UNSAFE ? 0x80u : 0u;
    return (marks & (ones << 7)) != 0;
}

/* Any mixing function does: the table is small and names are compared.  The last word overlaps the
 * one before it, which is cheaper than a copy of odd length. */
static uint64_t hash_of(const char *text, size_t length)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = length * odd;
    uint64_t word;
    size_t i = 0;

    for (; i + 8 <= length; i += 8) {
        memcpy(&word, text + i, 8);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    if (length >= 8)
        memcpy(&word, text + length - 8, 8);
    else
        for (word = 0; i < length; i++)
            word = word << 8 | (unsigned char)text[i];
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

/* The slot of a name: its own, or the free one where it would go. */
static uint16_t *slot_of(struct classifier *classifier, struct slice name, uint64_t hash)
{
    size_t at = (size_t)hash % SLOTS;

    for (; classifier->slots[at] != 0; at = (at + 1) % SLOTS) {
        const struct route *route = &classifier->routes[classifier->slots[at]];

        if (route->hash == hash && route->length == name.length
            && memcmp(route->name, name.data, name.length) == 0)
            break;
    }
    return &classifier->slots[at];
}

/* Finds the template in the table, or gives it a place there while there are any. */
static uint32_t route_of(struct classifier *classifier, struct slice name)
{
    uint64_t hash = hash_of(name.data, name.length);
    uint16_t *slot = slot_of(classifier, name, hash);
    struct route *route;

    if (*slot != 0)
        return *slot;
    if (classifier->route_count == CLASSIFIER_ROUTES)
        return CLASSIFIER_OTHER;
    route = &classifier->routes[classifier->route_count];
    route->hash = hash;
    route->length = name.length;
    memcpy(route->name, name.data, name.length);
    *slot = (uint16_t)classifier->route_count;
    return classifier->route_count++;
}

/* Appends `from` up to `to`, as text that Postgres takes. */
static void template_copy(struct template *template, const char *from, const char *to, bool unsafe)
{
    struct slice bytes = { from, (size_t)(to - from) };

    if (unsafe)
        template_append_unsafe(template, bytes);
    else
        template_append(template, bytes);
}

/* The path's route; `other` for a template over the bound and for the empty path that nginx logs
 * when it could not read the request line. */
static uint32_t normalise_path(struct classifier *classifier, struct slice path)
{
    bool unsafe = is_unsafe(path);
    const char *end = path.data + path.length;
    const char *copied = path.data; /* up to here the template has it */
    struct template template;
    struct slice rest = path;

    template.length = 0;
    template.too_long = false;
    while (rest.length > 0) {
        size_t length = segment_length(rest);

        if (begins_with_id(rest, length)) {
            template_copy(&template, copied, rest.data, unsafe);
            template_append(&template, SLICE("{id}"));
            copied = rest.data + length;
        }
        length += length < rest.length; /* the slash */
        rest = (struct slice){ rest.data + length, rest.length - length };
    }
    /* Most paths are their own template, and need no copy. */
    if (copied == path.data && !unsafe && path.length > 0 && path.length < LIMIT_ROUTE_BYTES)
        return route_of(classifier, path);
    template_copy(&template, copied, end, unsafe);
    if (template.too_long || template.length == 0)
        return CLASSIFIER_OTHER;
    return route_of(classifier, (struct slice){ template.text, template.length });
}

/* A path that is its own template, and known, needs no look at its segments. */
static uint32_t classify_path(struct classifier *classifier, struct slice path)
{
    uint16_t known = *slot_of(classifier, path, hash_of(path.data, path.length));

    return known != 0 ? known : normalise_path(classifier, path);
}

/* Whether the path is `own`, `own` with a slash, or (for a whole subtree) anything below it. */
static bool path_is(struct slice path, struct slice own, bool subtree)
{
    if (!slice_starts_with(path, own))
        return false;
    if (path.length == own.length)
        return true;
    return path.data[own.length] == '/' && (subtree || path.length == own.length + 1);
}

/* The endpoints of the HTTP contract, as a server without a prefix has them. */
static bool is_probity_path(struct slice path)
{
    static const struct {
        struct slice path;
        bool subtree;
    } own[] = {
        { { "/health", 7 }, true }, { { "/slo", 4 }, true },     { { "/metrics", 8 }, false },
        { { "/livez", 6 }, false }, { { "/readyz", 7 }, false }, { { "/healthz", 8 }, false },
    };

    if (path.length < 2)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
        /* The second byte tells nearly all paths apart without a call. */
        if (path.data[1] == own[i].path.data[1] && path_is(path, own[i].path, own[i].subtree))
            return true;
    }
    return false;
}

enum verdict classifier_judge(struct classifier *classifier, const struct line *line,
                              int64_t now_ms, uint32_t *ret_route)
{
    if (line->service.length > 0 && !slice_equals(line->service, classifier->service))
        return VERDICT_NOT_COUNTED;
    if (line->status == STATUS_SWITCHING || slice_equals(line->method, SLICE("OPTIONS"))
        || is_probity_path(line->path))
        return VERDICT_NOT_COUNTED;
    if (line->time_ms < now_ms - PAST_MS || line->time_ms > now_ms + FUTURE_MS)
        return VERDICT_BAD_TIME;
    *ret_route = classify_path(classifier, line->path);
    return VERDICT_EVENT;
}

struct slice classifier_route_name(const struct classifier *classifier, uint32_t route)
{
    return (struct slice){ classifier->routes[route].name, classifier->routes[route].length };
}
