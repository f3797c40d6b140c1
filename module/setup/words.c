/* words.c - from a shell's line or a list of words to a list of words. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/words.h"

#include <stdio.h>

enum { PORT_DIGITS = 8 };

struct move {
    char from[PORT_DIGITS];
    char to[PORT_DIGITS];
};

void words_append_string(struct buf *buf, const char *text)
{
    buf_append_char(buf, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_char(buf, '\\');
        if ((unsigned char)*text < ' ')
            buf_append_char(buf, ' ');
        else
            buf_append_char(buf, *text);
    }
    buf_append_char(buf, '"');
}

/* "8080", "0.0.0.0:8080", "--port=8080" */
static bool ends_with_port(struct slice word, const struct move *move)
{
    size_t digits = strlen(move->from);
    if (word.length < digits
        || !slice_equals_text((struct slice){ word.data + word.length - digits, digits },
                              move->from))
        return false;
    return word.length == digits || strchr(":=", word.data[word.length - digits - 1]) != NULL;
}

static void append_word(struct buf *buf, struct slice word, const struct move *move)
{
    char text[1024];
    size_t kept = word.length;
    bool moves = ends_with_port(word, move);

    if (moves)
        kept -= strlen(move->from);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)kept, word.data, moves ? move->to : "");
    buf_append_text(buf, ", ");
    words_append_string(buf, text);
}

static bool needs_shell(const char *line)
{
    return strpbrk(line, "$;&|<>(){}*?~\"'`\\") != NULL;
}

/* `exec` so that signals reach the server, where the line is one command. */
static void append_line(struct buf *buf, const char *line, const struct move *move)
{
    struct slice rest = slice_of(line);

    if (needs_shell(line)) {
        char text[2048];

        (void)snprintf(text, sizeof(text), "%s%s", strpbrk(line, ";&|") == NULL ? "exec " : "",
                       line);
        buf_append_text(buf, ", \"sh\", \"-c\", ");
        words_append_string(buf, text);
        return;
    }
    while (rest.length > 0) {
        struct slice word = slice_cut(&rest, ' ');

        if (word.length > 0)
            append_word(buf, word, move);
    }
}

void words_append(struct buf *buf, const struct survey_command *command, int from_port, int port)
{
    struct move move;

    (void)snprintf(move.from, sizeof(move.from), "%d", from_port);
    (void)snprintf(move.to, sizeof(move.to), "%d", port);
    if (command->words == NULL) {
        append_line(buf, command->line, &move);
        return;
    }
    for (int i = 0; command->words[i] != NULL; i++)
        append_word(buf, slice_of(command->words[i]), &move);
}
