/* test_incidents.c - module/accountant/incidents.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/incidents.h"

#include "alarm_stage.h"

#include "suite.h"

#include <errno.h>

enum { NOW = 29500000, HOUR = 60, WINDOW = LIMIT_WINDOW_MINUTES };

static const struct indicator indicators[3] = { { .definition = "total{} bad{status=500-599}" } };
static const struct catalogue catalogue = { .indicators = indicators, .indicator_count = 3 };

static const struct ledger_burn_route routes[] = {
    { 0, "/v1/orders", 900 },
    { 0, "/v1/items/{id}", 100 },
    { 1, "/other", 5 },
};

struct scene {
    struct alarm_stage stage;
    struct incidents *incidents;
    int64_t boot_ms;
};

static void begin(struct scene *scene)
{
    stage_begin(&scene->stage);
    /* Only the first objective has bad events, and so incidents. */
    for (int i = 1; i < STAGE_OBJECTIVES; i++)
        scene->stage.objectives[i].composite = true;
    scene->stage.verdicts[0].whole = (struct window_sum){ 1000000, 1000 };
    scene->boot_ms = 1000;
    scene->incidents = incidents_new(&scene->stage.book, &catalogue);
    ck_assert_ptr_nonnull(scene->incidents);
}

static void end(struct scene *scene)
{
    incidents_free(&scene->incidents);
    stage_end(&scene->stage);
}

/* A turn at a minute, long after the last one; with news, if `bad` is another number. */
static void turn(struct scene *scene, int32_t minute, uint64_t bad)
{
    scene->boot_ms += 2 * 60 * 1000;
    scene->stage.verdicts[0].whole.bad = bad;
    incidents_turn(
        scene->incidents,
        &(struct incidents_scene){ .boot_ms = scene->boot_ms, .wall_ms = (int64_t)minute * 60000 });
}

static void shown(const struct scene *scene, struct buf *buf)
{
    struct json_writer json;

    buf_init(buf, 1 << 16);
    json_writer_init(&json, buf);
    incidents_put(scene->incidents, 0, &json);
}

START_TEST(incidents_are_shown_with_their_share_and_their_routes)
{
    static const struct incident_minute minutes[] = {
        { NOW - 90, { 100, 0 } },
        { NOW - 89, { 5000, 1000 } },
        { NOW - 88, { 100, 0 } },
    };
    AUTO(buf_done) struct buf before;
    AUTO(buf_done) struct buf after;
    struct scene scene;
    uint64_t version;

    begin(&scene);
    shown(&scene, &before);
    ck_assert_str_eq(buf_text(&before), "null");
    version = incidents_version(scene.incidents, 0);
    fake_ledger.burn_minutes = minutes;
    fake_ledger.burn_count = 3;
    fake_ledger.burn_routes = routes;
    fake_ledger.burn_route_count = 3;
    turn(&scene, NOW, 1000);
    ck_assert_uint_ne(incidents_version(scene.incidents, 0), version);
    ck_assert_int_eq(fake_ledger.burns_from, NOW - WINDOW + 1);
    ck_assert_int_eq(fake_ledger.burns_until, NOW + 1);
    shown(&scene, &after);
    ck_assert_str_eq(
        buf_text(&after),
        "[{\"from\": \"2026-02-02T01:11:00.000Z\", \"to\": \"2026-02-02T01:12:00.000Z\", "
        "\"total_events\": 5000, \"bad_events\": 1000, \"budget_consumed_ratio\": 1, "
        "\"postmortem\": true, \"routes\": [{\"route\": \"/v1/orders\", \"bad_events\": 900, "
        "\"budget_consumed_ratio\": 0.9}, {\"route\": \"/v1/items/{id}\", \"bad_events\": 100, "
        "\"budget_consumed_ratio\": 0.1}]}]");
    end(&scene);
}
END_TEST

/* What happened before used up the budget of the period before. */
START_TEST(incidents_of_a_calendar_window_begin_with_its_period)
{
    struct scene scene;

    begin(&scene);
    scene.stage.objectives[0].calendar = (struct calendar){ .unit = CALENDAR_MONTH, .count = 1 };
    scene.stage.verdicts[0].window = (struct verdict_window){ NOW - 3000, NOW + 1, 44640 };
    turn(&scene, NOW, 1000);
    ck_assert_int_eq(fake_ledger.burns_from, NOW - 3000);
    end(&scene);
}
END_TEST

START_TEST(only_what_is_new_is_read_and_what_goes_on_from_its_beginning)
{
    static const struct incident_minute minutes[] = {
        { NOW - 500, { 10, 10 } },
        { NOW - 3, { 10, 10 } },
        { NOW, { 10, 10 } },
    };
    AUTO(buf_done) struct buf text;
    struct scene scene;

    begin(&scene);
    fake_ledger.burn_minutes = minutes;
    fake_ledger.burn_count = 2;
    turn(&scene, NOW - 2, 20);
    ck_assert_int_eq(fake_ledger.burn_reads, 1);
    turn(&scene, NOW - 1, 20); /* nothing new */
    ck_assert_int_eq(fake_ledger.burn_reads, 1);
    fake_ledger.burn_count = 3;
    turn(&scene, NOW, 30);
    ck_assert_int_eq(fake_ledger.burn_reads, 2);
    ck_assert_int_eq(fake_ledger.burns_from, NOW - 1 - 10 - INCIDENT_LOOK_MINUTES);
    shown(&scene, &text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"bad_events\": 20,"));
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"bad_events\": 10,"));
    turn(&scene, NOW + 5, 40);
    ck_assert_int_eq(fake_ledger.burns_from, NOW + 1 - 10 - INCIDENT_LOOK_MINUTES);
    end(&scene);
}
END_TEST

START_TEST(old_incidents_leave_with_the_window_and_all_is_read_anew_at_times)
{
    static const struct incident_minute minutes[] = { { NOW, { 10, 10 } } };
    AUTO(buf_done) struct buf text;
    struct scene scene;

    begin(&scene);
    fake_ledger.burn_minutes = minutes;
    fake_ledger.burn_count = 1;
    turn(&scene, NOW, 10);
    turn(&scene, NOW + WINDOW, 11);
    shown(&scene, &text);
    ck_assert_str_eq(buf_text(&text), "[]");
    scene.boot_ms += 3600 * 1000;
    turn(&scene, NOW + WINDOW + HOUR, 11);
    ck_assert_int_eq(fake_ledger.burn_reads, 3);
    ck_assert_int_eq(fake_ledger.burns_from, NOW + HOUR + 1);
    end(&scene);
}
END_TEST

START_TEST(what_is_excluded_is_no_incident)
{
    static const struct incident_minute minutes[] = { { NOW - 200, { 10, 10 } },
                                                      { NOW - 90, { 10, 10 } } };
    static const struct ledger_exclusion moved = { .objective = "",
                                                   .from_minute = NOW - 100,
                                                   .until_minute = NOW - 89 };
    struct book_place places[STAGE_OBJECTIVES] = { { .service = 0 } };
    AUTO(buf_done) struct buf text;
    struct scene scene;

    begin(&scene);
    scene.stage.book.places = places;
    scene.stage.book.news.exclusions = &moved;
    scene.stage.book.news.exclusion_count = 1;
    fake_ledger.burn_minutes = minutes;
    fake_ledger.burn_count = 2;
    turn(&scene, NOW, 20);
    shown(&scene, &text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"bad_events\": 10,"));
    ck_assert_ptr_null(strstr(buf_text(&text), "}, {\"from\""));
    end(&scene);
}
END_TEST

START_TEST(slices_have_no_incidents_and_a_failure_is_tried_again_later)
{
    struct scene scene;

    begin(&scene);
    scene.stage.objectives[0].budgeting = BUDGETING_TIMESLICES;
    turn(&scene, NOW, 1000);
    ck_assert_int_eq(fake_ledger.burn_reads, 0);
    scene.stage.objectives[0].budgeting = BUDGETING_OCCURRENCES;
    fake_ledger.burns_code = -EIO;
    turn(&scene, NOW, 1000);
    scene.boot_ms -= 2 * 60 * 1000 - 59 * 1000;
    turn(&scene, NOW, 1000);
    ck_assert_int_eq(fake_ledger.burn_reads, 1);
    turn(&scene, NOW, 1000);
    ck_assert_int_eq(fake_ledger.burn_reads, 2);
    ck_assert_uint_eq(incidents_version(scene.incidents, 0), 0);
    end(&scene);
}
END_TEST

TCase *incidents_cases(void)
{
    TCase *cases = tcase_create("incidents");

    tcase_add_test(cases, incidents_are_shown_with_their_share_and_their_routes);
    tcase_add_test(cases, incidents_of_a_calendar_window_begin_with_its_period);
    tcase_add_test(cases, only_what_is_new_is_read_and_what_goes_on_from_its_beginning);
    tcase_add_test(cases, old_incidents_leave_with_the_window_and_all_is_read_anew_at_times);
    tcase_add_test(cases, what_is_excluded_is_no_incident);
    tcase_add_test(cases, slices_have_no_incidents_and_a_failure_is_tried_again_later);
    return cases;
}
