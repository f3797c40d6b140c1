/* test_entry.c - module/ingest/entry.c and recall.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/entry.h"

#include "ingest/recall.h"
#include "suite.h"

#include <stdlib.h>

static const struct slice lines = { "one\ntwo\n", 8 };

static struct entry an_entry(bool keyed)
{
    struct entry entry = { .events = 2, .part = 1, .parts = 3, .bytes = lines.length };

    entry.batch.posted_ms = 1795262400123;
    entry.batch.keyed = keyed;
    for (unsigned char i = 0; keyed && i < 32; i++) {
        entry.batch.key_hash[i] = i;
        entry.batch.first_hash[i] = (unsigned char)(255 - i);
        entry.batch.body_hash[i] = (unsigned char)(i * 7);
    }
    return entry;
}

START_TEST(entry_is_read_as_it_was_written)
{
    for (int keyed = 0; keyed < 2; keyed++) {
        AUTO(buf_done) struct buf buf;
        struct entry written = an_entry(keyed == 1);
        struct entry read;
        size_t header;

        buf_init(&buf, 4096);
        entry_write(&written, lines, &buf);
        ck_assert(buf_ok(&buf));
        header = entry_read(buf_slice(&buf), &read);
        ck_assert_uint_gt(header, 0);
        ck_assert_uint_le(header, ENTRY_HEADER_BYTES);
        ck_assert_uint_eq(buf.length, header + lines.length);
        ck_assert_mem_eq(&read.batch, &written.batch, sizeof(read.batch));
        ck_assert_int_eq(read.events, 2);
        ck_assert_int_eq(read.part, 1);
        ck_assert_int_eq(read.parts, 3);
        ck_assert_uint_eq(read.bytes, lines.length);
        ck_assert(entry_holds((struct slice){ buf.data, header },
                              (struct slice){ buf.data + header, lines.length }));
    }
}
END_TEST

START_TEST(entry_that_is_not_whole_or_not_itself_is_none)
{
    AUTO(buf_done) struct buf buf;
    struct entry written = an_entry(true);
    struct entry read;
    size_t header;

    buf_init(&buf, 4096);
    entry_write(&written, lines, &buf);
    header = entry_read(buf_slice(&buf), &read);
    for (size_t length = 0; length < header; length++)
        ck_assert_uint_eq(entry_read((struct slice){ buf.data, length }, &read), 0);
    for (size_t i = 0; i < buf.length; i++) {
        buf.data[i] ^= 1;
        ck_assert(entry_read(buf_slice(&buf), &read) != header
                  || !entry_holds((struct slice){ buf.data, header },
                                  (struct slice){ buf.data + header, lines.length }));
        buf.data[i] ^= 1;
    }
}
END_TEST

START_TEST(recall_forgets_the_oldest_and_what_is_a_day_old)
{
    struct recall *recall = calloc(1, sizeof(*recall));
    struct flush_batch batch = { .keyed = true, .posted_ms = 1000 };

    ck_assert_int_eq(recall_judge(recall, &batch), RECALL_NEW);
    for (uint32_t i = 0; i <= LIMIT_BATCH_KEYS; i++) {
        memcpy(batch.key_hash, &i, sizeof(i));
        recall_note(recall, &batch);
        ck_assert_int_eq(recall_judge(recall, &batch), RECALL_SAME);
    }
    for (uint32_t i = 0; i <= LIMIT_BATCH_KEYS; i++) {
        memcpy(batch.key_hash, &i, sizeof(i));
        ck_assert_int_eq(recall_judge(recall, &batch), i == 0 ? RECALL_NEW : RECALL_SAME);
    }
    batch.body_hash[31] = 1;
    ck_assert_int_eq(recall_judge(recall, &batch), RECALL_OTHER_BODY);
    batch.posted_ms += RECALL_MS - 1;
    ck_assert_int_eq(recall_judge(recall, &batch), RECALL_OTHER_BODY);
    batch.posted_ms++;
    ck_assert_int_eq(recall_judge(recall, &batch), RECALL_NEW);
    free(recall);
}
END_TEST

TCase *entry_cases(void)
{
    TCase *cases = tcase_create("entry");

    tcase_add_test(cases, entry_is_read_as_it_was_written);
    tcase_add_test(cases, entry_that_is_not_whole_or_not_itself_is_none);
    tcase_add_test(cases, recall_forgets_the_oldest_and_what_is_a_day_old);
    return cases;
}
