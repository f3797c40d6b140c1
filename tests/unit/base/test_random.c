/* test_random.c - module/base/random.c */
/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include "suite.h"

#include <string.h>

START_TEST(random_uuid_has_the_shape_of_version_4)
{
    static const char shape[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    char uuid[RANDOM_UUID_BYTES];
    char other[RANDOM_UUID_BYTES];

    random_uuid(uuid);
    random_uuid(other);
    ck_assert_uint_eq(strlen(uuid), sizeof(shape) - 1);
    ck_assert_str_ne(uuid, other);
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (shape[i] == 'x')
            ck_assert_ptr_nonnull(strchr("0123456789abcdef", uuid[i]));
        else if (shape[i] == 'y')
            ck_assert_ptr_nonnull(strchr("89ab", uuid[i]));
        else
            ck_assert_int_eq(uuid[i], shape[i]);
    }
}
END_TEST

START_TEST(random_own_id_stays_the_same)
{
    const char *id = random_own_id();

    ck_assert_ptr_eq(random_own_id(), id);
    ck_assert_uint_eq(strlen(id), strlen("check-") + 32);
}
END_TEST

START_TEST(random_hex_is_32_digits_and_never_the_same)
{
    char texts[40][RANDOM_HEX_BYTES]; /* more than one reserve holds */

    for (size_t i = 0; i < 40; i++) {
        random_hex(texts[i]);
        ck_assert_uint_eq(strspn(texts[i], "0123456789abcdef"), 32);
        ck_assert_uint_eq(strlen(texts[i]), 32);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(texts[i], texts[k]);
    }
}
END_TEST

START_TEST(random_jitter_stays_within_its_percentage)
{
    int64_t low = INT64_MAX;
    int64_t high = 0;

    for (int i = 0; i < 5000; i++) {
        int64_t value = random_jitter(1000, 20);

        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    ck_assert_int_ge(low, 800);
    ck_assert_int_le(high, 1200);
    ck_assert_int_lt(low, 850);
    ck_assert_int_gt(high, 1150);
    ck_assert_int_eq(random_jitter(1000, 0), 1000);
    ck_assert_int_eq(random_jitter(3, 20), 3);
    ck_assert_int_eq(random_jitter(0, 20), 0);
}
END_TEST

TCase *random_cases(void)
{
    TCase *cases = tcase_create("random");

    tcase_add_test(cases, random_uuid_has_the_shape_of_version_4);
    tcase_add_test(cases, random_own_id_stays_the_same);
    tcase_add_test(cases, random_hex_is_32_digits_and_never_the_same);
    tcase_add_test(cases, random_jitter_stays_within_its_percentage);
    return cases;
}
