/* sibling.h - the rotated files beside a log: same directory, a name that begins with the log's. */
#ifndef INGEST_SIBLING_H
#define INGEST_SIBLING_H

#include "ingest/file.h"

enum { SIBLINGS_MAX = 32 };

/* Whether a file may be of the source by where it lies and what it is called: the log itself, or a
 * sibling, also a compressed one. */
bool sibling_belongs(const struct source_config *source, const char *path);

/* Opens the youngest siblings that have a head, at most SIBLINGS_MAX of them and none that is
 * compressed; the caller closes them.  Returns how many, or -errno when the directory can't be
 * read. */
int siblings_open(const struct source_config *source,
                  struct log_file *ret[SIBLINGS_MAX]) MUST_CHECK;

/* Opens the longest sibling with that content; NULL if there is none. */
struct log_file *sibling_find(const struct source_config *source,
                              const struct file_id *id) MUST_CHECK;

#endif
