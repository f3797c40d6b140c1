/* health.c - hands out the monitor's pages in the shape that is asked for, or what they say when
 * they have grown too old. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/auto.h"
#include "front/negotiate.h"

#include <stdio.h>

enum {
    KEY_BYTES = 128,
    NAME_BYTES = 100,      /* a longer one is nobody's */
    LIST_BYTES = 8 * 1024, /* the names of all checks */
};

/* The shapes of one page, by what stands behind its key. */
enum shape { SHAPE_JSON, SHAPE_IETF, SHAPE_TEXT, SHAPE_VERBOSE };

static const char *const suffixes[] = {
    [SHAPE_JSON] = "",
    [SHAPE_IETF] = ";ietf",
    [SHAPE_TEXT] = ";text",
    [SHAPE_VERBOSE] = ";verbose",
};

/* One old look restarts nobody (see look.h); but readiness fails closed at the first: not to be
 * sent traffic for a moment costs little. */
static bool is_too_old(const struct exchange *exchange, const struct page_set *set)
{
    if (exchange->route->endpoint == ENDPOINT_HEALTH)
        return exchange->sources->monitor_dead;
    return slot_age_ms(set) > set->max_age_ms;
}

/* "verbose", and any value but those that say no; what else the query holds is ignored. */
static bool wants_verbose(struct slice query)
{
    while (query.length > 0) {
        struct slice value = slice_cut(&query, '&');

        if (slice_equals(slice_cut(&value, '='), SLICE("verbose")))
            return !slice_equals(value, SLICE("0")) && !slice_equals(value, SLICE("false"));
    }
    return false;
}

/* Almost every probe says nothing, or that anything will do: it is through at once. */
static enum shape shape_of(const struct request *request)
{
    static const struct slice media_types[] = {
        [SHAPE_JSON] = { "application/json", 16 },
        [SHAPE_IETF] = { "application/health+json", 23 },
        [SHAPE_TEXT] = { "text/plain", 10 },
    };
    enum shape shape = SHAPE_JSON;

    if (request->accept.length > 0 && !slice_equals(request->accept, SLICE("*/*")))
        shape =
            (enum shape)negotiate_choose(request->accept, media_types, ARRAY_LENGTH(media_types));
    if (shape == SHAPE_JSON && request->query.length > 0 && wants_verbose(request->query))
        shape = SHAPE_VERBOSE;
    return shape;
}

/* A page that there is not in that shape is given as JSON. */
static const struct page *find_page(const struct exchange *exchange, const struct page_set *set,
                                    struct slice key)
{
    enum shape shape = shape_of(exchange->request);
    const struct page *page = NULL;
    char shaped[KEY_BYTES];

    if (shape != SHAPE_JSON) {
        int length =
            snprintf(shaped, sizeof(shaped), "%.*s%s", (int)key.length, key.data, suffixes[shape]);

        page = page_find(set, (struct slice){ shaped, (size_t)length });
    }
    return page != NULL ? page : page_find(set, key);
}

/* Returns whether there is such a page, which is the answer then. */
static bool give(struct exchange *exchange, const struct page_set **set, struct slice key)
{
    const struct page *page = find_page(exchange, *set, key);

    if (page == NULL)
        return false;
    response_page(exchange->response, set,
                  is_too_old(exchange, *set) ? &page->too_old : &page->fresh);
    return true;
}

static void refuse_unjudged(struct exchange *exchange)
{
    exchange->response->incident = true;
    response_error(exchange->response, exchange->request,
                   &(struct response_error){ .status = 503,
                                             .code = "starting",
                                             .message = "health has not been judged yet",
                                             .retry_after_seconds = 1 });
}

void health_give_page(struct exchange *exchange)
{
    AUTO(slot_release) const struct page_set *set = slot_acquire(exchange->sources->health);

    if (set == NULL || !give(exchange, &set, slice_of(exchange->route->key)))
        refuse_unjudged(exchange);
}

/* Names what there is below the route's key, which the newest pages know, behind the message. */
static void refuse_unknown(struct exchange *exchange, const struct page_set *set,
                           const char *message)
{
    AUTO(buf_done) struct buf text = { .max_bytes = LIST_BYTES };
    struct slice folder = slice_of(exchange->route->key);
    const char *separator = message[strlen(message) - 1] == ':' ? " " : ", ";

    buf_append_text(&text, message);
    for (int i = 0; i < set->page_count; i++) {
        struct slice key = slice_of(set->pages[i].key);

        if (key.length > folder.length && slice_starts_with(key, folder)
            && key.data[folder.length] == '/' && memchr(key.data, ';', key.length) == NULL) {
            buf_printf(&text, "%s%s", separator, key.data + folder.length + 1);
            separator = ", ";
        }
    }
    if (*separator == ' ')
        buf_append_text(&text, " none");
    response_error(
        exchange->response, exchange->request,
        &(struct response_error){ .status = 404,
                                  .code = "not_found",
                                  .message = buf_ok(&text) ? buf_text(&text) : message });
}

/* The page KEY/NAME.  A semicolon is for the shapes. */
static void give_named(struct exchange *exchange, const char *unknown)
{
    AUTO(slot_release) const struct page_set *set = slot_acquire(exchange->sources->health);
    struct slice name = exchange->rest;
    char key[KEY_BYTES - 16];
    int length = snprintf(key, sizeof(key), "%s/%.*s", exchange->route->key,
                          (int)(name.length > NAME_BYTES ? NAME_BYTES : name.length), name.data);

    if (set == NULL)
        refuse_unjudged(exchange);
    else if (name.length > NAME_BYTES || memchr(name.data, ';', name.length) != NULL
             || !give(exchange, &set, (struct slice){ key, (size_t)length }))
        refuse_unknown(exchange, set, unknown);
}

void health_give_component(struct exchange *exchange)
{
    give_named(exchange, "no component has this name; there are:");
}

void health_give_group(struct exchange *exchange)
{
    give_named(exchange, "no group of checks has this name; there are: live, ready, startup");
}
