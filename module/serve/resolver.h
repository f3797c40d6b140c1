/* resolver.h - follows where a name leads: nginx looks a name up once, and ends where it can't.
 *
 * A thread of its own asks again every few seconds, because a look-up may take as long as it likes;
 * what it last found stands while nobody answers.
 */
#ifndef SERVE_RESOLVER_H
#define SERVE_RESOLVER_H

#include "base/auto.h"
#include "base/error.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

enum { RESOLVER_ADDRESSES = 16, RESOLVER_TEXT_BYTES = RESOLVER_ADDRESSES * 72 };

struct resolver;

/* Starts to look the name up.  Returns 0, or -errno with `err`. */
int resolver_start(const char *name, uint16_t port, struct resolver **ret,
                   struct error *err) MUST_CHECK;

/* Waits for a look-up under way at most that long.  What it uses is left behind. */
void resolver_stop(struct resolver **resolver);

/* While it rests it asks nobody: what was found stands, and is looked at at once when it wakes. */
void resolver_rest(struct resolver *resolver, bool resting);

/* Whether the addresses are others than the last time; then `text` receives them as they stand
 * behind nginx's `server`: "10.0.0.7:80; server [fd00::7]:80". */
bool resolver_changed(struct resolver *resolver, char text[RESOLVER_TEXT_BYTES]);

/* The same for a list of addresses: sorted, each once, at most RESOLVER_ADDRESSES.  Pure. */
void resolver_describe(const struct addrinfo *list, uint16_t port, char text[RESOLVER_TEXT_BYTES]);

#endif
