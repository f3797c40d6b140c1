/* base64url.h - the strict reading of a token's segments (RFC 4648 section 5, unpadded).  Pure. */
#ifndef AUTH_BASE64URL_H
#define AUTH_BASE64URL_H

#include "base/auto.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes into `bytes`, which has room for `text.length` bytes.  Returns false for anything that
 * an encoder would not have written: other characters, padding, an impossible length, or bits left
 * over that are not zero (they would let one signature be spelled in several ways). */
bool base64url_decode(struct slice text, char *bytes, size_t *ret_length) MUST_CHECK;

#endif
