/* postgres_tls.h - where libpq would connect to, and what the certificate is that it meets there.
 *
 * libpq 15 has one word, "certificate verify failed", for one that has expired and for one that
 * nobody known has signed: whoever wants to know shakes hands once more.
 */
#ifndef PROBE_POSTGRES_TLS_H
#define PROBE_POSTGRES_TLS_H

#include "base/auto.h"
#include "base/stream.h"
#include "health/outcome.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum postgres_sslmode {
    POSTGRES_TLS_DISABLE,
    POSTGRES_TLS_PREFER, /* and "allow": where the server has it */
    POSTGRES_TLS_REQUIRE,
    POSTGRES_TLS_VERIFY_CA,
    POSTGRES_TLS_VERIFY_FULL,
};

enum { POSTGRES_PLACES = 8 };

/* One server of a conninfo; strings are the struct postgres_places'. */
struct postgres_place {
    const char *name;    /* what the certificate must hold; NULL for a unix socket */
    const char *address; /* what is connected to: `name`, or what hostaddr says */
    char socket_path[108];
    uint16_t port;
};

struct postgres_places {
    PQconninfoOption *options;
    char *hosts;
    char *addresses;
    char *ports;
    enum postgres_sslmode sslmode;
    bool wants_replica;  /* target_session_attrs asks for a server that may be read-only */
    const char *ca_file; /* NULL: libpq's own place */
    const char *certificate_file;
    const char *key_file;
    int count; /* of those that fit */
    struct postgres_place items[POSTGRES_PLACES];
};

/* Takes a conninfo or URL apart, with libpq's defaults (PGHOST, …) for what it leaves out.  Returns
 * 0, -EINVAL, or -ENOMEM with `err`. */
int postgres_places_read(const char *conninfo, struct postgres_places *ret,
                         struct error *err) MUST_CHECK;
void postgres_places_done(struct postgres_places *places);

/* Asks over a fresh connection for TLS.  Returns 0, -EPROTO when the server has none, or -errno or
 * a tls_failure as stream_encrypt(); stream_shown() has what was shown. */
int postgres_tls_shake(const struct postgres_places *places, const struct postgres_place *place,
                       struct stream *stream, int64_t deadline_ms, struct error *err) MUST_CHECK;

/* Why a login failed with "certificate verify failed": the tls_failure, as negative number, of the
 * first server that gives one, 0 when none does, or another -errno with `err`. */
int postgres_tls_explain(const char *conninfo, int cancel_fd, int64_t deadline_ms,
                         struct tls_facts *shown, struct error *err) MUST_CHECK;

/* What a connection of libpq's shows; nothing where it is plain. */
void postgres_tls_note(PGconn *conn, struct tls_facts *facts);

#endif
