/* authority.c - a small certification authority. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "authority.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECONDS_PER_DAY = 86400, PATH_BYTES = 256 };

struct authority {
    const char *folder;
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *to, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, to, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(to, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *draft(EVP_PKEY *key, const char *common_name, int from_days, int until_days)
{
    static long serial;
    X509 *made = X509_new();

    ck_assert_ptr_nonnull(made);
    (void)X509_set_version(made, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    (void)X509_gmtime_adj(X509_getm_notBefore(made), (long)from_days * SECONDS_PER_DAY);
    (void)X509_gmtime_adj(X509_getm_notAfter(made), (long)until_days * SECONDS_PER_DAY);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                     (const unsigned char *)common_name, -1, -1, 0);
    ck_assert_int_eq(X509_set_pubkey(made, key), 1);
    return made;
}

static void sign(X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
    (void)X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
}

static FILE *create(const char *folder, const char *name, const char *suffix)
{
    char path[PATH_BYTES];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    return file;
}

static void write_certificate(const char *folder, const char *name, X509 *certificate)
{
    FILE *file = create(folder, name, ".pem");

    ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
    (void)fclose(file);
}

struct authority *authority_new(const char *folder)
{
    struct authority *authority = calloc(1, sizeof(*authority));

    ck_assert_ptr_nonnull(authority);
    authority->folder = folder;
    authority->key = EVP_EC_gen("P-256");
    authority->certificate = draft(authority->key, "Test Authority", -100, 100);
    add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    sign(authority->certificate, authority->certificate, authority->key);
    write_certificate(folder, "ca", authority->certificate);
    return authority;
}

void authority_free(struct authority **authority)
{
    if (*authority == NULL)
        return;
    X509_free((*authority)->certificate);
    EVP_PKEY_free((*authority)->key);
    free(*authority);
    *authority = NULL;
}

void authority_issue(const struct authority *authority, const struct certificate_plan *plan,
                     const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = draft(key, name, plan->from_days, plan->until_days);
    FILE *file;

    if (plan->alternative != NULL)
        add_extension(made, authority->certificate, NID_subject_alt_name, plan->alternative);
    if (plan->self_signed)
        sign(made, made, key);
    else
        sign(made, authority->certificate, authority->key);
    write_certificate(authority->folder, name, made);
    file = create(authority->folder, name, ".key");
    ck_assert_int_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(file);
    X509_free(made);
    EVP_PKEY_free(key);
}

SSL_CTX *authority_server(const struct authority *authority, const char *name, int max_version,
                          bool asks_for_one)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char path[PATH_BYTES];

    ck_assert_ptr_nonnull(context);
    (void)snprintf(path, sizeof(path), "%s/%s.pem", authority->folder, name);
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, path), 1);
    (void)snprintf(path, sizeof(path), "%s/%s.key", authority->folder, name);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM), 1);
    if (max_version != 0)
        ck_assert_int_eq(SSL_CTX_set_max_proto_version(context, max_version), 1);
    if (asks_for_one) {
        (void)snprintf(path, sizeof(path), "%s/ca.pem", authority->folder);
        ck_assert_int_eq(SSL_CTX_load_verify_file(context, path), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}
