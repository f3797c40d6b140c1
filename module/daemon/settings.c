/* settings.c - getenv(3), and what is to be said about it. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/settings.h"

#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

static const char *environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

int settings_load(const struct config *before, const struct config **ret, struct error *err)
{
    int code = config_reload(environment, NULL, before, ret, err);

    if (code == 0)
        config_hide_secrets(*ret);
    return code;
}

int settings_open_log(const struct config *config, struct error *err)
{
    log_configure(config->log_level,
                  !config->log_format_set && isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT
                                                                   : config->log_format,
                  config->service);
    return log_start(err);
}

void settings_say(void *context, enum log_level level, const char *sentence)
{
    (void)context;
    log_with(level, NULL, 0, "%s", sentence);
}

void settings_diagnose(const struct config *config)
{
    config_diagnose_names((const char *const *)environ, settings_say, NULL);
    config_diagnose(config, settings_say, NULL);
}
