/* test_publish.c - module/accountant/publish.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/publish.h"

#include "fake_ledger.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct catalogue *catalogue;
static struct config config = { .slo_max_age_ms = 15000 };
static struct ledger_settings ledger;
static atomic_bool stopping;
static struct slot *slot;
static struct clerk clerk;

static void begin(void)
{
    struct accountant_settings settings = { .config = &config, .ledger = &ledger };

    slot = slot_new();
    settings.slot = slot;
    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ledger.conninfo = "host=/nowhere";
    ledger.service = "api";
    ledger.catalogue = catalogue;
    ck_assert_int_eq(clerk_init(&clerk, &settings, &stopping, NULL), 0);
}

static void end(void)
{
    clerk_done(&clerk);
    slot_free(&slot);
    catalogue_free(&catalogue);
}

static void read_figures(void)
{
    struct ledger_news news = { .complete = true, .coverage = &fake_ledger.coverage };
    struct arena *arena = NULL;

    book_expect(&clerk.book, now_wall_ms);
    fake_minute_set(clerk.book.windows[0], NOW, (struct window_sum){ 10000, 4 });
    fake_minute_set(clerk.book.windows[1], NOW, (struct window_sum){ 100, 0 });
    ck_assert_int_eq(book_apply(&clerk.book, &news, &arena, now_wall_ms), 0);
    clerk.read_at_ms = 1000;
}

static void expect(struct slice text, const char *part)
{
    ck_assert_msg(memmem(text.data, text.length, part, strlen(part)) != NULL, "%s missing in %.*s",
                  part, (int)text.length, text.data);
}

START_TEST(before_the_first_read_the_set_says_why_and_names_the_objectives)
{
    const struct page_set *set;

    begin();
    publish_figures(&clerk, 1000);
    set = slot_acquire(slot);
    ck_assert(!set->usable);
    ck_assert_str_eq(set->trouble, trouble_starting()->message);
    ck_assert_uint_eq(set->as_of.length, 0);
    ck_assert_int_eq(set->objective_count, OBJECTIVE_BUILT_IN_COUNT);
    ck_assert_int_eq(set->objectives[0].status, BUDGET_NO_DATA);
    ck_assert_ptr_null(page_find(set, SLICE("slo/api-latency-p99")));
    ck_assert_ptr_nonnull(page_find(set, SLICE("metrics")));
    ck_assert_ptr_nonnull(page_find(set, SLICE("metrics/fleet/openmetrics")));
    slot_release(&set);
    end();
}
END_TEST

START_TEST(figures_within_their_bound_are_200_and_go_stale_with_the_publication)
{
    const struct page_set *set;
    const struct page *page;

    begin();
    read_figures();
    publish_figures(&clerk, 16000);
    set = slot_acquire(slot);
    ck_assert(set->usable);
    ck_assert_ptr_null(set->trouble);
    ck_assert(slice_equals_text(set->as_of, "2026-07-18T18:40:00.000Z"));
    page = page_find(set, SLICE("slo/api-availability"));
    ck_assert_int_eq(page->fresh.status, 200);
    expect(page->fresh.body, "\"stale\": false");
    ck_assert_int_eq(page->too_old.status, 503);
    expect(page->too_old.body, "\"stale\": true");
    expect(page->too_old.head, "Retry-After: ");
    slot_release(&set);
    end();
}
END_TEST

START_TEST(records_carry_what_the_list_and_the_gate_compare)
{
    const struct page_set *set;

    begin();
    read_figures();
    publish_figures(&clerk, 1000);
    set = slot_acquire(slot);
    ck_assert_str_eq(set->objectives[0].name, "api-availability");
    ck_assert_str_eq(set->objectives[0].service, "api");
    ck_assert_int_eq(set->objectives[0].status, BUDGET_MET);
    ck_assert_int_eq(fraction_compare(set->objectives[0].remaining, fraction_of(6, 10)), 0);
    ck_assert_int_eq(set->objectives[1].status, BUDGET_MET);
    ck_assert_int_eq(set->objectives[2].status, BUDGET_INSUFFICIENT_DATA);
    ck_assert_int_eq(set->objectives[3].status, BUDGET_NO_DATA);
    expect(set->objectives[0].json, "{\"name\": \"api-availability\"");
    slot_release(&set);
    end();
}
END_TEST

START_TEST(old_figures_stay_but_are_stale_and_say_why)
{
    const struct page_set *set;
    const struct page *page;

    begin();
    read_figures();
    clerk.trouble = trouble_of(111);
    publish_figures(&clerk, 16001);
    set = slot_acquire(slot);
    ck_assert(!set->usable);
    ck_assert_str_eq(set->trouble, trouble_of(111)->message);
    ck_assert_uint_gt(set->as_of.length, 0);
    page = page_find(set, SLICE("slo/api-availability"));
    ck_assert_int_eq(page->fresh.status, 503);
    expect(page->fresh.body, "\"total_events\": 10000");
    expect(page->fresh.body, "\"stale\": true");
    slot_release(&set);
    end();
}
END_TEST

START_TEST(what_has_not_changed_is_used_again_with_the_new_time)
{
    const struct page_set *first;
    const struct page_set *second;
    const struct page *page;

    begin();
    read_figures();
    publish_figures(&clerk, 1000);
    first = slot_acquire(slot);
    /* Told to look as if it had been rendered: only then is it known where a text comes from. */
    memcpy((char *)(uintptr_t)page_find(first, SLICE("slo/api-availability"))->fresh.body.data + 2,
           "NAME", 4);
    memcpy((char *)(uintptr_t)page_find(first, SLICE("slo/api-latency-p95"))->fresh.body.data + 2,
           "NAME", 4);
    clerk.book.as_of_wall_ms += 1000;
    clerk.book.verdicts[2].whole.total++;
    publish_figures(&clerk, 2000);
    second = slot_acquire(slot);
    page = page_find(second, SLICE("slo/api-availability"));
    expect(page->fresh.body, "{\"NAME\": ");
    expect(page->fresh.body, "\"as_of\": \"2026-07-18T18:40:01.000Z\", \"stale\": false");
    expect(page->too_old.body, "\"as_of\": \"2026-07-18T18:40:01.000Z\", \"stale\": true");
    expect(page_find(second, SLICE("slo/api-latency-p95"))->fresh.body, "{\"name\": ");
    slot_release(&first);
    slot_release(&second);
    end();
}
END_TEST

START_TEST(a_publication_does_not_outlive_its_figures)
{
    static const struct {
        int64_t age_ms, max_age_ms;
    } cases[] = {
        { 0, 10000 }, { 5000, 10000 }, { 11000, 4000 }, { 14900, 2000 }, { 15001, 10000 },
    };

    begin();
    read_figures();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct page_set *set;

        publish_figures(&clerk, clerk.read_at_ms + cases[i].age_ms);
        set = slot_acquire(slot);
        ck_assert_int_eq(set->max_age_ms, cases[i].max_age_ms);
        slot_release(&set);
    }
    end();
}
END_TEST

START_TEST(without_memory_the_old_publication_stays_and_it_is_counted)
{
    const struct page_set *set;
    bool failed = true;

    begin();
    read_figures();
    publish_figures(&clerk, 1000);
    for (int n = 0; failed; n += 1) {
        uint64_t before = clerk.failed_publications;

        malloc_fail_at(n);
        publish_figures(&clerk, 1000);
        failed = malloc_failed();
        malloc_fail_at(-1);
        ck_assert_uint_eq(clerk.failed_publications - before, failed);
        set = slot_acquire(slot);
        ck_assert_int_eq(set->page_count, OBJECTIVE_BUILT_IN_COUNT + 5);
        slot_release(&set);
    }
    end();
}
END_TEST

TCase *publish_cases(void)
{
    TCase *cases = tcase_create("publish");

    tcase_add_test(cases, before_the_first_read_the_set_says_why_and_names_the_objectives);
    tcase_add_test(cases, figures_within_their_bound_are_200_and_go_stale_with_the_publication);
    tcase_add_test(cases, records_carry_what_the_list_and_the_gate_compare);
    tcase_add_test(cases, old_figures_stay_but_are_stale_and_say_why);
    tcase_add_test(cases, what_has_not_changed_is_used_again_with_the_new_time);
    tcase_add_test(cases, a_publication_does_not_outlive_its_figures);
    tcase_add_test(cases, without_memory_the_old_publication_stays_and_it_is_counted);
    return cases;
}
