/* test_log.c - module/base/log.c; every test runs in a process of its own, so stderr is its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/log.h"

#include "base/limits.h"
#include "suite.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int pipe_ends[2];

/* From now on the log writes into a pipe. */
static void capture(void)
{
    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_int_eq(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
    (void)fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(pipe_ends[0], F_SETPIPE_SZ, 1 << 20);
}

/* What has been written so far. */
static const char *captured(void)
{
    static char text[1 << 20];
    size_t length = 0;
    ssize_t got;

    while ((got = read(pipe_ends[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    return text;
}

static json_t *parse_line(const char *line)
{
    json_t *object = json_loads(line, 0, NULL);

    ck_assert_msg(object != NULL, "not JSON: %s", line);
    return object;
}

START_TEST(log_lines_are_json_objects_with_their_fields)
{
    json_t *object;

    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    log_with(LOG_LEVEL_WARNING,
             (struct log_field[]){ LOG_TEXT("check", "re\"dis"), LOG_NUMBER("age_ms", 12) }, 2,
             "two\nlines \xff");
    object = parse_line(captured());
    ck_assert_str_eq(json_string_value(json_object_get(object, "level")), "warning");
    ck_assert_str_eq(json_string_value(json_object_get(object, "service")), "api");
    ck_assert_str_eq(json_string_value(json_object_get(object, "check")), "re\"dis");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "age_ms")), 12);
    ck_assert_str_eq(json_string_value(json_object_get(object, "message")),
                     "two\nlines \xef\xbf\xbd");
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(object, "timestamp"))), 24);
    json_decref(object);
}
END_TEST

START_TEST(log_a_secret_of_stars_is_blanked_like_any_other)
{
    char text[] = "before ******** and ********";

    log_hide("********");
    log_scrub(text);
    ck_assert_str_eq(text, "before ******** and ********");
}
END_TEST

START_TEST(log_text_lines_never_end_early)
{
    const char *text;

    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "api");
    log_with(LOG_LEVEL_ERROR, (struct log_field[]){ LOG_TEXT("why", "a\nb") }, 1, "c\nd");
    text = captured();
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_nonnull(strstr(text, " error   c\\nd why=a\\nb\n"));
}
END_TEST

START_TEST(log_text_lines_have_quotes_as_they_are)
{
    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "api");
    log_with(LOG_LEVEL_ERROR, (struct log_field[]){ LOG_TEXT("why", "\"") }, 1,
             "server at \"db\", \\");
    ck_assert_ptr_nonnull(strstr(captured(), " error   server at \"db\", \\\\ why=\"\n"));
}
END_TEST

START_TEST(log_leaves_out_what_is_below_its_level)
{
    capture();
    log_configure(LOG_LEVEL_WARNING, LOG_FORMAT_JSON, "api");
    log_debug("no");
    log_info("no");
    ck_assert_str_eq(captured(), "");
    log_warning("yes");
    ck_assert_ptr_nonnull(strstr(captured(), "yes"));
}
END_TEST

START_TEST(log_hides_secrets_in_every_form_and_place)
{
    const char *text;

    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    log_hide("secret");
    log_hide("secretlonger");
    log_hide("quo\"ted");
    log_hide("short");
    log_hide(NULL);
    log_with(LOG_LEVEL_INFO, (struct log_field[]){ LOG_TEXT("why", "quo\"ted secret") }, 1,
             "secretlonger short quo\"ted");
    text = captured();
    ck_assert_ptr_nonnull(strstr(text, "\"why\": \"******* ******\""));
    ck_assert_ptr_nonnull(strstr(text, "\"message\": \"************ short *******\""));
}
END_TEST

START_TEST(log_blanks_texts_and_neither_numbers_nor_names)
{
    json_t *object;

    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    log_hide("123456");
    log_hide("message");
    log_hide("\", \"");
    log_with(LOG_LEVEL_INFO,
             (struct log_field[]){ LOG_NUMBER("lasted_ms", 1234567), LOG_TEXT("why", "is 123456") },
             2, "a message");
    object = parse_line(captured());
    ck_assert_int_eq(json_integer_value(json_object_get(object, "lasted_ms")), 1234567);
    ck_assert_str_eq(json_string_value(json_object_get(object, "why")), "is ******");
    ck_assert_str_eq(json_string_value(json_object_get(object, "message")), "a *******");
    json_decref(object);
}
END_TEST

START_TEST(log_hides_the_beginning_of_a_secret_that_was_cut)
{
    char text[160];
    char whole[] = "it is swordf";

    log_hide("swordfish-swordfish");
    for (int length = 3; length < 19; length++) {
        (void)snprintf(text, sizeof(text), "%0120d'%.*s", 0, length, "swordfish-swordfish");
        ck_assert(log_scrub(text));
        ck_assert_str_eq(strchr(text, '\'') + 1, &"*******************"[19 - length]);
    }
    (void)snprintf(text, sizeof(text), "%0120d'sw", 0);
    ck_assert(!log_scrub(text));
    ck_assert(!log_scrub(whole));
    ck_assert_str_eq(whole, "it is swordf");
}
END_TEST

START_TEST(log_forgets_the_secret_that_was_named_longest_ago)
{
    char first[32] = "secret-of-the-first";
    char second[32] = "secret-of-the-second";
    char name[32];

    log_hide(first);
    log_hide(second);
    for (int i = 0; i < LIMIT_SECRETS - 1; i++) {
        (void)snprintf(name, sizeof(name), "password-%d", i);
        log_hide(name);
        log_hide(first); /* in every configuration */
    }
    log_scrub(first);
    log_scrub(second);
    log_scrub(name);
    ck_assert_str_eq(first, "*******************");
    ck_assert_str_eq(second, "secret-of-the-second");
    ck_assert_int_eq(name[0], '*');
}
END_TEST

START_TEST(log_cuts_a_long_line_and_says_so)
{
    static char message[LIMIT_LOG_LINE_BYTES * 2];
    json_t *object;
    const char *got;

    capture();
    memset(message, 1, sizeof(message) - 1); /* each byte takes six in JSON */
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    log_info("%s", message);
    object = parse_line(captured());
    got = json_string_value(json_object_get(object, "message"));
    ck_assert_uint_lt(strlen(got), LIMIT_LOG_LINE_BYTES);
    ck_assert_str_eq(got + strlen(got) - 6, " [cut]");
    ck_assert_uint_eq(log_dropped(), 0);
    json_decref(object);
}
END_TEST

START_TEST(log_counts_a_line_that_no_memory_was_there_for)
{
    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    malloc_fail_at(0);
    log_info("lost");
    malloc_fail_at(-1);
    ck_assert_uint_eq(log_dropped(), 1);
    ck_assert_str_eq(captured(), "");
}
END_TEST

START_TEST(log_stop_writes_everything_that_was_said)
{
    const char *at;
    int lines = 0;

    capture();
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    log_hide("secret");
    ck_assert_int_eq(log_start(NULL), 0);
    for (int i = 0; i < LIMIT_LOG_LINES / 2; i++)
        log_info("line %d", i);
    log_stop();
    log_info("after the end: secret");
    at = captured();
    ck_assert_ptr_null(strstr(at, "secret"));
    for (; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_int_eq(lines, LIMIT_LOG_LINES / 2 + 1);
    ck_assert_uint_eq(log_dropped(), 0);
}
END_TEST

START_TEST(log_with_a_stuck_pipe_stops_nobody_and_counts)
{
    capture();
    (void)fcntl(pipe_ends[0], F_SETPIPE_SZ, 4096);
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "api");
    ck_assert_int_eq(log_start(NULL), 0);
    for (int i = 0; i < 5000; i++)
        log_info("nobody reads this line, which is number %d", i);
    ck_assert_uint_gt(log_dropped(), 0);
    (void)captured();
}
END_TEST

TCase *log_cases(void)
{
    TCase *cases = tcase_create("log");

    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, log_lines_are_json_objects_with_their_fields);
    tcase_add_test(cases, log_text_lines_never_end_early);
    tcase_add_test(cases, log_text_lines_have_quotes_as_they_are);
    tcase_add_test(cases, log_leaves_out_what_is_below_its_level);
    tcase_add_test(cases, log_hides_secrets_in_every_form_and_place);
    tcase_add_test(cases, log_blanks_texts_and_neither_numbers_nor_names);
    tcase_add_test(cases, log_hides_the_beginning_of_a_secret_that_was_cut);
    tcase_add_test(cases, log_forgets_the_secret_that_was_named_longest_ago);
    tcase_add_test(cases, log_cuts_a_long_line_and_says_so);
    tcase_add_test(cases, log_counts_a_line_that_no_memory_was_there_for);
    tcase_add_test(cases, log_stop_writes_everything_that_was_said);
    tcase_add_test(cases, log_with_a_stuck_pipe_stops_nobody_and_counts);
    tcase_add_test(cases, log_a_secret_of_stars_is_blanked_like_any_other);
    return cases;
}
