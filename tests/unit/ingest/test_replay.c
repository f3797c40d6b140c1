/* test_replay.c - module/ingest/replay.c: what is in the journal counts once, keyed or not. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/log.h"
#include "ingest/follower.h"
#include "suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const services[] = { "app" };

enum { FILES = 64, KEYS = 64 };

/* A writer that keeps its ledger in memory. */
static struct ledger {
    struct {
        struct file_id id;
        int64_t offset;
    } files[FILES];
    int file_count;
    struct flush_batch keys[KEYS];
    int key_count;
    uint64_t events;
    uint64_t rejected_lines;
    int commits;
    int keyed_commits;
    int dropped;
    int questions;
    bool silent;
} ledger;

static char state_dir[64];
static int64_t boot_ms;
static struct queue *flushes;
static struct queue *positions;
static struct catalogue *catalogue;
static struct plan *plan;
static struct journal *journal;
static struct follower *follower;

static void begin(void)
{
    struct follow_settings settings = { .service = "app", .plan = plan };

    journal = journal_new(&(struct journal_settings){ state_dir, "app" });
    ck_assert_int_eq(journal_set_services(journal, services, 1), 0);
    settings.journal = journal;
    flushes = queue_new(sizeof(struct flush *), 4);
    positions = queue_new(sizeof(struct file_position), 8);
    follower = follower_new(&settings, flushes, positions);
    ck_assert_ptr_nonnull(follower);
}

/* As kill -9 would. */
static void end(void)
{
    struct flush *flush;

    follower_free(&follower);
    journal_free(&journal);
    while (queue_pop(flushes, &flush, 0))
        flush_free(&flush);
    queue_free(&flushes);
    queue_free(&positions);
}

static void set_up(void)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, "test");
    ledger = (struct ledger){ 0 };
    boot_ms = 1000000;
    (void)snprintf(state_dir, sizeof(state_dir), "/tmp/probity-replay-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state_dir));
    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    begin();
}

static int count_files(bool remove)
{
    char path[128];
    DIR *listing;
    const struct dirent *entry;
    int count = 0;

    (void)snprintf(path, sizeof(path), "%s/journal/app", state_dir);
    listing = opendir(path);
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        count += entry->d_name[0] != '.';
        if (remove && entry->d_name[0] != '.')
            ck_assert_int_eq(unlinkat(dirfd(listing), entry->d_name, 0), 0);
    }
    if (listing != NULL)
        (void)closedir(listing);
    return count;
}

static void tear_down(void)
{
    char path[128];

    end();
    (void)count_files(true);
    (void)snprintf(path, sizeof(path), "%s/journal/app", state_dir);
    (void)rmdir(path);
    (void)snprintf(path, sizeof(path), "%s/journal", state_dir);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(state_dir), 0);
    plan_free(&plan);
    catalogue_free(&catalogue);
}

/* --- the writer --- */

static int64_t *offset_of(const struct file_id *id)
{
    int i = 0;

    while (i < ledger.file_count && !file_id_equals(&ledger.files[i].id, id))
        i++;
    if (i == ledger.file_count) {
        ck_assert_int_lt(i, FILES);
        ledger.files[ledger.file_count++].id = *id;
    }
    return &ledger.files[i].offset;
}

static bool is_taken(const struct flush_batch *batch)
{
    for (int i = 0; i < ledger.key_count; i++) {
        if (memcmp(ledger.keys[i].key_hash, batch->key_hash, sizeof(batch->key_hash)) == 0)
            return true;
    }
    ck_assert_int_lt(ledger.key_count, KEYS);
    ledger.keys[ledger.key_count++] = *batch;
    return false;
}

static void commit(const struct flush *flush)
{
    ledger.commits++;
    ledger.keyed_commits += flush->batch.keyed;
    ledger.rejected_lines += flush->rejected_lines;
    if (flush->batch.keyed && is_taken(&flush->batch)) {
        ledger.dropped++;
        return;
    }
    for (int i = 0; flush->tally != NULL && i < tally_row_count(flush->tally); i++)
        ledger.events += tally_row_totals(tally_row_at(flush->tally, i)).total;
}

static void answer(const struct flush *flush)
{
    int64_t *offset = offset_of(&flush->file);
    struct file_position reply = { .file = flush->file, .known = true };

    reply.committed = flush->kind == FLUSH_COUNTS && flush->from_offset == *offset;
    ledger.questions += flush->kind == FLUSH_ASK;
    if (reply.committed) {
        commit(flush);
        *offset = flush->to_offset;
    }
    reply.offset = *offset;
    ck_assert(queue_push(positions, &reply));
}

static bool turn(void)
{
    bool busy = follower_turn(follower, clock_wall_ms(), boot_ms += 300);
    struct flush *flush;

    while (!ledger.silent && queue_pop(flushes, &flush, 0)) {
        answer(flush);
        flush_free(&flush);
    }
    return busy;
}

static void settle(void)
{
    int calm = 0;

    for (int i = 0; i < 1000 && calm < 3; i++) {
        bool busy = turn();

        calm = !busy && follower_settled(follower) ? calm + 1 : 0;
    }
    ck_assert_int_eq(calm, 3);
}

/* --- posting --- */

/* Events of so many minutes and routes, which make a row each. */
static void post(int events, const char *key, int rows)
{
    struct flush_batch tag = { .keyed = key != NULL, .posted_ms = clock_wall_ms() };
    char *body = malloc((size_t)events * 128 + 1);
    size_t length = 0;
    struct batch batch;

    for (int i = 0; i < events; i++)
        length += (size_t)snprintf(body + length, 128,
                                   "{\"time\":%lld,\"route\":\"/%d\",\"method\":\"GET\","
                                   "\"status\":200,\"duration_ms\":%d}\n",
                                   (long long)clock_wall_ms() / 1000 - 60LL * (i % rows / 100),
                                   i % rows % 100, i);
    if (key != NULL)
        memcpy(tag.key_hash, key, strlen(key));
    ck_assert_int_eq(
        journal_parse(journal, (struct slice){ body, length }, clock_wall_ms(), &batch, NULL), 0);
    ck_assert_int_eq(journal_append(journal, &batch, &tag, clock_boot_ms() + 5000, NULL), 0);
    batch_done(&batch);
    free(body);
}

START_TEST(replay_counts_what_was_posted_once)
{
    post(1, NULL, 1);
    post(10, NULL, 3);
    settle();
    ck_assert_uint_eq(ledger.events, 11);
    ck_assert_int_eq(ledger.questions, 1);
    post(10, NULL, 3);
    settle();
    settle();
    ck_assert_uint_eq(ledger.events, 21);
    ck_assert_uint_eq(ledger.rejected_lines, 0);
}
END_TEST

START_TEST(replay_counts_more_rows_than_a_tally_takes)
{
    post(LIMIT_BATCH_EVENTS, NULL, LIMIT_BATCH_EVENTS);
    post(1, NULL, 1);
    settle();
    ck_assert_uint_eq(ledger.events, LIMIT_BATCH_EVENTS + 1);
    ck_assert_uint_eq(ledger.rejected_lines, 0);
}
END_TEST

START_TEST(replay_settles_a_batch_with_a_key_by_itself)
{
    post(5, NULL, 1);
    post(7, "key", 1);
    post(5, NULL, 1);
    settle();
    ck_assert_uint_eq(ledger.events, 17);
    ck_assert_int_eq(ledger.keyed_commits, 1);
    ck_assert_int_ge(ledger.commits, 3);
    post(7, "key", 1);
    settle();
    ck_assert_uint_eq(ledger.events, 17);
    ck_assert_int_eq(ledger.dropped, 1);
}
END_TEST

START_TEST(replay_settles_the_parts_of_a_large_batch_one_by_one)
{
    int parts = (LIMIT_BATCH_EVENTS + BATCH_PART_EVENTS - 1) / BATCH_PART_EVENTS;

    post(LIMIT_BATCH_EVENTS, "key", LIMIT_BATCH_EVENTS);
    settle();
    ck_assert_uint_eq(ledger.events, LIMIT_BATCH_EVENTS);
    ck_assert_int_eq(ledger.keyed_commits, parts);
    ck_assert_uint_eq(ledger.rejected_lines, 0);
    post(LIMIT_BATCH_EVENTS, "key", LIMIT_BATCH_EVENTS);
    settle();
    ck_assert_uint_eq(ledger.events, LIMIT_BATCH_EVENTS);
    ck_assert_int_eq(ledger.dropped, parts);
}
END_TEST

/* Killed after so many turns, with and without the writer's answer. */
START_TEST(replay_goes_on_where_the_ledger_is_whenever_it_is_killed)
{
    uint64_t want = 0;

    for (int turns = 0; turns < 40; turns++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "key-%d", turns);
        post(BATCH_PART_EVENTS + 100, NULL, 2000);
        post(BATCH_PART_EVENTS / 8, key, 50);
        post(3, NULL, 1);
        want += BATCH_PART_EVENTS + 100 + BATCH_PART_EVENTS / 8 + 3;
        for (int i = 0; i < turns; i++) {
            ledger.silent = i + 1 == turns && turns % 2 == 1;
            (void)turn();
        }
        ledger.silent = false;
        end();
        begin();
    }
    for (int i = 0; i < 3; i++)
        settle();
    ck_assert_uint_eq(ledger.events, want);
    ck_assert_uint_eq(ledger.rejected_lines, 0);
}
END_TEST

START_TEST(replay_reads_again_what_a_failover_lost)
{
    post(100, NULL, 3);
    settle();
    ck_assert_uint_eq(ledger.events, 100);
    ledger.files[0].offset = 0;
    ledger.events = 0;
    boot_ms += REPLAY_DOUBT_MS;
    settle();
    ck_assert_uint_eq(ledger.events, 100);
}
END_TEST

START_TEST(replay_segments_go_ten_minutes_after_their_commit)
{
    post(100, NULL, 3);
    settle();
    boot_ms += 2 * REPLAY_LINGER_MS;
    settle();
    ck_assert_int_eq(count_files(false), 1); /* it is being written */
    end();
    begin();
    settle();
    ck_assert_int_eq(count_files(false), 2); /* its successor stands ready beside it */
    boot_ms += REPLAY_LINGER_MS - 10000;
    settle();
    ck_assert_int_eq(count_files(false), 2);
    boot_ms += 10000;
    settle();
    ck_assert_int_eq(count_files(false), 1);
    ck_assert_uint_eq(ledger.events, 100);
}
END_TEST

START_TEST(replay_without_logs_says_that_it_watches)
{
    int commits;

    settle();
    ck_assert_int_eq(count_files(false), 1);
    commits = ledger.commits;
    boot_ms += TRAIL_WATCH_MS;
    settle();
    ck_assert_int_eq(ledger.commits, commits + 1);
}
END_TEST

TCase *replay_cases(void)
{
    TCase *cases = tcase_create("replay");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, replay_counts_what_was_posted_once);
    tcase_add_test(cases, replay_counts_more_rows_than_a_tally_takes);
    tcase_add_test(cases, replay_settles_a_batch_with_a_key_by_itself);
    tcase_add_test(cases, replay_settles_the_parts_of_a_large_batch_one_by_one);
    tcase_add_test(cases, replay_goes_on_where_the_ledger_is_whenever_it_is_killed);
    tcase_add_test(cases, replay_reads_again_what_a_failover_lost);
    tcase_add_test(cases, replay_segments_go_ten_minutes_after_their_commit);
    tcase_add_test(cases, replay_without_logs_says_that_it_watches);
    return cases;
}
