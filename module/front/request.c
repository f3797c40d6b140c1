/* request.c - picks the few parameters that matter out of a FastCGI environment. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/request.h"

#include "base/auto.h"
#include "base/random.h"

#include <stdio.h>

enum parameter {
    METHOD,
    DOCUMENT_URI,
    SCRIPT_NAME,
    QUERY,
    ACCEPT,
    AUTHORIZATION,
    IDEMPOTENCY_KEY,
    CALLERS_ID,
    SERVERS_ID,
    PARAMETERS,
};

/* REQUEST_URI is not among them: it is raw, and a server may have rewritten the path since. */
static const struct slice names[PARAMETERS] = {
    [METHOD] = { "REQUEST_METHOD=", 15 },
    [DOCUMENT_URI] = { "DOCUMENT_URI=", 13 },
    [SCRIPT_NAME] = { "SCRIPT_NAME=", 12 },
    [QUERY] = { "QUERY_STRING=", 13 },
    [ACCEPT] = { "HTTP_ACCEPT=", 12 },
    [AUTHORIZATION] = { "HTTP_AUTHORIZATION=", 19 },
    [CALLERS_ID] = { "HTTP_X_REQUEST_ID=", 18 },
    [SERVERS_ID] = { "REQUEST_ID=", 11 },
    [IDEMPOTENCY_KEY] = { "HTTP_IDEMPOTENCY_KEY=", 21 },
};

const struct request_method_name request_methods[REQUEST_METHODS] = {
    { METHOD_GET, "GET" },   { METHOD_HEAD, "HEAD" },     { METHOD_OPTIONS, "OPTIONS" },
    { METHOD_POST, "POST" }, { METHOD_DELETE, "DELETE" },
};

static void pick(struct slice variable, struct slice values[PARAMETERS])
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (slice_starts_with(variable, names[i])) {
            values[i].data = variable.data + names[i].length;
            values[i].length = variable.length - names[i].length;
            return;
        }
    }
}

static enum request_method method_of(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LENGTH(request_methods); i++) {
        if (slice_equals_text(text, request_methods[i].text))
            return request_methods[i].method;
    }
    return METHOD_OTHER;
}

/* An id goes into a header and into logs: nothing that could mean something there. */
static bool is_sane_id(struct slice id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";

    if (id.length == 0 || id.length >= REQUEST_ID_BYTES)
        return false;
    for (size_t i = 0; i < id.length; i++) {
        if (memchr(allowed, id.data[i], sizeof(allowed) - 1) == NULL)
            return false;
    }
    return true;
}

static void choose_id(struct slice callers, struct slice servers, char id[REQUEST_ID_BYTES])
{
    char fresh[RANDOM_HEX_BYTES];

    if (!is_sane_id(callers))
        callers = servers;
    if (!is_sane_id(callers)) {
        random_hex(fresh);
        callers = slice_of(fresh);
    }
    (void)snprintf(id, REQUEST_ID_BYTES, "%.*s", (int)callers.length, callers.data);
}

void request_read(char *const environment[], struct request *ret)
{
    struct slice values[PARAMETERS] = { 0 };

    for (; *environment != NULL; environment++)
        pick(slice_of(*environment), values);
    *ret = (struct request){
        .method = method_of(values[METHOD]),
        .method_text = values[METHOD],
        .path = values[DOCUMENT_URI].length > 0 ? values[DOCUMENT_URI] : values[SCRIPT_NAME],
        .query = values[QUERY],
        .accept = values[ACCEPT],
        .authorization = values[AUTHORIZATION],
        .idempotency_key = values[IDEMPOTENCY_KEY],
    };
    choose_id(values[CALLERS_ID], values[SERVERS_ID], ret->id);
}
