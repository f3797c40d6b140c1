/* jwt.h - verifies one JSON Web Token against one key and one algorithm.
 *
 * libjwt checks the signature and nothing else: it takes any token for an empty key, any algorithm
 * that the token names, and no notice of expiry.  What it leaves out is done here and in claims.h.
 * No shared mutable state: any thread.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "auth/claims.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdint.h>

enum { JWT_SECRET_MIN_BYTES = 32 };

struct jwt_rules {
    const char *algorithm; /* "HS256", …: exactly as the header must spell it */
    struct slice key;      /* the secret, or a public key as PEM */
    struct claims_rules claims;
};

/* Returns NULL when tokens can be verified by these rules, else what is wrong with them and which
 * variable to set (static): an unknown algorithm, a secret under 32 bytes, a key of another kind.
 */
const char *jwt_rules_trouble(const struct jwt_rules *rules) MUST_CHECK;

/* Verifies signature, header, times and claims of a token at `now_s`.  The rules must be without
 * trouble.  Returns NULL and gives the claims to `*ret_claims` (json_decref them), or says why the
 * token is refused (static; nothing of the token is in it). */
const char *jwt_verify(const struct jwt_rules *rules, struct slice token, int64_t now_s,
                       json_t **ret_claims) MUST_CHECK;

/* json_decref as a destructor. */
void jwt_claims_free(json_t **claims);

#endif
