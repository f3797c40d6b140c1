/* test_archive.c - module/ingest/archive.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/archive.h"

#include "suite.h"

#include "ingest/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { LINE = 100, LINES = 9000 }; /* some chunks */

static char path[64];

static void set_up(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/probity-archive-XXXXXX");
    ck_assert_int_ge(close(mkstemp(path)), 0);
}

static void tear_down(void)
{
    (void)unlink(path);
}

/* "T": as it is; else gzipped, in `members` pieces. */
static void write_log(const char *mode, int members)
{
    for (int i = 0; i < members; i++) {
        gzFile file = gzopen(path, i == 0 ? mode : "ab");

        for (int line = i * LINES / members; line < (i + 1) * LINES / members; line++)
            ck_assert_int_eq(gzprintf(file, "%099d\n", line), LINE);
        ck_assert_int_eq(gzclose(file), Z_OK);
    }
}

static struct archive *opened(void)
{
    struct archive *archive = NULL;
    struct error err = { .code = 0 };
    int code = archive_open(path, NULL, &archive, &err);

    ck_assert_msg(code == 0, "%s", err.text);
    return archive;
}

/* Reads to the end, leaving a part of each chunk for the next; returns where that is. */
static int64_t read_all(struct archive *archive, struct error *err)
{
    for (;;) {
        struct slice chunk;
        int code = archive_read(archive, &chunk, err);

        for (size_t at = 0; at + LINE <= chunk.length; at += LINE)
            ck_assert_int_eq(strtol(chunk.data + at, NULL, 10),
                             (archive_offset(archive) + (int64_t)at) / LINE);
        archive_take(archive, chunk.length / LINE * LINE);
        if (code != 0 || chunk.length < FILE_CHUNK_BYTES)
            return archive_offset(archive);
    }
}

START_TEST(archive_is_the_same_file_compressed_and_not)
{
    static const struct {
        const char *mode;
        int members;
    } kinds[] = { { "wT", 1 }, { "wb", 1 }, { "wb", 3 } };
    AUTO(archive_close) struct archive *archive = NULL;
    struct file_id plain;
    struct error err = { .code = 0 };

    write_log("wT", 1);
    archive = opened();
    plain = archive_head(archive)->id;
    archive_close(&archive);
    ck_assert_int_eq(unlink(path), 0);
    write_log(kinds[_i].mode, kinds[_i].members);
    archive = opened();
    ck_assert_mem_eq(archive_head(archive)->id.bytes, plain.bytes, sizeof(plain.bytes));
    ck_assert_int_eq(read_all(archive, &err), LINE * LINES);
    ck_assert_int_eq(archive_bytes_read(archive), archive_bytes(archive));
    ck_assert_int_eq(archive_seek(archive, LINE * 10, &err), 0); /* a rival was there */
    ck_assert_int_eq(read_all(archive, &err), LINE * LINES);
    ck_assert_int_eq(archive_seek(archive, LINE * LINES - LINE, &err), 0);
    ck_assert_int_eq(read_all(archive, &err), LINE * LINES);
    ck_assert_int_eq(archive_seek(archive, LINE * LINES * 2, &err), 0);
    ck_assert_int_eq(read_all(archive, &err), LINE * LINES * 2);
    ck_assert_int_eq(err.code, 0);
}
END_TEST

START_TEST(archive_that_is_cut_short_gives_what_there_is_and_says_so)
{
    AUTO(archive_close) struct archive *archive = NULL;
    struct error err = { .code = 0 };
    struct stat status;
    int64_t end;

    write_log("wb", 1);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
    archive = opened();
    end = read_all(archive, &err);
    ck_assert(end > 0 && end < LINE * LINES);
    ck_assert_ptr_nonnull(strstr(err.text, "cut short"));
}
END_TEST

START_TEST(archive_needs_a_file_with_a_line)
{
    struct archive *archive = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(archive_open(path, NULL, &archive, &err), -ENODATA);
    error_clear(&err);
    ck_assert_int_eq(archive_open("/tmp", NULL, &archive, &err), -EINVAL);
    error_clear(&err);
    ck_assert_int_eq(archive_open("/nowhere", NULL, &archive, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere"));
}
END_TEST

TCase *archive_cases(void)
{
    TCase *cases = tcase_create("archive");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, archive_is_the_same_file_compressed_and_not, 0, 3);
    tcase_add_test(cases, archive_that_is_cut_short_gives_what_there_is_and_says_so);
    tcase_add_test(cases, archive_needs_a_file_with_a_line);
    return cases;
}
