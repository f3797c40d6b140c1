/* test_incident.c - module/slo/incident.c: contiguous burns. */
/* SPDX-License-Identifier: MIT */
#include "slo/incident.h"

#include "suite.h"

enum { MOST = 10 };

static struct fraction target_of(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

/* 1000 events in each of the minutes [from, until), `bad` of them bad. */
static int fill(struct incident_minute minutes[], int count, int32_t from, int32_t until,
                uint64_t bad)
{
    for (int32_t minute = from; minute < until; minute++)
        minutes[count++] = (struct incident_minute){ minute, { 1000, bad } };
    return count;
}

START_TEST(an_outage_is_one_incident_from_its_first_to_its_last_bad_minute)
{
    struct incident_minute minutes[100];
    struct incident found[MOST];
    int count = fill(minutes, 0, 100, 120, 0);

    count = fill(minutes, count, 120, 130, 500);
    count = fill(minutes, count, 130, 160, 0);
    ck_assert_int_eq(incident_find(target_of("0.999"), minutes, count, found, MOST), 1);
    ck_assert_int_eq(found[0].from_minute, 120);
    ck_assert_int_eq(found[0].until_minute, 130);
    ck_assert_uint_eq(found[0].sum.total, 10000);
    ck_assert_uint_eq(found[0].sum.bad, 5000);
}
END_TEST

START_TEST(errors_within_the_budget_are_no_incident)
{
    struct incident_minute minutes[100];
    struct incident found[MOST];
    int count = fill(minutes, 0, 0, 100, 1); /* exactly a burn rate of 1 */

    ck_assert_int_eq(incident_find(target_of("0.999"), minutes, count, found, MOST), 0);
    ck_assert_int_eq(incident_find(target_of("0.999"), minutes, 0, found, MOST), 0);
}
END_TEST

/* A bad minute burns on for four more; then a pause of five is still joined. */
START_TEST(pauses_of_up_to_five_minutes_are_joined)
{
    static const struct {
        int32_t second; /* the other bad minute, after one at 100 */
        int want;
    } cases[] = { { 101, 1 }, { 105, 1 }, { 110, 1 }, { 111, 2 }, { 150, 2 } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct incident_minute minutes[100];
        struct incident found[MOST];
        int count = fill(minutes, 0, 90, 100, 0);
        int got;

        count = fill(minutes, count, 100, 101, 100);
        count = fill(minutes, count, 101, cases[i].second, 0);
        count = fill(minutes, count, cases[i].second, cases[i].second + 1, 100);
        count = fill(minutes, count, cases[i].second + 1, cases[i].second + 20, 0);
        got = incident_find(target_of("0.999"), minutes, count, found, MOST);
        ck_assert_msg(got == cases[i].want, "row %zu: %d", i, got);
        ck_assert_int_eq(found[0].until_minute, cases[i].second + 1);
        ck_assert_int_eq(found[got - 1].from_minute, 100);
        if (got == 1)
            ck_assert_uint_eq(found[0].sum.total, 1000 * (cases[i].second + 1 - 100));
    }
}
END_TEST

START_TEST(minutes_without_events_lie_between_incidents_too)
{
    static const struct incident_minute minutes[] = { { 10, { 5, 5 } }, { 2000, { 5, 5 } } };
    struct incident found[MOST];

    ck_assert_int_eq(incident_find(target_of("0.9"), minutes, 2, found, MOST), 2);
    ck_assert_int_eq(found[0].from_minute, 2000);
    ck_assert_int_eq(found[1].from_minute, 10);
    ck_assert_int_eq(found[1].until_minute, 11);
}
END_TEST

START_TEST(only_the_newest_are_kept)
{
    struct incident_minute minutes[20];
    struct incident found[3];

    for (int i = 0; i < 20; i++)
        minutes[i] = (struct incident_minute){ i * 100, { 10, 10 } };
    ck_assert_int_eq(incident_find(target_of("0.9"), minutes, 20, found, 3), 3);
    ck_assert_int_eq(found[0].from_minute, 1900);
    ck_assert_int_eq(found[2].from_minute, 1700);
    ck_assert_int_eq(incident_find(target_of("0.9"), minutes, 20, found, 0), 0);
}
END_TEST

START_TEST(an_incident_that_used_more_than_a_fifth_asks_for_a_postmortem)
{
    static const struct {
        uint64_t bad;
        bool want;
    } cases[] = { { 1, false }, { 200, false }, { 201, true }, { 5000, true } };
    struct window_sum whole = { 1000000, 5000 };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct incident incident = { 0, 1, { 6000, cases[i].bad } };

        ck_assert(incident_is_grave(target_of("0.999"), whole, &incident) == cases[i].want);
    }
}
END_TEST

TCase *incident_cases(void)
{
    TCase *cases = tcase_create("incident");

    tcase_add_test(cases, an_outage_is_one_incident_from_its_first_to_its_last_bad_minute);
    tcase_add_test(cases, errors_within_the_budget_are_no_incident);
    tcase_add_test(cases, pauses_of_up_to_five_minutes_are_joined);
    tcase_add_test(cases, minutes_without_events_lie_between_incidents_too);
    tcase_add_test(cases, only_the_newest_are_kept);
    tcase_add_test(cases, an_incident_that_used_more_than_a_fifth_asks_for_a_postmortem);
    return cases;
}
