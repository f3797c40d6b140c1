/* test_derived.c - module/ledger/derived.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/derived.h"

#include "slo/status_counts.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A row of evidence as Postgres prints it; NULL for none. */
struct cells {
    const char *texts[EVIDENCE_HISTOGRAM + 1];
};

static PGresult *result_of(const struct cells *rows, int count)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc columns[EVIDENCE_HISTOGRAM + 1] = { { 0 } };
    char name[] = "column";

    for (int i = 0; i <= EVIDENCE_HISTOGRAM; i++)
        columns[i].name = name;
    ck_assert(PQsetResultAttrs(result, EVIDENCE_HISTOGRAM + 1, columns));
    for (int row = 0; row < count; row++) {
        for (int i = 0; i <= EVIDENCE_HISTOGRAM; i++) {
            const char *text = rows[row].texts[i];
            char copy[400];

            (void)snprintf(copy, sizeof(copy), "%s", text == NULL ? "" : text);
            ck_assert(PQsetvalue(result, row, i, text == NULL ? NULL : copy,
                                 text == NULL ? -1 : (int)strlen(copy)));
        }
    }
    return result;
}

/* Two minutes: version 1, 7 bits, then 10 ms twice and 600 ms once; statuses 200 and 503. */
#define HISTOGRAM "\\x01070a028b0301"

static char *statuses_text(char text[100])
{
    struct status_counts counts = { { 0 } };
    struct buf encoded;
    size_t length = 2;

    status_counts_add(&counts, 200, 3);
    status_counts_add(&counts, 503, 1);
    buf_init(&encoded, 100);
    status_counts_encode(&counts, &encoded);
    (void)snprintf(text, 100, "\\x");
    for (size_t i = 0; i < encoded.length; i++, length += 2)
        (void)snprintf(text + length, 3, "%02x", (unsigned char)encoded.data[i]);
    buf_done(&encoded);
    return text;
}

struct setting {
    struct indicator indicators[2];
    const struct indicator *pointers[2];
    int ids[2];
    int32_t from[2];
    int32_t until[2];
    struct derived derived;
};

/* 503 on /a* by GET, and slower than 500 ms of what is no server error. */
static void begin(struct setting *setting, struct arena *arena)
{
    static const char *const routes[] = { "/a*" };

    *setting = (struct setting){ .ids = { 5, 6 } };
    setting->indicators[0].total.routes = routes;
    setting->indicators[0].total.route_count = 1;
    setting->indicators[0].total.methods = 1u << EVENT_GET;
    status_set_add(&setting->indicators[0].mark.statuses, 503, 503);
    status_set_add(&setting->indicators[1].total.statuses, 100, 499);
    setting->indicators[1].mark.from_ms = 500;
    setting->indicators[1].timed = true;
    for (int i = 0; i < 2; i++) {
        setting->pointers[i] = &setting->indicators[i];
        setting->from[i] = INT32_MAX;
        setting->until[i] = INT32_MIN;
    }
    setting->derived = (struct derived){
        .indicators = setting->pointers,
        .ids = setting->ids,
        .count = 2,
        .from_minute = 180,
        .until_minute = 360,
        .arena = arena,
        .inexact_from = setting->from,
        .inexact_until = setting->until,
    };
    ck_assert_int_eq(derived_init(&setting->derived), 0);
}

START_TEST(rows_of_evidence_become_rows_of_indicators)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    char statuses[100];
    const struct cells rows[] = {
        { { "/a", "GET", "180", "4", "1", statuses_text(statuses), HISTOGRAM } },
        { { "/abc", "GET", "180", "4", "1", statuses, HISTOGRAM } },
        { { "/abc", "POST", "359", "4", "1", statuses, HISTOGRAM } },
        { { "/a", "GET", "360", "4", "1", statuses, HISTOGRAM } }, /* another portion's */
    };
    PGresult *result = result_of(rows, (int)ARRAY_LENGTH(rows));
    struct columns columns;
    struct setting setting;

    begin(&setting, arena);
    for (int i = 0; i < PQntuples(result); i++)
        ck_assert_int_eq(derived_add(&setting.derived, result, i), 0);
    columns_open(&columns, 5);
    ck_assert_int_eq(derived_fill(&setting.derived, &columns), 0);
    ck_assert_str_eq(buf_text(&columns.arrays[0]), "{5,6,6");
    ck_assert_str_eq(buf_text(&columns.arrays[1]), "{180,180,359");
    ck_assert_str_eq(buf_text(&columns.arrays[2]), "{8,6,3");
    ck_assert_str_eq(buf_text(&columns.arrays[3]), "{2,2,1");
    ck_assert_str_eq(buf_text(&columns.arrays[4]),
                     "{NULL,\"\\\\x01070a048b0302\",\"\\\\x01070a028b0301\"");
    ck_assert_str_eq(buf_text(&setting.derived.bads.arrays[0]), "{5,6,5,6,6");
    ck_assert_str_eq(buf_text(&setting.derived.bads.arrays[1]),
                     "{\"/a\",\"/a\",\"/abc\",\"/abc\",\"/abc\"");
    ck_assert_int_gt(setting.from[0], setting.until[0]);
    ck_assert_int_gt(setting.from[1], setting.until[1]);
    columns_done(&columns);
    derived_done(&setting.derived);
    PQclear(result);
}
END_TEST

START_TEST(what_was_not_kept_is_left_out_and_told)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    const struct cells rows[] = {
        { { "/a", "GET", "200", "4", "1", NULL, HISTOGRAM } },   /* no statuses */
        { { "/a", "", "210", "4", "1", "\\x00ff", HISTOGRAM } }, /* no methods, damaged statuses */
        { { "/a", "POST", "220", "4", "1", NULL, "\\xdamaged" } }, /* no durations */
    };
    PGresult *result = result_of(rows, (int)ARRAY_LENGTH(rows));
    struct columns columns;
    struct setting setting;

    begin(&setting, arena);
    for (int i = 0; i < PQntuples(result); i++)
        ck_assert_int_eq(derived_add(&setting.derived, result, i), 0);
    columns_open(&columns, 5);
    ck_assert_int_eq(derived_fill(&setting.derived, &columns), 0);
    ck_assert_str_eq(buf_text(&columns.arrays[0]), "{6,6,6");
    ck_assert_str_eq(buf_text(&columns.arrays[2]), "{3,3,3");
    ck_assert_str_eq(buf_text(&columns.arrays[3]), "{1,1,3");
    ck_assert_int_eq(setting.from[0], 200);
    ck_assert_int_eq(setting.until[0], 211);
    ck_assert_int_eq(setting.from[1], 220);
    ck_assert_int_eq(setting.until[1], 221);
    columns_done(&columns);
    derived_done(&setting.derived);
    PQclear(result);
}
END_TEST

START_TEST(a_full_arena_is_told)
{
    AUTO(arena_free) struct arena *arena = arena_new(2 * 180 * sizeof(struct derived_minute) + 64);
    char statuses[100];
    const struct cells row = { { "/a", "GET", "180", "4", "1", statuses_text(statuses),
                                 HISTOGRAM } };
    PGresult *result = result_of(&row, 1);
    struct setting setting;

    begin(&setting, arena);
    ck_assert_int_eq(derived_add(&setting.derived, result, 0), -ENOMEM);
    derived_done(&setting.derived);
    PQclear(result);
}
END_TEST

TCase *derived_cases(void)
{
    TCase *cases = tcase_create("derived");

    tcase_add_test(cases, rows_of_evidence_become_rows_of_indicators);
    tcase_add_test(cases, what_was_not_kept_is_left_out_and_told);
    tcase_add_test(cases, a_full_arena_is_told);
    return cases;
}
