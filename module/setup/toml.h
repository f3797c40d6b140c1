/* toml.h - one value out of a TOML file: enough for the few that platforms' files are asked for.
 *
 * No TOML parser: single lines "key = value" below "[section]", no dotted keys, no inline tables,
 * no texts over several lines.  What it does not understand it does not find.  Pure.
 */
#ifndef SETUP_TOML_H
#define SETUP_TOML_H

#include "base/slice.h"

/* The value of `key` in the first `section` that has one ("" before any; "[[a.b]]" is "a.b"), a
 * string without its quotes, anything else as it stands; empty where there is none. */
struct slice toml_find(struct slice text, const char *section, const char *key);

#endif
