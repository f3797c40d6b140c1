/* test_site.c - module/serve/site.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/site.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

START_TEST(site_understands_an_upstream_as_people_write_it)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: refused */
        int port;
        const char *name; /* to be looked up, or NULL */
    } cases[] = {
        { "127.0.0.1:8000", "127.0.0.1:8000", 8000, NULL },
        { "http://127.0.0.1:8000", "127.0.0.1:8000", 8000, NULL },
        { "http://api:80/", "api:80", 80, "api" },
        { "[::1]:8000", "[::1]:8000", 8000, NULL },
        { "unix:/run/app.sock", "unix:/run/app.sock", 0, NULL },
        { "unix:///run/app.sock", "unix:/run/app.sock", 0, NULL },
        { "https://127.0.0.1:8000", NULL, 0, NULL },
        { "127.0.0.1", NULL, 0, NULL },
        { ":8000", NULL, 0, NULL },
        { "127.0.0.1:0", NULL, 0, NULL },
        { "127.0.0.1:8000/path", NULL, 0, NULL },
        { "127.0.0.1:8000; evil", NULL, 0, NULL },
        { "$host:80", NULL, 0, NULL },
        { "unix:", NULL, 0, NULL },
        { "unix:run/app.sock", NULL, 0, NULL },
        { "unix:/run/app.sock:/health", NULL, 0, NULL },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        static struct site site;
        struct error err = { 0 };
        int code = site_upstream(cases[i].text, &site, &err);

        ck_assert_msg(code == (cases[i].want == NULL ? -EINVAL : 0), "%s: %s", cases[i].text,
                      err.text);
        if (cases[i].want == NULL) {
            ck_assert_ptr_nonnull(strstr(err.text, "expected HOST:PORT"));
            continue;
        }
        ck_assert_str_eq(site.upstream, cases[i].want);
        ck_assert_uint_eq(site.upstream_port, (unsigned)cases[i].port);
        ck_assert_str_eq(site.upstream_name, cases[i].name == NULL ? "" : cases[i].name);
    }
}
END_TEST

START_TEST(site_takes_a_prefix_that_is_a_path)
{
    static const char *const cases[][2] = {
        { NULL, "" },
        { "", "" },
        { "/", "" },
        { "/internal", "/internal" },
        { "/a/b-c_1/", "/a/b-c_1" },
        { "internal", NULL },
        { "/a b", NULL },
        { "/a.b", NULL },
        { "/a;", NULL },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        static struct site site;
        struct error err = { 0 };
        int code = site_prefix(cases[i][0], &site, &err);

        ck_assert_int_eq(code, cases[i][1] == NULL ? -EINVAL : 0);
        if (cases[i][1] != NULL)
            ck_assert_str_eq(site.prefix, cases[i][1]);
    }
}
END_TEST

TCase *site_cases(void)
{
    TCase *cases = tcase_create("site");

    tcase_add_test(cases, site_understands_an_upstream_as_people_write_it);
    tcase_add_test(cases, site_takes_a_prefix_that_is_a_path);
    return cases;
}
