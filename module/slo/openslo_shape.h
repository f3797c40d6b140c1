/* openslo_shape.h - which fields OpenSLO's kinds have, as tables: for checking and for printing.
 * Pure.
 */
#ifndef SLO_OPENSLO_SHAPE_H
#define SLO_OPENSLO_SHAPE_H

#include "slo/problem.h"

enum shape_kind {
    SHAPE_TEXT,        /* any scalar */
    SHAPE_NAME,        /* metadata.name */
    SHAPE_DISPLAY,     /* at most 63 characters */
    SHAPE_DESCRIPTION, /* at most 1050 characters */
    SHAPE_NUMBER,      /* a decimal, at most 9 digits behind the point */
    SHAPE_FLAG,        /* true or false */
    SHAPE_DURATION,    /* 5m, 1h, 28d, 1M */
    SHAPE_CHOICE,      /* a word of the list */
    SHAPE_MAP,         /* of the fields of `of` */
    SHAPE_LIST,        /* of such maps */
    SHAPE_LABELS,      /* free keys with a text or a list of texts */
    SHAPE_NOTES,       /* annotations: free keys with a text */
    SHAPE_WORDS,       /* a text or a list of texts */
    SHAPE_ANY,
};

enum shape_need {
    SHAPE_OPTIONAL,
    SHAPE_STRICT,   /* missed in strict mode only */
    SHAPE_REQUIRED, /* always */
};

struct shape;

struct shape_field {
    const char *name;
    enum shape_kind kind;
    enum shape_need need;
    const struct shape *of;
    const char *const *choices; /* ends with NULL */
};

struct shape {
    const struct shape_field *fields; /* ends with a NULL name */
    bool ours;                        /* an unknown field is an error in lenient mode too */
};

/* The kinds of documents, in the order in which they are exported. */
enum openslo_kind {
    OPENSLO_DATA_SOURCE,
    OPENSLO_SERVICE,
    OPENSLO_SLI,
    OPENSLO_CONDITION,
    OPENSLO_TARGET,
    OPENSLO_POLICY,
    OPENSLO_SLO,
    OPENSLO_KIND_COUNT
};

/* "SLO", "AlertPolicy", …; static. */
const char *openslo_kind_text(enum openslo_kind kind);
bool openslo_kind_of(const char *text, enum openslo_kind *ret);

/* The fields of a whole document of the kind. */
const struct shape *openslo_shape_of(enum openslo_kind kind);

/* The fields of a `type: probity` spec; of a raw one with `of`. */
const struct shape *openslo_source_shape(bool raw);

struct shape_check {
    struct problems *problems;
    bool strict;
};

/* Records everything that does not fit. */
void shape_check(const struct shape_check *check, const struct shape *shape,
                 const struct spot *spot);

/* Records an error in strict mode and a warning in lenient. */
#define shape_object(check, spot, ...)                                                        \
    problem_add((check)->problems, (check)->strict ? PROBLEM_ERROR : PROBLEM_WARNING, (spot), \
                __VA_ARGS__)
#define shape_error(check, spot, ...) \
    problem_add((check)->problems, PROBLEM_ERROR, (spot), __VA_ARGS__)
#define shape_warn(check, spot, ...) \
    problem_add((check)->problems, PROBLEM_WARNING, (spot), __VA_ARGS__)

/* Appends a document as JSON: the fields in the order of the tables, free keys sorted, what is not
 * in the tables left out.  Equal texts mean equal definitions. */
void shape_print(const struct shape *shape, const struct yaml_node *node, struct buf *buf);

#endif
