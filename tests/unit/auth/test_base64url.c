/* test_base64url.c - module/auth/base64url.c */
/* SPDX-License-Identifier: MIT */
#include "auth/base64url.h"

#include "suite.h"

START_TEST(base64url_accepts_only_what_an_encoder_writes)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: refused */
    } cases[] = {
        { "", "" },           { "Zg", "f" },         { "Zm8", "fo" },    { "Zm9v", "foo" },
        { "Zm9vYg", "foob" }, { "_-8", "\xff\xef" }, { "Z", NULL }, /* six bits are no byte */
        { "Zm9vY", NULL },    { "Zh", NULL }, /* bits left over that are not zero */
        { "Zm9", NULL },      { "Zg==", NULL },      { "Zm9v\n", NULL }, { " Zg", NULL },
        { "Zm+v", NULL },     { "Zm/v", NULL },      { "Zm.v", NULL },   { "Zm\xc3\xa9", NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[64];
        size_t length = 99;
        bool decoded = base64url_decode(slice_of(cases[i].text), bytes, &length);

        ck_assert_msg(decoded == (cases[i].want != NULL), "%s", cases[i].text);
        if (decoded)
            ck_assert(slice_equals_text((struct slice){ bytes, length }, cases[i].want));
        else
            ck_assert_uint_eq(length, 99);
    }
}
END_TEST

TCase *base64url_cases(void)
{
    TCase *cases = tcase_create("base64url");

    tcase_add_test(cases, base64url_accepts_only_what_an_encoder_writes);
    return cases;
}
