/* tls.c - TLS by OpenSSL 3, driven without waiting. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls.h"

#include "base/tls_authorities.h"
#include "base/tls_context.h"
#include "base/tls_system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_BYTES = 256, SHOWN_NAMES_BYTES = 80 };

struct tls {
    SSL *ssl;
    struct tls_link link;
    bool unverified;
    bool trusts_system; /* and no file of the wish */
    bool has_shaken_hands;
    bool is_broken;    /* by a fatal failure: nothing more may be sent, not even a good-bye */
    bool asks_for_one; /* the server wants a certificate of ours */
    short wants;
    struct tls_shown shown;
    char names[SHOWN_NAMES_BYTES]; /* that the server's certificate holds, as many as fit */
};

/* What the library says of its last failure. */
static const char *library_words(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());

    return words != NULL ? words : "no reason given";
}

static int64_t expiry_of(const X509 *certificate)
{
    struct tm tm;

    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return 0;
    return timegm(&tm);
}

/* Any certificate of the chain that expires ends the trust in it. */
static void note_chain(struct tls *tls, STACK_OF(X509) * chain)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t expires_at_s = expiry_of(sk_X509_value(chain, i));

        if (expires_at_s != 0 && expires_at_s < tls->shown.expires_at_s)
            tls->shown.expires_at_s = expires_at_s;
    }
}

static void free_names(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
    *names = NULL;
}

/* For the log: whose certificate it is, where it is not the one that was asked for.  What a
 * stranger wrote there is not copied byte by byte. */
static void note_names(struct tls *tls, const X509 *certificate)
{
    AUTO(free_names)
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        int length = name->type == GEN_DNS ? ASN1_STRING_length(name->d.dNSName) : 0;

        if (length <= 0 || used + (size_t)length + 2 > sizeof(tls->names))
            continue;
        tls->names[used++] = ' ';
        for (int j = 0; j < length; j++) {
            unsigned char c = ASN1_STRING_get0_data(name->d.dNSName)[j];

            tls->names[used++] = (char)(c > ' ' && c < 0x7f ? c : '?');
        }
        tls->names[used] = '\0';
    }
}

/* Stands in for the library's verification, because only here a refused certificate can be seen. */
static int verify(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_app_data(ssl);

    (void)unused;
    tls->shown.expires_at_s = expiry_of(X509_STORE_CTX_get0_cert(store));
    if (tls->unverified) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (X509_verify_cert(store) <= 0) {
        note_names(tls, X509_STORE_CTX_get0_cert(store));
        return 0;
    }
    note_chain(tls, X509_STORE_CTX_get0_chain(store));
    return 1;
}

/* The server asks for a certificate of ours; what we have is set already. */
static int note_request(SSL *ssl, void *context)
{
    struct tls *tls = context;

    (void)ssl;
    tls->asks_for_one = true;
    return 1;
}

static int use_certificate(SSL *ssl, const struct tls_wish *wish, struct error *err)
{
    const char *key = wish->key_file != NULL ? wish->key_file : wish->certificate_file;

    if (wish->certificate_file == NULL)
        return 0;
    if (SSL_use_certificate_chain_file(ssl, wish->certificate_file) != 1)
        return error_set(err, TLS_FILES, "tls: certificate %s: %s", wish->certificate_file,
                         library_words());
    if (SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return error_set(err, TLS_FILES, "tls: key %s: %s", key, library_words());
    return 0;
}

static int use_authorities(SSL *ssl, const struct tls_wish *wish, struct error *err)
{
    AUTO(tls_authorities_release) X509_STORE *store = NULL;
    int code;

    if (wish->ca_file == NULL || wish->unverified)
        return 0;
    code = tls_authorities_acquire(wish->ca_file, &store, err);
    if (code == 0 && SSL_set1_verify_cert_store(ssl, store) != 1)
        code = error_set(err, ENOMEM, "tls: out of memory");
    return code;
}

/* What is to be verified must have a name: without one any certificate of the authority would do.
 */
static int use_name(SSL *ssl, const struct tls_wish *wish, struct error *err)
{
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    char name[NAME_BYTES] = "";
    unsigned char address[16];
    bool is_address;
    bool is_verified = !wish->unverified && !wish->any_name;
    size_t length = wish->server_name == NULL ? 0 : strlen(wish->server_name);
    int done = 1;

    if (length > 0 && wish->server_name[length - 1] == '.')
        length--; /* the root's dot is no part of any certificate */
    if (length >= sizeof(name) || (length == 0 && is_verified))
        return error_set(err, TLS_FILES, "tls: no name to be verified: set tls.server_name");
    if (length == 0)
        return 0;
    memcpy(name, wish->server_name, length);
    is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_verified)
        done = is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, name)
                          : X509_VERIFY_PARAM_set1_host(rules, name, length);
    /* SNI takes names only (RFC 6066, 3). */
    if (done == 1 && !is_address)
        done = (int)SSL_set_tlsext_host_name(ssl, name);
    return done == 1 ? 0 : error_set(err, ENOMEM, "tls: %s: %s", name, library_words());
}

static int prepare(struct tls *tls, const struct tls_wish *wish, struct error *err)
{
    int code;

    SSL_set_app_data(tls->ssl, tls);
    SSL_set_verify(tls->ssl, wish->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_set_cert_cb(tls->ssl, note_request, tls);
    code = use_name(tls->ssl, wish, err);
    if (code == 0)
        code = use_authorities(tls->ssl, wish, err);
    if (code == 0)
        code = use_certificate(tls->ssl, wish, err);
    return code;
}

int tls_open(int fd, const struct tls_wish *wish, struct tls **ret, struct error *err)
{
    AUTO(tls_close) struct tls *tls = calloc(1, sizeof(*tls));
    int code;

    ERR_clear_error();
    if (tls == NULL)
        return error_set(err, ENOMEM, "tls: out of memory");
    tls->link.fd = fd;
    tls->unverified = wish->unverified;
    tls->trusts_system = wish->ca_file == NULL;
    tls->ssl = tls_context_session(&tls->link, verify);
    if (tls->ssl == NULL)
        return error_set(err, ENOMEM, "tls: no session: %s", library_words());
    code = prepare(tls, wish, err);
    ERR_clear_error(); /* the passing complaints of files that were read well, too */
    if (code != 0)
        return code;
    *ret = tls;
    tls = NULL;
    return 0;
}

void tls_close(struct tls **tls)
{
    struct tls *gone = *tls;

    if (gone == NULL)
        return;
    ERR_clear_error();
    if (gone->has_shaken_hands && !gone->is_broken)
        (void)SSL_shutdown(gone->ssl);
    SSL_free(gone->ssl);
    ERR_clear_error();
    free(gone);
    *tls = NULL;
}

/* Small images often come without any, and then it is not the server that wants mending. */
static bool has_authorities(void)
{
    struct tls_system system;

    tls_system_find("", &system);
    return system.folder != NULL || system.file != NULL
           || getenv(X509_get_default_cert_dir_env()) != NULL
           || getenv(X509_get_default_cert_file_env()) != NULL;
}

static int judge_certificate(const struct tls *tls, struct error *err)
{
    static const struct {
        long result;
        int code;
    } results[] = {
        { X509_V_ERR_CERT_HAS_EXPIRED, TLS_CERTIFICATE_EXPIRED },
        { X509_V_ERR_CERT_NOT_YET_VALID, TLS_CERTIFICATE_NOT_YET },
        { X509_V_ERR_HOSTNAME_MISMATCH, TLS_CERTIFICATE_NAME },
        { X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_CERTIFICATE_NAME },
        { X509_V_ERR_OUT_OF_MEM, ENOMEM },
    };
    long result = SSL_get_verify_result(tls->ssl);
    int code = TLS_CERTIFICATE_UNTRUSTED;
    bool is_named;

    for (size_t i = 0; i < ARRAY_LENGTH(results); i++) {
        if (results[i].result == result)
            code = results[i].code;
    }
    is_named = code == TLS_CERTIFICATE_NAME && tls->names[0] != '\0';
    if (code == TLS_CERTIFICATE_UNTRUSTED && tls->trusts_system && !has_authorities())
        return error_set(err, code,
                         "tls: certificate: %s: no authorities are on this system: "
                         "install ca-certificates, or set SSL_CERT_FILE",
                         X509_verify_cert_error_string(result));
    return error_set(err, code, "tls: certificate: %s%s%s", X509_verify_cert_error_string(result),
                     is_named ? ": it is for" : "", is_named ? tls->names : "");
}

/* The alerts by which a server refuses our certificate, or says that it misses one. */
static bool is_refusal(const struct tls *tls, int reason)
{
    static const int reasons[] = {
        SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,   SSL_R_TLSV1_ALERT_UNKNOWN_CA,
        SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,         SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
        SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,     SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
        SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
        SSL_R_TLSV1_ALERT_DECRYPT_ERROR,
    };

    if (!tls->asks_for_one)
        return false;
    /* TLS 1.2 has no alert of its own for a certificate that is missing (RFC 5246, 7.4.6). */
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
        if (reasons[i] == reason)
            return true;
    }
    return false;
}

static int judge_library(struct tls *tls, struct error *err)
{
    unsigned long last = ERR_peek_last_error();
    int reason = ERR_GET_REASON(last);

    if (reason == ERR_R_MALLOC_FAILURE)
        return error_set(err, ENOMEM, "tls: out of memory");
    if (ERR_GET_LIB(last) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return judge_certificate(tls, err);
    if (is_refusal(tls, reason))
        return error_set(err, TLS_CERTIFICATE_REFUSED, "tls: %s", library_words());
    return error_set(err, TLS_FAILED, "tls: %s", library_words());
}

/* The socket failed, or ended without a good-bye: `*ret_count` 0 in a read. */
static int judge_socket(struct tls *tls, struct error *err)
{
    if (!tls->has_shaken_hands)
        return error_set(err, TLS_FAILED, "tls: closed in the handshake: %s",
                         tls->link.code != 0 ? strerror(tls->link.code) : "end of stream");
    if (tls->link.code == 0)
        return 0;
    return error_set(err, tls->link.code, "tls: %s", strerror(tls->link.code));
}

/* What a call that returned `result` <= 0 means. */
static int judge(struct tls *tls, int result, struct error *err)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        tls->wants = POLLIN;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        tls->wants = POLLOUT;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        tls->link.code = 0;
        return judge_socket(tls, err);
    case SSL_ERROR_SYSCALL:
        tls->is_broken = true;
        return judge_socket(tls, err);
    default:
        tls->is_broken = true;
        return judge_library(tls, err);
    }
}

int tls_shake_hands(struct tls *tls, struct error *err)
{
    int result;

    ERR_clear_error();
    result = SSL_connect(tls->ssl);
    if (result <= 0)
        return judge(tls, result, err);
    tls->has_shaken_hands = true;
    (void)snprintf(tls->shown.protocol, sizeof(tls->shown.protocol), "%s",
                   SSL_get_version(tls->ssl));
    return 0;
}

/* Judges a read that took nothing: an end is a count of 0. */
static int judge_read(struct tls *tls, int result, size_t *ret_count, struct error *err)
{
    int code = judge(tls, result, err);

    if (code == 0)
        *ret_count = 0;
    return code;
}

int tls_read(struct tls *tls, char *bytes, size_t capacity, size_t *ret_count, struct error *err)
{
    int result;

    ERR_clear_error();
    result = SSL_read_ex(tls->ssl, bytes, capacity, ret_count);
    return result > 0 ? 0 : judge_read(tls, result, ret_count, err);
}

int tls_peek(struct tls *tls, size_t *ret_count, struct error *err)
{
    char byte;
    int result;

    ERR_clear_error();
    result = SSL_peek_ex(tls->ssl, &byte, 1, ret_count);
    return result > 0 ? 0 : judge_read(tls, result, ret_count, err);
}

/* In TLS 1.3 a server refuses our certificate only after our side of the handshake is done, and
 * closes: then it is the alert in the socket, not the failed write, that tells why. */
static int find_alert(struct tls *tls, int code, struct error *err)
{
    char byte;
    size_t count;
    struct error alert = { 0 };

    if (tls_read(tls, &byte, 1, &count, &alert) == -TLS_CERTIFICATE_REFUSED)
        return error_set(err, TLS_CERTIFICATE_REFUSED, "%s", alert.text);
    return error_set(err, code, "tls: %s", strerror(code));
}

int tls_write(struct tls *tls, const char *bytes, size_t length, size_t *ret_count,
              struct error *err)
{
    struct error why = { 0 };
    int result;
    int code;

    ERR_clear_error();
    result = SSL_write_ex(tls->ssl, bytes, length, ret_count);
    if (result > 0)
        return 0;
    code = judge(tls, result, &why);
    if (code == -EPIPE || code == -ECONNRESET || code == 0)
        return find_alert(tls, EPIPE, err);
    return code == -EAGAIN ? code : error_set(err, -code, "%s", why.text);
}

bool tls_has_pending(const struct tls *tls)
{
    return SSL_pending(tls->ssl) > 0 || tls->is_broken
           || (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

short tls_wants(const struct tls *tls)
{
    return tls->wants;
}

const struct tls_shown *tls_shown(const struct tls *tls)
{
    return &tls->shown;
}
