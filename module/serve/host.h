/* host.h - what the machine or the container allows: processors, address families, the port. */
#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* How many processors this process may use, rounded up: its affinity, and what the cgroup below
 * `root` ("/sys/fs/cgroup") leaves it.  At least 1. */
int host_processors(const char *root);

/* Whether the kernel has that family of addresses (AF_INET, AF_INET6). */
bool host_has_family(int family);

/* Whether somebody could listen at the port now, as nginx would.  Returns 0, or -errno with `err`,
 * which says what to do. */
int host_check_port(uint16_t port, struct error *err) MUST_CHECK;

#endif
