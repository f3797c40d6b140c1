/* routes.c - templates from a list, a file, or a document that came later. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/routes.h"

#include "ingest/fetcher.h"

static int refuse(const struct source_config *source, int code, const struct error *why,
                  struct error *err)
{
    return error_set(err, -code, "source %.60s: %s", source->name, why->text);
}

int routes_of(const struct source_config *source, const struct openapi *openapi,
              struct templates **ret, struct error *err)
{
    struct error why = { .code = 0 };
    int code = templates_new(openapi->templates, openapi->count, ret, &why);

    return code == 0 ? 0 : refuse(source, code, &why, err);
}

int routes_load(const struct source_config *source, struct templates **ret, struct error *err)
{
    AUTO(openapi_free) struct openapi *openapi = NULL;
    struct error why = { .code = 0 };
    int code = 0;

    if (source->template_count > 0)
        code = templates_new(source->templates, source->template_count, ret, &why);
    else if (source->openapi != NULL && !fetcher_is_wanted(source))
        code = openapi_load(source->openapi, &openapi, &why);
    if (code != 0)
        return refuse(source, code, &why, err);
    return openapi == NULL ? 0 : routes_of(source, openapi, ret, err);
}
