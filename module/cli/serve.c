/* serve.c - `probity serve`: what runs in a container. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/log.h"
#include "serve/conductor.h"
#include "serve/serve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)MIGRATION_REFUSED == COMMAND_FAILED && (int)MIGRATION_LATER == COMMAND_MISUSED
                   && (int)MIGRATION_NEWER == COMMAND_NEWER,
               "probity migrate exits with what probity serve understands");

/* One that can't be understood is a warning for probityd, which has no use for it.  nginx must not
 * listen somewhere else than where it is asked. */
static bool port_is_understood(const struct config *config)
{
    const char *port = getenv("PORT");
    uint64_t number;

    return port == NULL || port[0] == '\0'
           || (slice_parse_uint(slice_trim(slice_of(port)), 65535, &number)
               && (int64_t)number == config->container.port);
}

static int run(const struct config *config, const char *const *command)
{
    static struct site site;
    struct error err = { 0 };
    int status = COMMAND_FAILED;

    if (!port_is_understood(config))
        log_error("PORT=%.40s: expected a whole number from 1 to 65535", getenv("PORT"));
    else if (site_find(config, &site, &err) != 0)
        log_error("%s", err.text);
    else
        status = serve(&site, command);
    return status;
}

int command_serve(int argc, char **argv)
{
    AUTO(config_release) const struct config *config = NULL;
    struct error err = { 0 };
    int status;

    /* Nothing behind "--" is no command: an image's entry point may end with it. */
    if (argc > 1 && strcmp(argv[1], "--") != 0)
        return command_fail(COMMAND_MISUSED, "serve",
                            "expected nothing, or -- and a command: run probity help serve");
    serve_block_signals();
    log_configure(LOG_LEVEL_INFO, isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON,
                  "probity"); /* until it is known how */
    if (config_load(command_lookup, NULL, &config, &err) != 0) {
        log_error("%s", err.text);
        return COMMAND_FAILED;
    }
    config_hide_secrets(config);
    log_configure(config->log_level,
                  !config->log_format_set && isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT
                                                                   : config->log_format,
                  config->service);
    if (log_start(&err) != 0)
        return command_fail(COMMAND_FAILED, "serve", "%s", err.text);
    status = run(config, argc > 2 ? (const char *const *)(argv + 2) : NULL);
    log_stop();
    return status;
}
