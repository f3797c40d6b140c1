/* test_drain.c - module/front/drain.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/limits.h"
#include "health/order.h"

#include "house.h"
#include "suite.h"

static struct house house;

static void begin(void)
{
    house_init(&house, true);
}

static void end(void)
{
    house_done(&house);
}

static int post(const char *body)
{
    house.body = slice_of(body);
    return house_ask(&house, "POST /health/drain", HOUSE_ADMIN);
}

START_TEST(a_drain_is_ordered_without_a_deadline_and_names_who_did_it)
{
    struct order order;

    ck_assert_int_eq(post(""), 202);
    ck_assert_str_eq(buf_text(&house.text),
                     "{\"status\": \"draining\", \"reason\": \"ordered by an administrator\", "
                     "\"ordered_by\": \"admin token\", \"drain_remaining_ms\": null}");
    ck_assert(orders_take(house.sources.orders, &order));
    ck_assert_int_eq(order.kind, ORDER_DRAIN);
    ck_assert_int_eq(order.of.drain.until_boot_ms, 0);
    ck_assert_str_eq(order.of.drain.who, "admin token");
    ck_assert(!orders_take(house.sources.orders, &order));
}
END_TEST

START_TEST(a_reason_is_one_line)
{
    struct order order;

    ck_assert_int_eq(post("{\"reason\": \"new\\ndisk\\u007f\"}"), 202);
    ck_assert(orders_take(house.sources.orders, &order));
    ck_assert_str_eq(order.of.drain.reason, "new disk ");
}
END_TEST

START_TEST(a_body_that_makes_no_sense_drains_nobody)
{
    static const char *const bodies[] = {
        "drain",
        "[]",
        "{\"reason\": 1}",
        "{\"reason\": \"\"}",
        "{\"reasn\": \"x\"}",
        "{",
        "{\"reason\": \"\\u0000\"}",
    };
    struct order order;

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
        ck_assert_msg(post(bodies[i]) == 400, "%s", bodies[i]);
    ck_assert(!orders_take(house.sources.orders, &order));
}
END_TEST

START_TEST(a_body_that_is_too_long_is_refused)
{
    static char body[5000];

    memset(body, ' ', sizeof(body) - 1);
    ck_assert_int_eq(post(body), 413);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "4 KiB"));
}
END_TEST

START_TEST(orders_that_nobody_takes_are_refused_in_time)
{
    for (int i = 0; i < LIMIT_ORDERS; i++)
        ck_assert_int_eq(post(""), 202);
    ck_assert_int_eq(post(""), 503);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Retry-After: 1\r\n"));
}
END_TEST

TCase *drain_cases(void)
{
    TCase *tcase = tcase_create("drain");

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, a_drain_is_ordered_without_a_deadline_and_names_who_did_it);
    tcase_add_test(tcase, a_reason_is_one_line);
    tcase_add_test(tcase, a_body_that_makes_no_sense_drains_nobody);
    tcase_add_test(tcase, a_body_that_is_too_long_is_refused);
    tcase_add_test(tcase, orders_that_nobody_takes_are_refused_in_time);
    return tcase;
}
