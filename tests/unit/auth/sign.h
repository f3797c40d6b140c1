/* sign.h - makes tokens as an issuer would, good ones and bad ones, without libjwt. */
#ifndef TESTS_AUTH_SIGN_H
#define TESTS_AUTH_SIGN_H

#include <openssl/evp.h>
#include <stddef.h>

enum { SIGN_TOKEN_BYTES = 16384 };

/* Writes the base64url text of `bytes`. */
void sign_encode(const void *bytes, size_t length, char *text);

/* Writes header.payload.signature; HMAC over SHA-256 with `secret`. */
void sign_hmac(const char *header, const char *payload, const char *secret, char *token);

/* The same with RSA (PKCS #1) or ECDSA (P-256) over SHA-256. */
void sign_with_key(const char *header, const char *payload, EVP_PKEY *key, char *token);

/* The public half as PEM, in a buffer of 1024 bytes. */
void sign_public_pem(EVP_PKEY *key, char pem[1024]);

#endif
