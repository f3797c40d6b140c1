/* test_stream.c - module/base/stream.c, over a unix socket of its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/stream.h"

#include "base/clock.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/probity-test-XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listener = -1;
static int peer = -1;
static struct stream *stream;

static void listen_somewhere(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
}

static void forget_everything(void)
{
    stream_close(&stream);
    auto_close(&peer);
    auto_close(&listener);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
}

static int64_t soon_ms(void)
{
    return clock_boot_ms() + 10000;
}

static void connect_both(int cancel_fd)
{
    const struct stream_address to = { .socket_path = address.sun_path, .cancel_fd = cancel_fd };

    ck_assert_int_eq(stream_open(&to, soon_ms(), &stream, NULL), 0);
    peer = accept(listener, NULL, NULL);
    ck_assert_int_ge(peer, 0);
}

START_TEST(stream_carries_bytes_both_ways_and_sees_the_end)
{
    char bytes[16];
    size_t count = 0;

    connect_both(-1);
    ck_assert_int_eq(stream_news(stream), STREAM_QUIET);
    ck_assert_int_eq(stream_write(stream, SLICE("ping"), soon_ms(), NULL), 0);
    ck_assert_int_eq((int)read(peer, bytes, sizeof(bytes)), 4);
    ck_assert_int_eq((int)write(peer, "pong", 4), 4);
    ck_assert_int_eq(stream_news(stream), STREAM_DATA);
    ck_assert_int_eq(stream_read(stream, bytes, sizeof(bytes), soon_ms(), &count, NULL), 0);
    ck_assert_uint_eq(count, 4);
    ck_assert_int_eq(memcmp(bytes, "pong", 4), 0);
    auto_close(&peer);
    ck_assert_int_eq(stream_news(stream), STREAM_CLOSED);
    ck_assert_int_eq(stream_read(stream, bytes, sizeof(bytes), soon_ms(), &count, NULL), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(stream_write(stream, SLICE("x"), soon_ms(), NULL), -EPIPE);
}
END_TEST

START_TEST(stream_calls_end_at_their_deadline)
{
    static char much[8 << 20];
    char bytes[16];
    size_t count = 77;

    connect_both(-1);
    ck_assert_int_eq(stream_read(stream, bytes, sizeof(bytes), clock_boot_ms(), &count, NULL),
                     -ETIMEDOUT);
    ck_assert_uint_eq(count, 77);
    ck_assert_int_eq(
        stream_write(stream, (struct slice){ much, sizeof(much) }, clock_boot_ms() + 20, NULL),
        -ETIMEDOUT);
}
END_TEST

START_TEST(stream_is_cancelled_by_a_descriptor_and_may_ignore_it)
{
    char bytes[16];
    size_t count;
    int cancel[2];

    ck_assert_int_eq(pipe(cancel), 0);
    connect_both(cancel[0]);
    ck_assert_int_eq((int)write(cancel[1], "x", 1), 1);
    ck_assert_int_eq(stream_read(stream, bytes, sizeof(bytes), soon_ms(), &count, NULL),
                     -ECANCELED);
    stream_ignore_cancel(stream);
    ck_assert_int_eq((int)write(peer, "x", 1), 1);
    ck_assert_int_eq(stream_read(stream, bytes, sizeof(bytes), soon_ms(), &count, NULL), 0);
    auto_close(&cancel[0]);
    auto_close(&cancel[1]);
}
END_TEST

START_TEST(stream_tells_why_nobody_can_be_reached)
{
    char long_path[200];
    const struct stream_address nobody = { .socket_path = "/nonexistent/s", .cancel_fd = -1 };
    const struct stream_address too_long = { .socket_path = long_path, .cancel_fd = -1 };
    struct error err = { .code = 0 };

    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    ck_assert_int_eq(stream_open(&nobody, soon_ms(), &stream, &err), -ENOENT);
    ck_assert_str_eq(err.text, "/nonexistent/s: connect: No such file or directory");
    ck_assert_int_eq(stream_open(&too_long, soon_ms(), &stream, NULL), -ENAMETOOLONG);
    ck_assert_ptr_null(stream);
}
END_TEST

TCase *stream_cases(void)
{
    TCase *cases = tcase_create("stream");

    tcase_add_checked_fixture(cases, listen_somewhere, forget_everything);
    tcase_add_test(cases, stream_carries_bytes_both_ways_and_sees_the_end);
    tcase_add_test(cases, stream_calls_end_at_their_deadline);
    tcase_add_test(cases, stream_is_cancelled_by_a_descriptor_and_may_ignore_it);
    tcase_add_test(cases, stream_tells_why_nobody_can_be_reached);
    return cases;
}
