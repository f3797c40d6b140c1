/* test_waivers.c - overrides of the gate on their way into a publication. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/waivers.h"

#include "fake_ledger.h"
#include "suite.h"

#include <errno.h>

static const struct gate_override row = { .service = "app",
                                          .id = "1",
                                          .objective = "app-availability",
                                          .reason = "hotfix",
                                          .author = "ada",
                                          .created_at_ms = 1000,
                                          .expires_at_ms = 2000 };

static const struct ledger_settings settings = { .service = "app" };

START_TEST(overrides_are_read_every_two_seconds)
{
    static struct waivers waivers;

    fake_ledger = (struct fake_ledger){ .overrides = &row, .override_count = 1 };
    waivers = (struct waivers){ 0 };
    waivers_refresh(&waivers, NULL, &settings, 5000);
    waivers_refresh(&waivers, NULL, &settings, 6999);
    ck_assert_int_eq(fake_ledger.override_reads, 1);
    waivers_refresh(&waivers, NULL, &settings, 7000);
    ck_assert_int_eq(fake_ledger.override_reads, 2);
    ck_assert_int_eq(waivers.count, 1);
}
END_TEST

START_TEST(overrides_that_can_not_be_read_stay_as_they_were)
{
    static struct waivers waivers;

    fake_ledger = (struct fake_ledger){ .overrides = &row, .override_count = 1 };
    waivers = (struct waivers){ 0 };
    waivers_refresh(&waivers, NULL, &settings, 5000);
    fake_ledger.overrides_code = -ETIMEDOUT;
    waivers_refresh(&waivers, NULL, &settings, 7000);
    ck_assert_int_eq(waivers.count, 1);
    waivers_refresh(&waivers, NULL, &settings, 16999); /* no sooner than ten seconds later */
    ck_assert_int_eq(fake_ledger.override_reads, 2);
    fake_ledger = (struct fake_ledger){ .override_count = 0 };
    waivers_refresh(&waivers, NULL, &settings, 17000);
    ck_assert_int_eq(waivers.count, 0);
}
END_TEST

START_TEST(overrides_are_published_with_who_and_why)
{
    static struct waivers waivers;
    struct page_builder *builder = page_builder_new(1000);
    struct page_set *set;

    waivers = (struct waivers){ .count = 1 };
    waivers.rows[0] = row;
    waivers_publish(&waivers, builder);
    set = page_builder_finish(&builder);
    ck_assert_int_eq(set->override_count, 1);
    ck_assert_str_eq(set->overrides[0].objective, "app-availability");
    ck_assert_str_eq(set->overrides[0].reason, "hotfix");
    ck_assert_str_eq(set->overrides[0].author, "ada");
    ck_assert_int_eq(set->overrides[0].expires_at_ms, 2000);
    page_set_free(&set);
}
END_TEST

TCase *waivers_cases(void)
{
    TCase *tcase = tcase_create("waivers");

    tcase_add_test(tcase, overrides_are_read_every_two_seconds);
    tcase_add_test(tcase, overrides_that_can_not_be_read_stay_as_they_were);
    tcase_add_test(tcase, overrides_are_published_with_who_and_why);
    return tcase;
}
