/* test_clerk.c - module/accountant/clerk.c: turns with a given time over a given ledger. */
/* SPDX-License-Identifier: MIT */
#include "accountant/clerk.h"

#include "base/arena.h"
#include "base/clock.h"
#include "fake_ledger.h"
#include "slo/histogram.h"

#include "suite.h"

#include <errno.h>

enum { NOW = 29740030 };

static struct catalogue *catalogue;
static struct config config = { .slo_max_age_ms = 15000 };
static struct ledger_settings ledger;
static atomic_bool stopping;
static struct slot *slot;
static struct clerk clerk;
static int64_t base_ms; /* ages in publications are real ones */
static int64_t second;

/* Minutes of availability and of the first latency objective. */
static const struct fake_minute minutes[] = {
    { 0, NOW - 3, { 20000, 5 } },
    { 1, NOW - 3, { 19995, 9 } },
};

static void begin_with(const char *conninfo)
{
    struct accountant_settings settings = { .config = &config, .ledger = &ledger };

    base_ms = clock_boot_ms();
    slot = slot_new();
    settings.slot = slot;
    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ledger.conninfo = conninfo;
    ledger.service = "api";
    ledger.catalogue = catalogue;
    ck_assert_int_eq(clerk_init(&clerk, &settings, &stopping, NULL), 0);
    fake_ledger.minutes = minutes;
    fake_ledger.minute_count = 2;
    fake_ledger.anew = true;
    fake_ledger.coverage.measured_since_ms = (int64_t)(NOW - 60) * 60000;
}

static void begin(void)
{
    begin_with("host=/nowhere");
}

/* Another clerk takes over what the first one published, as after a reload. */
static void succeed(void)
{
    struct accountant_settings settings = { .config = &config, .ledger = &ledger, .slot = slot };

    clerk_done(&clerk);
    ck_assert_int_eq(clerk_init(&clerk, &settings, &stopping, NULL), 0);
    fake_ledger.minutes = minutes;
    fake_ledger.minute_count = 2;
    fake_ledger.anew = true;
}

static void end(void)
{
    clerk_done(&clerk);
    slot_free(&slot);
    catalogue_free(&catalogue);
}

/* A turn, `seconds` after the one before. */
static void turn_after(int64_t seconds)
{
    second += seconds;
    clerk_turn(&clerk, (struct clerk_time){ base_ms + second * 1000,
                                            (int64_t)NOW * 60000 + second * 1000 });
    fake_ledger.anew = false;
    fake_ledger.minute_count = 0;
}

static int status_of(const char *key)
{
    const struct page_set *set = slot_acquire(slot);
    const struct page *page = page_find(set, slice_of(key));
    int status = page->fresh.status;

    slot_release(&set);
    return status;
}

START_TEST(a_turn_reads_judges_and_publishes)
{
    begin();
    turn_after(0);
    ck_assert_int_eq(fake_ledger.opens, 1);
    ck_assert_int_eq(fake_ledger.reads, 1);
    ck_assert_ptr_null(clerk.trouble);
    ck_assert_int_eq(clerk.book.verdicts[0].status, BUDGET_MET);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    end();
}
END_TEST

START_TEST(maintenance_is_asked_for_before_anything_is_judged)
{
    static const struct fake_minute burning[] = { { 0, NOW - 3, { 20000, 5000 } } };
    static const struct coverage_span watched = { (int64_t)(NOW - 60) * 60000,
                                                  (int64_t)(NOW + 60) * 60000 };
    static const struct maintenance_row row = {
        .service = "api",
        .of = { .on = true, .until_wall_ms = INT64_MAX, .id = "a1", .reason = "new disks" },
    };

    begin();
    fake_ledger.minutes = burning;
    fake_ledger.minute_count = 1;
    fake_ledger.leased = true;
    fake_ledger.coverage.spans = &watched;
    fake_ledger.coverage.span_count = 1;
    fake_ledger.maintenance_code = -ETIMEDOUT; /* it is not known whether there is any */
    turn_after(0);
    ck_assert_int_eq(fake_ledger.maintenance_reads, 1);
    ck_assert_int_eq(alarms_status(&clerk.alarms, 0), BUDGET_BREACHED);
    ck_assert_int_eq(clerk.alarms.list[0].alert.state, ALERT_INACTIVE);
    fake_ledger.maintenance_code = 0;
    fake_ledger.maintenance = &row;
    fake_ledger.maintenance_count = 1;
    turn_after(2);
    ck_assert_int_eq(clerk.alarms.list[0].alert.state, ALERT_INACTIVE);
    fake_ledger.maintenance_count = 0;
    turn_after(2);
    ck_assert_int_eq(clerk.alarms.list[0].alert.state, ALERT_FIRING);
    end();
}
END_TEST

START_TEST(maintenance_is_heard_of_though_the_objectives_can_not_be_read)
{
    static const struct maintenance_row row = {
        .service = "api",
        .of = { .on = true, .drain = true, .until_wall_ms = INT64_MAX, .id = "a1" },
    };
    struct queue *bell = queue_new(1, 1);
    struct orders *orders = orders_new(bell);
    struct order order;

    begin();
    clerk.no_ledger = (struct trouble){ .code = "objectives_unreadable", .message = "line 1" };
    clerk.settings.orders = orders;
    fake_ledger.maintenance = &row;
    fake_ledger.maintenance_count = 1;
    turn_after(0);
    ck_assert_int_eq(fake_ledger.reads, 0);
    ck_assert(orders_take(orders, &order));
    ck_assert_str_eq(order.of.maintenance.id, "a1");
    end();
    orders_free(&orders);
    queue_free(&bell);
}
END_TEST

START_TEST(a_failed_read_leaves_the_figures_and_says_why)
{
    begin();
    turn_after(0);
    fake_ledger.read_code = -ECONNREFUSED;
    turn_after(1);
    ck_assert_str_eq(clerk.trouble->code, "ledger_unreachable");
    ck_assert_uint_eq(clerk.book.verdicts[0].whole.total, 20000);
    ck_assert_uint_eq(clerk.failed_reads, 1);
    fake_ledger.read_code = -ENODATA;
    turn_after(1);
    ck_assert_str_eq(clerk.trouble->code, "ledger_schema_missing");
    fake_ledger.read_code = 0;
    turn_after(1);
    ck_assert_ptr_null(clerk.trouble);
    ck_assert_int_eq(fake_ledger.opens, 1);
    end();
}
END_TEST

START_TEST(figures_stay_as_they_were_while_a_load_is_under_way)
{
    begin();
    turn_after(0);
    fake_ledger.loading = true;
    turn_after(1);
    ck_assert(clerk.loading);
    ck_assert_ptr_null(clerk.trouble);
    ck_assert_uint_eq(clerk.book.verdicts[0].whole.total, 20000);
    ck_assert_int_eq(clerk.book.as_of_wall_ms, (int64_t)NOW * 60000 + (second - 1) * 1000);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    ck_assert_int_eq(clerk.read_at_ms, base_ms + (second - 1) * 1000); /* they grow old */
    fake_ledger.loading = false;
    turn_after(1);
    ck_assert_int_eq(clerk.read_at_ms, base_ms + second * 1000);
    end();
}
END_TEST

START_TEST(figures_of_before_a_reload_are_shown_until_there_are_new_ones)
{
    begin();
    turn_after(0);
    succeed();
    fake_ledger.loading = true;
    turn_after(1);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    fake_ledger.loading = false;
    fake_ledger.read_code = -ECONNREFUSED;
    turn_after(1);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    fake_ledger.read_code = 0;
    fake_ledger.minutes = minutes;
    fake_ledger.minute_count = 2;
    fake_ledger.anew = true;
    turn_after(1);
    ck_assert_int_eq(clerk.read_at_ms, base_ms + second * 1000);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    end();
}
END_TEST

START_TEST(without_a_ledger_nothing_is_read_and_the_pages_say_what_to_set)
{
    const struct page_set *set;

    begin_with(NULL);
    turn_after(0);
    turn_after(1);
    ck_assert_int_eq(fake_ledger.opens, 0);
    ck_assert_str_eq(clerk.no_ledger.code, "no_ledger");
    ck_assert_ptr_nonnull(strstr(clerk.no_ledger.message, "DATABASE_URL"));
    ck_assert_int_eq(status_of("metrics"), 200);
    ck_assert_int_eq(status_of("slo/alerts"), 503);
    set = slot_acquire(slot);
    /* Nobody sets an address by waiting. */
    ck_assert_ptr_null(strstr(page_find(set, SLICE("slo/alerts"))->fresh.head.data, "Retry-After"));
    slot_release(&set);
    end();
}
END_TEST

/* What was applied to the ledger stands before the built-in objectives. */
START_TEST(built_in_objectives_are_shown_only_once_it_is_known_that_none_was_applied)
{
    const struct page_set *set;
    int writer;

    begin();
    clerk.settings.writer = (struct ledger_writer *)&writer; /* never looked into */
    turn_after(0);
    set = slot_acquire(slot);
    ck_assert(!set->usable);
    ck_assert_int_eq(set->objective_count, 0);
    slot_release(&set);
    fake_ledger.written.definitions_known = true;
    turn_after(1);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    /* From then on they stay until the next catalogue is there. */
    fake_ledger.written.definitions_known = false;
    turn_after(1);
    ck_assert_int_eq(status_of("slo/api-availability"), 200);
    end();
}
END_TEST

START_TEST(a_step_of_the_wall_clock_reads_the_ledger_anew)
{
    begin();
    turn_after(0);
    turn_after(30);
    ck_assert_int_eq(fake_ledger.closes, 0);
    clerk_turn(&clerk, (struct clerk_time){ base_ms + (second + 1) * 1000,
                                            (int64_t)NOW * 60000 + (second + 100) * 1000 });
    ck_assert_int_eq(fake_ledger.closes, 1);
    ck_assert_int_eq(fake_ledger.opens, 2);
    end();
}
END_TEST

START_TEST(percentiles_follow_from_the_second_turn_on_and_once_a_minute)
{
    struct ledger_histogram rows[1];
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    AUTO(buf_done) struct buf buf;
    struct histogram histogram;

    histogram_init(&histogram, arena);
    ck_assert(histogram_add(&histogram, 77));
    buf_init(&buf, 1 << 16);
    histogram_encode(&histogram, &buf);
    begin();
    rows[0] =
        (struct ledger_histogram){ catalogue->objectives[2].indicator, NOW - 3, buf_slice(&buf) };
    turn_after(0); /* from here on changes are handed out */
    ck_assert_int_eq(fake_ledger.histogram_calls, 1);
    ck_assert_int_eq(fake_ledger.change_calls, 1);
    ck_assert_int_eq(fake_ledger.from_minute, fake_ledger.to_minute);
    ck_assert(!clerk.trackers.list[0].percentiles.known);
    fake_ledger.histograms = rows;
    fake_ledger.histogram_count = 1;
    turn_after(1); /* the one hour with events, and what has changed meanwhile */
    ck_assert_int_eq(fake_ledger.histogram_calls, 3);
    ck_assert_int_eq(fake_ledger.change_calls, 2);
    ck_assert(clerk.trackers.list[0].percentiles.known);
    ck_assert_uint_eq(clerk.trackers.list[0].percentiles.p50_ms, 77);
    fake_ledger.histogram_calls = 0;
    for (int i = 0; i < 58; i++)
        turn_after(1);
    ck_assert_int_eq(fake_ledger.histogram_calls, 0);
    for (int i = 0; i < 3; i++)
        turn_after(1);
    ck_assert_int_eq(fake_ledger.histogram_calls, 1);
    end();
}
END_TEST

START_TEST(a_slice_that_does_not_fit_is_halved_and_tried_again)
{
    begin();
    turn_after(0);
    fake_ledger.histograms_code = -ENOMEM;
    turn_after(1);
    ck_assert_int_eq(clerk.trackers.slice_hours, 12);
    turn_after(1); /* not at once */
    ck_assert_int_eq(clerk.trackers.slice_hours, 12);
    for (int i = 0; i < 100; i++)
        turn_after(10);
    ck_assert_int_eq(clerk.trackers.slice_hours, 1);
    end();
}
END_TEST

START_TEST(routes_are_asked_for_only_when_something_is_bad_and_not_each_turn)
{
    static const struct ledger_route routes[] = { { 0, "GET /x", 10, true, 5 } };

    begin();
    fake_ledger.minute_count = 0;
    turn_after(0);
    ck_assert_int_eq(fake_ledger.route_calls, 0);
    fake_ledger.minute_count = 2;
    fake_ledger.routes = routes;
    fake_ledger.route_count = 1;
    turn_after(1);
    ck_assert_int_eq(fake_ledger.route_calls, 1);
    ck_assert_int_eq(worst_of(&clerk.worst, 0)->count, 1);
    for (int i = 0; i < 4; i++)
        turn_after(1);
    ck_assert_int_eq(fake_ledger.route_calls, 1);
    turn_after(60);
    ck_assert_int_eq(fake_ledger.route_calls, 2);
    end();
}
END_TEST

START_TEST(a_turn_that_is_told_to_stop_touches_nothing_after_the_read)
{
    begin();
    atomic_store(&stopping, true);
    turn_after(0);
    ck_assert_int_eq(fake_ledger.reads, 1);
    ck_assert_int_eq(fake_ledger.histogram_calls + fake_ledger.route_calls, 0);
    ck_assert_ptr_null(slot_acquire(slot));
    end();
}
END_TEST

/* What the newest publication says of the figures. */
static bool figures_are_usable(const char **ret_trouble)
{
    AUTO(slot_release) const struct page_set *set = slot_acquire(slot);

    *ret_trouble = set->trouble; /* the slot holds it on */
    return set->usable;
}

START_TEST(a_pause_reads_nothing_and_its_end_reads_on)
{
    const char *trouble;

    begin();
    fake_ledger.leased = true;
    turn_after(0);
    clerk_rest(&clerk, 0);
    ck_assert_int_eq(fake_ledger.releases, 1);
    ck_assert_int_eq(fake_ledger.rests, 1);
    for (int i = 0; i < 20; i++) {
        second++;
        clerk_pass(&clerk, (struct clerk_time){ base_ms + second * 1000,
                                                (int64_t)NOW * 60000 + second * 1000 });
        ck_assert_int_eq(figures_are_usable(&trouble), i < 15);
    }
    ck_assert_ptr_nonnull(strstr(trouble, "nobody had asked for a while"));
    ck_assert_int_eq(fake_ledger.reads, 1);
    ck_assert_int_eq(fake_ledger.closes, 0); /* it knows what it knew */
    clerk_resume(&clerk);
    turn_after(1);
    ck_assert(figures_are_usable(&trouble));
    end();
}
END_TEST

START_TEST(that_the_ledger_was_out_of_reach_is_not_known_of_a_pause)
{
    begin();
    turn_after(0);
    clerk_rest(&clerk, 0);
    second += 7200;
    clerk_resume(&clerk);
    fake_ledger.read_code = -ECONNREFUSED;
    turn_after(0);
    turn_after(59);
    ck_assert_int_eq(clerk.alarms.unreachable.state, ALERT_INACTIVE);
    turn_after(1);
    ck_assert_int_eq(clerk.alarms.unreachable.state, ALERT_FIRING);
    clerk_rest(&clerk, 0);
    second += 7200;
    clerk_resume(&clerk);
    turn_after(1); /* it still is, and has not been resolved in between */
    ck_assert_int_eq(clerk.alarms.unreachable.state, ALERT_FIRING);
    end();
}
END_TEST

TCase *clerk_cases(void)
{
    TCase *cases = tcase_create("clerk");

    tcase_add_test(cases, a_turn_reads_judges_and_publishes);
    tcase_add_test(cases, a_pause_reads_nothing_and_its_end_reads_on);
    tcase_add_test(cases, that_the_ledger_was_out_of_reach_is_not_known_of_a_pause);
    tcase_add_test(cases, maintenance_is_asked_for_before_anything_is_judged);
    tcase_add_test(cases, maintenance_is_heard_of_though_the_objectives_can_not_be_read);
    tcase_add_test(cases, a_failed_read_leaves_the_figures_and_says_why);
    tcase_add_test(cases, figures_stay_as_they_were_while_a_load_is_under_way);
    tcase_add_test(cases, figures_of_before_a_reload_are_shown_until_there_are_new_ones);
    tcase_add_test(cases, without_a_ledger_nothing_is_read_and_the_pages_say_what_to_set);
    tcase_add_test(cases,
                   built_in_objectives_are_shown_only_once_it_is_known_that_none_was_applied);
    tcase_add_test(cases, a_step_of_the_wall_clock_reads_the_ledger_anew);
    tcase_add_test(cases, percentiles_follow_from_the_second_turn_on_and_once_a_minute);
    tcase_add_test(cases, a_slice_that_does_not_fit_is_halved_and_tried_again);
    tcase_add_test(cases, routes_are_asked_for_only_when_something_is_bad_and_not_each_turn);
    tcase_add_test(cases, a_turn_that_is_told_to_stop_touches_nothing_after_the_read);
    return cases;
}
