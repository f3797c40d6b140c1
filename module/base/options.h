/* options.h - how every command reads its options: by one table.  Pure. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/auto.h"
#include "base/error.h"

#include <stddef.h>

enum option_kind {
    OPTION_TEXT, /* "--name VALUE" or "--name=VALUE", a const char *: once, and not empty */
    OPTION_FLAG, /* "--name", a bool */
};

struct option_row {
    const char *name; /* "--name"; NULL ends the table */
    size_t offset;    /* of its member */
    enum option_kind kind;
    char letter;     /* of a flag: "-q" says the same; or 0 */
    unsigned topics; /* bits of what it belongs to; 0: to all */
};

struct option_table {
    const struct option_row *rows;
    unsigned topics; /* options of other ones are unknown */
};

/* Fills the members of `ret` that options name, wherever they stand before "--", and moves all
 * other words to the front of `words`, which ends with a NULL.  "-" and "-1" are words.  Returns
 * how many there are, or -EINVAL with `err`, which holds no value. */
int options_read(const struct option_table *table, char **words, void *ret,
                 struct error *err) MUST_CHECK;

#endif
