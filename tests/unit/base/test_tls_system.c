/* test_tls_system.c - module/base/tls_system.c, over roots as distributions lay them out */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls_system.h"

#include "base/auto.h"
#include "suite.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[64];

static void set_up(void)
{
    (void)snprintf(root, sizeof(root), "/tmp/test_tls_system.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tear_down(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* A file below the root that holds `text`, with the folders above it. */
static void lay(const char *path, const char *text)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "f=%s%s && mkdir -p \"${f%%/*}\" && printf %%s '%s' >$f", root, path, text);
    ck_assert_int_eq(system(command), 0);
}

static const struct layout {
    const char *paths[3];
    const char *folder;
    const char *file;
} layouts[] = {
    { { "/etc/ssl/certs/2e5ac55d.0", "/etc/ssl/certs/ca-certificates.crt" },
      "/etc/ssl/certs",
      NULL },
    { { "/etc/ssl/certs/ca-certificates.crt" }, NULL, "/etc/ssl/certs/ca-certificates.crt" },
    { { "/etc/ssl/cert.pem" }, NULL, "/etc/ssl/cert.pem" },
    { { "/etc/ssl/certs/README", "/etc/ssl/certs/2e5ac55d", "/etc/ssl/cert.pem" },
      NULL,
      "/etc/ssl/cert.pem" },
    { { "/etc/pki/tls/certs/ca-bundle.crt" }, NULL, "/etc/pki/tls/certs/ca-bundle.crt" },
    { { "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem" },
      NULL,
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem" },
    { { "/etc/pki/tls/certs/5ad8a5d6.0", "/etc/pki/tls/certs/ca-bundle.crt" },
      "/etc/pki/tls/certs",
      NULL },
    { { "/etc/hostname" }, NULL, NULL },
};

START_TEST(authorities_are_found_where_each_distribution_keeps_them)
{
    const struct layout *layout = &layouts[_i];
    struct tls_system found;

    for (size_t i = 0; i < ARRAY_LENGTH(layout->paths) && layout->paths[i] != NULL; i++)
        lay(layout->paths[i], "a certificate");
    tls_system_find(root, &found);
    ck_assert_pstr_eq(found.folder, layout->folder);
    ck_assert_pstr_eq(found.file, layout->file);
}
END_TEST

START_TEST(an_empty_bundle_is_no_bundle)
{
    struct tls_system found;

    lay("/etc/ssl/certs/ca-certificates.crt", "");
    lay("/etc/ssl/cert.pem", "a certificate");
    tls_system_find(root, &found);
    ck_assert_str_eq(found.file, "/etc/ssl/cert.pem");
}
END_TEST

START_TEST(what_the_library_was_built_for_comes_first)
{
    char path[256];
    struct tls_system found;

    lay("/etc/ssl/certs/2e5ac55d.0", "a certificate");
    (void)snprintf(path, sizeof(path), "%s/2e5ac55d.0", X509_get_default_cert_dir());
    lay(path, "a certificate");
    tls_system_find(root, &found);
    ck_assert_str_eq(found.folder, X509_get_default_cert_dir());
}
END_TEST

TCase *tls_system_cases(void)
{
    TCase *cases = tcase_create("tls_system");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, authorities_are_found_where_each_distribution_keeps_them, 0,
                        (int)ARRAY_LENGTH(layouts));
    tcase_add_test(cases, an_empty_bundle_is_no_bundle);
    tcase_add_test(cases, what_the_library_was_built_for_comes_first);
    return cases;
}
