/* dsn.h - a PostgreSQL address as any stack writes it, as a conninfo that libpq takes. */
#ifndef CONFIG_DSN_H
#define CONFIG_DSN_H

#include "base/buf.h"
#include "config/address.h"

/* postgresql://…, also with a driver (+asyncpg) and with parameters that libpq doesn't know: those
 * are left out with a note.  libpq's own "host=… dbname=…" is taken too.  Sets target.conninfo, or
 * trouble.  Returns 0, or -ENOMEM. */
int dsn_from_url(struct address *address, const char *text) MUST_CHECK;

/* DATABASE_HOST and its siblings; `parts->host` is set. */
int dsn_from_parts(struct address *address, const struct address_parts *parts) MUST_CHECK;

/* Whether the text is meant as libpq's keywords ("host=… dbname=…"). */
bool dsn_is_keywords(struct slice text);

/* Appends "host:port/name" of a conninfo of either shape: what may be shown of it. */
void dsn_show(struct buf *buf, const char *conninfo);

/* The password of a conninfo of either shape, copied into the arena; NULL when it has none. */
const char *dsn_password(struct arena *arena, const char *conninfo);

#endif
