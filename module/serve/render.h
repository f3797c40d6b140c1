/* render.h - writes nginx's configuration into the run folder: nginx.conf and the two includes. */
#ifndef SERVE_RENDER_H
#define SERVE_RENDER_H

#include "base/auto.h"
#include "base/error.h"
#include "serve/resolver.h"
#include "serve/site.h"

/* What the machine has to say. */
struct render_host {
    bool has_ipv4;
    bool has_ipv6;
    int processors;
    int64_t descriptors;                /* that nginx's workers may open */
    char upstream[RESOLVER_TEXT_BYTES]; /* what stands behind nginx's `server`; "": none */
};

/* Each file is complete or as it was.  Returns 0, or -errno with `err`. */
int render(const struct site *site, const struct render_host *host, struct error *err) MUST_CHECK;

/* Makes or takes away the file that tells nginx to ask clients for new connections. */
void render_draining(const struct site *site, bool draining);

#endif
