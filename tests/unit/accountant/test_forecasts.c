/* test_forecasts.c - module/accountant/forecasts.c, over a real book. */
/* SPDX-License-Identifier: MIT */
#include "accountant/forecasts.h"

#include "fake_ledger.h"

#include "suite.h"

enum { NOW = 29740000 };

static const struct coverage_span month = { (int64_t)(NOW - 50000) * 60000, (int64_t)NOW * 60000 };
static const struct ledger_coverage covered = {
    .measured_since_ms = (int64_t)(NOW - 50000) * 60000,
    .watched_until_ms = (int64_t)NOW * 60000,
    .spans = &month,
    .span_count = 1,
};

struct stage {
    struct catalogue *catalogue;
    struct book book;
    struct forecasts *forecasts;
};

/* The last exclusion has no id. */
static void begin(struct stage *stage, const struct fake_minute minutes[], int count,
                  const struct ledger_exclusion exclusions[])
{
    struct ledger_news news = {
        .complete = true, .anew = true, .coverage = &covered, .exclusions = exclusions
    };
    int64_t wall_ms = (int64_t)NOW * 60000;
    struct arena *arena = NULL;

    while (exclusions != NULL && exclusions[news.exclusion_count].id != NULL)
        news.exclusion_count++;
    ck_assert_int_eq(catalogue_built_in("app", &stage->catalogue, NULL), 0);
    ck_assert_int_eq(book_init(&stage->book, stage->catalogue), 0);
    stage->forecasts = forecasts_new(&stage->book);
    ck_assert_ptr_nonnull(stage->forecasts);
    book_expect(&stage->book, wall_ms);
    for (int i = 0; i < count; i++)
        fake_minute_set(stage->book.windows[0], minutes[i].minute, minutes[i].sum);
    ck_assert_int_eq(book_apply(&stage->book, &news, &arena, wall_ms), 0);
    forecasts_turn(stage->forecasts);
}

static void end(struct stage *stage)
{
    forecasts_free(&stage->forecasts);
    book_done(&stage->book);
    catalogue_free(&stage->catalogue);
}

static void expect(const struct stage *stage, const char *want)
{
    AUTO(buf_done) struct buf buf;
    struct json_writer json;

    buf_init(&buf, 4096);
    json_writer_init(&json, &buf);
    forecasts_put(stage->forecasts, 0, &json);
    ck_assert_str_eq(buf_text(&buf), want);
}

/* A million events 10 days ago; 60 bad of 600 in the last hour: 940.6 are left, of which each hour
 * takes 59.4 more than it earns: 950 minutes. */
START_TEST(a_burn_from_now_on_says_when_nothing_is_left)
{
    static const struct fake_minute minutes[] = {
        { 0, NOW - 14400, { 1000000, 0 } },
        { 0, NOW - 10, { 600, 60 } },
    };
    struct stage stage;

    begin(&stage, minutes, 2, NULL);
    expect(&stage, "{\"exhausts_at\": \"2026-07-19T10:31:00.000Z\", "
                   "\"positive_at\": \"2026-07-18T18:40:00.000Z\", "
                   "\"ample_at\": \"2026-07-18T18:40:00.000Z\"}");
    ck_assert_uint_eq(forecasts_version(stage.forecasts, 0), (uint64_t)NOW * 60000);
    end(&stage);
}
END_TEST

/* An outage near the beginning of the window leaves it evenly from the 4th to the 19th minute: 5000
 * of 6000 have to. */
START_TEST(a_budget_heals_when_the_outage_leaves_the_window)
{
    static const struct fake_minute minutes[] = {
        { 0, NOW - 43199 + 14, { 6000, 6000 } },
        { 0, NOW - 14400, { 1000000, 0 } },
    };
    struct stage stage;

    begin(&stage, minutes, 2, NULL);
    expect(&stage, "{\"exhausts_at\": \"2026-07-18T18:40:00.000Z\", "
                   "\"positive_at\": \"2026-07-18T18:57:00.000Z\", "
                   "\"ample_at\": \"2026-07-18T18:57:00.000Z\"}");
    end(&stage);
}
END_TEST

START_TEST(what_is_excluded_does_not_count)
{
    static const struct fake_minute minutes[] = {
        { 0, NOW - 14400, { 1000000, 0 } },
        { 0, NOW - 100, { 6000, 6000 } },
    };
    static const struct ledger_exclusion outage[] = {
        { 0, "", "1", "moved", "me", NOW - 110, NOW - 90, false },
        { 0, "", "2", "moved on", "me", NOW - 105, NOW - 80, true }, /* its minutes go once */
        { 0 },
    };
    struct stage stage;

    begin(&stage, minutes, 2, outage);
    expect(&stage, "{\"exhausts_at\": null, \"positive_at\": \"2026-07-18T18:40:00.000Z\", "
                   "\"ample_at\": \"2026-07-18T18:40:00.000Z\"}");
    end(&stage);
}
END_TEST

START_TEST(without_events_there_is_no_forecast)
{
    struct stage stage;

    begin(&stage, NULL, 0, NULL);
    expect(&stage, "null");
    ck_assert_uint_eq(forecasts_version(stage.forecasts, 0), 0);
    end(&stage);
}
END_TEST

START_TEST(what_does_not_add_up_is_not_told)
{
    static const struct fake_minute minutes[] = { { 0, NOW - 14400, { 1000000, 0 } } };
    struct stage stage;

    begin(&stage, minutes, 1, NULL);
    stage.book.verdicts[0].whole.total += 1000; /* as if unwatched time counted as good */
    stage.book.as_of_wall_ms += 60000;
    forecasts_turn(stage.forecasts);
    expect(&stage, "null");
    end(&stage);
}
END_TEST

TCase *forecasts_cases(void)
{
    TCase *cases = tcase_create("forecasts");

    tcase_add_test(cases, a_burn_from_now_on_says_when_nothing_is_left);
    tcase_add_test(cases, a_budget_heals_when_the_outage_leaves_the_window);
    tcase_add_test(cases, what_is_excluded_does_not_count);
    tcase_add_test(cases, without_events_there_is_no_forecast);
    tcase_add_test(cases, what_does_not_add_up_is_not_told);
    return cases;
}
