/* test_slot.c - module/page/slot.c */
/* SPDX-License-Identifier: MIT */
#include "page/slot.h"

#include "suite.h"

static struct page_set *one_page(const char *key)
{
    struct page_builder *builder = page_builder_new(3000);
    const struct page_text text = { .status = 200, .body = SLICE("{}") };

    page_add(builder, key, &text, NULL);
    return page_builder_finish(&builder);
}

START_TEST(slot_gives_nothing_before_the_first_publication)
{
    AUTO(slot_free) struct slot *slot = slot_new();

    ck_assert_ptr_null(slot_acquire(slot));
}
END_TEST

START_TEST(slot_keeps_a_set_alive_for_those_who_still_read_it)
{
    AUTO(slot_free) struct slot *slot = slot_new();
    struct page_set *set = one_page("first");
    const struct page_set *held;
    const struct page_set *newest;

    slot_publish(slot, &set);
    ck_assert_ptr_null(set);
    held = slot_acquire(slot);
    set = one_page("second");
    slot_publish(slot, &set);
    newest = slot_acquire(slot);
    ck_assert_ptr_nonnull(page_find(held, SLICE("first")));
    ck_assert_ptr_nonnull(page_find(newest, SLICE("second")));
    ck_assert_int_ge(slot_age_ms(held), 0);
    slot_release(&held);
    slot_release(&newest);
    ck_assert_ptr_null(held);
}
END_TEST

TCase *slot_cases(void)
{
    TCase *cases = tcase_create("slot");

    tcase_add_test(cases, slot_gives_nothing_before_the_first_publication);
    tcase_add_test(cases, slot_keeps_a_set_alive_for_those_who_still_read_it);
    return cases;
}
