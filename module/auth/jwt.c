/* jwt.c - the form and the header first, then libjwt for the signature, then the claims. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/jwt.h"

#include "auth/base64url.h"
#include "base/limits.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { RSA_MIN_BITS = 2048 };

/* `bits` is what the curve of an EC key must have (RFC 7518 section 3.4). */
struct algorithm {
    const char *name;
    jwt_alg_t id;
    int key_type; /* 0: a shared secret */
    int bits;
};

static const struct algorithm algorithms[] = {
    { "HS256", JWT_ALG_HS256, 0, 0 },
    { "HS384", JWT_ALG_HS384, 0, 0 },
    { "HS512", JWT_ALG_HS512, 0, 0 },
    { "RS256", JWT_ALG_RS256, EVP_PKEY_RSA, 0 },
    { "RS384", JWT_ALG_RS384, EVP_PKEY_RSA, 0 },
    { "RS512", JWT_ALG_RS512, EVP_PKEY_RSA, 0 },
    { "ES256", JWT_ALG_ES256, EVP_PKEY_EC, 256 },
    { "ES384", JWT_ALG_ES384, EVP_PKEY_EC, 384 },
    { "ES512", JWT_ALG_ES512, EVP_PKEY_EC, 521 },
};

static const char malformed[] = "the token is no JWT: three base64url segments are expected";

static const struct algorithm *algorithm_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
        if (name != NULL && strcmp(name, algorithms[i].name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

void jwt_claims_free(json_t **claims)
{
    json_decref(*claims);
    *claims = NULL;
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

static const char *public_key_trouble(const struct algorithm *algorithm, struct slice pem)
{
    AUTO(free_key) EVP_PKEY *key = NULL;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);

    if (bio != NULL)
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (key == NULL)
        return "JWT_PUBLIC_KEY is no public key in PEM (-----BEGIN PUBLIC KEY-----)";
    if (EVP_PKEY_get_base_id(key) != algorithm->key_type)
        return "JWT_PUBLIC_KEY is of another kind than JWT_ALGORITHM: RS… wants RSA, ES… wants EC";
    if (algorithm->bits != 0 && EVP_PKEY_get_bits(key) != algorithm->bits)
        return "JWT_PUBLIC_KEY is on another curve than JWT_ALGORITHM wants";
    if (algorithm->key_type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_MIN_BITS)
        return "JWT_PUBLIC_KEY has fewer than 2048 bits: make a longer RSA key";
    return NULL;
}

const char *jwt_rules_trouble(const struct jwt_rules *rules)
{
    const struct algorithm *algorithm = algorithm_find(rules->algorithm);

    if (algorithm == NULL)
        return "JWT_ALGORITHM must be one of HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512";
    if (algorithm->key_type != 0 && rules->key.length == 0)
        return "JWT_PUBLIC_KEY is not set, which JWT_ALGORITHM asks for";
    if (algorithm->key_type != 0)
        return public_key_trouble(algorithm, rules->key);
    if (rules->key.length == 0)
        return "neither JWT_SECRET_KEY nor SECRET_KEY is set: set the secret that signs the "
               "application's tokens, 32 bytes or more";
    if (rules->key.length < JWT_SECRET_MIN_BYTES)
        return "JWT_SECRET_KEY (else SECRET_KEY) has fewer than 32 bytes: set a longer one, for "
               "instance from: openssl rand -hex 32";
    return NULL;
}

/* One segment as a JSON object, or NULL.  A key given twice is refused: readers would differ in
 * which one they believe. */
static json_t *read_object(struct slice segment)
{
    char bytes[LIMIT_TOKEN_BYTES];
    size_t length = 0;
    json_t *object;

    if (!base64url_decode(segment, bytes, &length))
        return NULL;
    object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (object != NULL && !json_is_object(object))
        jwt_claims_free(&object);
    return object;
}

static const char *judge_header(struct slice segment, const char *algorithm)
{
    AUTO(jwt_claims_free) json_t *header = read_object(segment);
    const char *named = json_string_value(json_object_get(header, "alg"));

    if (header == NULL)
        return malformed;
    if (named == NULL || strcmp(named, algorithm) != 0)
        return "the token is signed with another algorithm than JWT_ALGORITHM names";
    /* RFC 7515 section 4.1.11: who doesn't understand an extension that is marked critical must
     * refuse the token, and we understand none. */
    if (json_object_get(header, "crit") != NULL)
        return "the token's header asks for extensions that are not understood (crit)";
    return NULL;
}

static bool signature_is_canonical(struct slice segment)
{
    char bytes[LIMIT_TOKEN_BYTES];
    size_t length = 0;

    return base64url_decode(segment, bytes, &length) && length > 0;
}

/* libjwt wants a terminated token. */
static bool signature_holds(const struct jwt_rules *rules, struct slice token)
{
    char text[LIMIT_TOKEN_BYTES + 1];
    jwt_t *decoded = NULL;
    bool holds;

    memcpy(text, token.data, token.length);
    text[token.length] = '\0';
    if (jwt_decode(&decoded, text, (const unsigned char *)rules->key.data, (int)rules->key.length)
        != 0)
        return false;
    holds = jwt_get_alg(decoded) == algorithm_find(rules->algorithm)->id;
    jwt_free(decoded);
    return holds;
}

const char *jwt_verify(const struct jwt_rules *rules, struct slice token, int64_t now_s,
                       json_t **ret_claims)
{
    AUTO(jwt_claims_free) json_t *claims = NULL;
    struct slice signature = token;
    struct slice header = slice_cut(&signature, '.');
    struct slice payload = slice_cut(&signature, '.');
    const char *why;

    if (token.length > LIMIT_TOKEN_BYTES)
        return "the token is longer than 8192 bytes";
    if (!signature_is_canonical(signature)) /* a fourth segment's dot is no base64url either */
        return malformed;
    why = judge_header(header, rules->algorithm);
    if (why != NULL)
        return why;
    if (!signature_holds(rules, token))
        return "the token's signature does not verify with the configured key";
    claims = read_object(payload);
    if (claims == NULL)
        return malformed;
    why = claims_judge(claims, &rules->claims, now_s);
    if (why != NULL)
        return why;
    *ret_claims = claims;
    claims = NULL;
    return NULL;
}
