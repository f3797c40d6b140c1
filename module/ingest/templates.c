/* templates.c - a tree of segments, its edges in one hash table. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/templates.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>

enum {
    ARENA_BYTES = 64 * 1024 * 1024, /* a full table of edges takes some 16 MiB */
    ROOT = 0,
    NONE = -1,
};

struct node {
    int parameter;      /* the child for any segment; NONE */
    struct slice route; /* of the template that ends here; empty: none does */
};

/* From a node by a literal segment to another. */
struct edge {
    struct slice segment;
    int from;
    int to; /* ROOT: the slot is free, for no edge leads there */
};

struct templates {
    struct arena *arena; /* owns everything */
    struct node *nodes;
    int node_count;
    struct edge *edges;
    size_t slots; /* of edges: a power of two that the nodes fill to one half at most */
};

/* Cuts the next segment off a path: what stands between its first byte, a slash, and the next one.
 * So "/a/" has two segments, and the second is empty. */
static struct slice segment_take(struct slice *rest)
{
    struct slice segment = { rest->data + 1, 0 };

    while (segment.length + 1 < rest->length && segment.data[segment.length] != '/')
        segment.length++;
    *rest = (struct slice){ segment.data + segment.length, rest->length - segment.length - 1 };
    return segment;
}

static bool is_parameter(struct slice segment)
{
    return segment.length > 2 && segment.data[0] == '{' && segment.data[segment.length - 1] == '}';
}

/* --- edges --- */

static size_t hash_of(int from, struct slice segment)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)from; /* FNV-1a */

    for (size_t i = 0; i < segment.length; i++)
        hash = (hash ^ (unsigned char)segment.data[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* The edge, or the free slot where it would go. */
static struct edge *edge_of(const struct templates *templates, int from, struct slice segment)
{
    size_t at = hash_of(from, segment);

    for (;; at++) {
        struct edge *edge = &templates->edges[at & (templates->slots - 1)];

        if (edge->to == ROOT || (edge->from == from && slice_equals(edge->segment, segment)))
            return edge;
    }
}

/* --- building --- */

static int node_new(struct templates *templates)
{
    templates->nodes[templates->node_count].parameter = NONE;
    return templates->node_count++;
}

static int node_below(struct templates *templates, int from, struct slice segment)
{
    struct edge *edge;

    if (is_parameter(segment)) {
        if (templates->nodes[from].parameter == NONE)
            templates->nodes[from].parameter = node_new(templates);
        return templates->nodes[from].parameter;
    }
    edge = edge_of(templates, from, segment);
    if (edge->to == ROOT)
        *edge = (struct edge){ segment, from, node_new(templates) };
    return edge->to;
}

static int check_text(struct slice text, struct error *err)
{
    struct slice rest = text;

    if (text.length == 0 || text.data[0] != '/')
        return error_set(err, EINVAL, "route template %s: begins with no slash", text.data);
    if (text.length >= LIMIT_ROUTE_BYTES)
        return error_set(err, EINVAL, "route template %.40s...: is longer than %d bytes", text.data,
                         LIMIT_ROUTE_BYTES - 1);
    if (!utf8_valid(text))
        return error_set(err, EINVAL, "a route template is no valid UTF-8");
    while (rest.length > 0) {
        struct slice segment = segment_take(&rest);
        bool braces = memchr(segment.data, '{', segment.length) != NULL
                      || memchr(segment.data, '}', segment.length) != NULL;

        if (braces
            && (!is_parameter(segment) || memchr(segment.data + 1, '{', segment.length - 1) != NULL
                || memchr(segment.data, '}', segment.length - 1) != NULL))
            return error_set(err, EINVAL,
                             "route template %s: braces stand around a whole segment, as in "
                             "/v1/jobs/{id}",
                             text.data);
    }
    return 0;
}

static int add(struct templates *templates, const char *text, struct error *err)
{
    struct slice copy = slice_of(text);
    struct slice rest;
    int node = ROOT;
    int code = check_text(copy, err);

    if (code != 0)
        return code;
    copy.data = arena_copy(templates->arena, copy);
    if (copy.data == NULL)
        return error_set(err, ENOMEM, "route templates: out of memory");
    rest = copy;
    while (rest.length > 0)
        node = node_below(templates, node, segment_take(&rest));
    if (templates->nodes[node].route.length == 0)
        templates->nodes[node].route = copy;
    return 0;
}

/* No text has more segments than slashes. */
static int make_room(struct templates *templates, const char *const texts[], int count)
{
    size_t nodes = 1;

    for (int i = 0; i < count; i++) {
        for (const char *at = texts[i]; *at != '\0'; at++)
            nodes += *at == '/';
    }
    templates->slots = 16;
    while (templates->slots < nodes * 2)
        templates->slots *= 2;
    templates->nodes = arena_alloc(templates->arena, nodes * sizeof(*templates->nodes));
    templates->edges = arena_alloc(templates->arena, templates->slots * sizeof(*templates->edges));
    if (templates->nodes == NULL || templates->edges == NULL)
        return -ENOMEM;
    (void)node_new(templates); /* the root */
    return 0;
}

int templates_new(const char *const texts[], int count, struct templates **ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct templates *templates = arena == NULL ? NULL : arena_alloc(arena, sizeof(*templates));
    int code = 0;

    if (count > LIMIT_TEMPLATES)
        return error_set(err, E2BIG, "route templates: there are %d: at most %d", count,
                         LIMIT_TEMPLATES);
    if (templates == NULL)
        return error_set(err, ENOMEM, "route templates: out of memory");
    templates->arena = arena;
    if (make_room(templates, texts, count) != 0)
        return error_set(err, ENOMEM, "route templates: out of memory");
    for (int i = 0; code == 0 && i < count; i++)
        code = add(templates, texts[i], err);
    if (code != 0)
        return code;
    arena = NULL;
    *ret = templates;
    return 0;
}

void templates_free(struct templates **templates)
{
    struct arena *arena;

    if (*templates == NULL)
        return;
    arena = (*templates)->arena; /* the templates themselves live in it */
    arena_free(&arena);
    *templates = NULL;
}

/* --- matching --- */

/* The template below the node that the rest of a path fits.  A literal that leads nowhere is given
 * up for the parameter beside it.  Each node stands at one depth and below one parent, so that none
 * is looked at twice; a template's length bounds how deep it goes. */
/* NOLINTNEXTLINE(misc-no-recursion): at most LIMIT_ROUTE_BYTES deep */
static struct slice match_below(const struct templates *templates, int from, struct slice rest)
{
    const struct node *node = &templates->nodes[from];
    struct slice route = { NULL, 0 };
    struct slice segment;
    const struct edge *edge;

    if (rest.length == 0)
        return node->route;
    segment = segment_take(&rest);
    edge = edge_of(templates, from, segment);
    if (edge->to != ROOT)
        route = match_below(templates, edge->to, rest);
    if (route.length == 0 && segment.length > 0 && node->parameter != NONE)
        route = match_below(templates, node->parameter, rest);
    return route;
}

struct slice templates_match(const struct templates *templates, struct slice path)
{
    if (path.length == 0 || path.data[0] != '/')
        return (struct slice){ NULL, 0 };
    return match_below(templates, ROOT, path);
}
