/* test_url.c - module/config/url.c */
/* SPDX-License-Identifier: MIT */
#include "config/url.h"

#include "base/auto.h"
#include "suite.h"

START_TEST(url_is_taken_apart)
{
    struct url url;

    ck_assert_ptr_null(
        url_split(SLICE("postgresql+asyncpg://u:p%40:x@h1:5,[::1]:6/db?a=b&c=d"), &url));
    ck_assert(slice_equals_text(url.scheme, "postgresql+asyncpg"));
    ck_assert(slice_equals_text(url.user, "u"));
    ck_assert(url.has_password && slice_equals_text(url.password, "p%40:x"));
    ck_assert(slice_equals_text(url.hosts, "h1:5,[::1]:6"));
    ck_assert(slice_equals_text(url.path, "/db"));
    ck_assert(slice_equals_text(url.query, "a=b&c=d"));
}
END_TEST

START_TEST(url_faults_never_repeat_a_part_of_the_address)
{
    static const char *const cases[] = {
        "zebra",
        "://zebra",
        "1x://zebra",
        "redis://u:ze@bra@host",
        "redis://u:ze/bra@host",
        "redis://u:ze?bra@host",
        "redis://u:ze bra@host",
        "redis://u:zebra@host\nX",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct url url;
        const char *fault = url_split(slice_of(cases[i]), &url);

        ck_assert_msg(fault != NULL, "%s", cases[i]);
        ck_assert_ptr_null(strstr(fault, "ze"));
    }
}
END_TEST

START_TEST(url_hosts_are_judged)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        int port;
    } cases[] = {
        { "h", "h", 7 },
        { "h:80", "h", 80 },
        { "", "", 7 },
        { ":80", "", 80 },
        { "[::1]:80", "::1", 80 },
        { "[fd12::1]", "fd12::1", 7 },
        { "10.0.0.1:1", "10.0.0.1", 1 },
        { "h:0", NULL, 0 },
        { "h:99999", NULL, 0 },
        { "h:abc", NULL, 0 },
        { "h:", NULL, 0 },
        { "::1", NULL, 0 },
        { "[::1", NULL, 0 },
        { "[::1]x", NULL, 0 },
        { "a;b", NULL, 0 },
        { "redis_1.local:6379", "redis_1.local", 6379 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct slice host;
        uint16_t port = 7;
        const char *fault = url_split_host(slice_of(cases[i].text), &host, &port);

        ck_assert_msg((fault == NULL) == (cases[i].host != NULL), "%s", cases[i].text);
        if (fault == NULL) {
            ck_assert(slice_equals_text(host, cases[i].host));
            ck_assert_int_eq(port, cases[i].port);
        }
    }
}
END_TEST

START_TEST(url_decoding_refuses_what_is_no_hex_and_nul)
{
    static const char *const cases[][2] = {
        { "a%40b", "a@b" }, { "%C3%a9", "\xc3\xa9" }, { "", "" },    { "a+b", "a+b" },
        { "%zz", NULL },    { "%4", NULL },           { "%", NULL }, { "a%00b", NULL },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char out[16];
        bool ok = url_decode(slice_of(cases[i][0]), out);

        ck_assert_msg(ok == (cases[i][1] != NULL), "%s", cases[i][0]);
        if (ok)
            ck_assert_str_eq(out, cases[i][1]);
    }
}
END_TEST

START_TEST(url_shown_has_no_password_in_it)
{
    static const char *const cases[][2] = {
        { "redis://h:1/0", "redis://h:1/0" },
        { "redis://:zebra@h", "redis://:***@h" },
        { "redis://u:zebra@h/2?db=1", "redis://u:***@h/2?db=1" },
        { "postgres://h/d?passwd=zebra&schema=x", "postgres://h/d?passwd=***&schema=x" },
        { "postgres://h/d?pasword=zebra&zebra", "postgres://h/d?pasword=***&***" },
        { "redis://zebra@h", "redis://***@h" },
        { "postgres://h/d?user=u&password=zebra", "postgres://h/d?user=u&password=***" },
        { "https://h?_token=zebra", "https://h?_token=***" },
        { "redis://u:ze@bra@h", "redis://***" },
        { "redis://u:ze/bra@h", "redis://***" },
        { "u:zebra@h", "***" },
        { "redis://u:zebrah:1/0", "redis://***/0" },
        { "postgres://h1:1,h2/d", "postgres://h1:1,h2/d" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;

        buf_init(&buf, 1000);
        url_show(&buf, slice_of(cases[i][0]));
        ck_assert_str_eq(buf_text(&buf), cases[i][1]);
    }
}
END_TEST

static void collect(void *context, struct slice secret)
{
    struct buf *buf = context;

    buf_append(buf, secret);
    buf_append_char(buf, '|');
}

START_TEST(url_secrets_are_found_in_malformed_addresses_too)
{
    static const char *const cases[][2] = {
        { "redis://:zebra@h", "zebra|" },
        { "redis://zebra@h", "zebra|" },
        { "redis://h", "" },
        { "redis://u:ze@bra@h", "ze@bra|" },
        { "redis://u:ze/bra@h", "ze/bra|" },
        { "u:zebra@h", "zebra|" },
        { "nothing", "" },
        { "postgres://u:a@h/d?password=b&sslpassword=c", "a|b|c|" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;

        buf_init(&buf, 1000);
        url_each_secret(slice_of(cases[i][0]), collect, &buf);
        ck_assert_str_eq(buf_text(&buf), cases[i][1]);
    }
}
END_TEST

TCase *url_cases(void)
{
    TCase *cases = tcase_create("url");

    tcase_add_test(cases, url_is_taken_apart);
    tcase_add_test(cases, url_faults_never_repeat_a_part_of_the_address);
    tcase_add_test(cases, url_hosts_are_judged);
    tcase_add_test(cases, url_decoding_refuses_what_is_no_hex_and_nul);
    tcase_add_test(cases, url_shown_has_no_password_in_it);
    tcase_add_test(cases, url_secrets_are_found_in_malformed_addresses_too);
    return cases;
}
