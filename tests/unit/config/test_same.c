/* test_same.c - module/config/same.c */
/* SPDX-License-Identifier: MIT */
#include "config/same.h"

#include "environment.h"
#include "suite.h"

#include <string.h>

static const struct config *reload(const char *const *env, const struct config *before)
{
    struct error err = { .code = 0 };
    const struct config *config = NULL;

    ck_assert_msg(config_reload(environment_lookup, (void *)env, before, &config, &err) == 0, "%s",
                  err.text);
    return config;
}

static uint64_t id_of(const struct config *config, const char *name)
{
    return config_check(config, name)->id;
}

START_TEST(same_rows_keep_their_id_and_changed_ones_get_another)
{
    static const char *const first[] = { "REDIS_URL", "redis://:a@h", "DATABASE_URL",
                                         "postgres://h/d", NULL };
    static const char *const second[] = { "REDIS_URL", "redis://:b@h", "DATABASE_URL",
                                          "postgres://h/d", NULL };
    AUTO(config_release) const struct config *before = reload(first, NULL);
    AUTO(config_release) const struct config *same = reload(first, before);
    AUTO(config_release) const struct config *other = reload(second, before);

    ck_assert_uint_eq(id_of(same, "redis"), id_of(before, "redis"));
    ck_assert_uint_eq(id_of(other, "database"), id_of(before, "database"));
    ck_assert_uint_ne(id_of(other, "redis"), id_of(before, "redis"));
}
END_TEST

START_TEST(same_ids_are_never_used_again)
{
    AUTO(config_release)
    const struct config *with = environment_load_one("REDIS_URL", "redis://h");
    static const char *const none[] = { NULL };
    static const char *const again[] = { "REDIS_URL", "redis://h", NULL };
    AUTO(config_release) const struct config *without = reload(none, with);
    AUTO(config_release) const struct config *back = reload(again, without);

    ck_assert_uint_gt(id_of(back, "redis"), id_of(with, "redis"));
    ck_assert_uint_gt(id_of(with, "redis"), 0);
}
END_TEST

START_TEST(same_ids_lead_to_their_rows)
{
    static const char *const env[] = { "REDIS_URL", "redis://h", "DATABASE_URL", "postgres://h/d",
                                       NULL };
    AUTO(config_release) const struct config *config = environment_load(env);

    for (int i = 0; i < config->check_count; i++)
        ck_assert_int_eq(config_check_of_id(config, config->checks[i].id), i);
    ck_assert_int_eq(config_check_of_id(config, UINT64_MAX), -1);
}
END_TEST

START_TEST(same_rows_do_not_care_for_the_rules_of_other_kinds)
{
    static const char *const cases[][2] = {
        { "PROBITY_CELERY_GRACE", "5s" },         { "PROBITY_CELERY_MODE", "passive" },
        { "PROBITY_CELERY_QUEUES", "a,b" },       { "DATABASE_POOL_SIZE", "5" },
        { "PROBITY_DATABASE_POLICY", "degrade" }, { "PROBITY_TLS_CA", "/a.pem" },
    };
    AUTO(config_release)
    const struct config *before = environment_load_one("REDIS_URL", "redis://h");
    const char *const env[] = { "REDIS_URL", "redis://h", cases[_i][0], cases[_i][1], NULL };
    AUTO(config_release) const struct config *after = reload(env, before);

    ck_assert_uint_eq(id_of(after, "redis"), id_of(before, "redis"));
}
END_TEST

START_TEST(same_is_no_row_that_differs_in_a_rule)
{
    static const char *const cases[][2] = {
        { "PROBITY_CHECK_INTERVAL", "2s" },        { "PROBITY_CHECK_FALL", "3" },
        { "PROBITY_REDIS_POLICY", "degrade" },     { "PROBITY_REDIS_POLICY", "fail_after=5s" },
        { "PROBITY_CHECK_FRESH_INTERVAL", "20s" }, { "REDIS_URL", "redis://h/1" },
        { "REDIS_URL", "redis://h:6380" },         { "REDIS_URL", "amqp://h" },
    };
    AUTO(config_release)
    const struct config *before = environment_load_one("REDIS_URL", "redis://h");
    /* A later one counts: the lookup takes the first of a name. */
    const char *const env[] = { cases[_i][0], cases[_i][1], "REDIS_URL", "redis://h", NULL };
    AUTO(config_release) const struct config *after = reload(env, before);

    ck_assert_uint_ne(id_of(after, "redis"), id_of(before, "redis"));
}
END_TEST

/* Every member, whatever it is: any byte that changes behind the id.  What stays unnoticed are the
 * holes between members, and no hole has the size of a pointer or is new without a new member. */
START_TEST(same_looks_at_every_member)
{
    enum { HOLES = 52 }; /* between the members of eight bytes and those of four, two and one */
    static const struct check_config empty = { .id = 0 };
    size_t unnoticed = 0;

    for (size_t i = sizeof(empty.id); i < sizeof(empty); i++) {
        struct check_config other;

        if (i >= offsetof(struct check_config, celery.queues)
            && i < offsetof(struct check_config, celery.queues) + sizeof(empty.celery.queues))
            continue; /* those that count are compared below */
        memset(&other, 0, sizeof(other));
        ((char *)&other)[i] = 1;
        unnoticed += check_is_same(&empty, &other);
    }
    ck_assert(sizeof(void *) != 8 || unnoticed == HOLES);
}
END_TEST

START_TEST(same_queues_are_the_same_by_their_names)
{
    char name[] = "solar";
    struct check_config a = { .celery = { .queues = { "solar" }, .queue_count = 1 } };
    struct check_config b = { .celery = { .queues = { name }, .queue_count = 1 } };

    ck_assert(check_is_same(&a, &b));
    name[0] = 'p';
    ck_assert(!check_is_same(&a, &b));
    a.id = 7;
    name[0] = 's';
    ck_assert(check_is_same(&a, &b));
}
END_TEST

TCase *same_cases(void)
{
    TCase *cases = tcase_create("same");

    tcase_add_test(cases, same_rows_keep_their_id_and_changed_ones_get_another);
    tcase_add_test(cases, same_ids_are_never_used_again);
    tcase_add_test(cases, same_ids_lead_to_their_rows);
    tcase_add_loop_test(cases, same_rows_do_not_care_for_the_rules_of_other_kinds, 0, 6);
    tcase_add_loop_test(cases, same_is_no_row_that_differs_in_a_rule, 0, 8);
    tcase_add_test(cases, same_looks_at_every_member);
    tcase_add_test(cases, same_queues_are_the_same_by_their_names);
    return cases;
}
