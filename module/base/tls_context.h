/* tls_context.h - what all TLS sessions share: OpenSSL's context, and a transport without SIGPIPE.
 */
#ifndef BASE_TLS_CONTEXT_H
#define BASE_TLS_CONTEXT_H

#include <openssl/ssl.h>

/* The socket below a session; outlives it. */
struct tls_link {
    int fd;
    int code; /* the errno of its last failure; 0 where the peer had closed */
};

typedef int (*tls_verify_fn)(X509_STORE_CTX *store, void *unused);

/* A session that stands on `link`, or NULL with the library's error queue telling why.  `verify`
 * judges certificates and is the same in every call.  Any thread. */
SSL *tls_context_session(struct tls_link *link, tls_verify_fn verify);

#endif
