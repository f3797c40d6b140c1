/* test_journal.c - module/ingest/{journal,shelf,segment,entry}.c: what is promised is on the disk,
 * and what is not is gone. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "ingest/entry.h"
#include "ingest/journal.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char state_dir[64];
static char directory[96];

/* --- a disk that fails --- */

static int sync_fails;         /* errno of every sync; 0: none */
static bool disk_lies;         /* takes everything and keeps nothing */
static int64_t disk_left = -1; /* bytes that can still be written; -1: no end */
static int syncs;

static atomic_int writes;  /* so far */
static int sync_waits_for; /* writes that must have happened before a sync ends */

int fdatasync(int fd)
{
    (void)fd;
    syncs++;
    while (atomic_load(&writes) < sync_waits_for)
        (void)sched_yield();
    errno = sync_fails;
    return sync_fails == 0 ? 0 : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    (void)atomic_fetch_add(&writes, 1);
    if (disk_lies && offset > 0)
        return (ssize_t)length;
    if (disk_left >= 0 && (int64_t)length > disk_left)
        length = (size_t)disk_left;
    if (length == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (disk_left >= 0)
        disk_left -= (int64_t)length;
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

/* --- the stage --- */

static struct journal *open_journal(void)
{
    static const char *const services[] = { "app" };
    struct journal *journal = journal_new(&(struct journal_settings){ state_dir, "app" });

    ck_assert_ptr_nonnull(journal);
    ck_assert_int_eq(journal_set_services(journal, services, 1), 0);
    return journal;
}

static void set_up(void)
{
    (void)snprintf(state_dir, sizeof(state_dir), "/tmp/probity-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(state_dir));
    (void)snprintf(directory, sizeof(directory), "%s/journal/app", state_dir);
    sync_fails = 0;
    disk_lies = false;
    disk_left = -1;
    syncs = 0;
    atomic_store(&writes, 0);
    sync_waits_for = 0;
}

/* The path of the only file with the suffix, or how many there are. */
static int list_files(char path[384])
{
    DIR *listing = opendir(directory);
    const struct dirent *entry;
    int count = 0;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, 384, "%s/%s", directory, entry->d_name);
        count++;
    }
    if (listing != NULL)
        (void)closedir(listing);
    return count;
}

static void tear_down(void)
{
    char path[384];

    while (list_files(path) > 0)
        ck_assert_int_eq(unlink(path), 0);
    (void)rmdir(directory);
    (void)snprintf(path, sizeof(path), "%s/journal", state_dir);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(state_dir), 0);
    sync_fails = 0; /* other cases use the disk too */
    disk_left = -1;
}

static size_t fill_body(char *body, int events)
{
    size_t length = 0;

    for (int i = 0; i < events; i++)
        length +=
            (size_t)snprintf(body + length, 128,
                             "{\"time\":%lld,\"route\":\"/\",\"method\":\"GET\",\"status\":200,"
                             "\"duration_ms\":%d}\n",
                             (long long)clock_wall_ms() / 1000, i);
    return length;
}

static int post(struct journal *journal, int events, const char *key, struct error *err)
{
    struct flush_batch tag = { .keyed = key != NULL, .posted_ms = clock_wall_ms() };
    char *body = malloc((size_t)events * 128 + 1);
    size_t length = fill_body(body, events);
    struct batch batch;
    int code;

    if (key != NULL)
        memcpy(tag.key_hash, key, strlen(key));
    code = journal_parse(journal, (struct slice){ body, length }, clock_wall_ms(), &batch, err);
    ck_assert_int_eq(code, 0);
    code = journal_append(journal, &batch, &tag, clock_boot_ms() + 5000, err);
    batch_done(&batch);
    free(body);
    return code;
}

static struct segment only_segment(struct journal *journal)
{
    struct segment segments[LIMIT_SEGMENTS];

    ck_assert_int_eq(journal_segments(journal, segments), 1);
    return segments[0];
}

static int64_t size_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

/* Takes over what is in the directory; returns up to where its only segment is whole, or -1. */
static int64_t taken_over(uint64_t *torn)
{
    struct journal *journal = open_journal();
    struct segment segments[LIMIT_SEGMENTS];
    struct journal_counters counters;
    int count;

    journal_look(journal);
    count = journal_segments(journal, segments);
    ck_assert_int_le(count, 1);
    journal_counters(journal, &counters);
    *torn = counters.torn_bytes;
    journal_free(&journal);
    return count == 1 ? segments[0].synced : -1;
}

/* --- the tests --- */

START_TEST(journal_touches_no_disk_before_the_first_batch)
{
    struct journal *journal = open_journal();
    char path[384];

    journal_look(journal);
    ck_assert_int_eq(list_files(path), 0);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    ck_assert_int_eq(list_files(path), 1);
    ck_assert_int_eq(size_of(path), only_segment(journal).synced);
    ck_assert(only_segment(journal).named);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_is_taken_over_by_the_next_process_and_by_no_other_while_it_lives)
{
    struct journal *first = open_journal();
    struct journal *second = open_journal();
    struct segment segments[LIMIT_SEGMENTS];
    int64_t synced;

    ck_assert_int_eq(post(first, 3, NULL, NULL), 0);
    synced = only_segment(first).synced;
    journal_look(second);
    ck_assert_int_eq(journal_segments(second, segments), 0);
    journal_free(&first);
    journal_look(second);
    ck_assert_int_eq(only_segment(second).synced, synced);
    ck_assert(!only_segment(second).open);
    /* What is taken over is never written: a batch begins another segment. */
    ck_assert_int_eq(post(second, 3, NULL, NULL), 0);
    ck_assert_int_eq(journal_segments(second, segments), 2);
    ck_assert(memcmp(&segments[0].head.id, &segments[1].head.id, sizeof(struct file_id)) != 0);
    journal_free(&second);
}
END_TEST

/* Copies the first `length` bytes of a segment into the directory, as a crash leaves it. */
static void leave_behind(const char *bytes, size_t length, size_t damaged)
{
    char path[384];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/0000000000001-0123456789ab.journal", directory);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(syscall(SYS_pwrite64, fd, bytes, length, 0), (long)length);
    if (damaged < length) {
        char other = (char)(bytes[damaged] ^ 0x20);

        ck_assert_int_eq(syscall(SYS_pwrite64, fd, &other, 1, damaged), 1);
    }
    (void)close(fd);
}

/* Writes two batches, the second in parts; returns the file's bytes and where each ends. */
static char *two_batches(size_t ends[3])
{
    struct journal *journal = open_journal();
    char path[384];
    char *bytes;
    int fd;

    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    ends[0] = only_segment(journal).head.bytes + 1;
    ends[1] = (size_t)only_segment(journal).synced;
    ck_assert_int_eq(post(journal, BATCH_PART_EVENTS + 1, "key", NULL), 0);
    ends[2] = (size_t)only_segment(journal).synced;
    ck_assert_int_eq(list_files(path), 1);
    journal_free(&journal);
    bytes = malloc(ends[2]);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, bytes, ends[2], 0), (ssize_t)ends[2]);
    (void)close(fd);
    ck_assert_int_eq(unlink(path), 0);
    return bytes;
}

/* At every byte around the ends, and here and there between them. */
START_TEST(journal_a_torn_tail_is_cut_at_the_last_whole_batch)
{
    size_t ends[3];
    char *bytes = two_batches(ends);

    for (size_t length = 0; length <= ends[2]; length++) {
        int64_t want = length >= ends[2]   ? (int64_t)ends[2]
                       : length >= ends[1] ? (int64_t)ends[1]
                                           : (int64_t)ends[0];
        uint64_t torn = 0;
        int64_t whole;

        if (length > ends[1] + 500 && length + 500 < ends[2] && length % 997 != 0)
            continue;
        leave_behind(bytes, length, SIZE_MAX);
        whole = taken_over(&torn);
        if (length < ends[0]) {
            ck_assert_int_eq(whole, -1); /* nothing was ever taken there: it is gone */
            continue;
        }
        ck_assert_int_eq(whole, want);
        ck_assert_uint_eq(torn, length - (size_t)want);
        /* The next one finds nothing that is torn. */
        ck_assert_int_eq(taken_over(&torn), want);
        ck_assert_uint_eq(torn, 0);
    }
    free(bytes);
}
END_TEST

START_TEST(journal_what_the_checksum_denies_ends_it)
{
    size_t ends[3];
    char *bytes = two_batches(ends);

    for (size_t damaged = ends[0]; damaged < ends[2]; damaged++) {
        uint64_t torn;

        if (damaged > ends[1] + 500 && damaged % 499 != 0)
            continue;
        leave_behind(bytes, ends[2], damaged);
        ck_assert_int_eq(taken_over(&torn),
                         damaged < ends[1] ? (int64_t)ends[0] : (int64_t)ends[1]);
    }
    free(bytes);
}
END_TEST

START_TEST(journal_a_full_disk_takes_nothing_of_a_batch)
{
    struct journal *journal = open_journal();
    struct error err = { 0 };
    char path[384];
    int64_t size;

    ck_assert_int_eq(post(journal, 10, NULL, NULL), 0);
    ck_assert_int_eq(list_files(path), 1);
    size = size_of(path);
    for (disk_left = 0; disk_left < 1000; disk_left += 37) {
        int64_t left = disk_left;

        error_clear(&err);
        ck_assert_int_eq(post(journal, 10, NULL, &err), -ENOSPC);
        ck_assert_ptr_nonnull(strstr(err.text, "the disk is full"));
        ck_assert_int_eq(size_of(path), size);
        disk_left = left;
    }
    disk_left = -1;
    ck_assert_int_eq(post(journal, 10, NULL, NULL), 0);
    ck_assert_int_gt(only_segment(journal).synced, size);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_a_failed_sync_ends_the_segment_at_what_was_promised)
{
    struct journal *journal = open_journal();
    struct segment segments[LIMIT_SEGMENTS];
    struct journal_counters counters;
    struct error err = { 0 };
    int64_t synced;

    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    synced = only_segment(journal).synced;
    sync_fails = EIO;
    ck_assert_int_eq(post(journal, 1, NULL, &err), -EIO);
    ck_assert_ptr_nonnull(strstr(err.text, directory));
    ck_assert(!only_segment(journal).open);
    ck_assert_int_eq(only_segment(journal).synced, synced);
    /* Even if the disk says that all is well again, nothing is written behind it. */
    sync_fails = 0;
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    ck_assert_int_eq(journal_segments(journal, segments), 2);
    ck_assert_int_eq(segments[0].written, synced);
    journal_counters(journal, &counters);
    ck_assert_uint_eq(counters.broken, 1);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_a_directory_that_cannot_be_made_is_named)
{
    struct error err = { 0 };
    char path[128];
    struct journal *journal;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/journal", state_dir);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* a file in its place */
    (void)close(fd);
    journal = open_journal();
    ck_assert_int_eq(post(journal, 1, NULL, &err), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(err.text, directory));
    ck_assert_ptr_nonnull(strstr(err.text, "PROBITY_STATE_DIR"));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0); /* and tried again with every batch */
    journal_free(&journal);
}
END_TEST

START_TEST(journal_goes_on_when_its_directory_was_removed)
{
    struct journal *journal = open_journal();
    char path[384];

    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    ck_assert_int_eq(list_files(path), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), -ENOENT);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    ck_assert_int_eq(list_files(path), 1);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_segments_roll_and_the_whole_is_bounded)
{
    struct journal *journal = open_journal();
    struct segment segments[LIMIT_SEGMENTS];
    struct journal_counters counters;
    struct error err = { 0 };
    struct flush_batch tag = { 0 };
    struct batch batch;
    char *body;
    int code;
    int count;

    body = malloc(LIMIT_BATCH_BYTES);
    ck_assert_int_eq(journal_parse(journal, (struct slice){ body, fill_body(body, 9000) },
                                   clock_wall_ms(), &batch, NULL),
                     0);
    free(body);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    disk_lies = true;
    do
        code = journal_append(journal, &batch, &tag, clock_boot_ms() + 5000, &err);
    while (code == 0);
    disk_lies = false;
    batch_done(&batch);
    ck_assert_int_eq(code, -EDQUOT);
    ck_assert_ptr_nonnull(strstr(err.text, "256 MiB of events wait"));
    count = journal_segments(journal, segments);
    ck_assert_int_ge(count, 16);
    journal_counters(journal, &counters);
    ck_assert_int_le(counters.bytes, LIMIT_JOURNAL_BYTES);
    ck_assert(journal_is_crowded(journal));
    for (int i = 0; i < count; i++)
        ck_assert_int_le(segments[i].synced, LIMIT_SEGMENT_BYTES);
    /* What is dropped makes room; the one that is written can't be. */
    for (int i = 0; i < count; i++)
        journal_drop(journal, &segments[i].head.id);
    ck_assert_int_eq(journal_segments(journal, segments), 1);
    ck_assert(segments[0].open);
    ck_assert_int_eq(post(journal, 1, NULL, NULL), 0);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_knows_a_key_that_it_has_taken)
{
    struct journal *journal = open_journal();
    struct flush_batch tag = { .keyed = true, .posted_ms = clock_wall_ms() };

    memcpy(tag.key_hash, "first", 5);
    ck_assert_int_eq(journal_recall(journal, &tag), RECALL_NEW);
    ck_assert_int_eq(post(journal, 1, "first", NULL), 0);
    ck_assert_int_eq(journal_recall(journal, &tag), RECALL_SAME);
    tag.body_hash[0] = 1;
    ck_assert_int_eq(journal_recall(journal, &tag), RECALL_OTHER_BODY);
    tag.posted_ms += RECALL_MS + 1000;
    ck_assert_int_eq(journal_recall(journal, &tag), RECALL_NEW);
    sync_fails = EIO;
    ck_assert_int_eq(post(journal, 1, "second", NULL), -EIO);
    memset(tag.key_hash, 0, sizeof(tag.key_hash));
    memcpy(tag.key_hash, "second", 6);
    ck_assert_int_eq(journal_recall(journal, &tag), RECALL_NEW);
    journal_free(&journal);
}
END_TEST

enum { POSTERS = 4, POSTS = 100 };

static void *post_many(void *context)
{
    for (int i = 0; i < POSTS; i++)
        ck_assert_int_eq(post(context, 2, NULL, NULL), 0);
    return NULL;
}

START_TEST(journal_takes_batches_of_several_threads)
{
    struct journal *journal = open_journal();
    struct segment segment;
    pthread_t posters[POSTERS];
    int64_t at;
    int entries = 0;
    uint64_t torn;

    for (int i = 0; i < POSTERS; i++)
        ck_assert_int_eq(pthread_create(&posters[i], NULL, post_many, journal), 0);
    for (int i = 0; i < POSTERS; i++)
        ck_assert_int_eq(pthread_join(posters[i], NULL), 0);
    segment = only_segment(journal);
    ck_assert_int_eq(segment.synced, segment.written);
    for (at = (int64_t)segment.head.bytes + 1; at < segment.synced; entries++)
        ck_assert_int_eq(segment_find(&segment, at, &at) >= 0, 1);
    ck_assert_int_eq(entries, POSTERS * POSTS);
    journal_free(&journal);
    ck_assert_int_eq(taken_over(&torn), segment.synced);
}
END_TEST

static void *post_one(void *context)
{
    ck_assert_int_eq(post(context, 1, NULL, NULL), 0);
    return NULL;
}

START_TEST(journal_batches_that_come_while_the_disk_is_busy_share_its_next_answer)
{
    struct journal *journal = open_journal();
    pthread_t posters[3];

    sync_waits_for = 4; /* the segment's first line, and all three batches */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&posters[i], NULL, post_one, journal), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(posters[i], NULL), 0);
    ck_assert_int_le(syncs, 2);
    journal_free(&journal);
}
END_TEST

START_TEST(journal_batch_without_events_needs_no_disk)
{
    struct journal *journal = open_journal();
    struct batch batch;
    char path[384];

    ck_assert_int_eq(journal_parse(journal, SLICE("[]"), clock_wall_ms(), &batch, NULL), 0);
    ck_assert_int_eq(journal_append(journal, &batch, &(struct flush_batch){ 0 }, 0, NULL), 0);
    ck_assert_int_eq(list_files(path), 0);
    batch_done(&batch);
    journal_free(&journal);
}
END_TEST

TCase *journal_cases(void)
{
    TCase *cases = tcase_create("journal");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, journal_touches_no_disk_before_the_first_batch);
    tcase_add_test(cases, journal_is_taken_over_by_the_next_process_and_by_no_other_while_it_lives);
    tcase_add_test(cases, journal_a_torn_tail_is_cut_at_the_last_whole_batch);
    tcase_add_test(cases, journal_what_the_checksum_denies_ends_it);
    tcase_add_test(cases, journal_a_full_disk_takes_nothing_of_a_batch);
    tcase_add_test(cases, journal_a_failed_sync_ends_the_segment_at_what_was_promised);
    tcase_add_test(cases, journal_a_directory_that_cannot_be_made_is_named);
    tcase_add_test(cases, journal_goes_on_when_its_directory_was_removed);
    tcase_add_test(cases, journal_segments_roll_and_the_whole_is_bounded);
    tcase_add_test(cases, journal_knows_a_key_that_it_has_taken);
    tcase_add_test(cases, journal_takes_batches_of_several_threads);
    tcase_add_test(cases, journal_batches_that_come_while_the_disk_is_busy_share_its_next_answer);
    tcase_add_test(cases, journal_batch_without_events_needs_no_disk);
    return cases;
}
