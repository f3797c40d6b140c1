/* credentials.h - files that a service manager hands over as credentials become variables.
 *
 * What stands in a variable of a unit is shown to whoever may ask systemd for it, and /proc shows
 * it as the process' environment; a credential is neither (systemd.exec(5)).
 */
#ifndef BASE_CREDENTIALS_H
#define BASE_CREDENTIALS_H

#include "base/auto.h"
#include "base/error.h"

/* Puts every file of CREDENTIALS_DIRECTORY into the environment: `NAME` or `probity_NAME` as NAME,
 * without the line's end.  A variable that is set stays; names that are no variables' are somebody
 * else's.  Before other threads exist.  Returns 0, also without such a directory, or -errno with
 * `err`. */
int credentials_import(struct error *err) MUST_CHECK;

#endif
