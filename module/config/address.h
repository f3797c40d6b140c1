/* address.h - turns an address as people have it into what a prober can connect to.
 *
 * One that can't be used is no failure of ours: `trouble` then holds a sentence that names the
 * variable, what is wrong, and what to do.  No sentence holds a part of the address but its scheme.
 * All functions return 0, or -ENOMEM.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

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

/* PROBITY_APP: http://host:port/path, unix:/socket, or unix:/socket:/path. */
int address_http(struct address *address, const char *text) MUST_CHECK;

/* REDIS_URL, CELERY_BROKER_URL: redis://, unix:// or redis+socket://. */
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

#endif
