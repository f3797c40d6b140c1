/* pass.h - a token of our own, for the tool that stands beside the daemon and has its secrets. */
#ifndef AUTH_PASS_H
#define AUTH_PASS_H

#include "base/auto.h"
#include "base/buf.h"
#include "config/config.h"

#include <stdint.h>

enum { PASS_SECONDS = 60 };

/* Appends a token that lets `subject` in as an admin under this configuration: the admin's token,
 * else a JWT signed with the secret, good for a minute from the wall clock's second `now_s`.
 * Returns NULL, or what is missing and what to set (static, or the configuration's own): nothing
 * was appended then. */
const char *pass_for_admin(const struct config *config, const char *subject, int64_t now_s,
                           struct buf *token) MUST_CHECK;

#endif
