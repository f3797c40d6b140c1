/* asker.h - under which name a short-lived command asks over a broker.
 *
 * A probe that is killed in the middle leaves its name behind on the broker.  With a name of its
 * own each time, years of HEALTHCHECKs would fill it; so the probes of one container share a few
 * names, and the next one takes away what the killed one left.
 */
#ifndef CLI_ASKER_H
#define CLI_ASKER_H

#include "base/random.h"

/* Takes a name that no other process of this network namespace uses.  Returns a descriptor that
 * holds it until it is closed, or -1: then the name is a random one, used once. */
int asker_take_name(char name[RANDOM_UUID_BYTES]);

#endif
