/* admission.h - how much of a process's time strangers get: the allowance for signatures, and the
 * tokens whose signature has held lately.
 *
 * Verifying with a public key costs half a millisecond, and anybody may send a token: without a
 * bound, whoever asks for the pages of admins takes the time of those who ask for health.  Who was
 * let in a moment ago is known by the token's digest and isn't held up.  Its own lock, never held
 * while anything is verified: any thread.
 */
#ifndef AUTH_ADMISSION_H
#define AUTH_ADMISSION_H

#include "auth/access.h"
#include "base/auto.h"
#include "base/error.h"

#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>

struct admission;

enum {
    ADMISSION_US_PER_S = 50 * 1000, /* a twentieth of one thread */
    ADMISSION_BURST_US = 50 * 1000, /* and so long at a stretch at most, which no prober notices */
    ADMISSION_KEEP_S = 60,          /* then the signature is looked at again */
};

/* An admin's token, whose signature has held.  Others' are not kept: every user of the application
 * has one, and together they would push the admins' out. */
struct admission_pass {
    unsigned char digest[SHA256_DIGEST_LENGTH]; /* of the token */
    char subject[ACCESS_SUBJECT_BYTES];
    int64_t from_s; /* by the wall clock, as tokens count; a clock that was set back starts over */
    int64_t until_s;
};

int admission_new(struct admission **ret, struct error *err) MUST_CHECK;
void admission_free(struct admission **admission);

/* Whether there is time for one more signature at the boot clock's `now_ms`. */
bool admission_has_time(struct admission *admission, int64_t now_ms);

/* Books what a verification has cost. */
void admission_spend(struct admission *admission, int64_t cost_us);

/* Keeps a copy in the place of the oldest, at most ADMISSION_KEEP_S long. */
void admission_remember(struct admission *admission, const struct admission_pass *pass);

/* Finds the pass of a token, if it is still good at the wall clock's second `now_s`. */
bool admission_recall(struct admission *admission, const unsigned char digest[SHA256_DIGEST_LENGTH],
                      int64_t now_s, struct admission_pass *ret);

#endif
