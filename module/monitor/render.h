/* render.h - the pages as bytes.  Pure. */
#ifndef MONITOR_RENDER_H
#define MONITOR_RENDER_H

#include "base/json.h"
#include "monitor/overview.h"
#include "page/metrics.h"
#include "page/page.h"

/* Each writes a body and sets the status and Retry-After of `text`.  `too_old` writes the answer to
 * give when nobody has judged for OVERVIEW_MAX_AGE_MS: the same shape, and never better than that.
 */
typedef void (*render_fn)(const struct overview *overview, bool too_old, struct page_text *text,
                          struct buf *body);

void render_health(const struct overview *overview, bool too_old, struct page_text *text,
                   struct buf *body);
void render_ready(const struct overview *overview, bool too_old, struct page_text *text,
                  struct buf *body);
void render_startup(const struct overview *overview, bool too_old, struct page_text *text,
                    struct buf *body);
void render_detailed(const struct overview *overview, bool too_old, struct page_text *text,
                     struct buf *body);

/* One component of the detailed page. */
void render_component(const struct overview *overview, int check, bool too_old,
                      struct json_writer *writer);

/* What the last look brought, in the API's order; null for what is not known. */
void render_facts(const struct overview *overview, const struct check_state *state, bool known,
                  struct json_writer *writer);

/* Tells how a number that is null could be known, or NULL. */
const char *render_facts_hint(const struct check_state *state, bool known);

/* The verdict to show for a check. */
struct check_verdict render_verdict(const struct overview *overview, int check, bool too_old);

/* The families of the checks. */
void render_metrics(const struct overview *overview, enum metrics_format format, struct buf *body);

/* All of them as one set, or NULL when something did not fit. */
struct page_set *render_pages(const struct overview *overview) MUST_CHECK;

#endif
