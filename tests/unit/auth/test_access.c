/* test_access.c - module/auth/access.c */
/* SPDX-License-Identifier: MIT */
#include "auth/access.h"

#include "base/buf.h"
#include "sign.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define ADMIN  "admin-token-0123456789abcdef0123"
#define READ   "read-token-0123456789abcdef01234"
#define INGEST "ingest-token-of-the-tests-0123456789"
#define SHORT  "0123456789abcdef"

static const int64_t now_s = 1800000000;

static struct access_answer judge(const struct config *config, enum access_need need,
                                  const char *authorization)
{
    struct config complete = *config;
    struct access *access = NULL;
    struct access_answer answer;

    if (complete.admin_claim == NULL)
        complete.admin_claim = "role=admin";
    ck_assert_int_eq(access_new(&complete, &access, NULL), 0);
    answer = access_judge(access, need, slice_of(authorization), now_s);
    ck_assert((answer.verdict == ACCESS_GRANTED) == (answer.message == NULL));
    access_free(&access);
    return answer;
}

static void collect(void *context, enum log_level level, const char *sentence)
{
    buf_printf(context, "%d %s\n", (int)level, sentence);
}

START_TEST(access_tells_at_the_start_what_lets_nobody_in)
{
    static const struct {
        struct config config;
        const char *want; /* "" for silence */
    } cases[] = {
        { { .jwt_secret = SECRET, .admin_claim = "role=admin" }, "" },
        { { .admin_token = ADMIN, .admin_claim = "role=admin" }, "" },
        { { .admin_claim = "role=admin" }, "neither JWT_SECRET_KEY" },
        { { .jwt_secret = SHORT, .admin_claim = "role=admin" },
          "JWT_SECRET_KEY (else SECRET_KEY)" },
        { { .jwt_secret = SECRET, .jwt_algorithm = "HS999", .admin_claim = "role=admin" },
          "JWT_ALGORITHM" },
        { { .jwt_public_key = "x", .jwt_algorithm = "RS256", .admin_claim = "role=admin" },
          "JWT_PUBLIC_KEY is no public key" },
        { { .jwt_secret = SECRET, .jwt_require = "type", .admin_claim = "role=admin" },
          "PROBITY_JWT_REQUIRE" },
        { { .jwt_secret = SECRET, .admin_claim = "role=admin,boss" }, "PROBITY_ADMIN_CLAIM" },
        { { .jwt_secret = SECRET, .admin_claim = "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8" },
          "PROBITY_ADMIN_CLAIM" },
        { { .admin_token = SHORT, .admin_claim = "role=admin" }, "PROBITY_ADMIN_TOKEN has fewer" },
        { { .jwt_secret = SECRET, .read_token = SHORT, .admin_claim = "role=admin" },
          "PROBITY_READ_TOKEN has fewer" },
        { { .jwt_secret = SECRET, .ingest_token = SHORT, .admin_claim = "role=admin" },
          "PROBITY_INGEST_TOKEN has fewer" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(access_free) struct access *access = NULL;
        AUTO(buf_done) struct buf said;

        buf_init(&said, 4096);
        ck_assert_int_eq(access_new(&cases[i].config, &access, NULL), 0);
        access_diagnose(access, collect, &said);
        if (cases[i].want[0] == '\0')
            ck_assert_str_eq(buf_text(&said), "");
        else
            ck_assert_msg(strstr(buf_text(&said), cases[i].want) != NULL, "%s", buf_text(&said));
    }
}
END_TEST

START_TEST(access_judges_headers)
{
    static const struct config config = { .jwt_secret = SECRET,
                                          .jwt_algorithm = "HS256",
                                          .admin_claim = "role=admin",
                                          .admin_token = ADMIN,
                                          .read_token = READ,
                                          .ingest_token = INGEST };
    static const struct {
        const char *authorization;
        enum access_verdict admin, read;
    } cases[] = {
        { "", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer ", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "garbage", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "\xff\xfe Bearer", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Basic " ADMIN, ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { ADMIN, ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer garbage", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer " ADMIN, ACCESS_GRANTED, ACCESS_GRANTED },
        { "bearer " ADMIN, ACCESS_GRANTED, ACCESS_GRANTED },
        { " BEARER   " ADMIN " ", ACCESS_GRANTED, ACCESS_GRANTED },
        { "Bearer " ADMIN "x", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer x" ADMIN, ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer " ADMIN " " ADMIN, ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
        { "Bearer " READ, ACCESS_FORBIDDEN, ACCESS_GRANTED },
        { "Bearer " INGEST, ACCESS_FORBIDDEN, ACCESS_UNAUTHENTICATED },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *header = cases[i].authorization;

        ck_assert_msg(judge(&config, ACCESS_ADMIN, header).verdict == cases[i].admin, "%s", header);
        ck_assert_msg(judge(&config, ACCESS_READ, header).verdict == cases[i].read, "%s", header);
        ck_assert_int_eq(judge(&config, ACCESS_PUBLIC, header).verdict, ACCESS_GRANTED);
    }
}
END_TEST

START_TEST(access_names_who_was_let_in)
{
    static const struct config config = {
        .jwt_secret = SECRET, .jwt_algorithm = "HS256", .admin_token = ADMIN, .read_token = READ
    };
    static const struct {
        const char *payload; /* of a JWT */
        const char *want;
    } cases[] = {
        { "{\"sub\": \"ada\", \"role\": \"admin\", \"exp\": 4102444800}", "ada" },
        { "{\"sub\": \"\", \"role\": \"admin\", \"exp\": 4102444800}", "admin token" },
        { "{\"sub\": 7, \"role\": \"admin\", \"exp\": 4102444800}", "admin token" },
        { "{\"role\": \"admin\", \"exp\": 4102444800}", "admin token" },
    };
    char header[SIGN_TOKEN_BYTES] = "Bearer ";

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sign_hmac("{\"alg\": \"HS256\"}", cases[i].payload, SECRET, header + 7);
        ck_assert_str_eq(judge(&config, ACCESS_ADMIN, header).subject, cases[i].want);
    }
    ck_assert_str_eq(judge(&config, ACCESS_ADMIN, "Bearer " ADMIN).subject, "admin token");
    ck_assert_str_eq(judge(&config, ACCESS_READ, "Bearer " READ).subject, "read token");
    ck_assert_str_eq(judge(&config, ACCESS_PUBLIC, "").subject, "");
}
END_TEST

START_TEST(access_tells_admins_from_others_by_the_claim)
{
    static const struct {
        const char *claim, *payload;
        enum access_verdict admin, read;
    } cases[] = {
        { "role=admin", "{\"role\": \"admin\", \"exp\": 4102444800}", ACCESS_GRANTED,
          ACCESS_GRANTED },
        { "role=admin, is_admin=true", "{\"is_admin\": true, \"exp\": 4102444800}", ACCESS_GRANTED,
          ACCESS_GRANTED },
        { "role=admin,is_admin=true", "{\"is_admin\": false, \"exp\": 4102444800}",
          ACCESS_FORBIDDEN, ACCESS_UNAUTHENTICATED },
        { "role=admin", "{\"role\": [\"x\", \"admin\"], \"exp\": 4102444800}", ACCESS_GRANTED,
          ACCESS_GRANTED },
        { "scope=admin", "{\"scope\": \"x admin\", \"exp\": 4102444800}", ACCESS_GRANTED,
          ACCESS_GRANTED },
        { "is_admin=true", "{\"is_admin\": true, \"exp\": 4102444800}", ACCESS_GRANTED,
          ACCESS_GRANTED },
        { "role=admin", "{\"role\": \"user\", \"exp\": 4102444800}", ACCESS_FORBIDDEN,
          ACCESS_UNAUTHENTICATED },
        { "role=admin", "{\"role\": \"admin\", \"exp\": 1}", ACCESS_UNAUTHENTICATED,
          ACCESS_UNAUTHENTICATED },
        { "role=admin", "{\"role\": \"admin\"}", ACCESS_UNAUTHENTICATED, ACCESS_UNAUTHENTICATED },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config config = { .jwt_secret = SECRET,
                                 .admin_claim = cases[i].claim,
                                 .read_token = READ };
        char header[SIGN_TOKEN_BYTES] = "Bearer ";

        sign_hmac("{\"alg\": \"HS256\"}", cases[i].payload, SECRET, header + 7);
        ck_assert_msg(judge(&config, ACCESS_ADMIN, header).verdict == cases[i].admin, "%s",
                      cases[i].payload);
        ck_assert_msg(judge(&config, ACCESS_READ, header).verdict == cases[i].read, "%s",
                      cases[i].payload);
    }
}
END_TEST

START_TEST(access_says_which_secret_is_missing_or_weak_and_stays_closed)
{
    static const struct {
        struct config config;
        enum access_need need;
        enum access_verdict verdict;
        const char *message; /* a part of it */
    } cases[] = {
        { { 0 }, ACCESS_ADMIN, ACCESS_NOT_CONFIGURED, "JWT_SECRET_KEY" },
        { { .jwt_secret = SHORT }, ACCESS_ADMIN, ACCESS_NOT_CONFIGURED, "fewer than 32" },
        { { .jwt_secret = "" }, ACCESS_ADMIN, ACCESS_NOT_CONFIGURED, "JWT_SECRET_KEY" },
        { { .admin_token = SHORT }, ACCESS_ADMIN, ACCESS_NOT_CONFIGURED, "PROBITY_ADMIN_TOKEN" },
        { { .jwt_algorithm = "RS256", .jwt_secret = SECRET },
          ACCESS_ADMIN,
          ACCESS_NOT_CONFIGURED,
          "JWT_PUBLIC_KEY" },
        { { .jwt_algorithm = "none", .jwt_secret = SECRET },
          ACCESS_ADMIN,
          ACCESS_NOT_CONFIGURED,
          "JWT_ALGORITHM" },
        { { .jwt_secret = SECRET, .admin_claim = "admin" },
          ACCESS_ADMIN,
          ACCESS_NOT_CONFIGURED,
          "PROBITY_ADMIN_CLAIM" },
        /* One good way in is enough, and the weak one opens nothing. */
        { { .jwt_secret = SECRET, .admin_token = SHORT },
          ACCESS_ADMIN,
          ACCESS_UNAUTHENTICATED,
          "JWT" },
        { { .jwt_secret = SHORT, .admin_token = ADMIN },
          ACCESS_ADMIN,
          ACCESS_UNAUTHENTICATED,
          "accepted here" },
        { { .read_token = SHORT, .admin_token = ADMIN },
          ACCESS_READ,
          ACCESS_NOT_CONFIGURED,
          "PROBITY_READ_TOKEN" },
        { { .read_token = READ }, ACCESS_READ, ACCESS_UNAUTHENTICATED, "accepted here" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct access_answer answer = judge(&cases[i].config, cases[i].need, "Bearer " SHORT);

        ck_assert_int_eq(answer.verdict, cases[i].verdict);
        ck_assert_ptr_nonnull(strstr(answer.message, cases[i].message));
        ck_assert_ptr_null(strstr(answer.message, SHORT));
    }
}
END_TEST

START_TEST(access_for_posting_is_closed_until_its_token_is_set)
{
    static const struct {
        struct config config;
        const char *authorization;
        enum access_verdict want;
    } cases[] = {
        { { .admin_token = ADMIN }, "Bearer " ADMIN, ACCESS_NOT_CONFIGURED },
        { { .admin_token = ADMIN, .ingest_token = SHORT }, "Bearer " ADMIN, ACCESS_NOT_CONFIGURED },
        { { .ingest_token = INGEST }, "", ACCESS_UNAUTHENTICATED },
        { { .ingest_token = INGEST }, "Bearer garbage", ACCESS_UNAUTHENTICATED },
        { { .ingest_token = INGEST }, "Bearer " INGEST, ACCESS_GRANTED },
        { { .ingest_token = INGEST, .admin_token = ADMIN }, "Bearer " ADMIN, ACCESS_GRANTED },
        { { .ingest_token = INGEST, .read_token = READ }, "Bearer " READ, ACCESS_FORBIDDEN },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(judge(&cases[i].config, ACCESS_INGEST, cases[i].authorization).verdict
                          == cases[i].want,
                      "%zu", i);
}
END_TEST

START_TEST(access_for_reading_is_open_while_no_read_token_is_set)
{
    static const struct config closed = { .jwt_secret = SECRET };
    static const struct config empty = { .read_token = "" };

    ck_assert_int_eq(judge(&closed, ACCESS_READ, "").verdict, ACCESS_GRANTED);
    ck_assert_int_eq(judge(&closed, ACCESS_READ, "Bearer garbage").verdict, ACCESS_GRANTED);
    ck_assert_int_eq(judge(&empty, ACCESS_READ, "").verdict, ACCESS_GRANTED);
}
END_TEST

START_TEST(access_refuses_a_megabyte)
{
    static const struct config config = { .jwt_secret = SECRET };
    static char header[1 << 20];

    memset(header, 'A', sizeof(header) - 1);
    memcpy(header, "Bearer ", 7);
    ck_assert_int_eq(judge(&config, ACCESS_ADMIN, header).verdict, ACCESS_UNAUTHENTICATED);
}
END_TEST

START_TEST(access_has_no_time_for_a_storm_of_tokens_and_holds_up_nobody_who_was_let_in)
{
    static const struct config config = { .jwt_secret = SECRET,
                                          .admin_token = ADMIN,
                                          .admin_claim = "role=admin" };
    AUTO(access_free) struct access *access = NULL;
    enum access_verdict verdict = ACCESS_UNAUTHENTICATED;
    char known[SIGN_TOKEN_BYTES] = "Bearer ";
    char stranger[SIGN_TOKEN_BYTES] = "Bearer ";

    sign_hmac("{\"alg\": \"HS256\"}", "{\"role\": \"admin\", \"exp\": 4102444800}", SECRET,
              known + 7);
    sign_hmac("{\"alg\": \"HS256\"}", "{\"role\": \"admin\", \"exp\": 4102444800}", INGEST,
              stranger + 7);
    ck_assert_int_eq(access_new(&config, &access, NULL), 0);
    ck_assert_int_eq(access_judge(access, ACCESS_ADMIN, slice_of(known), now_s).verdict,
                     ACCESS_GRANTED);
    for (int i = 0; i < 1000000 && verdict == ACCESS_UNAUTHENTICATED; i++)
        verdict = access_judge(access, ACCESS_ADMIN, slice_of(stranger), now_s).verdict;
    ck_assert_int_eq(verdict, ACCESS_BUSY);
    ck_assert_int_eq(access_judge(access, ACCESS_ADMIN, slice_of(known), now_s).verdict,
                     ACCESS_GRANTED);
    ck_assert_int_eq(access_judge(access, ACCESS_ADMIN, slice_of("Bearer " ADMIN), now_s).verdict,
                     ACCESS_GRANTED);
}
END_TEST

START_TEST(access_forgets_who_was_let_in_when_the_token_ends)
{
    static const struct config config = { .jwt_secret = SECRET, .admin_claim = "role=admin" };
    AUTO(access_free) struct access *access = NULL;
    char header[SIGN_TOKEN_BYTES] = "Bearer ";

    sign_hmac("{\"alg\": \"HS256\"}", "{\"role\": \"admin\", \"exp\": 1800000010, \"sub\": \"a\"}",
              SECRET, header + 7);
    ck_assert_int_eq(access_new(&config, &access, NULL), 0);
    for (int i = 0; i < 40; i++) {
        struct access_answer answer =
            access_judge(access, ACCESS_ADMIN, slice_of(header), now_s + i);

        ck_assert_int_eq(answer.verdict, ACCESS_GRANTED);
        ck_assert_str_eq(answer.subject, "a");
    }
    ck_assert_int_eq(access_judge(access, ACCESS_ADMIN, slice_of(header), now_s + 40).verdict,
                     ACCESS_UNAUTHENTICATED);
}
END_TEST

START_TEST(access_new_fails_cleanly_when_memory_is_out)
{
    static const struct config config = { .jwt_secret = SECRET };
    struct error err = { 0 };
    struct access *access = NULL;

    malloc_fail_at(0);
    ck_assert_int_eq(access_new(&config, &access, &err), -ENOMEM);
    for (int n = 1; n <= 2; n++) {
        malloc_fail_at(n);
        ck_assert_int_eq(access_new(&config, &access, NULL), -ENOMEM);
    }
    malloc_fail_at(-1);
    ck_assert_ptr_null(access);
    access_free(&access);
}
END_TEST

TCase *access_cases(void)
{
    TCase *cases = tcase_create("access");

    tcase_add_test(cases, access_judges_headers);
    tcase_add_test(cases, access_tells_admins_from_others_by_the_claim);
    tcase_add_test(cases, access_says_which_secret_is_missing_or_weak_and_stays_closed);
    tcase_add_test(cases, access_for_posting_is_closed_until_its_token_is_set);
    tcase_add_test(cases, access_for_reading_is_open_while_no_read_token_is_set);
    tcase_add_test(cases, access_refuses_a_megabyte);
    tcase_add_test(cases,
                   access_has_no_time_for_a_storm_of_tokens_and_holds_up_nobody_who_was_let_in);
    tcase_add_test(cases, access_forgets_who_was_let_in_when_the_token_ends);
    tcase_add_test(cases, access_names_who_was_let_in);
    tcase_add_test(cases, access_new_fails_cleanly_when_memory_is_out);
    tcase_add_test(cases, access_tells_at_the_start_what_lets_nobody_in);
    return cases;
}
