/* test_events.c - module/front/events.c: what a batch is answered, without a ledger. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "front/handlers.h"
#include "house.h"
#include "suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char state_dir[64];
static struct house house;

static void set_up(void)
{
    static const char *const services[] = { "app" };

    (void)snprintf(state_dir, sizeof(state_dir), "/tmp/probity-events-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state_dir));
    house_init(&house, true);
    house.sources.journal = journal_new(&(struct journal_settings){ state_dir, "app" });
    ck_assert_int_eq(journal_set_services(house.sources.journal, services, 1), 0);
}

static void tear_down(void)
{
    static const char *const folders[] = { "/journal/app", "/journal", "" };

    journal_free(&house.sources.journal);
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        char path[128];
        DIR *listing;
        const struct dirent *entry;

        (void)snprintf(path, sizeof(path), "%s%s", state_dir, folders[i]);
        listing = opendir(path);
        while (listing != NULL && (entry = readdir(listing)) != NULL)
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        if (listing != NULL)
            (void)closedir(listing);
        (void)rmdir(path);
    }
    house_done(&house);
}

/* Posts a body, with a key unless that is NULL; returns the status. */
static int post(const char *body, const char *key)
{
    struct request request = { .method = METHOD_POST, .idempotency_key = slice_of(key) };
    struct exchange exchange = { .request = &request,
                                 .sources = &house.sources,
                                 .response = &house.response,
                                 .body = slice_of(body),
                                 .deadline_ms = clock_boot_ms() + 10000 };

    response_clear(&house.response);
    events_post(&exchange);
    buf_clear(&house.text);
    buf_append(&house.text, house.response.body);
    return house.response.status;
}

static const char *event(int status)
{
    static char text[256];

    (void)snprintf(text, sizeof(text),
                   "{\"time\":%lld,\"route\":\"/\",\"method\":\"GET\",\"status\":%d,"
                   "\"duration_ms\":1}",
                   (long long)(clock_wall_ms() / 1000), status);
    return text;
}

static uint64_t counted(enum batch_result result)
{
    struct journal_counters counters;

    journal_counters(house.sources.journal, &counters);
    return counters.batches[result];
}

START_TEST(what_is_on_the_disk_is_accepted)
{
    struct journal_counters counters;

    ck_assert_int_eq(post(event(200), NULL), 202);
    ck_assert_str_eq(buf_text(&house.text), "{\"accepted\": 1}");
    ck_assert_int_eq(post("[]", NULL), 202);
    ck_assert_str_eq(buf_text(&house.text), "{\"accepted\": 0}");
    journal_counters(house.sources.journal, &counters);
    ck_assert_uint_eq(counters.batches[BATCH_ACCEPTED], 2);
    ck_assert_uint_eq(counters.syncs, 1);
}
END_TEST

START_TEST(what_is_wrong_is_refused_and_named)
{
    ck_assert_int_eq(post(event(7), NULL), 400);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"line 1: status: is no whole number"));
    ck_assert_int_eq(post("", NULL), 400);
    ck_assert_int_eq(post(event(200), "tab\there"), 400);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "Idempotency-Key"));
    ck_assert_uint_eq(counted(BATCH_BAD), 3);
}
END_TEST

START_TEST(a_key_is_taken_once_and_with_another_body_not_at_all)
{
    char body[256];
    struct journal_counters counters;

    (void)snprintf(body, sizeof(body), "%s", event(200));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(post(body, "key"), 202);
        ck_assert_str_eq(buf_text(&house.text), "{\"accepted\": 1}");
    }
    ck_assert_int_eq(post(event(500), "key"), 409);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"conflict\""));
    ck_assert_int_eq(post(event(500), "another key"), 202);
    ck_assert_uint_eq(counted(BATCH_ACCEPTED), 2);
    ck_assert_uint_eq(counted(BATCH_REPEATED), 2);
    ck_assert_uint_eq(counted(BATCH_CONFLICT), 1);
    journal_counters(house.sources.journal, &counters);
    ck_assert_uint_eq(counters.syncs, 2);
}
END_TEST

START_TEST(a_disk_that_takes_nothing_is_named_and_heals)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/journal", state_dir);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(post(event(200), "key"), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), state_dir));
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Retry-After: "));
    ck_assert_uint_eq(counted(BATCH_FAILED), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(post(event(200), "key"), 202);
}
END_TEST

START_TEST(metrics_tell_what_became_of_every_batch)
{
    AUTO(buf_done) struct buf text;
    struct metrics_writer writer;

    buf_init(&text, 64 * 1024);
    ck_assert_int_eq(post(event(200), NULL), 202);
    metrics_init(&writer, &text, METRICS_PROMETHEUS);
    events_describe(house.sources.journal, &writer);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "probity_ingest_batches_total{result=\"accepted\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "probity_ingest_batches_total{result=\"conflict\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "probity_journal_segments 1\n"));
}
END_TEST

TCase *events_cases(void)
{
    TCase *cases = tcase_create("events");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_is_on_the_disk_is_accepted);
    tcase_add_test(cases, what_is_wrong_is_refused_and_named);
    tcase_add_test(cases, a_key_is_taken_once_and_with_another_body_not_at_all);
    tcase_add_test(cases, a_disk_that_takes_nothing_is_named_and_heals);
    tcase_add_test(cases, metrics_tell_what_became_of_every_batch);
    return cases;
}
