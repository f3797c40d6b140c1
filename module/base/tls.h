/* tls.h - TLS over a connected, non-blocking socket; stream.c does the waiting.
 *
 * TLS 1.2 at least.  The server's certificate must lead to a known authority and hold the wanted
 * name, unless the wish says otherwise.  All sessions share one context, made by the first;
 * the system's authorities are looked up one by one as they are needed, so that a check over TLS
 * costs the memory of its connection and not that of a hundred certificates.
 * The files that a wish names are looked at for each session: a renewed one counts from the next
 * on.
 */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;

/* Ways to fail for which errno has no number: they go where an errno goes, and lie behind the
 * last that Linux can have (4095). */
enum tls_failure {
    TLS_FAILED = 4096,         /* no handshake: no TLS there, or nothing in common */
    TLS_CERTIFICATE_EXPIRED,   /* the server's */
    TLS_CERTIFICATE_NOT_YET,   /* the server's begins in the future */
    TLS_CERTIFICATE_UNTRUSTED, /* no known authority stands behind it */
    TLS_CERTIFICATE_NAME,      /* it is another server's */
    TLS_CERTIFICATE_REFUSED,   /* the server wants one of ours, or another */
    TLS_FILES,                 /* a file that the wish names is of no use, or a name is missing */
};

/* What is asked of a session; strings are borrowed for the call. */
struct tls_wish {
    const char *server_name;      /* a name or an address; NULL only where none is verified */
    const char *ca_file;          /* NULL: the system's authorities */
    const char *certificate_file; /* ours; or NULL */
    const char *key_file;         /* NULL: in certificate_file */
    bool unverified;              /* any certificate will do */
    bool any_name;                /* a trusted one will do, whatever its name */
};

/* What the other side has shown, also when it was refused. */
struct tls_shown {
    /* Wall clock; 0: no certificate.  Of the first in the trusted chain to expire, since any of
     * them ends it; of the server's own where the chain is not trusted. */
    int64_t expires_at_s;
    char protocol[16]; /* "TLSv1.3"; "" before the handshake is done */
};

/* Prepares a session over `fd`, which is borrowed.  Returns 0, or -errno or -TLS_FILES with `err`.
 */
int tls_open(int fd, const struct tls_wish *wish, struct tls **ret, struct error *err) MUST_CHECK;

/* Says good-bye if that needs no waiting, and frees.  Leaves the descriptor open. */
void tls_close(struct tls **tls);

/* These do what they can without waiting.  They return 0, or -EAGAIN when tls_wants() has to come
 * true first, or -errno or a tls_failure as negative number with `err`. */
int tls_shake_hands(struct tls *tls, struct error *err) MUST_CHECK;
int tls_write(struct tls *tls, const char *bytes, size_t length, size_t *ret_count,
              struct error *err) MUST_CHECK;
/* `*ret_count` is 0 when the peer has closed. */
int tls_read(struct tls *tls, char *bytes, size_t capacity, size_t *ret_count,
             struct error *err) MUST_CHECK;

/* As tls_read() of one byte that stays to be read. */
int tls_peek(struct tls *tls, size_t *ret_count, struct error *err) MUST_CHECK;

/* Whether bytes, or the end, lie ready in the session, where poll(2) can't see them. */
bool tls_has_pending(const struct tls *tls);

/* The poll(2) events that the last call with -EAGAIN waits for. */
short tls_wants(const struct tls *tls);

const struct tls_shown *tls_shown(const struct tls *tls);

#endif
