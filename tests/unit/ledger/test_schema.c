/* test_schema.c - module/ledger/schema.c and migrations.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/schema.h"

#include "ledger/migrations.h"
#include "suite.h"

#include <string.h>

START_TEST(versions_are_compared_number_by_number)
{
    static const struct {
        const char *a;
        const char *b;
        bool older;
    } cases[] = {
        { "0.1.0", "0.1.0", false },     { "0.1.0", "0.1.1", true }, { "0.9.0", "0.10.0", true },
        { "1.0.0", "0.99.9", false },    { "0.1", "0.1.0", false },  { "0.1", "0.1.1", true },
        { "0.1.0-rc1", "0.1.0", false }, { "", "0.0.1", true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_int_eq(version_is_older(cases[i].a, cases[i].b), cases[i].older);
}
END_TEST

START_TEST(a_schema_is_judged_by_its_newest_revision)
{
    ck_assert_int_eq(schema_judge(0, ""), SCHEMA_MISSING);
    ck_assert_int_eq(schema_judge(migration_count, "0.0.1"), SCHEMA_FITS);
    ck_assert_int_eq(schema_judge(migration_count + 7, "0.0.1"), SCHEMA_FITS);
    ck_assert_int_eq(schema_judge(migration_count + 7, "99.0.0"), SCHEMA_NEW);
}
END_TEST

START_TEST(migrations_are_numbered_without_gaps_and_know_their_content)
{
    char sum[MIGRATION_CHECKSUM_BYTES];

    for (int i = 0; i < migration_count; i++) {
        ck_assert_int_eq(migrations[i].revision, i + 1);
        ck_assert(!version_is_older(PACKAGE_VERSION, migrations[i].oldest_program));
        ck_assert_ptr_nonnull(strstr(migrations[i].up, "probity."));
        ck_assert_ptr_nonnull(strstr(migrations[i].down, "probity."));
    }
    migration_checksum(&(struct migration){ .up = "a", .down = "bc" }, sum);
    /* printf abc | sha256sum */
    ck_assert_str_eq(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

TCase *schema_cases(void)
{
    TCase *cases = tcase_create("schema");

    tcase_add_test(cases, versions_are_compared_number_by_number);
    tcase_add_test(cases, a_schema_is_judged_by_its_newest_revision);
    tcase_add_test(cases, migrations_are_numbered_without_gaps_and_know_their_content);
    return cases;
}
