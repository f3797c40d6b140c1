/* json_body.h - JSON that a stranger sends: read it safely, find in it, show it.  Pure. */
#ifndef PROBE_JSON_BODY_H
#define PROBE_JSON_BODY_H

#include "base/auto.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>

/* Any JSON value, or NULL for what is none or is nested deeper than anybody needs. */
json_t *json_body_parse(struct slice text) MUST_CHECK;

/* json_decref() as a destructor. */
void json_body_free(json_t **json);

/* Where a JSON Pointer (RFC 6901) leads, borrowed; NULL: nowhere. */
const json_t *json_body_find(const json_t *json, const char *pointer);

/* Whether `json` is what somebody wrote down: a text as it is, all else as JSON. */
bool json_body_equals(const json_t *json, const char *written);

/* Copies `text`, which json_body_parse() has taken, without its white space.  Returns false, with
 * "" in `ret`, when that needs more than `capacity` bytes. */
bool json_body_compact(struct slice text, char *ret, size_t capacity);

#endif
