/* catalogue.h - everything that is promised and what has to be counted for it, in one immutable
 * set.
 *
 * Built once (from OpenSLO documents or the built-in objectives), then read by ingest, ledger and
 * accountant without locks.  A changed definition is a new catalogue.  Pure.
 */
#ifndef SLO_CATALOGUE_H
#define SLO_CATALOGUE_H

#include "base/auto.h"
#include "base/error.h"
#include "slo/objective.h"
#include "slo/selector.h"

#include <stdbool.h>

/* What is counted: of the events of a service those that `total` selects, and which are bad.  Where
 * it is told by what is good, everything else that `total` selects is bad. */
struct indicator {
    const char *service;
    struct selector total;
    struct selector mark; /* what is bad, or with `marks_good` what is good */
    bool marks_good;
    bool timed;             /* a latency objective asks for it: keep a histogram per minute */
    const char *definition; /* canonical: "total{status=100-499} bad{duration=500-}", or good{…} */
};

/* What was defined and can't be evaluated: kept for those who export it. */
struct kept_objective {
    const char *name;
    const char *service;
    const char *document; /* as of an objective */
    const char *why;      /* it isn't evaluated, for people */
};

struct catalogue {
    const struct objective *objectives; /* sorted by service, then name; names are unique */
    int objective_count;
    const struct indicator *indicators; /* each service and definition once */
    int indicator_count;
    const char *const *services; /* sorted; the home service is always among them */
    int service_count;
    const struct kept_objective *kept; /* sorted by name */
    int kept_count;
    struct arena *arena; /* owns everything */
};

/* The four objectives that a service has from the first start. */
int catalogue_built_in(const char *service, struct catalogue **ret, struct error *err) MUST_CHECK;

/* The same for several services, the home service first; one that comes twice is taken once. */
int catalogue_built_in_all(const char *const services[], int count, struct catalogue **ret,
                           struct error *err) MUST_CHECK;
void catalogue_free(struct catalogue **catalogue);

/* The index of a service, an objective or an indicator; -1: none. */
int catalogue_service(const struct catalogue *catalogue, struct slice service);
int catalogue_objective(const struct catalogue *catalogue, struct slice name);

/* Whether both promise the same, word by word, of the same services. */
bool catalogue_equal(const struct catalogue *one, const struct catalogue *other) MUST_CHECK;

/* --- for those who build one (openslo.c) --- */

struct catalogue_builder;

/* NULL when out of memory.  `service` is the home service. */
struct catalogue_builder *catalogue_builder_new(const char *service) MUST_CHECK;
void catalogue_builder_free(struct catalogue_builder **builder);

/* A service that is among the catalogue's whether it has objectives or not, at most LIMIT_SOURCES
 * of them.  Returns 0 or -ENOMEM. */
int catalogue_builder_service(struct catalogue_builder *builder, const char *service) MUST_CHECK;

/* Memory that the catalogue will own. */
struct arena *catalogue_builder_arena(struct catalogue_builder *builder);

/* Adds an objective, copied, with the indicator that it asks for (whose strings and routes live in
 * the builder's arena); with rules that are NULL it gets the default ones.  Returns 0, -EEXIST for
 * a name that is taken, -E2BIG beyond LIMIT_OBJECTIVES, or -ENOMEM, with `err`. */
int catalogue_add(struct catalogue_builder *builder, const struct objective *objective,
                  const struct indicator *indicator, struct error *err) MUST_CHECK;

/* Keeps a definition whose strings live in the builder's arena.  Returns as catalogue_add. */
int catalogue_keep(struct catalogue_builder *builder, const struct kept_objective *kept,
                   struct error *err) MUST_CHECK;

/* Ends the construction; takes `*builder`.  NULL when out of memory. */
struct catalogue *catalogue_finish(struct catalogue_builder **builder) MUST_CHECK;

#endif
