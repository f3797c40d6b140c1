/* test_toml.c - module/setup/toml.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/toml.h"

#include "base/auto.h"
#include "suite.h"

#include <stdio.h>

static const char text[] = "app = \"shop\" # its name\n"
                           "region='fra'\r\n"
                           "[http_service]\n"
                           "  internal_port = 8000 # of the container\n"
                           "  [[http_service.checks]]\n"
                           "    path = \"/a#b\"\n"
                           "[http_service]\n"
                           "internal_port = 1\n"
                           "empty =\n"
                           "unfinished = \"x";

static const struct row {
    const char *section;
    const char *key;
    const char *value;
} rows[] = {
    { "", "app", "shop" },
    { "", "region", "fra" },
    { "", "internal_port", "" },
    { "http_service", "internal_port", "8000" },
    { "http_service", "path", "" },
    { "http_service", "empty", "" },
    { "http_service", "unfinished", "x" },
    { "http_service.checks", "path", "/a#b" },
    { "elsewhere", "app", "" },
};

START_TEST(a_value_is_found_by_section_and_key)
{
    struct slice value = toml_find(SLICE(text), rows[_i].section, rows[_i].key);
    char copy[64];

    (void)snprintf(copy, sizeof(copy), "%.*s", (int)value.length, value.data);
    ck_assert_str_eq(copy, rows[_i].value);
}
END_TEST

TCase *toml_cases(void)
{
    TCase *cases = tcase_create("toml");

    tcase_add_loop_test(cases, a_value_is_found_by_section_and_key, 0, (int)ARRAY_LENGTH(rows));
    return cases;
}
