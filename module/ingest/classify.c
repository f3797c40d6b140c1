/* classify.c - turns paths into route templates and finds them in bounded tables. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/classify.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "ingest/method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    OTHER = 0,                 /* the route that everything beyond the bound belongs to */
    ROUTES = LIMIT_ROUTES + 1, /* with it */
    SLOTS = 1024,              /* of a hash table: a power of two, filled to a fifth at most */
    FIRST_SERIES = 256,
    NAMES_BYTES = 64 * 1024 * 1024, /* of routes: more than all of a thousand services */
    UUID_BYTES = 36,
    LONG_HEX_DIGITS = 16,
    STATUS_SWITCHING = 101,
    FUTURE_MS = 10 * 60 * 1000, /* clocks of nginx and ours may differ by that much */
};

#define PAST_MS ((int64_t)LIMIT_RETENTION_MINUTES * 60000)

struct route {
    uint64_t hash;
    struct slice name;
    uint32_t series[EVENT_METHOD_COUNT]; /* its number, plus one; 0: not met */
};

struct service_routes {
    uint32_t count;
    uint16_t slots[SLOTS]; /* a route's index; 0 (`other` is never looked up) is free */
    struct route routes[ROUTES];
};

struct classifier {
    struct classifier_settings settings;
    int home;           /* the settings' service; -1: not counted */
    struct slice named; /* a service of the catalogue, and its index */
    int named_service;
    struct service_routes **services; /* by the catalogue's index; NULL: nothing yet */
    uint16_t *service_slots;          /* index + 1; 0 is free */
    size_t service_slot_count;        /* a power of two, filled to one half at most */
    struct arena *names;
    struct event_series *series;
    uint32_t series_count;
    uint32_t series_capacity;
};

/* A path under construction: the template and its hash. */
struct template
{
    char text[LIMIT_ROUTE_BYTES];
    size_t length;
    bool too_long;
};

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
static uint16_t *slot_of(struct service_routes *routes, struct slice name, uint64_t hash)
{
    size_t at = (size_t)hash % SLOTS;

    for (; routes->slots[at] != 0; at = (at + 1) % SLOTS) {
        const struct route *route = &routes->routes[routes->slots[at]];

        if (route->hash == hash && slice_equals(route->name, name))
            break;
    }
    return &routes->slots[at];
}

/* Finds the template in the table, or gives it a place there while there are any.  NULL when out of
 * memory. */
static struct route *route_of(struct classifier *classifier, struct service_routes *routes,
                              struct slice name)
{
    uint64_t hash = hash_of(name.data, name.length);
    uint16_t *slot = slot_of(routes, name, hash);
    struct route *route;

    if (*slot != 0)
        return &routes->routes[*slot];
    if (routes->count == ROUTES)
        return &routes->routes[OTHER];
    route = &routes->routes[routes->count];
    route->name = (struct slice){ arena_copy(classifier->names, name), name.length };
    if (route->name.data == NULL)
        return NULL;
    route->hash = hash;
    *slot = (uint16_t)routes->count++;
    return route;
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

/* The path's route without templates; `other` for one over the bound and for the empty path that
 * nginx logs when it could not read the request line. */
static struct route *normalise_path(struct classifier *classifier, struct service_routes *routes,
                                    struct slice path)
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
        return route_of(classifier, routes, path);
    template_copy(&template, copied, end, unsafe);
    if (template.too_long || template.length == 0)
        return &routes->routes[OTHER];
    return route_of(classifier, routes, (struct slice){ template.text, template.length });
}

/* A path that is its own template, and known, needs no look at its segments.  (Nor at the
 * templates: one that fits a name which was made from paths had fitted those.) */
static struct route *classify_path(struct classifier *classifier, struct service_routes *routes,
                                   struct slice path)
{
    uint16_t known = *slot_of(routes, path, hash_of(path.data, path.length));
    struct slice template;

    if (known != 0)
        return &routes->routes[known];
    if (classifier->settings.posted)
        return route_of(classifier, routes, path);
    if (classifier->settings.templates != NULL) {
        template = templates_match(classifier->settings.templates, path);
        if (template.length > 0)
            return route_of(classifier, routes, template);
    }
    if (classifier->settings.strict)
        return &routes->routes[OTHER];
    return normalise_path(classifier, routes, path);
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

/* --- services --- */

static uint16_t *service_slot(const struct classifier *classifier, struct slice service)
{
    size_t at = (size_t)hash_of(service.data, service.length);

    for (;; at++) {
        uint16_t *slot = &classifier->service_slots[at & (classifier->service_slot_count - 1)];

        if (*slot == 0
            || slice_equals_text(service, classifier->settings.catalogue->services[*slot - 1]))
            return slot;
    }
}

/* Most lines name the service that the line before them named. */
static int service_of(struct classifier *classifier, struct slice service)
{
    int found;

    if (service.length == 0)
        return classifier->home;
    if (slice_equals(service, classifier->named))
        return classifier->named_service;
    found = *service_slot(classifier, service) - 1;
    if (found >= 0) {
        classifier->named = slice_of(classifier->settings.catalogue->services[found]);
        classifier->named_service = found;
    }
    return found;
}

/* The service's routes; NULL when out of memory. */
static struct service_routes *routes_of(struct classifier *classifier, int service)
{
    struct service_routes *routes = classifier->services[service];

    if (routes != NULL)
        return routes;
    routes = calloc(1, sizeof(*routes));
    if (routes == NULL)
        return NULL;
    routes->routes[OTHER].name = SLICE("other");
    routes->count = 1;
    classifier->services[service] = routes;
    return routes;
}

static int add_services(struct classifier *classifier)
{
    const struct catalogue *catalogue = classifier->settings.catalogue;
    size_t count = (size_t)catalogue->service_count;

    classifier->service_slot_count = 4;
    while (classifier->service_slot_count < count * 2)
        classifier->service_slot_count *= 2;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers */
    classifier->services = calloc(count, sizeof(*classifier->services));
    classifier->service_slots =
        calloc(classifier->service_slot_count, sizeof(*classifier->service_slots));
    if (classifier->services == NULL || classifier->service_slots == NULL)
        return -ENOMEM;
    for (int i = 0; i < catalogue->service_count; i++)
        *service_slot(classifier, slice_of(catalogue->services[i])) = (uint16_t)(i + 1);
    classifier->home = catalogue_service(catalogue, slice_of(classifier->settings.service));
    return 0;
}

struct classifier *classifier_new(const struct classifier_settings *settings)
{
    AUTO(classifier_free) struct classifier *classifier = calloc(1, sizeof(*classifier));
    struct classifier *made;

    if (classifier == NULL)
        return NULL;
    classifier->settings = *settings;
    classifier->names = arena_new(NAMES_BYTES);
    if (classifier->names == NULL || add_services(classifier) != 0)
        return NULL;
    made = classifier;
    classifier = NULL;
    return made;
}

void classifier_free(struct classifier **pointer)
{
    struct classifier *classifier = *pointer;

    if (classifier == NULL)
        return;
    for (int i = 0;
         classifier->services != NULL && i < classifier->settings.catalogue->service_count; i++)
        free(classifier->services[i]);
    free((void *)classifier->services);
    free(classifier->service_slots);
    free(classifier->series);
    arena_free(&classifier->names);
    free(classifier);
    *pointer = NULL;
}

/* --- lines --- */

/* Gives the series a number.  0 when out of memory, else the number plus one. */
static uint32_t series_new(struct classifier *classifier, struct event_series series)
{
    struct event_series *grown = classifier->series;
    uint32_t capacity = classifier->series_capacity;

    if (classifier->series_count == capacity) {
        capacity = capacity == 0 ? FIRST_SERIES : capacity * 2;
        grown = realloc(grown, capacity * sizeof(*grown));
        if (grown == NULL)
            return 0;
        classifier->series = grown;
        classifier->series_capacity = capacity;
    }
    classifier->series[classifier->series_count++] = series;
    return classifier->series_count;
}

/* The number of the line's series; false when out of memory. */
static bool find_series(struct classifier *classifier, struct slice path, struct event_series found,
                        uint32_t *ret)
{
    struct service_routes *routes = routes_of(classifier, found.service);
    struct route *route = routes == NULL ? NULL : classify_path(classifier, routes, path);

    if (route == NULL)
        return false;
    found.route = route->name;
    if (route->series[found.method] == 0)
        route->series[found.method] = series_new(classifier, found);
    *ret = route->series[found.method] - 1;
    return route->series[found.method] != 0;
}

enum verdict classifier_judge(struct classifier *classifier, const struct line *line,
                              int64_t now_ms, uint32_t *ret_series)
{
    int service = service_of(classifier, line->service);
    int method = method_read(line->method);
    struct event_series series = { service, (enum event_method)method, { NULL, 0 } };

    if (service < 0 || line->status == STATUS_SWITCHING || method == METHOD_OPTIONS
        || (!classifier->settings.posted && is_probity_path(line->path)))
        return VERDICT_NOT_COUNTED;
    if (line->time_ms < now_ms - PAST_MS || line->time_ms > now_ms + FUTURE_MS)
        return VERDICT_BAD_TIME;
    return find_series(classifier, line->path, series, ret_series) ? VERDICT_EVENT
                                                                   : VERDICT_NO_MEMORY;
}

uint32_t classifier_series_count(const struct classifier *classifier)
{
    return classifier->series_count;
}

struct event_series classifier_series(const struct classifier *classifier, uint32_t series)
{
    return classifier->series[series];
}
