/* sign.c - base64url, HMAC and EVP, straight from OpenSSL. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "sign.h"

#include <check.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

void sign_encode(const void *bytes, size_t length, char *text)
{
    size_t end = (size_t)EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);

    while (end > 0 && text[end - 1] == '=')
        end--;
    text[end] = '\0';
    for (size_t i = 0; i < end; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
}

/* Writes header.payload and returns its length. */
static size_t write_signed_part(const char *header, const char *payload, char *token)
{
    sign_encode(header, strlen(header), token);
    strncat(token, ".", SIGN_TOKEN_BYTES - strlen(token) - 1);
    sign_encode(payload, strlen(payload), token + strlen(token));
    return strlen(token);
}

static void append_signature(char *token, const unsigned char *signature, size_t length)
{
    size_t end = strlen(token);

    token[end] = '.';
    sign_encode(signature, length, token + end + 1);
}

void sign_hmac(const char *header, const char *payload, const char *secret, char *token)
{
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    size_t signed_bytes = write_signed_part(header, payload, token);

    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), secret, (int)strlen(secret),
                               (const unsigned char *)token, signed_bytes, signature, &length));
    append_signature(token, signature, length);
}

/* JOSE wants r and s side by side, OpenSSL writes them as DER (RFC 7518 section 3.4). */
static size_t flatten(unsigned char *signature, size_t length)
{
    const unsigned char *at = signature;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)length);

    ck_assert_ptr_nonnull(parts);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32), 32);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32), 32);
    ECDSA_SIG_free(parts);
    return 64;
}

void sign_with_key(const char *header, const char *payload, EVP_PKEY *key, char *token)
{
    unsigned char signature[512];
    size_t length = sizeof(signature);
    size_t signed_bytes = write_signed_part(header, payload, token);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    ck_assert_int_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    ck_assert_int_eq(
        EVP_DigestSign(context, signature, &length, (const unsigned char *)token, signed_bytes), 1);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
        length = flatten(signature, length);
    append_signature(token, signature, length);
}

void sign_public_pem(EVP_PKEY *key, char pem[1024])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int length;

    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, key), 1);
    length = BIO_read(bio, pem, 1023);
    ck_assert_int_gt(length, 0);
    pem[length] = '\0';
    BIO_free(bio);
}
