/* keys.h - the table of every variable that Probity reads: the program's one list of them. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_TEXT,     /* max bounds its length */
    CONFIG_NAME,     /* letters, digits, and . _ - : it becomes a label and a part of paths */
    CONFIG_SECRET,   /* taken byte for byte, because the application uses it so; never shown */
    CONFIG_TOKEN,    /* a secret of ours: trimmed like other values; never shown */
    CONFIG_DURATION, /* "500ms", "1.5s", "2m", "1h"; a plain number is seconds; kept in ms */
    CONFIG_COUNT,    /* a whole number */
    CONFIG_FLAG,     /* true/false, yes/no, on/off, 1/0 */
    CONFIG_CHOICE,   /* one of `choices`; kept as int */
    CONFIG_LIST,     /* separated by commas or blanks; kept as text */
    CONFIG_URL,      /* an address; a password in it is never shown */
    CONFIG_YAML,     /* YAML, in which blanks mean something; never shown as a whole */
};

/* A word and what it stands for.  The first word of a value is the one that is documented. */
struct config_choice {
    const char *word;
    int value;
};

/* Rows with the same offset are alternatives: the first one that is set counts. */
struct config_key {
    const char *name;
    enum config_type type;
    size_t offset;             /* into struct snapshot */
    const char *default_value; /* as one would write it, or NULL: unset (numbers: -1) */
    int64_t min;
    int64_t max;
    const struct config_choice *choices; /* CONFIG_CHOICE: ends with a NULL word */
    const char *help;                    /* a sentence or two, in Markdown */
};

extern const struct config_key config_keys[];

/* A heading of docs/config.md, what to say under it, and the key before which it stands. */
struct config_section {
    const char *first_key;
    const char *title;
    const char *text;
};

extern const struct config_section config_sections[]; /* ends with a NULL first_key */

/* A constant, because arrays are made of it; the compiler holds it to the table. */
enum { CONFIG_KEY_COUNT = 85 };

/* The key that name is most likely to be a misspelling of, or NULL when none is near. */
const struct config_key *config_key_nearest(const char *name);

/* The key of that very name, or NULL. */
const struct config_key *config_key_find(const char *name);

/* "duration", "secret", …: for people. */
const char *config_type_name(enum config_type type);

#endif
