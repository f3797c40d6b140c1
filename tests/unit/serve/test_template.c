/* test_template.c - module/serve/template.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/template.h"

#include "suite.h"

#include <errno.h>

static const struct template_value values[] = {
    { "PORT", "8080" },
    { "IPV6", NULL },
    { "UPSTREAM", "127.0.0.1:8000" },
};

START_TEST(template_fills_in_names_of_the_list_and_leaves_every_other_dollar)
{
    static const char *const cases[][2] = {
        { "listen ${PORT};\n", "listen 8080;\n" },
        { "${PORT}${PORT}", "80808080\n" },
        { "a ${IPV6} b\n", "a  b\n" },
        { "$host ${host} $PORT $ $$ ${ ${} ${PORT\n", "$host ${host} $PORT $ $$ ${ ${} ${PORT\n" },
        { "~^405 (?:\\?|$)\n", "~^405 (?:\\?|$)\n" },
        { "a$", "a$\n" },
        { "a${", "a${\n" },
        { "\n\nx\n", "\n\nx\n" },
        { "#: if IPV6\nsix\n#: end\nz\n", "z\n" },
        { "#: if PORT\np\n#: end\nz\n", "p\nz\n" },
        { "#: if IPV6\nsix ${NOBODY}\n#: else\nfour\n#: end\n", "four\n" },
        { "  #: if UPSTREAM\nup\n\t#:else\nno\n#:end \n", "up\n" },
        { "", "" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf out;
        struct error err = { 0 };

        buf_init(&out, 1000);
        ck_assert_int_eq(template_fill(slice_of(cases[i][0]), values, 3, &out, &err), 0);
        ck_assert_str_eq(buf_text(&out), cases[i][1]);
    }
}
END_TEST

START_TEST(template_names_the_line_that_it_can_not_understand)
{
    static const char *const cases[][2] = {
        { "a\n${PROT}\n", "line 2: PROT is nothing that can stand here" },
        { "#: if PROT\n#: end\n", "line 1: PROT is nothing that can stand here" },
        { "\n#: if PORT\n", "line 2: what begins here has no \"#: end\"" },
        { "#: end\n", "line 1: end is nothing that can stand here" },
        { "#: else\n", "line 1: else is nothing that can stand here" },
        { "#: if PORT\n#: if PORT\n", "line 2: if is nothing that can stand here" },
        { "#: if PORT\n#: else\n#: else\n", "line 3: else is nothing that can stand here" },
        { "#: unless PORT\n", "line 1: unless is nothing that can stand here" },
        { "#: if\n", "line 1:  is nothing that can stand here" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf out;
        struct error err = { 0 };

        buf_init(&out, 1000);
        ck_assert_int_eq(template_fill(slice_of(cases[i][0]), values, 3, &out, &err), -EINVAL);
        ck_assert_str_eq(err.text, cases[i][1]);
    }
}
END_TEST

START_TEST(template_replaces_marks_that_stand_there_as_often_as_was_thought)
{
    static const struct template_mark marks[] = { { "/run/x", "/tmp/y", 2 },
                                                  { "~^/", "~^/in/", 1 } };
    AUTO(buf_done) struct buf out;
    struct error err = { 0 };

    buf_init(&out, 1000);
    ck_assert_int_eq(template_replace(SLICE("a /run/x b /run/x\n ~^/health"), marks, 2, &out, &err),
                     0);
    ck_assert_str_eq(buf_text(&out), "a /tmp/y b /tmp/y\n ~^/in/health");
    ck_assert_int_eq(template_replace(SLICE("/run/x ~^/"), marks, 2, &out, &err), -EINVAL);
    ck_assert_str_eq(err.text, "/run/x stands there 1 times and not 2");
}
END_TEST

START_TEST(template_fails_when_there_is_no_memory_or_no_room)
{
    for (int n = 0;; n++) {
        AUTO(buf_done) struct buf out;
        struct error err = { 0 };
        int code;

        buf_init(&out, 100000);
        malloc_fail_at(n);
        code = template_fill(SLICE("a ${PORT}\n"), values, 3, &out, &err);
        if (!malloc_failed()) {
            malloc_fail_at(-1);
            ck_assert_int_eq(code, 0);
            break;
        }
        ck_assert_int_eq(code, -ENOMEM);
    }
}
END_TEST

TCase *template_cases(void)
{
    TCase *cases = tcase_create("template");

    tcase_add_test(cases, template_fills_in_names_of_the_list_and_leaves_every_other_dollar);
    tcase_add_test(cases, template_names_the_line_that_it_can_not_understand);
    tcase_add_test(cases, template_replaces_marks_that_stand_there_as_often_as_was_thought);
    tcase_add_test(cases, template_fails_when_there_is_no_memory_or_no_room);
    return cases;
}
