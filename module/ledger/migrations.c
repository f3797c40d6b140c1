/* migrations.c - what a migration is recognised by. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/migrations.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void migration_checksum(const struct migration *migration, char text[MIGRATION_CHECKSUM_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context != NULL) {
        (void)EVP_DigestInit_ex(context, EVP_sha256(), NULL);
        (void)EVP_DigestUpdate(context, migration->up, strlen(migration->up));
        (void)EVP_DigestUpdate(context, migration->down, strlen(migration->down));
        (void)EVP_DigestFinal_ex(context, digest, NULL);
    }
    EVP_MD_CTX_free(context);
    for (int i = 0; i < 32; i++)
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
}
