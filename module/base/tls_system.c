/* tls_system.c - the places of the distributions, and OpenSSL's own in front of them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls_system.h"

#include "base/auto.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH_DIGITS = 8 };

static const char *const folders[] = {
    "/etc/ssl/certs",     /* Debian, Alpine with ca-certificates, SUSE */
    "/etc/pki/tls/certs", /* Fedora, Red Hat */
};

/* Images that have been cut down often hold the bundle alone. */
static const char *const files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine, distroless */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, Red Hat */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* the same, older */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/ssl/cert.pem",                                 /* Alpine without ca-certificates */
};

static void close_folder(DIR **folder)
{
    if (*folder != NULL)
        (void)closedir(*folder);
    *folder = NULL;
}

/* "2e5ac55d.0": the hash by which OpenSSL looks for an issuer, and a number. */
static bool is_hash(const char *name)
{
    for (int i = 0; i < HASH_DIGITS; i++) {
        if (!isxdigit((unsigned char)name[i]))
            return false;
    }
    return name[HASH_DIGITS] == '.' && isdigit((unsigned char)name[HASH_DIGITS + 1]);
}

static bool has_hashes(const char *root, const char *path)
{
    AUTO(close_folder) DIR *folder = NULL;
    const struct dirent *entry;
    char full[PATH_MAX];

    (void)snprintf(full, sizeof(full), "%s%s", root, path);
    folder = opendir(full);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (is_hash(entry->d_name))
            return true;
    }
    return false;
}

static bool has_content(const char *root, const char *path)
{
    struct stat status;
    char full[PATH_MAX];

    (void)snprintf(full, sizeof(full), "%s%s", root, path);
    return stat(full, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0
           && access(full, R_OK) == 0;
}

void tls_system_find(const char *root, struct tls_system *ret)
{
    *ret = (struct tls_system){ .folder = X509_get_default_cert_dir() };
    if (has_hashes(root, ret->folder))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        ret->folder = folders[i];
        if (has_hashes(root, ret->folder))
            return;
    }
    *ret = (struct tls_system){ .file = X509_get_default_cert_file() };
    if (has_content(root, ret->file))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        ret->file = files[i];
        if (has_content(root, ret->file))
            return;
    }
    ret->file = NULL;
}
