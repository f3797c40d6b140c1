/* test_image.c - module/setup/image.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/image.h"

#include "base/auto.h"
#include "suite.h"

static const struct row {
    const char *name;
    enum image_family family;
    bool has_our_glibc;
} rows[] = {
    { "python:3.11-slim", IMAGE_DEBIAN, true },
    { "python:3.11-slim-bullseye", IMAGE_DEBIAN, false },
    { "docker.io/library/python:3.12-alpine3.20", IMAGE_ALPINE, false },
    { "node:20", IMAGE_DEBIAN, true },
    { "ubuntu:22.04", IMAGE_DEBIAN, false },
    { "ubuntu:24.04", IMAGE_DEBIAN, true },
    { "registry.access.redhat.com/ubi9/python-311", IMAGE_RED_HAT, false },
    { "gcr.io/distroless/static-debian12", IMAGE_BARE, false },
    { "gcr.io/distroless/python3-debian12", IMAGE_BARE, true },
    { "scratch", IMAGE_BARE, false },
    { "registry.example/our/own:1", IMAGE_UNKNOWN, false },
};

START_TEST(an_image_is_known_by_its_name)
{
    const struct image *image = image_find(rows[_i].name);

    ck_assert_int_eq(image->family, rows[_i].family);
    ck_assert_int_eq(image->has_our_glibc, rows[_i].has_our_glibc);
}
END_TEST

TCase *image_cases(void)
{
    TCase *cases = tcase_create("image");

    tcase_add_loop_test(cases, an_image_is_known_by_its_name, 0, (int)ARRAY_LENGTH(rows));
    return cases;
}
