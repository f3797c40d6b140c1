/* test_sight.c - module/ingest/sight.c, and what a log does that can't be written */
/* SPDX-License-Identifier: MIT */
#include "ingest/sight.h"

#include "stage.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>

static struct stage stage;
static int obstacle;

static int obstacle_told(int fd)
{
    (void)fd;
    return obstacle;
}

static void set_up(void)
{
    stage_init(&stage);
    obstacle = 0;
    stage.follower->room.obstacle = obstacle_told;
}

static void tear_down(void)
{
    stage_done(&stage);
}

static void let_pass(int64_t seconds)
{
    for (int64_t until_ms = stage.boot_ms + seconds * 1000; stage.boot_ms < until_ms;)
        stage_turn(&stage);
}

START_TEST(lines_can_be_written_again_once_there_was_room_for_a_while)
{
    struct sight sight = { .obstacle = 0 };

    ck_assert(!sight_regained(&sight, 0, 1000));
    ck_assert(!sight_regained(&sight, ENOSPC, 2000));
    ck_assert_int_eq(sight.obstacle, ENOSPC);
    ck_assert(!sight_regained(&sight, 0, 3000));
    ck_assert_int_eq(sight.obstacle, ENOSPC);
    ck_assert(!sight_regained(&sight, EROFS, 4000));
    ck_assert(!sight_regained(&sight, 0, 4000 + SIGHT_SETTLE_MS - 1));
    ck_assert(sight_regained(&sight, 0, 4000 + SIGHT_SETTLE_MS));
    ck_assert_int_eq(sight.obstacle, 0);
    ck_assert(!sight_regained(&sight, 0, 9000));
}
END_TEST

START_TEST(what_is_read_only_for_us_alone_is_no_obstacle)
{
    static const struct {
        const char *line;
        bool want;
    } cases[] = {
        { "36 35 98:0 / /var/log rw,noatime master:1 - ext4 /dev/root ro,errors=remount-ro\n",
          true },
        { "36 35 98:0 / /var/log ro,noatime - ext4 /dev/root rw,errors=remount-ro\n", false },
        { "36 35 98:0 / /var/log ro shared:2 master:1 - tmpfs tmpfs ro\n", true },
        { "36 35 98:0 / /var/log ro - tmpfs tmpfs rootcontext=x\n", false },
        { "37 35 98:0 / /var/log ro - ext4 /dev/root ro\n", false },
        { "366 35 98:0 / /var/log ro - ext4 /dev/root ro\n", false },
        { "36 35 98:0 / /var/log ro - ext4\n", false },
        { "36", false },
        { "", false },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(sight_line_is_read_only(cases[i].line, 36), cases[i].want);
}
END_TEST

START_TEST(a_volume_is_looked_at_now_and_then)
{
    struct sight sight = { .looked_at_ms = 5000 };

    ck_assert(!sight_is_due(&sight, 5000 + SIGHT_LOOK_MS - 1));
    ck_assert(sight_is_due(&sight, 5000 + SIGHT_LOOK_MS));
    ck_assert_int_eq(sight_obstacle(-1), 0);
    ck_assert_int_eq(sight_obstacle(0), 0);
}
END_TEST

START_TEST(a_log_that_cant_be_written_is_not_watched)
{
    const struct stage_position *file = &stage.files[0];
    int64_t full_ms;

    stage_log(&stage, "access.log", 10);
    let_pass(20);
    ck_assert_int_eq(stage.file_count, 1);
    ck_assert_int_ge(file->watched_until_ms, stage.wall_ms - TRAIL_WATCH_MS);
    full_ms = stage.wall_ms;
    obstacle = ENOSPC;
    let_pass(60);
    ck_assert_int_le(file->watched_until_ms, full_ms + SIGHT_LOOK_MS);
    /* What does get into it counts, and is no proof of the rest. */
    stage_log(&stage, "access.log", 1);
    let_pass(5);
    ck_assert_uint_eq(stage.events, 11);
    ck_assert_int_le(file->watched_until_ms, full_ms + SIGHT_LOOK_MS);
    ck_assert_int_eq(file->hole_until_ms, 0);

    obstacle = 0;
    let_pass(30);
    ck_assert_int_ge(file->watched_until_ms, stage.wall_ms - TRAIL_WATCH_MS);
    ck_assert_int_ge(file->hole_from_ms, full_ms - TRAIL_WATCH_MS);
    ck_assert_int_le(file->hole_from_ms, full_ms + SIGHT_LOOK_MS);
    ck_assert_int_ge(file->hole_until_ms, full_ms + 65000);
    ck_assert_int_le(file->hole_until_ms, full_ms + 65000 + SIGHT_SETTLE_MS + SIGHT_LOOK_MS);
}
END_TEST

START_TEST(a_hole_is_told_until_it_is_committed_and_then_no_more)
{
    stage_log(&stage, "access.log", 10);
    let_pass(20);
    obstacle = ENOSPC;
    let_pass(30);
    stage.silent = true;
    obstacle = 0;
    let_pass(30);
    ck_assert_int_eq(stage.holes, 0);
    stage.silent = false;
    let_pass(60);
    ck_assert_int_eq(stage.holes, 1);
}
END_TEST

START_TEST(what_follows_a_log_that_could_not_be_written_begins_with_its_first_line)
{
    int64_t back_ms;

    stage_log(&stage, "access.log", 10);
    let_pass(20);
    obstacle = ENOSPC;
    let_pass(60);
    stage_rename(&stage, "access.log", "access.log.1");
    obstacle = 0;
    let_pass(10);
    back_ms = stage.wall_ms;
    stage_log(&stage, "access.log", 10);
    let_pass(20);
    ck_assert_int_eq(stage.file_count, 2);
    ck_assert_int_ge(stage.files[1].watched_from_ms, back_ms);
}
END_TEST

TCase *sight_cases(void)
{
    TCase *cases = tcase_create("sight");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, lines_can_be_written_again_once_there_was_room_for_a_while);
    tcase_add_test(cases, what_is_read_only_for_us_alone_is_no_obstacle);
    tcase_add_test(cases, a_volume_is_looked_at_now_and_then);
    tcase_add_test(cases, a_log_that_cant_be_written_is_not_watched);
    tcase_add_test(cases, a_hole_is_told_until_it_is_committed_and_then_no_more);
    tcase_add_test(cases, what_follows_a_log_that_could_not_be_written_begins_with_its_first_line);
    return cases;
}
