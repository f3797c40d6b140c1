/* test_pidbox.c - module/probe/pidbox.c */
/* SPDX-License-Identifier: MIT */
#include "probe/pidbox.h"

#include "fixture.h"
#include "suite.h"

#include <jansson.h>
#include <string.h>

static const char oid[] = "7f3c1d52-0000-4000-8000-00000000c0de";
static const char ticket[] = "11111111-2222-4333-8444-555555555555";

static json_t *parse(struct slice text)
{
    json_error_t error;
    json_t *json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json != NULL, "not JSON: %s", error.text);
    return json;
}

/* What a worker needs: without any of these it exits, or stops consuming for good. */
static void assert_survivable(enum pidbox_method method, const char *method_name)
{
    struct pidbox pidbox;
    struct buf envelope;
    struct buf body;
    json_t *json;
    const char *text;
    const char *to;
    int clock = 0;

    pidbox_init(&pidbox, &(struct pidbox_place){ .prefix = "a\"b%s:" }, oid);
    buf_init(&envelope, PIDBOX_ENVELOPE_BYTES);
    pidbox_write(&pidbox, method, ticket, 1795252700007, &envelope);
    ck_assert(buf_ok(&envelope));
    json = parse(buf_slice(&envelope));
    ck_assert_int_eq(json_unpack(json, "{s:s, s:s, s:s, s:{s:i, s:f}, s:{s:s, s:s, s:{s:s}}}",
                                 "body", &text, "content-type", &text, "content-encoding", &text,
                                 "headers", "clock", &clock, "expires", &(double){ 0 },
                                 "properties", "delivery_tag", &text, "body_encoding", &text,
                                 "delivery_info", "exchange", &text),
                     0);
    ck_assert_int_eq(clock, 1);
    ck_assert_str_eq(text, "celery.pidbox");
    ck_assert_str_eq(json_string_value(json_object_get(json, "content-type")), "application/json");
    ck_assert_double_eq(
        json_real_value(json_object_get(json_object_get(json, "headers"), "expires")),
        1795252700.007);
    json_decref(json);

    buf_init(&body, PIDBOX_ENVELOPE_BYTES);
    ck_assert(pidbox_read_body(buf_slice(&envelope), &body));
    json = parse(buf_slice(&body));
    ck_assert_int_eq(json_unpack(json, "{s:s, s:{}, s:n, s:n, s:n, s:s, s:{s:s, s:s} !}", "method",
                                 &text, "arguments", "destination", "pattern", "matcher", "ticket",
                                 &to, "reply_to", "exchange", &(const char *){ NULL },
                                 "routing_key", &(const char *){ NULL }),
                     0);
    ck_assert_str_eq(text, method_name);
    ck_assert_str_eq(to, ticket);
    to = json_string_value(json_object_get(json_object_get(json, "reply_to"), "routing_key"));
    ck_assert_str_eq(to, oid);
    json_decref(json);
    buf_done(&body);
    buf_done(&envelope);
}

START_TEST(every_question_is_one_that_workers_survive)
{
    assert_survivable(PIDBOX_PING, "ping");
    assert_survivable(PIDBOX_ACTIVE_QUEUES, "active_queues");
}
END_TEST

START_TEST(names_are_the_ones_that_kombu_uses)
{
    struct pidbox pidbox;
    char key[PIDBOX_KEY_BYTES];

    pidbox_init(&pidbox, &(struct pidbox_place){ .database = 3, .prefix = "" }, oid);
    ck_assert_str_eq(pidbox.channel, "/3.celery.pidbox");
    ck_assert_str_eq(pidbox.replies, "7f3c1d52-0000-4000-8000-00000000c0de.reply.celery.pidbox");
    ck_assert_str_eq(pidbox.member, "7f3c1d52-0000-4000-8000-00000000c0de\x06\x16\x06\x16"
                                    "7f3c1d52-0000-4000-8000-00000000c0de.reply.celery.pidbox");
    ck_assert_str_eq(pidbox.bindings, "_kombu.binding.reply.celery.pidbox");
    pidbox_queue_key(&pidbox, "emails", 0, key);
    ck_assert_str_eq(key, "emails");
    pidbox_queue_key(&pidbox, "emails", 3, key);
    ck_assert_str_eq(key, "emails\x06\x16"
                          "9");
}
END_TEST

START_TEST(a_prefix_is_before_keys_and_channels_and_in_no_message)
{
    struct pidbox plain;
    struct pidbox pidbox;
    struct buf with;
    struct buf without;
    char key[PIDBOX_KEY_BYTES];

    pidbox_init(&plain, &(struct pidbox_place){ .prefix = "" }, oid);
    pidbox_init(&pidbox, &(struct pidbox_place){ .prefix = "my\"app:" }, oid);
    ck_assert_str_eq(pidbox.channel, "my\"app:/0.celery.pidbox");
    ck_assert_str_eq(pidbox.bindings, "my\"app:_kombu.binding.reply.celery.pidbox");
    ck_assert_str_eq(pidbox.replies,
                     "my\"app:7f3c1d52-0000-4000-8000-00000000c0de.reply.celery.pidbox");
    ck_assert_str_eq(pidbox.member, plain.member);
    pidbox_queue_key(&pidbox, "emails", 0, key);
    ck_assert_str_eq(key, "my\"app:emails");
    buf_init(&with, PIDBOX_ENVELOPE_BYTES);
    buf_init(&without, PIDBOX_ENVELOPE_BYTES);
    pidbox_write(&pidbox, PIDBOX_PING, ticket, 1, &with);
    pidbox_write(&plain, PIDBOX_PING, ticket, 1, &without);
    ck_assert_str_eq(buf_text(&with), buf_text(&without));
    buf_done(&with);
    buf_done(&without);
}
END_TEST

static bool read_file(const char *path, enum pidbox_method method, const char *of,
                      struct pidbox_queues *queues)
{
    struct pidbox_reply reply = { .queues = queues };
    struct buf envelope;
    bool answered;

    fixture_read(path, &envelope);
    answered = pidbox_read(buf_slice(&envelope), method, of, &reply);
    buf_done(&envelope);
    ck_assert(!answered || strcmp(reply.node, "w1@vm") == 0);
    return answered;
}

START_TEST(only_a_pong_with_our_ticket_is_an_answer)
{
    ck_assert(read_file("pidbox/reply_ping.json", PIDBOX_PING, ticket, NULL));
    ck_assert(!read_file("pidbox/reply_ping.json", PIDBOX_PING, oid, NULL));
    /* A worker that doesn't know the method answers too. */
    ck_assert(!read_file("pidbox/reply_nosuch.json", PIDBOX_PING, ticket, NULL));
}
END_TEST

START_TEST(queues_are_those_that_workers_name)
{
    struct pidbox_queues queues = { .count = 0 };

    ck_assert(read_file("pidbox/reply_active_queues.json", PIDBOX_ACTIVE_QUEUES, ticket, &queues));
    ck_assert(read_file("pidbox/reply_active_queues.json", PIDBOX_ACTIVE_QUEUES, ticket, &queues));
    ck_assert_int_eq(queues.count, 2);
    ck_assert_str_eq(queues.names[0], "celery");
    ck_assert_str_eq(queues.names[1], "solar");
    ck_assert_int_eq(queues.consumers[0], 2);
    ck_assert_int_eq(queues.consumers[1], 2);
}
END_TEST

START_TEST(a_closed_list_counts_only_what_is_on_it)
{
    struct pidbox_queues queues = { .count = 0 };

    ck_assert_int_eq(pidbox_add_queue(&queues, "mail"), 0);
    ck_assert_int_eq(pidbox_add_queue(&queues, "solar"), 1);
    ck_assert_int_eq(pidbox_add_queue(&queues, "mail"), 0);
    queues.closed = true;
    ck_assert(read_file("pidbox/reply_active_queues.json", PIDBOX_ACTIVE_QUEUES, ticket, &queues));
    ck_assert_int_eq(queues.count, 2);
    ck_assert_int_eq(queues.consumers[0], 0);
    ck_assert_int_eq(queues.consumers[1], 1);
    ck_assert_int_eq(queues.refused, 0);
}
END_TEST

START_TEST(queues_beyond_the_bound_are_refused_and_counted)
{
    struct pidbox_queues queues = { .count = 0 };
    char name[PIDBOX_NAME_BYTES + 1];

    for (int i = 0; i <= LIMIT_CELERY_QUEUES; i++) {
        (void)snprintf(name, sizeof(name), "q%d", i);
        ck_assert_int_eq(pidbox_add_queue(&queues, name), i < LIMIT_CELERY_QUEUES ? i : -1);
    }
    ck_assert_int_eq(queues.count, LIMIT_CELERY_QUEUES);
    ck_assert_int_eq(queues.refused, 1);
    memset(name, 'x', PIDBOX_NAME_BYTES);
    name[PIDBOX_NAME_BYTES] = '\0';
    queues.count = 0;
    ck_assert_int_eq(pidbox_add_queue(&queues, name), -1);
    ck_assert_int_eq(queues.count, 0);
    ck_assert_int_eq(queues.refused, 2);
}
END_TEST

START_TEST(garbage_is_no_answer)
{
    static const char *const cases[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"body\": 1}",
        "{\"headers\": {\"ticket\": 1}, \"body\": \"\"}",
        "{\"headers\": {\"ticket\": \"T\"}}",
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"\", \"properties\": {\"body_encoding\": "
        "\"base64\"}}",
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"%%%%\", \"properties\": "
        "{\"body_encoding\": "
        "\"base64\"}}",
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"====\", \"properties\": "
        "{\"body_encoding\": "
        "\"base64\"}}",
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"e30=\", \"properties\": "
        "{\"body_encoding\": "
        "\"base64\"}}", /* {} */
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"[1]\"}",
        "{\"headers\": {\"ticket\": \"T\"}, \"body\": \"{\\\"w\\\": {\\\"ok\\\": 1}}\"}",
    };
    struct pidbox_queues queues = { .count = 0 };
    struct pidbox_reply reply = { .queues = &queues };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(!pidbox_read(slice_of(cases[i]), PIDBOX_PING, "T", &reply), "%s", cases[i]);
        ck_assert_msg(!pidbox_read(slice_of(cases[i]), PIDBOX_ACTIVE_QUEUES, "T", &reply), "%s",
                      cases[i]);
    }
    ck_assert(
        pidbox_read(SLICE("{\"headers\": {\"ticket\": \"T\"}, \"body\": \"{\\\"w\\\": {\\\"ok\\\": "
                          "\\\"pong\\\"}}\"}"),
                    PIDBOX_PING, "T", &reply));
    ck_assert_str_eq(reply.node, "w");
}
END_TEST

START_TEST(without_memory_there_is_no_answer_and_no_crash)
{
    struct buf envelope;
    int n = 0;

    fixture_read("pidbox/reply_active_queues.json", &envelope);
    for (;; n++) {
        struct pidbox_queues queues = { .count = 0 };
        struct pidbox_reply reply = { .queues = &queues };
        bool answered;

        malloc_fail_at(n);
        answered = pidbox_read(buf_slice(&envelope), PIDBOX_ACTIVE_QUEUES, ticket, &reply);
        if (!malloc_failed())
            break;
        ck_assert(!answered);
    }
    malloc_fail_at(-1);
    ck_assert_int_gt(n, 0);
    buf_done(&envelope);
}
END_TEST

TCase *pidbox_cases(void)
{
    TCase *cases = tcase_create("pidbox");

    tcase_add_test(cases, every_question_is_one_that_workers_survive);
    tcase_add_test(cases, names_are_the_ones_that_kombu_uses);
    tcase_add_test(cases, a_prefix_is_before_keys_and_channels_and_in_no_message);
    tcase_add_test(cases, only_a_pong_with_our_ticket_is_an_answer);
    tcase_add_test(cases, queues_are_those_that_workers_name);
    tcase_add_test(cases, a_closed_list_counts_only_what_is_on_it);
    tcase_add_test(cases, queues_beyond_the_bound_are_refused_and_counted);
    tcase_add_test(cases, garbage_is_no_answer);
    tcase_add_test(cases, without_memory_there_is_no_answer_and_no_crash);
    return cases;
}
