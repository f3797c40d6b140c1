/* stream.h - a TCP or unix-socket connection on which every call ends at an absolute deadline.
 *
 * A stream belongs to one thread.  Names are resolved with getaddrinfo(3), which blocks and can't
 * be cancelled: only threads that may hang for that long open streams.  A stream is plain until
 * stream_encrypt() has put TLS between the caller and the socket.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/tls.h"

#include <stddef.h>
#include <stdint.h>

struct stream;

/* Where to connect; strings are borrowed for the call. */
struct stream_address {
    const char *host;        /* a name or an address without brackets; unused with a socket_path */
    const char *socket_path; /* or NULL */
    uint16_t port;
    int cancel_fd; /* once it is readable every call fails with -ECANCELED; -1 for none */
};

/* Connects, trying each address of the name.  Returns 0, or -errno with `err`: ENXIO when the name
 * has no address, ETIMEDOUT at the deadline, ENOENT or ECONNREFUSED when nobody listens, ECANCELED,
 * EMFILE and ENOMEM for trouble of our own, and whatever else connect(2) says. */
int stream_open(const struct stream_address *address, int64_t deadline_ms, struct stream **ret,
                struct error *err) MUST_CHECK;

/* Speaks TLS from now on.  Returns 0, or -errno or a tls_failure as negative number with `err`:
 * ETIMEDOUT where the other side says nothing, as a server without TLS often does.  After a failure
 * only stream_shown() and stream_close() make sense. */
int stream_encrypt(struct stream *stream, const struct tls_wish *wish, int64_t deadline_ms,
                   struct error *err) MUST_CHECK;

/* What the other side has shown; NULL while TLS was never tried. */
const struct tls_shown *stream_shown(const struct stream *stream);

/* Closes; never waits.  A destructor for AUTO(). */
void stream_close(struct stream **stream);

/* From now on nothing cancels this stream's calls but their deadline: for a last clean-up. */
void stream_ignore_cancel(struct stream *stream);

/* Writes all of it.  Returns 0, or -errno with `err`: ETIMEDOUT, ECANCELED, EPIPE, ECONNRESET,
 * TLS_CERTIFICATE_REFUSED. */
int stream_write(struct stream *stream, struct slice bytes, int64_t deadline_ms,
                 struct error *err) MUST_CHECK;

/* Reads what is there, waiting for the first byte; `*ret_count` is 0 when the peer has closed.
 * Returns 0, or -errno with `err`: ETIMEDOUT, ECANCELED, ECONNRESET, TLS_CERTIFICATE_REFUSED,
 * TLS_FAILED. */
int stream_read(struct stream *stream, char *bytes, size_t capacity, int64_t deadline_ms,
                size_t *ret_count, struct error *err) MUST_CHECK;

enum stream_news {
    STREAM_QUIET, /* nothing that concerns the caller */
    STREAM_DATA,  /* something can be read at once */
    STREAM_CLOSED,
};

/* What made poll(2) return on an idle stream.  Never waits; what TLS says for its own sake (a
 * session ticket) is taken and is nothing. */
enum stream_news stream_news(struct stream *stream);

/* The descriptor to poll(2) for reading between calls. */
int stream_fd(const struct stream *stream);

#endif
