/* page.h - an immutable set of finished answers, and the figures that requests may compare.
 *
 * Its owner (monitor or accountant) builds a set and publishes it through a slot; the front hands
 * pages out.  Each page carries the answer to give when the whole set has grown too old.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/slice.h"
#include "slo/budget.h"
#include "slo/fraction.h"
#include "slo/objective.h"

#include <stdbool.h>
#include <stdint.h>

/* What the front writes: "Status: 200 OK\r\n…headers…\r\n\r\n" is rendered once, here.  The head
 * lacks only the blank line and X-Request-Id, which belong to the request. */
struct page_answer {
    int status;
    struct slice head; /* "Status: …\r\nContent-Type: …\r\n…Content-Length: …\r\n" */
    struct slice body;
};

struct page {
    const char *key;
    struct page_answer fresh;
    struct page_answer too_old;
};

/* One objective, for /slo?…, /slo/gate and the list: compared and joined, never computed. */
struct page_objective {
    const char *name;
    const char *service;
    enum budget_status status;
    struct fraction remaining; /* of the error budget, may be negative */
    struct slice json;         /* its object in the list of /slo */
    /* What is promised, where target and window don't say it all: slices, a calendar.  Else NULL;
     * without rules and document. */
    const struct objective *promise;
};

/* A deployment that an admin lets through although the gate says stop. */
struct page_override {
    const char *id;
    const char *service;
    const char *objective; /* "": every one of the service */
    const char *reason;
    const char *author;
    int64_t created_at_ms; /* wall */
    int64_t expires_at_ms; /* wall */
};

struct page_maintenance;

struct page_set {
    int64_t max_age_ms; /* a publication older than this is too old */
    const struct page *pages;
    int page_count;
    const struct page_objective *objectives;
    int objective_count;
    const struct page_override *overrides;
    int override_count;
    const struct page_maintenance *maintenances; /* in force or to come: maintenance.h */
    int maintenance_count;
    struct slice as_of;  /* RFC 3339 of the SLO figures; empty for health */
    bool usable;         /* SLO: figures exist and are within their bound */
    const char *trouble; /* SLO: why not, for people; NULL when usable */
};

/* What a page is made from; slices are copied. */
struct page_text {
    int status;
    const char *content_type; /* NULL: application/json */
    int retry_after_seconds;  /* 0: none */
    bool vary_accept;
    const char *extra_headers; /* whole lines that end in CRLF, or NULL */
    struct slice body;
};

struct page_builder; /* one set under construction */

/* Starts a set.  NULL when out of memory. */
struct page_builder *page_builder_new(int64_t max_age_ms) MUST_CHECK;
void page_builder_free(struct page_builder **builder);

/* Adds a page; `too_old` may be NULL, then the fresh one serves for ever. */
void page_add(struct page_builder *builder, const char *key, const struct page_text *fresh,
              const struct page_text *too_old);

/* Adds an objective; strings and slices are copied. */
void page_add_objective(struct page_builder *builder, const struct page_objective *objective);

/* Adds overrides of the gate; strings are copied.  Once at most. */
void page_set_overrides(struct page_builder *builder, const struct page_override *overrides,
                        int count);

/* Says how the SLO figures stand. */
void page_set_figures(struct page_builder *builder, int64_t as_of_wall_ms, bool usable,
                      const char *trouble);

/* Ends the construction: takes `*builder` and returns the set, or NULL if anything did not fit
 * (the caller keeps its old publication and counts it).  A set that is never published is given
 * back with page_set_free(). */
struct page_set *page_builder_finish(struct page_builder **builder) MUST_CHECK;

void page_set_free(struct page_set **set);

/* The page of that key, or NULL. */
const struct page *page_find(const struct page_set *set, struct slice key);

/* Appends the head of an answer, all of it but X-Request-Id and the blank line. */
void page_head(struct buf *head, const struct page_text *text);

/* The reason phrase of a status, "Service Unavailable". Static. */
const char *page_status_phrase(int status);

#endif
