/* node.h - reads a map of a YAML file into a struct, by a table of its keys.
 *
 * Every message says file, line and column, and the way to the value: "probity.yaml:7:13:
 * sources[1].format: expected probity, combined or json".  A key that is in no table is refused.
 */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/yaml.h"
#include "config/keys.h"

#include <stddef.h>
#include <stdint.h>

enum { NODE_LIST_MAX = 1000 };

/* A place in the file, and how one gets there. */
struct node {
    const struct yaml_node *yaml;
    const char *path; /* "sources[1].fields" */
};

enum node_kind {
    NODE_TEXT,     /* const char *, at most `max` bytes */
    NODE_NAME,     /* the same of letters, digits, '.', '_' and '-' */
    NODE_CHOICE,   /* int: one of `choices` */
    NODE_FLAG,     /* bool */
    NODE_COUNT,    /* int64_t from `min` to `max` */
    NODE_DURATION, /* int64_t in ms from `min` to `max`; a number alone is seconds */
    NODE_TEXTS,    /* struct node_texts: each at most `max` bytes */
    NODE_ANY,      /* struct node: the caller reads it */
};

struct node_texts {
    const char *const *texts;
    int count;
};

struct node_key {
    const char *name;
    enum node_kind kind;
    size_t offset; /* into the struct that is filled */
    bool required;
    int64_t min;
    int64_t max;
    const struct config_choice *choices; /* ends with a NULL word */
};

/* Fills `to` from the map by the table (ends with a NULL name); what the file does not say stays
 * as it is.  Strings come from the arena.  Returns 0, or -EINVAL or -ENOMEM with `err`. */
int node_read(const struct node *node, const struct node_key keys[], void *to, struct arena *arena,
              struct error *err) MUST_CHECK;

/* The item of a list, with its path.  Returns 0 or -ENOMEM. */
int node_item(const struct node *list, int index, struct arena *arena, struct node *ret) MUST_CHECK;

/* "FILE:LINE:COLUMN: PATH: …" into `err`; returns -EINVAL. */
int node_refuse(const struct node *node, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends what may be shown of the value of a key. */
typedef void (*node_show_fn)(struct buf *buf, const char *key, struct slice value);

/* Appends one line per scalar: path, value, and where it stands. */
void node_explain(const struct node *root, node_show_fn show, struct buf *buf);

#endif
