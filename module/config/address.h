/* address.h - turns an address as people have it into what a prober can connect to.
 *
 * One that can't be used is no failure of ours: `trouble` then holds a sentence that names the
 * variable, what is wrong, and what to do.  No sentence holds a part of the address but its scheme.
 * All functions return 0, or -ENOMEM.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include "base/slice.h"
#include "config/check.h"
#include "config/snapshot.h"

struct address {
    struct snapshot *snapshot; /* owns the strings of what comes out */
    const char *variable;      /* for the sentences */
    struct check_target target;
    const char *trouble; /* NULL while it can be used */
};

/* Sets `trouble` to "VARIABLE <what is wrong>". */
int address_refuse(struct address *address, const char *format, ...)
    __attribute__((format(printf, 2, 3))) MUST_CHECK;

/* PROBITY_APP: http(s)://host:port/path, unix:/socket, or unix:/socket:/path. */
int address_http(struct address *address, const char *text) MUST_CHECK;

/* tcp://host:port or unix:/socket. */
int address_tcp(struct address *address, const char *text) MUST_CHECK;

/* tls://host:port */
int address_tls(struct address *address, const char *text) MUST_CHECK;

/* Upstash's REST: https://host, and its token (NULL: none is known, which is refused). */
struct address_rest {
    const char *url;
    const char *token;
    const char *token_variable; /* where the token belongs */
};

int address_upstash(struct address *address, const struct address_rest *rest) MUST_CHECK;

/* REDIS_URL, CELERY_BROKER_URL: redis://, rediss://, unix:// or redis+socket://.  Where
 * target.tls.wanted is set before, redis:// means rediss://. */
int address_redis(struct address *address, const char *text) MUST_CHECK;

/* Host, port and password that come in variables of their own. */
struct address_parts {
    const char *host;
    const char *port;
    const char *name;
    const char *user;
    const char *password;
};

int address_redis_parts(struct address *address, const struct address_parts *parts) MUST_CHECK;

/* --- for the kinds of addresses --- */

/* Copies the text, as it stands or without its %xx. */
int address_keep(struct address *address, struct slice text, const char **ret) MUST_CHECK;
int address_keep_decoded(struct address *address, struct slice text, const char **ret) MUST_CHECK;

/* Sets target.socket_path. */
int address_keep_socket(struct address *address, struct slice path) MUST_CHECK;

/* Sets target.host and, where the text names one, target.port; an empty host is `fallback`. */
int address_keep_host(struct address *address, struct slice hosts, const char *fallback) MUST_CHECK;

/* Whether all of it can be seen: then it can go into a request's head. */
bool address_is_visible(struct slice text);

/* Whether the host is one of Upstash's, which speak TLS alone. */
bool address_is_upstash(const char *host);

#endif
