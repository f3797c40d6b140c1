/* test_snapshot.c - module/config/snapshot.c */
/* SPDX-License-Identifier: MIT */
#include "config/snapshot.h"

#include "environment.h"
#include "suite.h"

START_TEST(snapshot_knows_which_of_two_variables_filled_a_member)
{
    AUTO(config_release) const struct config *config = environment_load_one("SECRET_KEY", "abc");

    ck_assert_str_eq(
        snapshot_source(snapshot_of(config), offsetof(struct snapshot, config.jwt_secret)),
        "SECRET_KEY");
    ck_assert_ptr_null(
        snapshot_source(snapshot_of(config), offsetof(struct snapshot, config.jwt_issuer)));
}
END_TEST

START_TEST(snapshot_keeps_a_bounded_number_of_notes)
{
    struct snapshot snapshot = { .arena = arena_new(1 << 20) };

    for (int i = 0; i < SNAPSHOT_NOTES + 5; i++)
        ck_assert_int_eq(snapshot_note(&snapshot, LOG_LEVEL_INFO, "note %d", i), 0);
    ck_assert_int_eq(snapshot.note_count, SNAPSHOT_NOTES);
    ck_assert_str_eq(snapshot.notes[1].sentence, "note 1");
    arena_free(&snapshot.arena);
}
END_TEST

TCase *snapshot_cases(void)
{
    TCase *cases = tcase_create("snapshot");

    tcase_add_test(cases, snapshot_knows_which_of_two_variables_filled_a_member);
    tcase_add_test(cases, snapshot_keeps_a_bounded_number_of_notes);
    return cases;
}
