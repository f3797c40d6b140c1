/* test_pass.c - module/auth/pass.c */
/* SPDX-License-Identifier: MIT */
#include "auth/pass.h"

#include "auth/access.h"
#include "suite.h"

#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define ADMIN  "admin-token-0123456789abcdef0123"

static const int64_t now_s = 1800000000;

/* Configurations whose daemon lets the token in; `want` is what the token has to be. */
static const struct {
    struct config config;
    const char *want;
} good[] = {
    { { .admin_token = ADMIN, .admin_claim = "role=admin" }, ADMIN },
    { { .admin_token = ADMIN, .jwt_secret = SECRET, .admin_claim = "role=admin" }, ADMIN },
    { { .jwt_secret = SECRET, .admin_claim = "role=admin" }, NULL },
    { { .jwt_secret = SECRET, .admin_claim = "scope=ops, is_admin=true" }, NULL },
    { { .jwt_secret = SECRET, .jwt_algorithm = "HS384", .admin_claim = "is_admin=true" }, NULL },
    { { .jwt_secret = SECRET, .jwt_algorithm = "HS512", .admin_claim = "role=admin" }, NULL },
    { { .jwt_secret = SECRET,
        .jwt_issuer = "https://id.example.org/",
        .jwt_audience = "api",
        .jwt_require = "type=access",
        .admin_claim = "role=admin" },
      NULL },
    { { .jwt_secret = SECRET, .jwt_require = "role=staff", .admin_claim = "role=admin" }, NULL },
};

START_TEST(a_token_of_our_own_is_let_in_and_soon_no_more)
{
    AUTO(buf_done) struct buf token = { .max_bytes = 4096 };
    AUTO(buf_done) struct buf header = { .max_bytes = 4096 };
    AUTO(access_free) struct access *access = NULL;
    struct access_answer answer;

    ck_assert_ptr_null(pass_for_admin(&good[_i].config, "probity drain", now_s, &token));
    if (good[_i].want != NULL)
        ck_assert_str_eq(buf_text(&token), good[_i].want);
    buf_printf(&header, "Bearer %s", buf_text(&token));
    ck_assert_int_eq(access_new(&good[_i].config, &access, NULL), 0);
    answer = access_judge(access, ACCESS_ADMIN, buf_slice(&header), now_s);
    ck_assert_int_eq(answer.verdict, ACCESS_GRANTED);
    ck_assert_str_eq(answer.subject, good[_i].want != NULL ? "admin token" : "probity drain");
    answer = access_judge(access, ACCESS_ADMIN, buf_slice(&header), now_s + PASS_SECONDS + 30);
    ck_assert_int_eq(answer.verdict,
                     good[_i].want != NULL ? ACCESS_GRANTED : ACCESS_UNAUTHENTICATED);
}
END_TEST

static const struct {
    struct config config;
    const char *want; /* is said */
} bad[] = {
    { { .admin_claim = "role=admin" }, "neither PROBITY_ADMIN_TOKEN nor JWT_SECRET_KEY" },
    { { .jwt_secret = "short", .admin_claim = "role=admin" }, "32 bytes" },
    { { .admin_token = "short", .admin_claim = "role=admin" }, "32 bytes" },
    { { .jwt_secret = SECRET, .admin_claim = "boss" }, "PROBITY_ADMIN_CLAIM" },
    { { .jwt_secret = SECRET, .jwt_algorithm = "HS999", .admin_claim = "role=admin" },
      "JWT_ALGORITHM" },
    { { .jwt_public_key = "x", .jwt_algorithm = "RS256", .admin_claim = "role=admin" },
      "set PROBITY_ADMIN_TOKEN" },
    /* A role is one role. */
    { { .jwt_secret = SECRET, .jwt_require = "iss=b", .jwt_issuer = "a", .admin_claim = "r=a" },
      "does not satisfy" },
};

START_TEST(what_is_missing_is_said_and_no_token_made)
{
    AUTO(buf_done) struct buf token = { .max_bytes = 4096 };
    const char *trouble = pass_for_admin(&bad[_i].config, "probity drain", now_s, &token);

    ck_assert_ptr_nonnull(trouble);
    ck_assert_msg(strstr(trouble, bad[_i].want) != NULL, "%s", trouble);
    ck_assert_str_eq(buf_text(&token), "");
}
END_TEST

TCase *pass_cases(void)
{
    TCase *cases = tcase_create("pass");

    tcase_add_loop_test(cases, a_token_of_our_own_is_let_in_and_soon_no_more, 0,
                        (int)ARRAY_LENGTH(good));
    tcase_add_loop_test(cases, what_is_missing_is_said_and_no_token_made, 0,
                        (int)ARRAY_LENGTH(bad));
    return cases;
}
