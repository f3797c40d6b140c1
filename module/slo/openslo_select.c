/* openslo_select.c - routes, methods, statuses and durations as people write them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_select.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <string.h>

enum { WORDS_MAX = 200, DURATION_MAX_MS = 24 * 3600 * 1000 };

struct selecting {
    const struct shape_check *check;
    struct arena *arena;
    struct selector *selector;
    bool faulty;
};

typedef void (*word_fn)(struct selecting *selecting, const struct spot *spot, struct slice word);

/* --- routes --- */

/* '|' and ';' divide the canonical text. */
static bool is_route(struct slice word)
{
    const char *star = memchr(word.data, '*', word.length);

    for (size_t i = 0; i < word.length; i++) {
        unsigned char c = (unsigned char)word.data[i];

        if (c <= ' ' || c == 0x7f || c == '|' || c == ';')
            return false;
    }
    return word.length > 0 && word.length < LIMIT_ROUTE_BYTES
           && (star == NULL || star == word.data + word.length - 1)
           && (word.data[0] == '/' || slice_equals_text(word, "other"));
}

static void take_route(struct selecting *selecting, const struct spot *spot, struct slice word)
{
    struct selector *selector = selecting->selector;
    const char **routes = (const char **)selector->routes;
    const char *route;

    if (!is_route(word)) {
        shape_error(selecting->check, spot,
                    "\"%.60s\" is no route: a template such as /v1/jobs/{id}, a path that ends in "
                    "'*', or other",
                    word.data);
        selecting->faulty = true;
        return;
    }
    route = arena_copy(selecting->arena, word);
    if (route == NULL || routes == NULL)
        selecting->faulty = true;
    else
        routes[selector->route_count++] = route;
}

/* --- methods --- */

static void take_method(struct selecting *selecting, const struct spot *spot, struct slice word)
{
    for (enum event_method method = 0; method < EVENT_METHOD_COUNT; method++) {
        if (slice_equals_nocase(word, slice_of(event_method_text(method)))) {
            selecting->selector->methods |= 1u << method;
            return;
        }
    }
    shape_error(selecting->check, spot,
                "\"%.20s\" is none of GET, HEAD, POST, PUT, PATCH, DELETE, OTHER", word.data);
    selecting->faulty = true;
}

/* --- statuses --- */

static bool parse_status(struct slice text, int *ret)
{
    uint64_t status = 0;

    if (text.length != 3 || !slice_parse_uint(text, STATUS_HIGH, &status) || status < STATUS_LOW)
        return false;
    *ret = (int)status;
    return true;
}

/* "5xx", "404", "200-399". */
static bool parse_statuses(struct slice word, int *ret_low, int *ret_high)
{
    struct slice rest = word;
    struct slice low = slice_trim(slice_cut(&rest, '-'));

    if (word.length == 3 && slice_equals_nocase((struct slice){ word.data + 1, 2 }, SLICE("xx"))) {
        *ret_low = (word.data[0] - '0') * 100;
        *ret_high = *ret_low + 99;
        return word.data[0] >= '1' && word.data[0] <= '5';
    }
    if (memchr(word.data, '-', word.length) == NULL)
        rest = low;
    return parse_status(low, ret_low) && parse_status(slice_trim(rest), ret_high)
           && *ret_low <= *ret_high;
}

static void take_status(struct selecting *selecting, const struct spot *spot, struct slice word)
{
    int low;
    int high;

    if (parse_statuses(word, &low, &high)) {
        status_set_add(&selecting->selector->statuses, low, high);
        return;
    }
    shape_error(selecting->check, spot,
                "\"%.20s\" is no status: write 404, 5xx or 200-399, from 100 to 599", word.data);
    selecting->faulty = true;
}

/* --- durations --- */

static int128 ceiling(struct fraction value)
{
    int128 whole = value.numerator / value.denominator;

    return whole + (value.numerator % value.denominator > 0);
}

static int128 flooring(struct fraction value)
{
    int128 whole = value.numerator / value.denominator;

    return whole - (value.numerator % value.denominator < 0);
}

bool openslo_bound(const char *op, struct fraction value_ms, struct selector *selector)
{
    bool below = strncmp(op, "lt", 2) == 0;
    bool inclusive = op[2] == 'e';
    /* d < v is d < ceil(v) for whole d, and d <= v is d < floor(v) + 1; above likewise. */
    int128 bound = below == inclusive ? flooring(value_ms) + 1 : ceiling(value_ms);

    if (bound < 0 || bound > DURATION_MAX_MS || (below && bound == 0))
        return false;
    if (below && (selector->below_ms == 0 || bound < selector->below_ms))
        selector->below_ms = (int64_t)bound;
    else if (!below && bound > selector->from_ms)
        selector->from_ms = (int64_t)bound;
    return selector->below_ms == 0 || selector->from_ms < selector->below_ms;
}

static bool parse_amount(struct slice text, struct fraction *ret_ms)
{
    int factor = 0;

    if (text.length > 2 && memcmp(text.data + text.length - 2, "ms", 2) == 0) {
        factor = 1;
        text.length -= 2;
    } else if (text.length > 1 && text.data[text.length - 1] == 's') {
        factor = 1000;
        text.length -= 1;
    }
    if (factor == 0 || !fraction_parse(slice_trim(text), ret_ms))
        return false;
    ret_ms->numerator *= factor;
    return true;
}

static void take_duration(struct selecting *selecting, const struct spot *spot, struct slice word)
{
    static const struct {
        const char *sign, *op;
    } signs[] = { { "<=", "lte" }, { ">=", "gte" }, { "<", "lt" }, { ">", "gt" } };

    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
        size_t length = strlen(signs[i].sign);
        struct slice amount = { word.data + length, word.length - length };
        struct fraction value_ms;

        if (!slice_starts_with(word, slice_of(signs[i].sign)))
            continue;
        if (parse_amount(slice_trim(amount), &value_ms)
            && openslo_bound(signs[i].op, value_ms, selecting->selector))
            return;
        break;
    }
    shape_error(selecting->check, spot,
                "\"%.40s\" is no bound: write <500ms or >=2s; two bounds must leave something "
                "between them, up to a day",
                word.data);
    selecting->faulty = true;
}

/* --- a map --- */

static void take_words(struct selecting *selecting, const struct spot *spot, word_fn take)
{
    if (yaml_is_null(spot->node) || spot->node->kind == YAML_MAP)
        return;
    if (spot->node->kind == YAML_SCALAR) {
        take(selecting, spot, slice_trim(spot->node->text));
        return;
    }
    if (spot->node->count == 0 || spot->node->count > WORDS_MAX) {
        shape_error(selecting->check, spot, "must have from 1 to %d items", WORDS_MAX);
        selecting->faulty = true;
        return;
    }
    for (int i = 0; i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);

        if (item.node->kind == YAML_SCALAR)
            take(selecting, &item, slice_trim(item.node->text));
    }
}

bool openslo_select(const struct shape_check *check, const struct spot *map, struct arena *arena,
                    struct selector *ret)
{
    static const struct {
        const char *key;
        word_fn take;
    } keys[] = {
        { "route", take_route },
        { "method", take_method },
        { "status", take_status },
        { "duration", take_duration },
    };
    struct selecting selecting = { check, arena, ret, false };
    const struct yaml_node *routes = yaml_get(map->node, "route");

    *ret = (struct selector){ .routes = NULL };
    if (routes != NULL) {
        size_t count =
            routes->kind == YAML_LIST && routes->count <= WORDS_MAX ? (size_t)routes->count : 1;

        ret->routes = arena_alloc(arena, (count + 1) * sizeof(*ret->routes));
        selecting.faulty = ret->routes == NULL;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct spot spot = spot_key(map, keys[i].key);

        take_words(&selecting, &spot, keys[i].take);
    }
    return !selecting.faulty;
}
