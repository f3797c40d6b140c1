/* test_order.c - orders reach the monitor, and wake it. */
/* SPDX-License-Identifier: MIT */
#include "health/order.h"

#include "base/clock.h"
#include "base/limits.h"
#include "health/outcome.h"
#include "suite.h"

START_TEST(an_order_wakes_who_waits_for_outcomes)
{
    AUTO(queue_free) struct queue *outcomes = queue_new(sizeof(struct outcome), 1);
    AUTO(orders_free) struct orders *orders = orders_new(outcomes);
    struct order order = { .kind = ORDER_DRAIN, .of.drain = { .reason = "a deployment" } };
    struct order taken;
    struct outcome none;

    ck_assert(orders_give(orders, &order));
    ck_assert(!queue_pop(outcomes, &none, clock_boot_ms() + 60000));
    ck_assert(orders_take(orders, &taken));
    ck_assert_int_eq(taken.kind, ORDER_DRAIN);
    ck_assert_str_eq(taken.of.drain.reason, "a deployment");
    ck_assert(!orders_take(orders, &taken));
}
END_TEST

START_TEST(too_many_orders_are_refused)
{
    AUTO(queue_free) struct queue *outcomes = queue_new(sizeof(struct outcome), 1);
    AUTO(orders_free) struct orders *orders = orders_new(outcomes);
    const struct order order = { .kind = ORDER_DRAIN };

    for (int i = 0; i < LIMIT_ORDERS; i++)
        ck_assert(orders_give(orders, &order));
    ck_assert(!orders_give(orders, &order));
}
END_TEST

START_TEST(maintenance_lasts_from_its_beginning_to_before_its_end)
{
    static const struct {
        struct maintenance maintenance;
        int64_t wall_ms;
        bool in_force;
    } cases[] = {
        { { .on = false }, 5, false },
        { { .on = true, .since_wall_ms = 10 }, 9, false },
        { { .on = true, .since_wall_ms = 10 }, 10, true },
        { { .on = true, .since_wall_ms = 10, .until_wall_ms = 20 }, 19, true },
        { { .on = true, .since_wall_ms = 10, .until_wall_ms = 20 }, 20, false },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(maintenance_in_force(&cases[i].maintenance, cases[i].wall_ms)
                          == cases[i].in_force,
                      "case %zu", i);
}
END_TEST

TCase *order_cases(void)
{
    TCase *cases = tcase_create("order");

    tcase_add_test(cases, an_order_wakes_who_waits_for_outcomes);
    tcase_add_test(cases, too_many_orders_are_refused);
    tcase_add_test(cases, maintenance_lasts_from_its_beginning_to_before_its_end);
    return cases;
}
