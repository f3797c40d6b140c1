/* yaml.h - YAML (and JSON, which is YAML) as an immutable tree that knows where everything stood.
 *
 * The text may be anybody's: size, depth, documents and the number of nodes are bounded, aliases
 * are followed only as far as the bound allows what they stand for, a key that stands twice is an
 * error.  The tree lives in an arena of the caller.  Pure.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node;

struct yaml_entry {
    const char *key;
    const struct yaml_node *value;
};

struct yaml_node {
    enum yaml_kind kind;
    int line; /* both from 1 */
    int column;
    const char *file; /* as given to yaml_parse(); borrowed */
    int count;        /* of entries or items */
    int weight;       /* nodes in it, itself included, with everything that aliases stand for */
    bool plain; /* a scalar without quotes: only such a one can be a number, a boolean, null */
    union {
        struct slice text; /* terminated */
        const struct yaml_entry *entries;
        const struct yaml_node *const *items;
    };
};

/* Where a text stopped being YAML. */
struct yaml_trouble {
    int line; /* from 1 */
    int column;
    char text[160];
};

struct yaml_input {
    const char *file;    /* for the nodes; lives as long as the tree */
    struct slice text;   /* borrowed until yaml_parse() returns */
    struct arena *arena; /* holds the tree */
};

/* Reads all documents of a text.  Returns 0, -EINVAL with `trouble`, or -ENOMEM.  The documents
 * before the faulty one are returned even so. */
int yaml_parse(const struct yaml_input *input, const struct yaml_node *const **ret, int *ret_count,
               struct yaml_trouble *trouble) MUST_CHECK;

/* The value of a key; NULL when there is none, or the node is NULL or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* A scalar's text; NULL when the node is NULL, no scalar, or null. */
const char *yaml_text(const struct yaml_node *node);

/* Whether the node is absent, or a plain scalar that means null ("", "~", "null"). */
bool yaml_is_null(const struct yaml_node *node);

/* A plain true or false; false is returned where it is neither. */
bool yaml_bool(const struct yaml_node *node, bool *ret) MUST_CHECK;

#endif
