/* pass.c - claims by the rules of the configuration, signed by libjwt, judged by our own judge. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/pass.h"

#include "auth/access.h"
#include "auth/jwt.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

static const char out_of_memory[] = "out of memory";

/* "claim=value"; where two rules ask for the same claim it is a list. */
static void add_rule(json_t *claims, struct slice rule)
{
    struct slice name = slice_trim(slice_cut(&rule, '='));
    struct slice value = slice_trim(rule);
    json_t *before = json_object_getn(claims, name.data, name.length);
    json_t *list;

    if (before == NULL) {
        (void)json_object_setn_new(claims, name.data, name.length,
                                   json_stringn(value.data, value.length));
        return;
    }
    list = json_array();
    (void)json_array_append(list, before);
    (void)json_array_append_new(list, json_stringn(value.data, value.length));
    (void)json_object_setn_new(claims, name.data, name.length, list);
}

/* Any of the admin's claims makes an admin: the first. */
static json_t *make_claims(const struct config *config, const char *subject, int64_t now_s)
{
    json_t *claims = json_object();
    struct slice admin = slice_of(config->admin_claim);

    (void)json_object_set_new(claims, "sub", json_string(subject));
    (void)json_object_set_new(claims, "iat", json_integer(now_s));
    (void)json_object_set_new(claims, "exp", json_integer(now_s + PASS_SECONDS));
    if (config->jwt_issuer != NULL)
        (void)json_object_set_new(claims, "iss", json_string(config->jwt_issuer));
    if (config->jwt_audience != NULL)
        (void)json_object_set_new(claims, "aud", json_string(config->jwt_audience));
    add_rule(claims, slice_cut(&admin, ','));
    if (config->jwt_require != NULL)
        add_rule(claims, slice_of(config->jwt_require));
    return claims;
}

static void free_text(char **text)
{
    free(*text);
    *text = NULL;
}

static bool sign(const struct config *config, const json_t *claims, struct buf *token)
{
    AUTO(free_text) char *text = json_dumps(claims, JSON_COMPACT);
    const char *algorithm = config->jwt_algorithm == NULL ? "HS256" : config->jwt_algorithm;
    char *encoded = NULL;
    jwt_t *jwt = NULL;

    if (text != NULL && jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, text) == 0
        && jwt_set_alg(jwt, jwt_str_alg(algorithm), (const unsigned char *)config->jwt_secret,
                       (int)strlen(config->jwt_secret))
               == 0)
        encoded = jwt_encode_str(jwt);
    if (encoded != NULL)
        buf_append_text(token, encoded);
    free(encoded); /* 1.10 has no function for it */
    jwt_free(jwt);
    return encoded != NULL && buf_ok(token);
}

/* Whether the daemon, which has the same configuration, will take it; NULL when it will. */
static const char *judge(const struct config *config, struct slice token, int64_t now_s)
{
    AUTO(access_free) struct access *access = NULL;
    AUTO(buf_done) struct buf header = { .max_bytes = 64 * 1024 };
    struct access_answer answer;

    if (access_new(config, &access, NULL) != 0)
        return out_of_memory;
    buf_append_text(&header, "Bearer ");
    buf_append(&header, token);
    answer = access_judge(access, ACCESS_ADMIN, buf_slice(&header), now_s);
    if (answer.verdict == ACCESS_GRANTED)
        return NULL;
    /* What the judge says else may belong to it, and it ends here. */
    return answer.verdict == ACCESS_NOT_CONFIGURED
               ? "no secret of 32 bytes or more is set (JWT_SECRET_KEY, SECRET_KEY or "
                 "PROBITY_ADMIN_TOKEN), or PROBITY_ADMIN_CLAIM can't be read: see probity "
                 "check-config"
               : "a token made by this configuration does not satisfy it: see probity "
                 "check-config, or set PROBITY_ADMIN_TOKEN";
}

const char *pass_for_admin(const struct config *config, const char *subject, int64_t now_s,
                           struct buf *token)
{
    AUTO(buf_done) struct buf made = { .max_bytes = 16 * 1024 };
    AUTO(jwt_claims_free) json_t *claims = NULL;
    const char *trouble;

    if (config->admin_token != NULL) {
        buf_append_text(&made, config->admin_token);
    } else if (config->jwt_algorithm != NULL && config->jwt_algorithm[0] != 'H') {
        return "JWT_ALGORITHM names a public key, with which nothing can be signed: set "
               "PROBITY_ADMIN_TOKEN, 32 bytes or more";
    } else if (config->jwt_secret == NULL || config->admin_claim == NULL) {
        return "neither PROBITY_ADMIN_TOKEN nor JWT_SECRET_KEY (else SECRET_KEY) is set here: "
               "give the tool the daemon's own environment";
    } else {
        claims = make_claims(config, subject, now_s);
        if (!sign(config, claims, &made))
            return "no token could be signed: is JWT_ALGORITHM one of HS256 HS384 HS512?";
    }
    trouble = judge(config, buf_slice(&made), now_s);
    if (trouble == NULL)
        buf_append(token, buf_slice(&made));
    return trouble;
}
