/* words.h - a command as a Dockerfile's CMD has it.  Pure. */
#ifndef SETUP_WORDS_H
#define SETUP_WORDS_H

#include "base/buf.h"
#include "setup/survey.h"

/* Appends the command as items of a JSON array, each behind ", ".  What only a shell understands
 * goes to one.  Where a word is or ends with `from_port`, `port` stands instead. */
void words_append(struct buf *buf, const struct survey_command *command, int from_port, int port);

/* Appends `text` as a JSON string. */
void words_append_string(struct buf *buf, const char *text);

#endif
