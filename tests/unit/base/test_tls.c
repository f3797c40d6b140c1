/* test_tls.c - module/base/tls.c, and what stream.c makes of it, against OpenSSL's other side. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls.h"

#include "authority.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/stream.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/probity-test-XXXXXX";
static char ca_path[64];
static struct authority *authority;
static int ends[2] = { -1, -1 }; /* ours, the server's */
static SSL_CTX *context;
static SSL *server;
static struct tls *tls;
static struct stream *stream;

static void found_authority(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", folder);
    authority = authority_new(folder);
}

static void drop_connection(void)
{
    stream_close(&stream);
    tls_close(&tls);
    SSL_free(server);
    server = NULL;
    SSL_CTX_free(context);
    context = NULL;
    auto_close(&ends[0]);
    auto_close(&ends[1]);
}

static void forget_everything(void)
{
    char command[128];

    drop_connection();
    authority_free(&authority);
    (void)snprintf(command, sizeof(command), "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static int64_t soon_ms(void)
{
    return clock_boot_ms() + 20000;
}

static void connect_ends(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void serve(const struct certificate_plan *plan, int max_version, bool asks_for_one)
{
    connect_ends();
    authority_issue(authority, plan, "server");
    context = authority_server(authority, "server", max_version, asks_for_one);
    server = SSL_new(context);
    ck_assert_int_eq(SSL_set_fd(server, ends[1]), 1);
    SSL_set_accept_state(server);
}

/* Both sides in turn until ours has an answer. */
static int shake_hands(const struct tls_wish *wish, struct error *err)
{
    int code = tls_open(ends[0], wish, &tls, err);

    if (code != 0)
        return code;
    for (int turn = 0; turn < 100; turn++) {
        code = tls_shake_hands(tls, err);
        if (code != -EAGAIN)
            break;
        (void)SSL_do_handshake(server);
        ERR_clear_error();
    }
    (void)SSL_do_handshake(server);
    ERR_clear_error();
    return code;
}

static const struct certificate_plan well = { "DNS:db.internal", -10, 30, false };

static int days_left(void)
{
    return (int)((tls_shown(tls)->expires_at_s - time(NULL) + 1000 * 86400 + 43200) / 86400) - 1000;
}

/* What is asked: the test's authority, the system's, a trusted certificate of any name, or any. */
enum trust { OURS, SYSTEM, ANY_NAME, ANY };

START_TEST(each_way_in_which_a_certificate_fails_has_a_code_of_its_own)
{
    enum {
        OTHER = -TLS_CERTIFICATE_NAME,
        PAST = -TLS_CERTIFICATE_EXPIRED,
        FUTURE = -TLS_CERTIFICATE_NOT_YET,
        UNKNOWN = -TLS_CERTIFICATE_UNTRUSTED,
    };
    static const struct {
        const char *name;
        enum trust trust;
        struct certificate_plan plan;
        int code;
        int days;
    } cases[] = {
        { "db.internal", OURS, { "DNS:db.internal", -10, 30, false }, 0, 30 },
        { "DB.internal.", OURS, { "DNS:db.internal", -10, 30, false }, 0, 30 },
        { "ab.db.internal", OURS, { "DNS:*.db.internal", -10, 30, false }, 0, 30 },
        { "ab.db.internal", OURS, { "DNS:a*.db.internal", -10, 30, false }, OTHER, 30 },
        { "127.0.0.1", OURS, { "IP:127.0.0.1", -10, 30, false }, 0, 30 },
        { "::1", OURS, { "IP:::1", -10, 30, false }, 0, 30 },
        { "127.0.0.1", OURS, { "DNS:127.0.0.1", -10, 30, false }, OTHER, 30 },
        { "x.internal", OURS, { "DNS:db.internal", -10, 30, false }, OTHER, 30 },
        { "db.internal", OURS, { "DNS:db.internal", -10, -2, false }, PAST, -2 },
        { "db.internal", OURS, { "DNS:db.internal", 2, 30, false }, FUTURE, 30 },
        { "db.internal", OURS, { "DNS:db.internal", -10, 30, true }, UNKNOWN, 30 },
        { "db.internal", SYSTEM, { "DNS:db.internal", -10, 30, false }, UNKNOWN, 30 },
        /* The authority's own ends earlier, and the trust with it. */
        { "db.internal", OURS, { "DNS:db.internal", -10, 300, false }, 0, 100 },
        { "db.internal", ANY_NAME, { "DNS:x.internal", -10, 30, false }, 0, 30 },
        { NULL, ANY_NAME, { "DNS:x.internal", -10, 30, false }, 0, 30 },
        { NULL, ANY_NAME, { "DNS:x.internal", -10, 30, true }, UNKNOWN, 30 },
        /* Any will do, and what was shown is shown. */
        { "db.internal", ANY, { "DNS:x.internal", -10, -2, true }, 0, -2 },
        { NULL, ANY, { "DNS:x.internal", -10, 300, false }, 0, 300 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool knows_authority = cases[i].trust == OURS || cases[i].trust == ANY_NAME;
        const struct tls_wish wish = { .server_name = cases[i].name,
                                       .ca_file = knows_authority ? ca_path : NULL,
                                       .unverified = cases[i].trust == ANY,
                                       .any_name = cases[i].trust == ANY_NAME };
        struct error err = { 0 };

        serve(&cases[i].plan, 0, false);
        ck_assert_msg(shake_hands(&wish, &err) == cases[i].code, "case %zu: %s", i, err.text);
        ck_assert_int_eq(err.code, -cases[i].code);
        ck_assert_msg(days_left() == cases[i].days, "case %zu: %d days", i, days_left());
        ck_assert_str_eq(tls_shown(tls)->protocol, cases[i].code == 0 ? "TLSv1.3" : "");
        drop_connection();
    }
}
END_TEST

START_TEST(authorities_that_change_count_from_the_next_session_on)
{
    const struct tls_wish wish = { .server_name = "db.internal", .ca_file = ca_path };
    char path[64];

    serve(&well, 0, false);
    ck_assert_int_eq(shake_hands(&wish, NULL), 0);
    drop_connection();
    authority_free(&authority);
    authority = authority_new(folder); /* another of that name, in the same file */
    serve(&well, 0, false);
    ck_assert_int_eq(shake_hands(&wish, NULL), 0);
    drop_connection();
    (void)snprintf(path, sizeof(path), "%s/other.pem", folder);
    ck_assert_int_eq(rename(ca_path, path), 0);
    serve(&well, 0, false);
    ck_assert_int_eq(shake_hands(&wish, NULL), -TLS_FILES);
}
END_TEST

START_TEST(more_files_of_authorities_than_are_kept_are_read_all_the_same)
{
    char path[LIMIT_TLS_AUTHORITIES + 2][64];

    for (size_t i = 0; i < ARRAY_LENGTH(path); i++) {
        (void)snprintf(path[i], sizeof(path[i]), "%s/ca-%zu.pem", folder, i);
        ck_assert_int_eq(link(ca_path, path[i]), 0);
    }
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(path); i++) {
        const struct tls_wish wish = { .server_name = "db.internal",
                                       .ca_file = path[i % ARRAY_LENGTH(path)] };

        serve(&well, 0, false);
        ck_assert_int_eq(shake_hands(&wish, NULL), 0);
        drop_connection();
    }
}
END_TEST

START_TEST(a_certificate_of_others_is_named)
{
    static const struct certificate_plan theirs = { "DNS:a.example,DNS:b.example,IP:10.0.0.1", -1,
                                                    30, false };
    const struct tls_wish wish = { .server_name = "db.internal", .ca_file = ca_path };
    struct error err = { 0 };

    serve(&theirs, 0, false);
    ck_assert_int_eq(shake_hands(&wish, &err), -TLS_CERTIFICATE_NAME);
    ck_assert_str_eq(err.text,
                     "tls: certificate: hostname mismatch: it is for a.example b.example");
}
END_TEST

START_TEST(a_server_is_told_the_name_but_never_an_address)
{
    static const char *const names[] = { "db.internal", "127.0.0.1" };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct tls_wish wish = { .server_name = names[i], .unverified = true };
        const char *told;

        serve(&well, 0, false);
        ck_assert_int_eq(shake_hands(&wish, NULL), 0);
        told = SSL_get_servername(server, TLSEXT_NAMETYPE_host_name);
        if (i == 0)
            ck_assert_str_eq(told, "db.internal");
        else
            ck_assert_ptr_null(told);
        drop_connection();
    }
}
END_TEST

START_TEST(nothing_older_than_tls_1_2_is_spoken)
{
    const struct tls_wish wish = { .server_name = "db.internal", .ca_file = ca_path };

    serve(&well, TLS1_2_VERSION, false);
    ck_assert_int_eq(shake_hands(&wish, NULL), 0);
    ck_assert_str_eq(tls_shown(tls)->protocol, "TLSv1.2");
    drop_connection();
    serve(&well, 0, false);
    (void)SSL_set_min_proto_version(server, TLS1_VERSION);
    (void)SSL_set_max_proto_version(server, TLS1_1_VERSION);
    SSL_set_security_level(server, 0);
    ck_assert_int_eq(shake_hands(&wish, NULL), -TLS_FAILED);
}
END_TEST

START_TEST(a_server_that_wants_our_certificate_gets_it_or_is_told_apart)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    static const struct certificate_plan ours = { NULL, -1, 30, false };
    static const struct certificate_plan stranger = { NULL, -1, 30, true };
    static const struct {
        const char *name;
        int code;
    } cases[] = { { "ours", 0 },
                  { "stranger", -TLS_CERTIFICATE_REFUSED },
                  { NULL, -TLS_CERTIFICATE_REFUSED } };
    char pem[64];
    char key[64];

    authority_issue(authority, &ours, "ours");
    authority_issue(authority, &stranger, "stranger");
    for (size_t i = 0; i < ARRAY_LENGTH(cases) * ARRAY_LENGTH(versions); i++) {
        const char *name = cases[i / 2].name;
        const struct tls_wish wish = { .server_name = "db.internal",
                                       .ca_file = ca_path,
                                       .certificate_file = name == NULL ? NULL : pem,
                                       .key_file = name == NULL ? NULL : key };
        struct error err = { 0 };
        char byte;
        size_t count;
        int code;

        (void)snprintf(pem, sizeof(pem), "%s/%s.pem", folder, name == NULL ? "" : name);
        (void)snprintf(key, sizeof(key), "%s/%s.key", folder, name == NULL ? "" : name);
        serve(&well, versions[i % 2], true);
        code = shake_hands(&wish, &err);
        if (code == 0 && cases[i / 2].code != 0)
            code = tls_read(tls, &byte, 1, &count, &err); /* 1.3 tells only now */
        ck_assert_msg(code == cases[i / 2].code, "case %zu: %s", i, err.text);
        drop_connection();
    }
}
END_TEST

START_TEST(a_refusal_is_found_even_when_a_write_fails_first)
{
    const struct tls_wish wish = { .server_name = "db.internal", .ca_file = ca_path };
    struct error err = { 0 };
    size_t count;

    serve(&well, TLS1_3_VERSION, true);
    ck_assert_int_eq(shake_hands(&wish, &err), 0);
    auto_close(&ends[1]);
    ck_assert_int_eq(tls_write(tls, "PING", 4, &count, &err), -TLS_CERTIFICATE_REFUSED);
}
END_TEST

START_TEST(files_of_no_use_are_named)
{
    char locked[64];
    char empty[64];
    const struct {
        struct tls_wish wish;
        const char *words;
    } cases[] = {
        { { .server_name = "db", .ca_file = "/nonexistent/ca" }, "authorities /nonexistent/ca" },
        { { .server_name = "db", .ca_file = empty }, "empty.pem" },
        { { .server_name = "db", .certificate_file = "/nonexistent/c" }, "certificate /non" },
        { { .server_name = "db", .certificate_file = ca_path }, "key " },
        { { .server_name = "db", .certificate_file = ca_path, .key_file = locked }, "key " },
        { { .server_name = NULL }, "set tls.server_name" },
    };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file;

    connect_ends();
    (void)snprintf(empty, sizeof(empty), "%s/empty.pem", folder);
    (void)fclose(fopen(empty, "w"));
    (void)snprintf(locked, sizeof(locked), "%s/locked.key", folder);
    file = fopen(locked, "w");
    ck_assert_int_eq(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(),
                                          (const unsigned char *)"secret", 6, NULL, NULL),
                     1);
    (void)fclose(file);
    EVP_PKEY_free(key);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err = { 0 };

        ck_assert_int_eq(tls_open(ends[0], &cases[i].wish, &tls, &err), -TLS_FILES);
        ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "case %zu: %s", i, err.text);
    }
}
END_TEST

START_TEST(what_speaks_no_tls_or_leaves_has_failed)
{
    static const char *const answers[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR\r\n", "" };
    const struct tls_wish wish = { .server_name = "db.internal" };

    for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
        struct error err = { 0 };

        connect_ends();
        ck_assert_int_eq(tls_open(ends[0], &wish, &tls, &err), 0);
        ck_assert_int_eq(tls_shake_hands(tls, &err), -EAGAIN);
        ck_assert_int_eq((int)write(ends[1], answers[i], strlen(answers[i])),
                         (int)strlen(answers[i]));
        auto_close(&ends[1]);
        ck_assert_int_eq(tls_shake_hands(tls, &err), -TLS_FAILED);
        drop_connection();
    }
}
END_TEST

/* The server's side of a stream: on a thread of its own, because ours waits in poll(2). */
static void *shake_back(void *unused)
{
    (void)unused;
    ck_assert_int_eq(SSL_do_handshake(server), 1);
    return NULL;
}

static void open_stream(int cancel_fd)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct stream_address address = { .socket_path = to.sun_path, .cancel_fd = cancel_fd };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/s", folder);
    (void)unlink(to.sun_path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&to, sizeof(to)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(stream_open(&address, soon_ms(), &stream, NULL), 0);
    ends[1] = accept(listener, NULL, NULL);
    auto_close(&listener);
}

static void encrypt_stream(void)
{
    const struct tls_wish wish = { .server_name = "db.internal", .ca_file = ca_path };
    pthread_t thread;

    authority_issue(authority, &well, "server");
    context = authority_server(authority, "server", 0, false);
    open_stream(-1);
    server = SSL_new(context);
    ck_assert_int_eq(SSL_set_fd(server, ends[1]), 1);
    SSL_set_accept_state(server);
    ck_assert_int_eq(pthread_create(&thread, NULL, shake_back, NULL), 0);
    ck_assert_int_eq(stream_encrypt(stream, &wish, soon_ms(), NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

START_TEST(an_encrypted_stream_is_a_stream)
{
    static char much[100000];
    static char got[100000];
    size_t count = 0;

    encrypt_stream();
    ck_assert_str_eq(stream_shown(stream)->protocol, "TLSv1.3");
    /* The session tickets that end the handshake are nothing. */
    ck_assert_int_eq(stream_news(stream), STREAM_QUIET);
    ck_assert_int_eq(stream_news(stream), STREAM_QUIET);
    ck_assert_int_eq(stream_write(stream, SLICE("ping"), soon_ms(), NULL), 0);
    ck_assert_int_eq(SSL_read(server, got, sizeof(got)), 4);
    memset(much, 'x', sizeof(much));
    ck_assert_int_eq(SSL_write(server, much, sizeof(much)), sizeof(much));
    ck_assert_int_eq(stream_news(stream), STREAM_DATA);
    for (size_t at = 0; at < sizeof(much); at += count) /* by 100 bytes: records are larger */
        ck_assert_int_eq(stream_read(stream, got + at, 100, soon_ms(), &count, NULL), 0);
    ck_assert_int_eq(memcmp(got, much, sizeof(much)), 0);
    ck_assert_int_eq(stream_read(stream, got, 1, clock_boot_ms() + 1, &count, NULL), -ETIMEDOUT);
    ck_assert_int_eq(SSL_shutdown(server), 0);
    ck_assert_int_eq(stream_news(stream), STREAM_CLOSED);
    ck_assert_int_eq(stream_read(stream, got, 1, soon_ms(), &count, NULL), 0);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(bytes_in_the_session_count_as_data_and_an_end_without_good_bye_as_end)
{
    char got[8];
    size_t count = 0;

    encrypt_stream();
    ck_assert_int_eq(SSL_write(server, "abcd", 4), 4);
    ck_assert_int_eq(stream_read(stream, got, 1, soon_ms(), &count, NULL), 0);
    auto_close(&ends[1]);
    ck_assert_int_eq(stream_news(stream), STREAM_DATA);
    ck_assert_int_eq(stream_read(stream, got, 8, soon_ms(), &count, NULL), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(stream_news(stream), STREAM_CLOSED);
    ck_assert_int_eq(stream_write(stream, SLICE("x"), soon_ms(), NULL), -EPIPE);
}
END_TEST

START_TEST(closing_says_good_bye)
{
    char byte;

    encrypt_stream();
    stream_close(&stream);
    ck_assert_int_eq(SSL_read(server, &byte, 1), 0);
    ck_assert_int_eq(SSL_get_error(server, 0), SSL_ERROR_ZERO_RETURN);
}
END_TEST

START_TEST(a_handshake_ends_at_its_deadline_and_is_cancelled)
{
    const struct tls_wish wish = { .server_name = "db.internal" };
    int cancel[2];

    open_stream(-1);
    ck_assert_int_eq(stream_encrypt(stream, &wish, clock_boot_ms() + 20, NULL), -ETIMEDOUT);
    drop_connection();
    ck_assert_int_eq(pipe(cancel), 0);
    ck_assert_int_eq((int)write(cancel[1], "x", 1), 1);
    open_stream(cancel[0]);
    ck_assert_int_eq(stream_encrypt(stream, &wish, soon_ms(), NULL), -ECANCELED);
    auto_close(&cancel[0]);
    auto_close(&cancel[1]);
}
END_TEST

TCase *tls_cases(void)
{
    TCase *cases = tcase_create("tls");

    tcase_add_checked_fixture(cases, found_authority, forget_everything);
    tcase_add_test(cases, each_way_in_which_a_certificate_fails_has_a_code_of_its_own);
    tcase_add_test(cases, authorities_that_change_count_from_the_next_session_on);
    tcase_add_test(cases, more_files_of_authorities_than_are_kept_are_read_all_the_same);
    tcase_add_test(cases, a_certificate_of_others_is_named);
    tcase_add_test(cases, a_server_is_told_the_name_but_never_an_address);
    tcase_add_test(cases, nothing_older_than_tls_1_2_is_spoken);
    tcase_add_test(cases, a_server_that_wants_our_certificate_gets_it_or_is_told_apart);
    tcase_add_test(cases, a_refusal_is_found_even_when_a_write_fails_first);
    tcase_add_test(cases, files_of_no_use_are_named);
    tcase_add_test(cases, what_speaks_no_tls_or_leaves_has_failed);
    tcase_add_test(cases, an_encrypted_stream_is_a_stream);
    tcase_add_test(cases, bytes_in_the_session_count_as_data_and_an_end_without_good_bye_as_end);
    tcase_add_test(cases, closing_says_good_bye);
    tcase_add_test(cases, a_handshake_ends_at_its_deadline_and_is_cancelled);
    return cases;
}
