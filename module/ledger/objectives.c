/* objectives.c - files before the ledger before the built-in ones. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/objectives.h"

#include "base/limits.h"
#include "ledger/definitions.h"
#include "slo/openslo.h"

#include <errno.h>
#include <stdio.h>

/* Ours and those of our sources; one that comes twice does no harm. */
static int services_of(const struct config *config, const char *ret[LIMIT_SOURCES + 1])
{
    int count = 0;

    ret[count++] = config->service;
    for (int i = 0; i < config->source_count; i++)
        ret[count++] = config->sources[i].service;
    return count;
}

static int built_in(const struct config *config, struct catalogue **ret, struct error *err)
{
    const char *services[LIMIT_SOURCES + 1];

    return catalogue_built_in_all(services, services_of(config, services), ret, err);
}

/* What is not understood becomes the trouble, and is not quietly replaced by something else. */
static int give_up(struct objectives *objectives, const struct config *config,
                   const struct problems *problems, const struct error *cause, struct error *err)
{
    (void)snprintf(objectives->trouble, sizeof(objectives->trouble),
                   "the objectives can't be read (errors: %d): %s", problems_errors(problems),
                   cause->text);
    return built_in(config, &objectives->catalogue, err);
}

/* A file that somebody is about to write anew is empty for a moment, and a gate without objectives
 * would let everything through. */
static int refuse_nothing(const struct config *config, struct objectives *ret, struct error *cause)
{
    catalogue_free(&ret->catalogue);
    return error_set(cause, EINVAL, "%s: there are no objectives in it", config->objectives_path);
}

static int load_files(const struct config *config, struct problems *problems,
                      struct objectives *ret, struct error *err)
{
    const char *services[LIMIT_SOURCES + 1];
    struct openslo_options options = {
        .service = config->service,
        .services = services,
        .service_count = services_of(config, services),
        .strict = config->objectives_strict != 0,
    };
    struct error cause = { 0 };
    int code = openslo_load(config->objectives_path, &options, problems, &ret->catalogue, &cause);

    ret->origin = ORIGIN_FILE;
    if (code == -ENOMEM)
        return error_set(err, ENOMEM, "objectives: out of memory");
    if (code == 0 && ret->catalogue->objective_count + ret->catalogue->kept_count == 0)
        code = refuse_nothing(config, ret, &cause);
    return code == 0 ? 0 : give_up(ret, config, problems, &cause, err);
}

/* Leaves the catalogue out when nothing has been applied, as where there is no schema for it yet.
 */
static int load_applied(const struct config *config, struct problems *problems,
                        struct objectives *ret, struct error *err)
{
    const char *services[LIMIT_SOURCES + 1];
    int count = services_of(config, services);
    struct openslo_options options = {
        .service = config->service,
        .services = services,
        .service_count = count,
    };
    struct definitions_query query = {
        .conninfo = config->ledger_conninfo,
        .services = services,
        .service_count = count,
        .applied_only = true,
    };
    struct error cause = { 0 };
    int code;

    code = definitions_load(&query, &options, problems, &ret->catalogue, &cause);
    ret->origin = ORIGIN_APPLIED;
    if (code == -EINVAL)
        return give_up(ret, config, problems, &cause, err);
    return code == 0 || code == -ENODATA ? 0 : error_set(err, -code, "%s", cause.text);
}

int objectives_load(const struct config *config, bool ask_ledger, struct problems *problems,
                    struct objectives *ret, struct error *err)
{
    int code = 0;

    *ret = (struct objectives){ 0 };
    if (config->objectives_path != NULL)
        return load_files(config, problems, ret, err);
    if (ask_ledger && config->ledger_conninfo != NULL)
        code = load_applied(config, problems, ret, err);
    if (code != 0 || ret->catalogue != NULL)
        return code;
    ret->origin = ORIGIN_BUILT_IN;
    return built_in(config, &ret->catalogue, err);
}

void objectives_done(struct objectives *objectives)
{
    catalogue_free(&objectives->catalogue);
}
