/* test_accountant.c - module/accountant/accountant.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/accountant.h"

#include "fake_ledger.h"

#include "suite.h"

START_TEST(something_is_published_before_the_thread_starts_and_stopping_is_prompt)
{
    static const struct config config = { .slo_max_age_ms = 15000 };
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    struct ledger_settings ledger = { .service = "api" };
    AUTO(slot_free) struct slot *slot = slot_new();
    AUTO(accountant_stop) struct accountant *accountant = NULL;
    const struct page_set *set;

    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ledger.catalogue = catalogue;
    ck_assert_int_eq(
        accountant_start(
            &(struct accountant_settings){ .config = &config, .ledger = &ledger, .slot = slot },
            &accountant, NULL),
        0);
    set = slot_acquire(slot);
    ck_assert_ptr_nonnull(set);
    ck_assert(!set->usable);
    slot_release(&set);
    accountant_stop(&accountant);
    ck_assert_ptr_null(accountant);
}
END_TEST

START_TEST(an_accountant_without_memory_does_not_start)
{
    static const struct config config = { .slo_max_age_ms = 15000 };
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    struct ledger_settings ledger = { .service = "api" };
    AUTO(slot_free) struct slot *slot = slot_new();

    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ledger.catalogue = catalogue;
    for (int n = 0; n < 4; n++) {
        struct accountant *accountant = NULL;
        struct error err = { 0 };
        int code;

        malloc_fail_at(n);
        code = accountant_start(
            &(struct accountant_settings){ .config = &config, .ledger = &ledger, .slot = slot },
            &accountant, &err);
        malloc_fail_at(-1);
        ck_assert_int_lt(code, 0);
        ck_assert_str_eq(err.text, "accountant: out of memory");
        ck_assert_ptr_null(accountant);
    }
}
END_TEST

TCase *accountant_cases(void)
{
    TCase *cases = tcase_create("accountant");

    tcase_add_test(cases, something_is_published_before_the_thread_starts_and_stopping_is_prompt);
    tcase_add_test(cases, an_accountant_without_memory_does_not_start);
    return cases;
}
