/* redis_commands.h - how often Redis has run each command, as INFO commandstats tells.  Pure.
 *
 * A label set must be bounded and a counter must not fall: the first commands that are seen keep a
 * place of their own for the life of the process, and the rest are summed.
 */
#ifndef PROBE_REDIS_COMMANDS_H
#define PROBE_REDIS_COMMANDS_H

#include "base/slice.h"
#include "health/outcome.h"

/* Reads the text of INFO commandstats into `facts`: those that are there keep their places, new
 * ones follow as long as there is room, the last place is for all others together. */
void redis_commands_parse(struct slice text, struct redis_facts *facts);

#endif
