/* settings.h - the configuration of this process: its environment, and the file that it names. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "base/error.h"
#include "config/config.h"

/* Reads them; `before` is what is in force, or NULL.  Their secrets are blanked out of the log from
 * then on.  Returns as config_load(). */
int settings_load(const struct config *before, const struct config **ret,
                  struct error *err) MUST_CHECK;

/* Opens the log as they ask for it.  Returns 0 or -errno with `err`. */
int settings_open_log(const struct config *config, struct error *err) MUST_CHECK;

/* Says in the log what a person should know about them. */
void settings_diagnose(const struct config *config);

/* Says a sentence in the log: for those who ask for such a function. */
void settings_say(void *context, enum log_level level, const char *sentence);

#endif
