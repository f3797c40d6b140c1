/* test_jwt.c - module/auth/jwt.c */
/* SPDX-License-Identifier: MIT */
#include "auth/jwt.h"

#include "base/limits.h"
#include "sign.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define SECRET  "0123456789abcdef0123456789abcdef"
#define PAYLOAD "{\"sub\": \"1\", \"exp\": 4102444800}"

static const struct jwt_rules hs256 = { .algorithm = "HS256", .key = { SECRET, 32 } };
static const int64_t now_s = 1800000000;
static char token[SIGN_TOKEN_BYTES];

static const char *verify(const struct jwt_rules *rules, const char *text)
{
    json_t *claims = NULL;
    const char *why = jwt_verify(rules, slice_of(text), now_s, &claims);

    ck_assert((why == NULL) == (claims != NULL));
    json_decref(claims);
    return why;
}

/* `refused` is a word of the reason; NULL: accepted. */
static void expect(const struct jwt_rules *rules, const char *what, const char *refused)
{
    const char *why = verify(rules, token);

    if (refused == NULL)
        ck_assert_msg(why == NULL, "%s: %s", what, why == NULL ? "" : why);
    else
        ck_assert_msg(why != NULL && strstr(why, refused) != NULL, "%s: %s", what,
                      why == NULL ? "accepted" : why);
}

START_TEST(jwt_is_accepted_only_with_the_configured_algorithm_in_its_header)
{
    static const struct {
        const char *header, *refused;
    } cases[] = {
        { "{\"alg\": \"HS256\", \"typ\": \"JWT\"}", NULL },
        { "{\"alg\": \"HS256\"}", NULL },
        { "{\"typ\": \"JWT\"}", "algorithm" },
        { "{\"alg\": \"none\"}", "algorithm" },
        { "{\"alg\": \"None\"}", "algorithm" },
        { "{\"alg\": \"hs256\"}", "algorithm" },
        { "{\"alg\": \"HS384\"}", "algorithm" },
        { "{\"alg\": \"RS256\"}", "algorithm" },
        { "{\"alg\": 256}", "algorithm" },
        { "{\"alg\": \"none\", \"alg\": \"HS256\"}", "no JWT" }, /* said twice */
        { "{\"alg\": \"HS256\", \"crit\": [\"b64\"], \"b64\": false}", "crit" },
        { "[\"HS256\"]", "no JWT" },
        { "HS256", "no JWT" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sign_hmac(cases[i].header, PAYLOAD, SECRET, token);
        expect(&hs256, cases[i].header, cases[i].refused);
    }
}
END_TEST

START_TEST(jwt_is_refused_when_its_payload_is_no_object_of_single_claims)
{
    static const struct {
        const char *payload, *refused;
    } cases[] = {
        { "[1]", "no JWT" },
        { "{\"exp\": 1, \"exp\": 4102444800}", "no JWT" },
        { "{\"exp\": 99999999999999999999}", "signature" }, /* libjwt can't read it either */
        { "{\"exp\": 1}", "expired" },
        { "{}", "no exp" },
        { "{\"exp\": 4102444800.5}", NULL },
        { "{\"exp\": 4102444800, \"nbf\": 4102444000}", "not valid yet" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sign_hmac("{\"alg\": \"HS256\"}", cases[i].payload, SECRET, token);
        expect(&hs256, cases[i].payload, cases[i].refused);
    }
}
END_TEST

START_TEST(jwt_is_refused_when_any_character_of_it_is_changed)
{
    size_t length;

    sign_hmac("{\"alg\": \"HS256\"}", PAYLOAD, SECRET, token);
    length = strlen(token);
    for (size_t i = 0; i < length; i++) {
        char kept = token[i];

        /* Also the neighbour that differs in the bits that stand for no byte. */
        for (const char *other = "ABbQwg0_-. =\n"; *other != '\0'; other++) {
            token[i] = *other;
            if (*other != kept)
                ck_assert_msg(verify(&hs256, token) != NULL, "position %zu: %c", i, *other);
        }
        token[i] = kept;
    }
    ck_assert_ptr_null(verify(&hs256, token));
    for (size_t i = 0; i < length; i++) {
        char kept = token[i];

        token[i] = '\0'; /* every truncation */
        ck_assert_ptr_nonnull(verify(&hs256, token));
        token[i] = kept;
    }
}
END_TEST

START_TEST(jwt_with_other_than_three_segments_is_refused)
{
    static const char *const endings[] = { ".", ".e30", "..", "=", " " };
    char good[1024];

    sign_hmac("{\"alg\": \"HS256\"}", PAYLOAD, SECRET, good);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(token, sizeof(token), "%s%s", good, endings[i]);
        expect(&hs256, endings[i], "no JWT");
    }
    snprintf(token, sizeof(token), ".%s", good);
    expect(&hs256, "leading dot", "no JWT");
    ck_assert_ptr_nonnull(verify(&hs256, ""));
    ck_assert_ptr_nonnull(verify(&hs256, ".."));
    ck_assert_ptr_nonnull(verify(&hs256, "garbage"));
    *strrchr(good, '.') = '\0'; /* header.payload. without a signature */
    snprintf(token, sizeof(token), "%s.", good);
    expect(&hs256, "no signature", "no JWT");
}
END_TEST

START_TEST(jwt_longer_than_the_limit_is_refused_before_anything_reads_it)
{
    size_t length = 1 << 20;
    char *text = malloc(length + 1);

    memset(text, 'A', length);
    text[length] = '\0';
    ck_assert_str_eq(verify(&hs256, text), "the token is longer than 8192 bytes");
    text[LIMIT_TOKEN_BYTES] = '\0';
    ck_assert_ptr_nonnull(strstr(verify(&hs256, text), "no JWT"));
    free(text);
}
END_TEST

START_TEST(jwt_of_another_secret_is_refused)
{
    sign_hmac("{\"alg\": \"HS256\"}", PAYLOAD, "another0123456789abcdef0123456789", token);
    expect(&hs256, "another secret", "signature");
    sign_hmac("{\"alg\": \"HS256\"}", PAYLOAD, "", token);
    expect(&hs256, "empty secret", "signature");
}
END_TEST

START_TEST(jwt_of_rfc_7515_verifies)
{
    static const char key_text[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
                                   "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    unsigned char key[96];
    struct jwt_rules rules = { .algorithm = "HS256", .key = { (const char *)key, 64 } };
    char padded[128];
    json_t *claims = NULL;

    snprintf(padded, sizeof(padded), "%s==", key_text);
    for (char *c = padded; *c != '\0'; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    ck_assert_int_eq(EVP_DecodeBlock(key, (const unsigned char *)padded, (int)strlen(padded)), 66);
    ck_assert_ptr_null(jwt_verify(
        &rules,
        SLICE("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
              "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
              "Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        1300819000, &claims));
    ck_assert_str_eq(json_string_value(json_object_get(claims, "iss")), "joe");
    json_decref(claims);
}
END_TEST

static EVP_PKEY *make_key(const char *type)
{
    return strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                                   : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
}

START_TEST(jwt_with_a_public_key_verifies_and_resists_algorithm_confusion)
{
    static const struct {
        const char *type, *algorithm, *header;
    } cases[] = {
        { "RSA", "RS256", "{\"alg\": \"RS256\"}" },
        { "EC", "ES256", "{\"alg\": \"ES256\"}" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EVP_PKEY *key = make_key(cases[i].type);
        EVP_PKEY *other = make_key(cases[i].type);
        char pem[1024];
        struct jwt_rules rules = { .algorithm = cases[i].algorithm };
        char *digit;

        sign_public_pem(key, pem);
        rules.key = slice_of(pem);
        ck_assert_ptr_null(jwt_rules_trouble(&rules));
        sign_with_key(cases[i].header, PAYLOAD, key, token);
        expect(&rules, cases[i].type, NULL);
        digit = token + strlen(token) - 10;
        *digit = *digit == 'A' ? 'B' : 'A'; /* base64url still */
        expect(&rules, "flipped", "signature");
        sign_with_key(cases[i].header, PAYLOAD, other, token);
        expect(&rules, "another key", "signature");
        sign_hmac("{\"alg\": \"HS256\"}", PAYLOAD, pem, token);
        expect(&rules, "HMAC with the public key", "algorithm");
        sign_hmac(cases[i].header, PAYLOAD, pem, token);
        expect(&rules, "HMAC under a public-key header", "signature");
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}
END_TEST

START_TEST(jwt_rules_name_the_variable_that_is_wrong)
{
    static const struct {
        const char *algorithm, *key, *trouble;
    } cases[] = {
        { "HS256", SECRET, NULL },
        { "HS512", SECRET, NULL },
        { "HS256", "0123456789abcdef0123456789abcde", "JWT_SECRET_KEY" },
        { "HS256", "", "JWT_SECRET_KEY" },
        { "HS256", NULL, "JWT_SECRET_KEY" },
        { "hs256", SECRET, "JWT_ALGORITHM" },
        { "none", SECRET, "JWT_ALGORITHM" },
        { "", SECRET, "JWT_ALGORITHM" },
        { NULL, SECRET, "JWT_ALGORITHM" },
        { "RS256", NULL, "JWT_PUBLIC_KEY" },
        { "RS256", SECRET, "JWT_PUBLIC_KEY" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jwt_rules rules = { .algorithm = cases[i].algorithm, .key = slice_of(cases[i].key) };
        const char *trouble = jwt_rules_trouble(&rules);

        ck_assert((trouble == NULL) == (cases[i].trouble == NULL));
        if (trouble != NULL)
            ck_assert_ptr_nonnull(strstr(trouble, cases[i].trouble));
    }
}
END_TEST

START_TEST(jwt_rules_refuse_a_key_of_another_kind_or_size)
{
    EVP_PKEY *ec = make_key("EC");
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    char pem[1024];
    struct jwt_rules rules = { .algorithm = "RS256" };

    sign_public_pem(ec, pem);
    rules.key = slice_of(pem);
    ck_assert_ptr_nonnull(strstr(jwt_rules_trouble(&rules), "another kind"));
    rules.algorithm = "ES384";
    ck_assert_ptr_nonnull(strstr(jwt_rules_trouble(&rules), "another curve"));
    sign_public_pem(small, pem);
    rules = (struct jwt_rules){ .algorithm = "RS256", .key = slice_of(pem) };
    ck_assert_ptr_nonnull(strstr(jwt_rules_trouble(&rules), "2048"));
    EVP_PKEY_free(ec);
    EVP_PKEY_free(small);
}
END_TEST

TCase *jwt_cases(void)
{
    TCase *cases = tcase_create("jwt");

    tcase_set_timeout(cases, 60); /* two RSA keys on a slow, sanitised build */
    tcase_add_test(cases, jwt_is_accepted_only_with_the_configured_algorithm_in_its_header);
    tcase_add_test(cases, jwt_is_refused_when_its_payload_is_no_object_of_single_claims);
    tcase_add_test(cases, jwt_is_refused_when_any_character_of_it_is_changed);
    tcase_add_test(cases, jwt_with_other_than_three_segments_is_refused);
    tcase_add_test(cases, jwt_longer_than_the_limit_is_refused_before_anything_reads_it);
    tcase_add_test(cases, jwt_of_another_secret_is_refused);
    tcase_add_test(cases, jwt_of_rfc_7515_verifies);
    tcase_add_test(cases, jwt_with_a_public_key_verifies_and_resists_algorithm_confusion);
    tcase_add_test(cases, jwt_rules_name_the_variable_that_is_wrong);
    tcase_add_test(cases, jwt_rules_refuse_a_key_of_another_kind_or_size);
    return cases;
}
