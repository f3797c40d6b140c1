/* openslo.h - objectives as OpenSLO v1: YAML in, a catalogue out.
 *
 * A run reads any number of files, resolves what refers to what across all of them, and either
 * gives a catalogue or says everything that is wrong with line and column.  Definitions also come
 * back from the ledger: each objective's `document` is an SLO as JSON, which is YAML, with nothing
 * that refers elsewhere, and reads into an equal objective with an equal document.
 *
 * docs/openslo.md says what is understood and what is our own.
 */
#ifndef SLO_OPENSLO_H
#define SLO_OPENSLO_H

#include "slo/catalogue.h"
#include "slo/problem.h"

struct openslo_options {
    const char *service;         /* the home service: in the catalogue, whatever the files say */
    const char *const *services; /* those of the sources, likewise: the positions of logs are kept
                                  * by them and must stay where they are */
    int service_count;
    bool strict; /* by the rules of the Go SDK; else the specification's own examples load */
};

struct openslo; /* a run */

/* `problems` is borrowed and gets what is found.  NULL when out of memory. */
struct openslo *openslo_new(const struct openslo_options *options,
                            struct problems *problems) MUST_CHECK;
void openslo_free(struct openslo **openslo);

/* Reads the documents of a text; `file` is what problems name it by.  What is wrong is recorded.
 * Returns 0 or -ENOMEM. */
int openslo_read_text(struct openslo *openslo, const char *file, struct slice text) MUST_CHECK;

/* The same for a file, or for the *.yaml and *.yml of a folder. */
int openslo_read_path(struct openslo *openslo, const char *path) MUST_CHECK;

/* Resolves and judges everything, and frees the run.  Returns 0 with the catalogue, -EINVAL with
 * the first error's words in `err` when there was one, or -ENOMEM. */
int openslo_finish(struct openslo **openslo, struct catalogue **ret, struct error *err) MUST_CHECK;

/* All of it for one path. */
int openslo_load(const char *path, const struct openslo_options *options, struct problems *problems,
                 struct catalogue **ret, struct error *err) MUST_CHECK;

#endif
