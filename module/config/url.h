/* url.h - takes an address apart, and prints one without its password.  Pure.
 *
 * What is wrong is told in words that never hold a part of the address: any part of it may be a
 * piece of a password that somebody forgot to escape.
 */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct url {
    struct slice scheme; /* what stands before "://" */
    bool has_user;       /* an '@' is there; user may be empty all the same */
    bool has_password;
    struct slice user; /* still percent-encoded, like all that follow */
    struct slice password;
    struct slice hosts; /* what stands behind the '@', up to the path: host:port,… */
    struct slice path;  /* with its '/', or empty */
    struct slice query; /* behind the '?' */
};

/* Returns NULL, or what is wrong and what to do. */
const char *url_split(struct slice text, struct url *ret);

/* Takes one "host:port" apart; a host in brackets loses them, one that is missing is empty.
 * `*port` keeps its value when there is none.  Returns NULL, or what is wrong and what to do. */
const char *url_split_host(struct slice text, struct slice *host, uint16_t *port);

/* Decodes %xx into `out`, which has room for text.length + 1 bytes, and terminates it.  False when
 * a '%' isn't followed by two hex digits, or by 00. */
bool url_decode(struct slice text, char *out);

/* Cuts the next "name=value" off a query.  False at its end. */
bool url_cut_param(struct slice *query, struct slice *name, struct slice *value);

/* Appends an address that may be shown: without passwords, also when it is malformed. */
void url_show(struct buf *buf, struct slice text);

/* The same for what stands behind its host. */
void url_show_path(struct buf *buf, struct slice path);

/* Calls `found` for every piece of an address that is, or may be, a password. */
typedef void (*url_secret_fn)(void *context, struct slice secret);
void url_each_secret(struct slice text, url_secret_fn found, void *context);

/* The same for what stands behind its '?', by the names of the parameters. */
void url_each_secret_param(struct slice query, url_secret_fn found, void *context);

#endif
