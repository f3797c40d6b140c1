/* render.h - the pages as bytes.  Pure. */
#ifndef MONITOR_RENDER_H
#define MONITOR_RENDER_H

#include "base/json.h"
#include "monitor/overview.h"
#include "page/metrics.h"
#include "page/page.h"

/* How a page is written; the front chooses, by the suffixes ";verbose", ";text" and ";ietf" of its
 * key. */
enum render_shape { RENDER_JSON, RENDER_VERBOSE, RENDER_TEXT, RENDER_IETF };

/* One page that is to be written. */
struct view {
    const struct overview *overview;
    enum render_shape shape;
    bool too_old; /* to be given when nobody has judged for OVERVIEW_MAX_AGE_MS: of the same shape,
                     and never better than that */
    int which;    /* a check's index, or a group's, where the page is about one of them */
};

/* Each writes a body, and sets status, media type and Retry-After of `text`. */
typedef void (*render_fn)(const struct view *view, struct page_text *text, struct buf *body);

/* render_public.c: what everybody may see. */
void render_health(const struct view *view, struct page_text *text, struct buf *body);
void render_ready(const struct view *view, struct page_text *text, struct buf *body);
void render_startup(const struct view *view, struct page_text *text, struct buf *body);
void render_group(const struct view *view, struct page_text *text, struct buf *body);

/* render_detailed.c: what admins see. */
void render_detailed(const struct view *view, struct page_text *text, struct buf *body);
void render_component(const struct view *view, struct page_text *text, struct buf *body);

/* What the last look brought, in the API's order; null for what is not known. */
void render_facts(const struct check_state *state, bool known, struct json_writer *writer);

/* Its uptime, and its last transitions and results, the newest first. */
void render_history(const struct check_state *state, struct json_writer *writer);

/* The certificate that the other side has shown, where it speaks TLS. */
void render_tls(const struct check_state *state, bool known, int64_t now_wall_ms,
                struct json_writer *writer);

/* Tells how a number that is null could be known, or NULL. */
const char *render_facts_hint(const struct check_state *state, bool known);

/* The verdict to show for a check. */
struct check_verdict render_verdict(const struct view *view, int check);

/* While draining: how long the process stays; -1: until it is told to end. */
int64_t render_drain_left_ms(const struct overview *overview);

/* What may be said of a check beyond its verdict: whether its facts hold, and those of its
 * certificate, as last seen. */
bool render_facts_hold(const struct view *view, int check);
bool render_tls_holds(const struct view *view, int check);

/* The families of the checks. */
void render_metrics(const struct overview *overview, enum metrics_format format, struct buf *body);

/* Those of what their dependencies tell of themselves (metrics_facts.c). */
void render_fact_families(const struct overview *overview, struct metrics_writer *writer);

/* All of them as one set, or NULL when memory is out. */
struct page_set *render_pages(const struct overview *overview) MUST_CHECK;

#endif
