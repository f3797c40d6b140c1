/* environment.c - an environment that is a table of names and values. */
/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

const char *environment_lookup(void *names_and_values, const char *name)
{
    const char *const *pair = names_and_values;

    for (; *pair != NULL; pair += 2) {
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    }
    return NULL;
}

const struct config *environment_load(const char *const *names_and_values)
{
    struct error err = { .code = 0 };
    const struct config *config = NULL;
    int code = config_load(environment_lookup, (void *)names_and_values, &config, &err);

    ck_assert_msg(code == 0, "%s", err.text);
    return config;
}

const struct config *environment_load_one(const char *name, const char *value)
{
    const char *const pairs[] = { name, value, NULL };

    return environment_load(pairs);
}

enum { PAIRS_MAX = 32 };

static void put_checks(const char *yaml, const char *const *more, const char *pairs[PAIRS_MAX])
{
    int count = 0;

    pairs[count++] = "PROBITY_CHECKS";
    pairs[count++] = yaml;
    for (; more != NULL && *more != NULL; more++) {
        ck_assert_int_lt(count, PAIRS_MAX - 1);
        pairs[count++] = *more;
    }
    pairs[count] = NULL;
}

const struct config *environment_load_checks(const char *yaml, const char *const *names_and_values)
{
    const char *pairs[PAIRS_MAX];

    put_checks(yaml, names_and_values, pairs);
    return environment_load(pairs);
}

const char *environment_refuse_checks(const char *yaml)
{
    static struct error err;
    const struct config *config = NULL;
    const char *pairs[PAIRS_MAX];

    put_checks(yaml, NULL, pairs);
    error_clear(&err);
    ck_assert_msg(config_load(environment_lookup, pairs, &config, &err) == -EINVAL, "%s: taken",
                  yaml);
    return err.text;
}
