/* openslo_run.h - what the files of openslo*.c share: the objects of a run.  Pure. */
#ifndef SLO_OPENSLO_RUN_H
#define SLO_OPENSLO_RUN_H

#include "slo/catalogue.h"
#include "slo/openslo_shape.h"

/* A document of a file. */
struct openslo_object {
    enum openslo_kind kind;
    const char *name; /* metadata.name */
    const struct yaml_node *node;
};

struct openslo_objects {
    struct openslo_object *items;
    int count;
};

const struct openslo_object *openslo_find(const struct openslo_objects *objects,
                                          enum openslo_kind kind, const char *name);

/* Everything that an SLO refers to, put in its place, so that it can stand alone.  References to
 * what isn't there are recorded and stay.  NULL without memory. */
struct inlining {
    const struct shape_check *check;
    const struct openslo_objects *objects;
    struct arena *arena;
};

const struct yaml_node *openslo_inline(const struct inlining *inlining,
                                       const struct yaml_node *slo) MUST_CHECK;

/* The same map with one value changed, added, or with NULL removed.  NULL without memory. */
const struct yaml_node *openslo_with(struct arena *arena, const struct yaml_node *map,
                                     const char *key, const struct yaml_node *value) MUST_CHECK;

/* A list with one item; a text.  NULL without memory. */
const struct yaml_node *openslo_list_of(struct arena *arena,
                                        const struct yaml_node *item) MUST_CHECK;
const struct yaml_node *openslo_text(struct arena *arena, const struct yaml_node *at,
                                     const char *text) MUST_CHECK;

/* Adds the objectives of an inlined SLO to the catalogue, or keeps what can't be evaluated; what is
 * wrong is recorded.  Returns 0 or -ENOMEM. */
int openslo_add_slo(const struct shape_check *check, const struct yaml_node *slo,
                    struct catalogue_builder *builder) MUST_CHECK;

#endif
