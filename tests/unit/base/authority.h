/* authority.h - certificates made on the spot, and the server's side of TLS, for tests. */
#ifndef TESTS_AUTHORITY_H
#define TESTS_AUTHORITY_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct authority;

/* A new authority; `folder` gets ca.pem. */
struct authority *authority_new(const char *folder);
void authority_free(struct authority **authority);

/* What a certificate is to be. */
struct certificate_plan {
    const char *alternative; /* "DNS:db.internal", "IP:127.0.0.1", NULL: none */
    int from_days;           /* from now on, usually negative */
    int until_days;
    bool self_signed;
};

/* Writes NAME.pem (with its chain) and NAME.key into the authority's folder. */
void authority_issue(const struct authority *authority, const struct certificate_plan *plan,
                     const char *name);

/* The server's side with that certificate; `max_version` 0: the newest. */
SSL_CTX *authority_server(const struct authority *authority, const char *name, int max_version,
                          bool asks_for_one);

#endif
