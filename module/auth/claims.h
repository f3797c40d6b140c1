/* claims.h - what a verified token says, held against rules.  Pure: the time is an argument. */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include "base/auto.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { CLAIMS_LEEWAY_S = 30 }; /* how far two clocks may differ */

/* What is asked of every token; NULL where nothing is. */
struct claims_rules {
    const char *issuer;
    const char *audience;
    const char *require; /* "claim=value" */
};

/* Returns NULL when the token is in force at `now_s` and keeps the rules, else why not (static). */
const char *claims_judge(const json_t *claims, const struct claims_rules *rules,
                         int64_t now_s) MUST_CHECK;

/* The second from which on claims that were judged well are not taken any more. */
int64_t claims_until_s(const json_t *claims);

/* Whether the claims hold `rule`, "claim=value": a string that equals it, an array with such a
 * string, a word of a space-separated `scope` or `scp`, or a boolean for "true" and "false". */
bool claims_hold(const json_t *claims, const char *rule);

#endif
