/* test_maintenances.c - what operators announce, on its way to the monitor and to the front. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/maintenances.h"

#include "base/queue.h"
#include "fake_ledger.h"
#include "page/maintenance.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>

enum { SINCE_MS = 60000, UNTIL_MS = 120000 };

static struct maintenance_row row_of(const char *service, const char *id, int64_t since_ms,
                                     int64_t until_ms)
{
    struct maintenance_row row = {
        .of = { .on = true, .drain = true, .since_wall_ms = since_ms, .until_wall_ms = until_ms },
    };

    (void)snprintf(row.service, sizeof(row.service), "%s", service);
    (void)snprintf(row.of.id, sizeof(row.of.id), "%s", id);
    (void)snprintf(row.of.reason, sizeof(row.of.reason), "new disks");
    (void)snprintf(row.of.who, sizeof(row.of.who), "ada@db1");
    return row;
}

/* What the ledger says from now on. */
static void announce(const struct maintenance_row rows[], int count)
{
    fake_ledger = (struct fake_ledger){ .maintenance = rows, .maintenance_count = count };
}

/* A monitor's ear. */
struct ear {
    struct queue *bell;
    struct orders *orders;
};

static struct ear ear_open(void)
{
    struct ear ear = { .bell = queue_new(1, 1) };

    ear.orders = orders_new(ear.bell);
    ck_assert_ptr_nonnull(ear.orders);
    return ear;
}

static void ear_close(struct ear *ear)
{
    orders_free(&ear->orders);
    queue_free(&ear->bell);
}

/* Its id when one is in force, "" when none is, "nothing" when nothing was said. */
static const char *heard(struct ear *ear)
{
    static struct order order;

    if (!orders_take(ear->orders, &order))
        return "nothing";
    ck_assert_int_eq(order.kind, ORDER_MAINTENANCE);
    ck_assert(order.of.maintenance.on == (order.of.maintenance.id[0] != '\0'));
    return order.of.maintenance.id;
}

START_TEST(the_ledger_is_asked_every_two_seconds_and_seldom_while_it_is_away)
{
    struct maintenances maintenances = { 0 };

    announce(NULL, 0);
    maintenances_refresh(&maintenances, NULL, true, 5000);
    maintenances_refresh(&maintenances, NULL, true, 6999);
    ck_assert_int_eq(fake_ledger.maintenance_reads, 1);
    fake_ledger.maintenance_code = -ETIMEDOUT;
    maintenances_refresh(&maintenances, NULL, false, 7000);
    maintenances_refresh(&maintenances, NULL, false, 16999);
    ck_assert_int_eq(fake_ledger.maintenance_reads, 2);
    maintenances_refresh(&maintenances, NULL, false, 17000);
    ck_assert_int_eq(fake_ledger.maintenance_reads, 3);
    maintenances_refresh(&maintenances, NULL, true, 19000); /* it is back: nobody waits */
    ck_assert_int_eq(fake_ledger.maintenance_reads, 4);
    ck_assert(maintenances.known);
    maintenances_done(&maintenances);
}
END_TEST

START_TEST(the_monitor_hears_of_each_change_once)
{
    const struct maintenance_row row = row_of("app", "a1", SINCE_MS, UNTIL_MS);
    struct maintenances maintenances = { 0 };
    struct ear ear = ear_open();

    announce(NULL, 0);
    maintenances_refresh(&maintenances, NULL, true, 1000);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS);
    ck_assert_str_eq(heard(&ear), "");
    announce(&row, 1);
    maintenances_refresh(&maintenances, NULL, true, 3000);
    for (int i = 0; i < 3; i++)
        maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS + i);
    ck_assert_str_eq(heard(&ear), "a1");
    ck_assert_str_eq(heard(&ear), "nothing");
    announce(NULL, 0); /* ended by hand */
    maintenances_refresh(&maintenances, NULL, true, 5000);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS + 4000);
    ck_assert_str_eq(heard(&ear), "");
    maintenances_done(&maintenances);
    ear_close(&ear);
}
END_TEST

START_TEST(before_the_ledger_was_asked_nothing_is_said)
{
    struct maintenances maintenances = { 0 };
    struct ear ear = ear_open();

    announce(NULL, 0);
    fake_ledger.maintenance_code = -ECONNREFUSED;
    maintenances_refresh(&maintenances, NULL, false, 1000);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS);
    ck_assert_str_eq(heard(&ear), "nothing");
    maintenances_done(&maintenances);
    ear_close(&ear);
}
END_TEST

START_TEST(while_the_ledger_is_away_it_begins_and_ends_by_the_clock)
{
    const struct maintenance_row row = row_of("app", "a1", SINCE_MS, UNTIL_MS);
    struct maintenances maintenances = { 0 };
    struct ear ear = ear_open();

    announce(&row, 1);
    maintenances_refresh(&maintenances, NULL, true, 1000);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS - 1);
    ck_assert_str_eq(heard(&ear), "");
    fake_ledger.maintenance_code = -ECONNREFUSED;
    maintenances_refresh(&maintenances, NULL, false, 3000);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS);
    ck_assert_str_eq(heard(&ear), "a1");
    maintenances_tell(&maintenances, "app", ear.orders, UNTIL_MS - 1);
    ck_assert_str_eq(heard(&ear), "nothing");
    maintenances_tell(&maintenances, "app", ear.orders, UNTIL_MS);
    ck_assert_str_eq(heard(&ear), "");
    maintenances_done(&maintenances);
    ear_close(&ear);
}
END_TEST

START_TEST(an_order_that_found_no_room_is_given_again)
{
    const struct maintenance_row row = row_of("app", "a1", SINCE_MS, UNTIL_MS);
    const struct order drain = { .kind = ORDER_DRAIN };
    struct maintenances maintenances = { 0 };
    struct ear ear = ear_open();
    struct order taken;

    announce(&row, 1);
    maintenances_refresh(&maintenances, NULL, true, 1000);
    while (orders_give(ear.orders, &drain))
        ;
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS);
    while (orders_take(ear.orders, &taken))
        ck_assert_int_eq(taken.kind, ORDER_DRAIN);
    maintenances_tell(&maintenances, "app", ear.orders, SINCE_MS);
    ck_assert_str_eq(heard(&ear), "a1");
    maintenances_done(&maintenances);
    ear_close(&ear);
}
END_TEST

START_TEST(each_service_has_its_own)
{
    const struct maintenance_row rows[] = { row_of("shop", "b1", SINCE_MS, UNTIL_MS),
                                            row_of("app", "a1", SINCE_MS + 1, UNTIL_MS) };
    struct maintenances maintenances = { 0 };
    struct page_builder *builder = page_builder_new(1000);
    struct page_set *set;

    announce(rows, 2);
    maintenances_refresh(&maintenances, NULL, true, 1000);
    ck_assert_ptr_null(maintenances_now(&maintenances, "app", SINCE_MS));
    ck_assert_str_eq(maintenances_now(&maintenances, "shop", SINCE_MS)->id, "b1");
    ck_assert_str_eq(maintenances_now(&maintenances, "app", SINCE_MS + 1)->id, "a1");
    ck_assert_ptr_null(maintenances_now(&maintenances, "app", UNTIL_MS));
    maintenances_publish(&maintenances, builder);
    set = page_builder_finish(&builder);
    ck_assert_int_eq(set->maintenance_count, 2);
    ck_assert_str_eq(set->maintenances[1].service, "app");
    ck_assert_str_eq(set->maintenances[1].of->who, "ada@db1");
    page_set_free(&set);
    maintenances_done(&maintenances);
}
END_TEST

TCase *maintenances_cases(void)
{
    TCase *tcase = tcase_create("maintenances");

    tcase_add_test(tcase, the_ledger_is_asked_every_two_seconds_and_seldom_while_it_is_away);
    tcase_add_test(tcase, the_monitor_hears_of_each_change_once);
    tcase_add_test(tcase, before_the_ledger_was_asked_nothing_is_said);
    tcase_add_test(tcase, while_the_ledger_is_away_it_begins_and_ends_by_the_clock);
    tcase_add_test(tcase, an_order_that_found_no_room_is_given_again);
    tcase_add_test(tcase, each_service_has_its_own);
    return tcase;
}
