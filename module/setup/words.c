/* words.c - from a shell's line or a list of words to a list of words. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/words.h"

#include <ctype.h>
#include <stdio.h>

enum { PORT_BYTES = 12, WORD_BYTES = 1024, LINE_BYTES = 2048 };

struct writer {
    struct buf *buf;
    enum words_form form;
    char from[PORT_BYTES];
    char to[PORT_BYTES];
    bool has_words;
};

static void append_string(struct buf *buf, const char *text)
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

static bool is_plain(const char *text)
{
    const char *c = text;

    while (isalnum((unsigned char)*c) || (*c != '\0' && strchr("_./:=@%+,-", *c) != NULL))
        c++;
    return *c == '\0' && c != text;
}

static void append_quoted(struct buf *buf, const char *text)
{
    buf_append_char(buf, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_append_text(buf, "'\\''");
        else
            buf_append_char(buf, *text);
    }
    buf_append_char(buf, '\'');
}

static void write_text(struct writer *writer, const char *text)
{
    if (writer->form == WORDS_JSON) {
        buf_append_text(writer->buf, ", ");
        append_string(writer->buf, text);
        return;
    }
    buf_append_text(writer->buf, writer->has_words ? " " : "");
    writer->has_words = true;
    if (is_plain(text))
        buf_append_text(writer->buf, text);
    else
        append_quoted(writer->buf, text);
}

/* "8080", "0.0.0.0:8080", "--port=8080" */
static bool ends_with_port(struct slice word, const char *port)
{
    size_t digits = strlen(port);

    if (word.length < digits
        || !slice_equals_text((struct slice){ word.data + word.length - digits, digits }, port))
        return false;
    return word.length == digits || strchr(":=", word.data[word.length - digits - 1]) != NULL;
}

static void write_word(struct writer *writer, struct slice word)
{
    char text[WORD_BYTES];
    size_t kept = word.length;
    bool moves = ends_with_port(word, writer->from);

    if (moves)
        kept -= strlen(writer->from);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)kept, word.data, moves ? writer->to : "");
    write_text(writer, text);
}

/* `exec` so that signals reach the server, where the line is one command. */
static void write_line(struct writer *writer, const char *line)
{
    struct slice rest = slice_of(line);

    if (strpbrk(line, "$;&|<>(){}*?~\"'`\\") != NULL) {
        char text[LINE_BYTES];

        (void)snprintf(text, sizeof(text), "%s%s", strpbrk(line, ";&|") == NULL ? "exec " : "",
                       line);
        write_text(writer, "sh");
        write_text(writer, "-c");
        write_text(writer, text);
        return;
    }
    while (rest.length > 0) {
        struct slice word = slice_cut(&rest, ' ');

        if (word.length > 0)
            write_word(writer, word);
    }
}

void words_append(struct buf *buf, const struct survey_command *command,
                  const struct words_move *move, enum words_form form)
{
    struct writer writer = { .buf = buf, .form = form };

    (void)snprintf(writer.from, sizeof(writer.from), "%d", move->from);
    (void)snprintf(writer.to, sizeof(writer.to), "%d", move->to);
    if (command->words == NULL) {
        write_line(&writer, command->line);
        return;
    }
    for (int i = 0; command->words[i] != NULL; i++)
        write_word(&writer, slice_of(command->words[i]));
}
