/* selector.c - what fits, and the canonical text. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/selector.h"

#include <assert.h>
#include <string.h>

enum { WORD_BITS = 64 };

static const struct slice method_texts[] = {
#define X(name) { #name, sizeof(#name) - 1 },
    FOR_EACH_METHOD(X)
#undef X
};

const char *event_method_text(enum event_method method)
{
    return method_texts[method].data;
}

enum event_method event_method_of(struct slice text)
{
    for (enum event_method method = 0; method < EVENT_OTHER; method++) {
        if (slice_equals(text, method_texts[method]))
            return method;
    }
    return EVENT_OTHER;
}

bool status_set_has(const struct status_set *set, int status)
{
    unsigned bit = (unsigned)(status - STATUS_LOW);

    return status >= STATUS_LOW && status <= STATUS_HIGH
           && (set->words[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

void status_set_add(struct status_set *set, int low, int high)
{
    assert(low >= STATUS_LOW && high <= STATUS_HIGH);
    for (int status = low; status <= high; status++) {
        unsigned bit = (unsigned)(status - STATUS_LOW);

        set->words[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
    }
}

bool status_set_is_empty(const struct status_set *set)
{
    static const struct status_set empty;

    return memcmp(set, &empty, sizeof(empty)) == 0;
}

/* A '*' at the end of a pattern stands for any rest. */
static bool route_fits(const char *pattern, struct slice route)
{
    size_t length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '*')
        return route.length >= length - 1 && memcmp(pattern, route.data, length - 1) == 0;
    return slice_equals_text(route, pattern);
}

bool selector_takes_series(const struct selector *selector, struct slice route,
                           enum event_method method)
{
    bool fits = selector->route_count == 0;

    if (selector->methods != 0 && (selector->methods & 1u << method) == 0)
        return false;
    for (int i = 0; i < selector->route_count && !fits; i++)
        fits = route_fits(selector->routes[i], route);
    return fits;
}

bool selector_takes_outcome(const struct selector *selector, int status, uint64_t duration_ms)
{
    return (status_set_is_empty(&selector->statuses) || status_set_has(&selector->statuses, status))
           && duration_ms >= (uint64_t)selector->from_ms
           && (selector->below_ms == 0 || duration_ms < (uint64_t)selector->below_ms);
}

bool selector_is_open(const struct selector *selector)
{
    return selector->route_count == 0 && selector->methods == 0
           && status_set_is_empty(&selector->statuses) && selector->from_ms == 0
           && selector->below_ms == 0;
}

/* --- the canonical text --- */

static void begin(struct buf *buf, bool *ret_any, const char *key)
{
    buf_printf(buf, "%s%s=", *ret_any ? ";" : "", key);
    *ret_any = true;
}

/* The smallest route above `above`, so that no list has to be sorted; NULL at the end. */
static const char *next_route(const struct selector *selector, const char *above)
{
    const char *next = NULL;

    for (int i = 0; i < selector->route_count; i++) {
        const char *route = selector->routes[i];

        if ((above == NULL || strcmp(route, above) > 0)
            && (next == NULL || strcmp(route, next) < 0))
            next = route;
    }
    return next;
}

static void print_routes(const struct selector *selector, struct buf *buf, bool *any)
{
    const char *route = next_route(selector, NULL);

    if (route != NULL)
        begin(buf, any, "route");
    for (bool first = true; route != NULL; first = false) {
        buf_printf(buf, "%s%s", first ? "" : "|", route);
        route = next_route(selector, route);
    }
}

static void print_methods(const struct selector *selector, struct buf *buf, bool *any)
{
    bool first = true;

    if (selector->methods == 0)
        return;
    begin(buf, any, "method");
    for (enum event_method method = 0; method < EVENT_METHOD_COUNT; method++) {
        if ((selector->methods & 1u << method) == 0)
            continue;
        buf_printf(buf, "%s%s", first ? "" : "|", method_texts[method].data);
        first = false;
    }
}

static void print_statuses(const struct selector *selector, struct buf *buf, bool *any)
{
    bool first = true;

    if (status_set_is_empty(&selector->statuses))
        return;
    begin(buf, any, "status");
    for (int low = STATUS_LOW; low <= STATUS_HIGH; low++) {
        int high = low;

        if (!status_set_has(&selector->statuses, low))
            continue;
        while (status_set_has(&selector->statuses, high + 1))
            high++;
        buf_printf(buf, "%s%d", first ? "" : "|", low);
        if (high > low)
            buf_printf(buf, "-%d", high);
        first = false;
        low = high;
    }
}

void selector_print(const struct selector *selector, struct buf *buf)
{
    bool any = false;

    print_routes(selector, buf, &any);
    print_methods(selector, buf, &any);
    print_statuses(selector, buf, &any);
    if (selector->from_ms == 0 && selector->below_ms == 0)
        return;
    begin(buf, &any, "duration");
    buf_printf(buf, "%lld-", (long long)selector->from_ms);
    if (selector->below_ms != 0)
        buf_printf(buf, "%lld", (long long)selector->below_ms);
}
