/* builtin.h - the four checks that the environment alone can make. */
#ifndef CONFIG_BUILTIN_H
#define CONFIG_BUILTIN_H

#include "config/address.h"

/* Finds a check's address: names in `address->variable` what it was read from, and leaves NULL
 * there when nothing sets it.  `*kind` changes where the address says so.  Returns 0 or -ENOMEM. */
typedef int (*builtin_find_fn)(struct address *address, enum check_kind *kind);

struct builtin {
    const char *name;
    enum check_kind kind;
    builtin_find_fn find;
    const char *variables; /* what would configure it */
    size_t policy;         /* into struct snapshot */
    uint32_t groups;
};

enum { BUILTIN_COUNT = 4, BUILTIN_APP = 0, BUILTIN_DATABASE = 1 };

/* In the order of the answers. */
extern const struct builtin builtins[BUILTIN_COUNT];

/* That of the name, or NULL. */
const struct builtin *builtin_of(const char *name);

#endif
