/* words.h - a command as a list of words: for a Dockerfile's CMD, or for a line.  Pure. */
#ifndef SETUP_WORDS_H
#define SETUP_WORDS_H

#include "base/buf.h"
#include "setup/survey.h"

/* How words are written down. */
enum words_form {
    WORDS_JSON, /* items of a list, each behind ", " */
    WORDS_LINE, /* with blanks between them, quoted as a shell wants it */
};

/* A port that is another one from now on: where a word is or ends with `from`, `to` stands. */
struct words_move {
    int from;
    int to;
};

/* Appends a command.  What only a shell understands goes to one. */
void words_append(struct buf *buf, const struct survey_command *command,
                  const struct words_move *move, enum words_form form);

#endif
