/* options.c - tells options from words, and puts them where the table says. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_SHOWN_BYTES = 40 };

static bool is_option(const char *word)
{
    return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

/* How long the name at the beginning of "--name=VALUE" is. */
static size_t name_length(const char *word)
{
    return strcspn(word, "=");
}

static bool is_called(const struct option_row *row, const char *word)
{
    size_t length = name_length(word);

    if (row->letter != '\0' && word[1] == row->letter && word[2] == '\0')
        return true;
    return strlen(row->name) == length && strncmp(row->name, word, length) == 0
           && (row->kind == OPTION_TEXT || word[length] == '\0');
}

static const struct option_row *find_row(const struct option_table *table, const char *word)
{
    for (const struct option_row *row = table->rows; row->name != NULL; row++) {
        if ((row->topics == 0 || (row->topics & table->topics) != 0) && is_called(row, word))
            return row;
    }
    return NULL;
}

static int put_text(const struct option_row *row, const char *value, void *ret, struct error *err)
{
    char *member = (char *)ret + row->offset;
    const char *before;

    memcpy(&before, member, sizeof(before));
    if (value == NULL || *value == '\0')
        return error_set(err, EINVAL, "%s has no value", row->name);
    if (before != NULL)
        return error_set(err, EINVAL, "%s is given twice", row->name);
    memcpy(member, &value, sizeof(value));
    return 0;
}

/* Takes the option at `*at`, and its value.  Returns how many words that were. */
static int take(const struct option_table *table, char *const *at, void *ret, struct error *err)
{
    const struct option_row *row = find_row(table, at[0]);
    size_t length = name_length(at[0]);
    bool is_joined = at[0][length] == '=';
    int shown = length > NAME_SHOWN_BYTES ? NAME_SHOWN_BYTES : (int)length;
    int code;

    if (row == NULL)
        return error_set(err, EINVAL, "%.*s is no option of it", shown, at[0]);
    if (row->kind == OPTION_FLAG) {
        memcpy((char *)ret + row->offset, &(bool){ true }, sizeof(bool));
        return 1;
    }
    code = put_text(row, is_joined ? at[0] + length + 1 : at[1], ret, err);
    return code != 0 ? code : is_joined ? 1 : 2;
}

int options_read(const struct option_table *table, char **words, void *ret, struct error *err)
{
    bool over = false;
    int count = 0;

    for (char **at = words; *at != NULL;) {
        int taken = 1;

        if (!over && strcmp(*at, "--") == 0)
            over = true;
        else if (!over && is_option(*at))
            taken = take(table, at, ret, err);
        else
            words[count++] = *at;
        if (taken < 0)
            return taken;
        at += taken;
    }
    return count;
}
