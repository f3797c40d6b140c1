/* access.h - who may: judges an Authorization header.  No I/O; any thread.
 *
 * People bring a JWT, machines a static token; docs/config.md names the settings.
 */
#ifndef AUTH_ACCESS_H
#define AUTH_ACCESS_H

#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"
#include "config/config.h"

#include <stdint.h>

struct access; /* keys and rules, immutable, and the admission, which locks itself */

enum access_need { ACCESS_PUBLIC, ACCESS_READ, ACCESS_INGEST, ACCESS_ADMIN };

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_UNAUTHENTICATED, /* 401 with WWW-Authenticate: Bearer */
    ACCESS_FORBIDDEN,       /* 403: a valid token that is no admin's */
    ACCESS_BUSY,            /* 429: no time for more signatures just now */
    ACCESS_NOT_CONFIGURED,  /* 503 auth_not_configured */
};

#define ACCESS_SUBJECT_BYTES 128

struct access_answer {
    enum access_verdict verdict;
    const char *message; /* for the error's body: what is wrong and what to do; static or owned by
                          * the struct access; never holds a part of the token */
    char subject[ACCESS_SUBJECT_BYTES]; /* who was let in: a JWT's `sub`, else which token it was;
                                         * "" where nobody had to say */
};

/* Reads keys and rules once.  Weak or missing secrets are no failure: the verdicts say so. */
int access_new(const struct config *config, struct access **ret, struct error *err) MUST_CHECK;
void access_free(struct access **access);

/* Calls `say` for every secret or rule by which nobody can be let in, and says what to do. */
void access_diagnose(const struct access *access, config_say_fn say, void *context);

/* Judges the value of the Authorization header ("" when there is none) at the wall clock's second
 * `now_s`. */
struct access_answer access_judge(const struct access *access, enum access_need need,
                                  struct slice authorization, int64_t now_s);

#endif
