/* tls_context.c - the one SSL_CTX, and sockets as a BIO that raises no signal. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls_context.h"

#include "base/tls_system.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Made once, by the first who needs TLS, and never freed: a thread that hangs in a name look-up may
 * outlive main(). */
static struct {
    pthread_mutex_t lock;
    SSL_CTX *context;
    BIO_METHOD *method;
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int take_result(BIO *bio, ssize_t count)
{
    struct tls_link *link = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    link->code = count < 0 ? errno : 0;
    return (int)count;
}

static int read_link(BIO *bio, char *bytes, int capacity)
{
    const struct tls_link *link = BIO_get_data(bio);
    int count = take_result(bio, recv(link->fd, bytes, (size_t)capacity, MSG_DONTWAIT));

    if (count < 0 && (link->code == EAGAIN || link->code == EINTR))
        BIO_set_retry_read(bio);
    return count;
}

/* OpenSSL's own socket BIO writes without MSG_NOSIGNAL, and a peer that is gone would end us. */
static int write_link(BIO *bio, const char *bytes, int length)
{
    const struct tls_link *link = BIO_get_data(bio);
    int count =
        take_result(bio, send(link->fd, bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL));

    if (count < 0 && (link->code == EAGAIN || link->code == EINTR))
        BIO_set_retry_write(bio);
    return count;
}

static long control_link(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_method(void)
{
    int index = BIO_get_new_index();
    BIO_METHOD *method =
        index < 0 ? NULL : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "probity link");

    if (method == NULL || BIO_meth_set_read(method, read_link) != 1
        || BIO_meth_set_write(method, write_link) != 1
        || BIO_meth_set_ctrl(method, control_link) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

/* A key that is locked must not make the library ask the terminal for its password. */
static int refuse_password(char *password, int capacity, int is_writing, void *context)
{
    (void)password;
    (void)capacity;
    (void)is_writing;
    (void)context;
    return -1;
}

/* What OpenSSL's variables name, or where this system keeps them. */
static void use_system_authorities(SSL_CTX *context)
{
    bool folder_is_named = getenv(X509_get_default_cert_dir_env()) != NULL;
    bool file_is_named = getenv(X509_get_default_cert_file_env()) != NULL;
    struct tls_system system = { 0 };

    if (!folder_is_named)
        tls_system_find("", &system);
    if (folder_is_named)
        (void)SSL_CTX_set_default_verify_dir(context);
    else if (system.folder != NULL)
        (void)SSL_CTX_load_verify_dir(context, system.folder);
    if (file_is_named)
        (void)SSL_CTX_set_default_verify_file(context);
    else if (system.file != NULL)
        (void)SSL_CTX_load_verify_file(context, system.file);
    ERR_clear_error();
}

static SSL_CTX *make_context(tls_verify_fn verify)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    use_system_authorities(context);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE
                                        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                        | SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, refuse_password);
    SSL_CTX_set_cert_verify_callback(context, verify, NULL);
    /* Whatever the authorities' file holds is trusted, an intermediate or a server's own too. */
    (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return context;
}

/* What could not be made is tried again by the next. */
static SSL_CTX *acquire_context(tls_verify_fn verify)
{
    SSL_CTX *context;

    (void)pthread_mutex_lock(&shared.lock);
    if (shared.method == NULL)
        shared.method = make_method();
    if (shared.method != NULL && shared.context == NULL)
        shared.context = make_context(verify);
    context = shared.context;
    (void)pthread_mutex_unlock(&shared.lock);
    return context;
}

SSL *tls_context_session(struct tls_link *link, tls_verify_fn verify)
{
    SSL_CTX *context = acquire_context(verify);
    SSL *ssl = context == NULL ? NULL : SSL_new(context);
    BIO *bio = ssl == NULL ? NULL : BIO_new(shared.method);

    if (bio == NULL) {
        SSL_free(ssl);
        return NULL;
    }
    BIO_set_data(bio, link);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_connect_state(ssl);
    return ssl;
}
