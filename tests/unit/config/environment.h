/* environment.h - an environment that is a table of names and values. */
#ifndef TESTS_CONFIG_ENVIRONMENT_H
#define TESTS_CONFIG_ENVIRONMENT_H

#include "config/config.h"

/* Ends with NULL: { "NAME", "value", …, NULL }.  A lookup for config_load(). */
const char *environment_lookup(void *names_and_values, const char *name);

/* Loads one that is expected to be right. */
const struct config *environment_load(const char *const *names_and_values);

/* Loads one that has a single variable. */
const struct config *environment_load_one(const char *name, const char *value);

/* Loads the text as PROBITY_CHECKS, with names and values beside it (or NULL), as expected to be
 * right. */
const struct config *environment_load_checks(const char *yaml, const char *const *names_and_values);

/* The sentence with which it is refused; static. */
const char *environment_refuse_checks(const char *yaml);

#endif
