/* test_track.c - module/slo/track.c */
/* SPDX-License-Identifier: MIT */
#include "slo/track.h"

#include "slo/slices.h"
#include "suite.h"

#include <stdio.h>

static const int32_t shown[] = { 5, 60 };

/* Objectives over the errors of `app`: in the order of their names. */
static struct catalogue *catalogue_of(const struct objective *objectives, int count)
{
    struct catalogue_builder *builder = catalogue_builder_new("app");

    ck_assert_ptr_nonnull(builder);
    for (int i = 0; i < count; i++) {
        struct objective objective = objectives[i];
        struct indicator indicator = { .service = "app" };

        (void)snprintf(objective.name, sizeof(objective.name), "o%d", i);
        (void)snprintf(objective.service, sizeof(objective.service), "app");
        objective.target = (struct fraction){ 99, 100 };
        status_set_add(&indicator.mark.statuses, 500, STATUS_HIGH);
        ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    }
    return catalogue_finish(&builder);
}

static bool has_span(const struct track *track, int32_t span)
{
    int found = 0;

    for (int i = 0; i < track->span_count; i++)
        found += track->spans[i] == span;
    ck_assert_int_le(found, 1);
    return found == 1;
}

START_TEST(objectives_that_count_the_same_share_a_track)
{
    static const struct objective objectives[] = {
        { .window_minutes = 43200 },
        { .window_minutes = 10080 },
        { .window_minutes = 43200,
          .budgeting = BUDGETING_TIMESLICES,
          .slice_minutes = 5,
          .slice_target = { 9, 10 } },
        { .window_minutes = 43200,
          .budgeting = BUDGETING_TIMESLICES,
          .slice_minutes = 5,
          .slice_target = { 18, 20 } },
        { .window_minutes = 43200,
          .budgeting = BUDGETING_TIMESLICES,
          .slice_minutes = 5,
          .slice_target = { 8, 10 } },
        { .window_minutes = 43200, .budgeting = BUDGETING_RATIO_TIMESLICES, .slice_minutes = 5 },
        { .window_minutes = 43200, .composite = true },
    };
    static const int of_objective[] = { 0, 0, 1, 1, 2, 3, -1 };
    AUTO(catalogue_free)
    struct catalogue *catalogue = catalogue_of(objectives, (int)ARRAY_LENGTH(objectives));
    AUTO(tracks_free) struct tracks *tracks = tracks_new(catalogue, shown, 2);

    ck_assert_int_eq(tracks->count, 4);
    for (size_t i = 0; i < ARRAY_LENGTH(of_objective); i++)
        ck_assert_int_eq(tracks->of_objective[i], of_objective[i]);
    ck_assert_int_eq(tracks->tracks[0].reach_minutes, 43200);
    ck_assert_int_eq(tracks->tracks[0].slice_minutes, 0);
}
END_TEST

START_TEST(a_track_knows_every_span_that_is_asked_of_it)
{
    static const struct objective objectives[] = {
        { .window_minutes = 43200 },
        { .window_minutes = 10080 },
        { .window_minutes = 44700,
          .calendar = { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC" } },
    };
    AUTO(catalogue_free) struct catalogue *catalogue = catalogue_of(objectives, 3);
    AUTO(tracks_free) struct tracks *tracks = tracks_new(catalogue, shown, 2);
    AUTO(window_free) struct window *window = track_window(&tracks->tracks[0]);
    const struct objective *first = &catalogue->objectives[0];

    ck_assert_int_eq(tracks->count, 1);
    ck_assert(has_span(&tracks->tracks[0], 5) && has_span(&tracks->tracks[0], 60));
    ck_assert(has_span(&tracks->tracks[0], 43200) && has_span(&tracks->tracks[0], 10080));
    for (int i = 0; i < first->rule_count; i++) {
        if (first->rules[i].kind != RULE_BURN_RATE)
            continue;
        ck_assert(has_span(&tracks->tracks[0], first->rules[i].long_minutes));
        ck_assert(has_span(&tracks->tracks[0], first->rules[i].short_minutes));
    }
    /* A calendar window begins with a quarter hour: it needs no minutes, only to be reached. */
    ck_assert(!has_span(&tracks->tracks[0], 44700));
    ck_assert_int_eq(tracks->tracks[0].reach_minutes, 44700);
    ck_assert_ptr_nonnull(window);
}
END_TEST

START_TEST(a_slice_is_what_its_events_come_to)
{
    static const struct objective objectives[] = {
        { .window_minutes = 1440,
          .budgeting = BUDGETING_TIMESLICES,
          .slice_minutes = 5,
          .slice_target = { 9, 10 } },
        { .window_minutes = 1440, .budgeting = BUDGETING_RATIO_TIMESLICES, .slice_minutes = 5 },
        { .window_minutes = 1440 },
    };
    AUTO(catalogue_free) struct catalogue *catalogue = catalogue_of(objectives, 3);
    AUTO(tracks_free) struct tracks *tracks = tracks_new(catalogue, shown, 2);
    struct window_sum sum = track_slice(&tracks->tracks[0], (struct window_sum){ 10, 2 });

    ck_assert_uint_eq(sum.total, 1);
    ck_assert_uint_eq(sum.bad, 1);
    sum = track_slice(&tracks->tracks[1], (struct window_sum){ 3, 1 });
    ck_assert_uint_eq(sum.total, SLICES_UNIT);
    ck_assert_uint_eq(sum.bad, 333333334);
    sum = track_slice(&tracks->tracks[0], (struct window_sum){ 0, 0 });
    ck_assert_uint_eq(sum.total, 0); /* what it means is not known here */
    sum = track_slice(&tracks->tracks[2], (struct window_sum){ 10, 2 });
    ck_assert_uint_eq(sum.total, 10);
}
END_TEST

START_TEST(tracks_are_whole_or_nothing_when_memory_is_out)
{
    static const struct objective objectives[] = { { .window_minutes = 1440 } };
    AUTO(catalogue_free) struct catalogue *catalogue = catalogue_of(objectives, 1);

    for (int n = 0; n < 100; n++) {
        AUTO(tracks_free) struct tracks *tracks = NULL;
        int failed;

        malloc_fail_at(n);
        tracks = tracks_new(catalogue, shown, 2);
        failed = malloc_failed();
        malloc_fail_at(-1);
        ck_assert(failed == (tracks == NULL));
        if (!failed)
            return;
    }
    ck_abort_msg("never succeeded");
}
END_TEST

TCase *track_cases(void)
{
    TCase *cases = tcase_create("track");

    tcase_add_test(cases, objectives_that_count_the_same_share_a_track);
    tcase_add_test(cases, a_track_knows_every_span_that_is_asked_of_it);
    tcase_add_test(cases, a_slice_is_what_its_events_come_to);
    tcase_add_test(cases, tracks_are_whole_or_nothing_when_memory_is_out);
    return cases;
}
