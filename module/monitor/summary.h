/* summary.h - what a page says, whatever its shape: its verdict, why, and whose checks it shows.
 * Pure. */
#ifndef MONITOR_SUMMARY_H
#define MONITOR_SUMMARY_H

#include "monitor/render.h"

enum { SUMMARY_ALL = -1, SUMMARY_REASON_BYTES = 512 };

struct summary {
    const char *status;                /* "ready", "draining", "unhealthy" */
    bool passes;                       /* 200, else 503 */
    const char *rule;                  /* what decided; "" when `reason` says it */
    char reason[SUMMARY_REASON_BYTES]; /* "" for none */
    int retry_after_seconds;           /* 0: it won't heal by itself */
    int group;                         /* whose members are shown, or SUMMARY_ALL */
    int only;                          /* SUMMARY_ALL, or the one check that the page is about */
    bool detailed;                     /* for admins: every measurement may be shown */
};

void summary_of_health(const struct view *view, struct summary *ret);
void summary_of_ready(const struct view *view, struct summary *ret);
void summary_of_startup(const struct view *view, struct summary *ret);
void summary_of_group(const struct view *view, struct summary *ret);
void summary_of_detailed(const struct view *view, struct summary *ret);
void summary_of_component(const struct view *view, struct summary *ret);

/* Whether the check is one of those that are shown. */
bool summary_shows(const struct summary *summary, const struct view *view, int check);

/* Whether all is well that is shown, and not only well enough. */
bool summary_is_well(const struct summary *summary, const struct view *view);

/* Sets status and Retry-After of the answer. */
void summary_head(const struct summary *summary, struct page_text *text);

/* The other two shapes, of every page alike (render_text.c, render_ietf.c). */
void summary_write_text(const struct summary *summary, const struct view *view,
                        struct page_text *text, struct buf *body);
void summary_write_ietf(const struct summary *summary, const struct view *view,
                        struct page_text *text, struct buf *body);

#endif
