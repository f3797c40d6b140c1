/* problem.h - what is wrong with what people wrote, and where exactly.  Pure.
 *
 * All problems of a run are kept, up to a bound, so that a file is mended in one go.
 */
#ifndef SLO_PROBLEM_H
#define SLO_PROBLEM_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/yaml.h"

#include <stdbool.h>

enum problem_level { PROBLEM_WARNING, PROBLEM_ERROR };

struct problem {
    enum problem_level level;
    const char *file;
    int line; /* from 1; 0: the file as a whole */
    int column;
    const char *field; /* "spec.objectives[0].target"; "" for the document as a whole */
    const char *text;  /* what is wrong: what to do */
};

struct problems; /* a list that only grows */

struct problems *problems_new(void) MUST_CHECK;
void problems_free(struct problems **problems);

int problems_count(const struct problems *problems); /* those that are kept */
const struct problem *problems_at(const struct problems *problems, int index);
int problems_errors(const struct problems *problems); /* all, also those that were not kept */
int problems_warnings(const struct problems *problems);

/* The first error; NULL when there is none. */
const struct problem *problems_first_error(const struct problems *problems);

/* Appends "slos/api.yaml:14:7: spec.objectives[0].target: text". */
void problem_print(const struct problem *problem, struct buf *buf);

/* Appends an array of objects with all that are kept. */
void problems_print_json(const struct problems *problems, struct buf *buf);

/* --- for those who look --- */

/* A place in a document: a node and how one gets there.  Lives on the stack of whoever looks. */
struct spot {
    const struct spot *in; /* NULL: the document */
    const char *key;       /* NULL: an item of a list */
    int index;
    const struct yaml_node *node; /* NULL: it isn't there */
};

struct spot spot_of(const struct yaml_node *document);
struct spot spot_key(const struct spot *in, const char *key);
struct spot spot_item(const struct spot *in, int index);

/* Records a problem; the same one at the same place is kept once.  A spot that isn't there has the
 * position of what it should be in. */
void problem_add(struct problems *problems, enum problem_level level, const struct spot *spot,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* By file, line and column: they are found in several passes. */
void problems_sort(struct problems *problems);

/* A problem of a file as a whole, or at a line. */
void problem_add_at(struct problems *problems, const char *file, int line, int column,
                    const char *text);

#endif
