/* test_method.c - module/ingest/method.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/method.h"

#include "suite.h"

#include <stdlib.h>

START_TEST(a_method_is_what_a_selector_calls_it)
{
    static const char *const texts[] = {
        "GET",  "HEAD",   "POST",     "PUT",    "PATCH",   "DELETE",   "OTHER",
        "",     "get",    "GETT",     "GE",     "G",       "PUTT",     "POS",
        "PATC", "PATCHH", "DELETEE",  "DELETF", "PURGE",   "CONNECT",  "TRACE",
        "HEAR", "OPTION", "PROPFIND", "-",      "GETTTTT", "OPTIONSS", "A-METHOD-OF-SOME-LENGTH",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        /* From memory of exactly its size, so that the sanitiser sees a read beyond the end. */
        size_t length = strlen(texts[i]);
        AUTO(auto_free) char *copy = malloc(length + 1);

        memcpy(copy, texts[i], length);
        ck_assert_msg(method_read((struct slice){ copy, length })
                          == (int)event_method_of(slice_of(texts[i])),
                      "%s", texts[i]);
    }
    ck_assert_int_eq(method_read(SLICE("OPTIONS")), METHOD_OPTIONS);
}
END_TEST

/* Each byte of each method replaced by each value there is. */
START_TEST(no_other_text_is_taken_for_a_method)
{
    static const char *const texts[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        char text[8] = "";
        size_t length = strlen(texts[i]);

        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                memcpy(text, texts[i], length);
                text[at] = (char)byte;
                ck_assert_int_eq(method_read((struct slice){ text, length }),
                                 event_method_of((struct slice){ text, length }));
            }
        }
    }
}
END_TEST

TCase *method_cases(void)
{
    TCase *cases = tcase_create("method");

    tcase_add_test(cases, a_method_is_what_a_selector_calls_it);
    tcase_add_test(cases, no_other_text_is_taken_for_a_method);
    return cases;
}
