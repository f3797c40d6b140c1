/* test_notify.c - module/base/notify.c; every test runs in a process of its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/notify.h"

#include "suite.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What stands in for the manager; `name` as NOTIFY_SOCKET has it. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    size_t length = strlen(name);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static const char *heard(int fd)
{
    static char text[256];
    ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

    text[got < 0 ? 0 : got] = '\0';
    return got < 0 ? NULL : text;
}

static void check_told(const char *name)
{
    int manager = listen_at(name);
    struct notify notify;

    ck_assert_int_eq(notify_open(&notify, NULL), 0);
    ck_assert(notify_wanted(&notify));
    ck_assert(notify_send(&notify, "READY=1\nSTATUS=ready"));
    ck_assert_str_eq(heard(manager), "READY=1\nSTATUS=ready");
    notify_close(&notify);
    ck_assert(!notify_wanted(&notify));
    (void)close(manager);
}

START_TEST(a_manager_at_a_path_is_told)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "/tmp/probity-notify-%ld", (long)getpid());
    check_told(name);
    (void)unlink(name);
}
END_TEST

START_TEST(a_manager_at_an_abstract_name_is_told)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "@probity-notify-%ld", (long)getpid());
    check_told(name);
}
END_TEST

START_TEST(nobody_is_told_where_nobody_asks)
{
    struct notify notify;

    (void)unsetenv("NOTIFY_SOCKET");
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "3000000", 1), 0);
    ck_assert_int_eq(notify_open(&notify, NULL), 0);
    ck_assert(!notify_wanted(&notify));
    ck_assert(!notify_send(&notify, "READY=1"));
    ck_assert_int_eq(notify.watchdog_ms, 0);
    notify_close(&notify);
}
END_TEST

START_TEST(what_is_no_name_of_a_socket_is_refused)
{
    static const char *const names[] = { "probity.sock", "/", "@", "vsock:2:1234" };
    char long_name[200];

    memset(long_name, '/', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    for (size_t i = 0; i <= ARRAY_LENGTH(names); i++) {
        struct error err = { 0 };
        struct notify notify;

        (void)setenv("NOTIFY_SOCKET", i < ARRAY_LENGTH(names) ? names[i] : long_name, 1);
        ck_assert_int_lt(notify_open(&notify, &err), 0);
        ck_assert(strstr(err.text, "NOTIFY_SOCKET: ") == err.text);
        ck_assert(!notify_wanted(&notify));
    }
}
END_TEST

START_TEST(children_inherit_none_of_it)
{
    int manager = listen_at("@probity-notify-children");
    struct notify notify;

    (void)setenv("WATCHDOG_USEC", "3000000", 1);
    (void)setenv("WATCHDOG_PID", "1", 1);
    ck_assert_int_eq(notify_open(&notify, NULL), 0);
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
    ck_assert_ptr_null(getenv("WATCHDOG_PID"));
    notify_close(&notify);
    (void)close(manager);
}
END_TEST

START_TEST(a_watchdog_is_ours_only_if_it_is_meant_for_us)
{
    char own[24];
    const struct {
        const char *usec;
        const char *pid;
        int64_t want_ms;
    } cases[] = {
        { "30000000", own, 30000 }, { "30000000", NULL, 30000 }, { "30000000", "1", 0 },
        { "30000000", "me", 0 },    { "soon", own, 0 },          { "-5", own, 0 },
        { NULL, own, 0 },           { "999", own, 0 },
    };

    (void)snprintf(own, sizeof(own), "%ld", (long)getpid());
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct notify notify;

        (void)setenv("NOTIFY_SOCKET", "@probity-notify-nobody", 1);
        (void)unsetenv("WATCHDOG_PID");
        if (cases[i].usec != NULL)
            (void)setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid != NULL)
            (void)setenv("WATCHDOG_PID", cases[i].pid, 1);
        ck_assert_int_eq(notify_open(&notify, NULL), 0);
        ck_assert_int_eq(notify.watchdog_ms, cases[i].want_ms);
        notify_close(&notify);
    }
}
END_TEST

START_TEST(a_manager_that_is_gone_holds_nobody_up)
{
    struct notify notify;

    (void)setenv("NOTIFY_SOCKET", "@probity-notify-gone", 1);
    ck_assert_int_eq(notify_open(&notify, NULL), 0);
    ck_assert(!notify_send(&notify, "READY=1"));
    notify_close(&notify);
}
END_TEST

START_TEST(a_manager_that_does_not_read_holds_nobody_up)
{
    int manager = listen_at("@probity-notify-full");
    struct notify notify;
    int sent = 0;

    ck_assert_int_eq(notify_open(&notify, NULL), 0);
    while (sent < 100000 && notify_send(&notify, "WATCHDOG=1"))
        sent++;
    ck_assert_int_lt(sent, 100000);
    notify_close(&notify);
    (void)close(manager);
}
END_TEST

TCase *notify_cases(void)
{
    TCase *cases = tcase_create("notify");

    tcase_add_test(cases, a_manager_at_a_path_is_told);
    tcase_add_test(cases, a_manager_at_an_abstract_name_is_told);
    tcase_add_test(cases, nobody_is_told_where_nobody_asks);
    tcase_add_test(cases, what_is_no_name_of_a_socket_is_refused);
    tcase_add_test(cases, children_inherit_none_of_it);
    tcase_add_test(cases, a_watchdog_is_ours_only_if_it_is_meant_for_us);
    tcase_add_test(cases, a_manager_that_is_gone_holds_nobody_up);
    tcase_add_test(cases, a_manager_that_does_not_read_holds_nobody_up);
    return cases;
}
