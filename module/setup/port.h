/* port.h - at which port a command listens, as far as it says so.  Pure. */
#ifndef SETUP_PORT_H
#define SETUP_PORT_H

#include "base/auto.h"

#include <stdbool.h>

/* Reads a command's text, its words with blanks between them.  Returns whether it names a port:
 * `*ret` is its number, or 0 where it is taken from the variable PORT. */
bool port_of_command(const char *text, int *ret) MUST_CHECK;

#endif
