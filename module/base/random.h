/* random.h - identifiers nobody can guess, and jitter. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

#define RANDOM_UUID_BYTES 37
#define RANDOM_HEX_BYTES  33

/* A random (version 4) UUID, in small letters. */
void random_uuid(char text[RANDOM_UUID_BYTES]);

/* 32 hex digits, as nginx's $request_id has them. */
void random_hex(char text[RANDOM_HEX_BYTES]);

/* This process's own: the request id under which it asks its application, so that it knows the
 * question again should it lead back here.  The same for the life of the process; any thread. */
const char *random_own_id(void);

/* `value` changed by at most ± `percent`. */
int64_t random_jitter(int64_t value, int percent);

#endif
