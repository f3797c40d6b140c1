/* tls_authorities.h - files of authorities, read once for all sessions that name them. */
#ifndef BASE_TLS_AUTHORITIES_H
#define BASE_TLS_AUTHORITIES_H

#include "base/auto.h"
#include "base/error.h"

#include <openssl/x509.h>

/* A reference to the authorities that `path` holds now: a file that has changed is read anew, and
 * sessions that hold the former content keep it.  Freed with tls_authorities_release().  Returns 0,
 * or -TLS_FILES or -ENOMEM with `err`.  Any thread. */
int tls_authorities_acquire(const char *path, X509_STORE **ret, struct error *err) MUST_CHECK;

/* A destructor for AUTO(). */
void tls_authorities_release(X509_STORE **store);

#endif
