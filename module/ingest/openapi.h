/* openapi.h - the route templates in an OpenAPI document: the keys of its `paths`.  Pure. */
#ifndef INGEST_OPENAPI_H
#define INGEST_OPENAPI_H

#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"

enum { OPENAPI_MAX_BYTES = 4 * 1024 * 1024, OPENAPI_MAX_PATHS = 1000 };

struct openapi {
    const char *const *templates;
    int count;
    struct arena *arena; /* owns them */
};

/* Reads a document.  Where its first server is said to answer below a path (FastAPI's root_path),
 * the templates are there with it and without: which of them the log has depends on what stands
 * before the application.  Paths with a parameter that is only a part of its segment are left out,
 * and so are those that are too long.  Returns 0, or -EINVAL, -E2BIG or -ENOMEM with `err`. */
int openapi_parse(struct slice text, struct openapi **ret, struct error *err) MUST_CHECK;
void openapi_free(struct openapi **openapi);

/* The same of a file. */
int openapi_load(const char *path, struct openapi **ret, struct error *err) MUST_CHECK;

#endif
