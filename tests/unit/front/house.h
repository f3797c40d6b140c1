/* house.h - everything a handler answers from, with pages of the test's own choice. */
#ifndef TESTS_FRONT_HOUSE_H
#define TESTS_FRONT_HOUSE_H

#include "front/router.h"
#include "page/maintenance.h"

#define HOUSE_ADMIN  "Bearer an-admin's-token-of-thirty-two-bytes"
#define HOUSE_READER "Bearer a-reader's-token-of-thirty-two-bytes"

struct house {
    const struct config *config;
    struct access *access;
    struct sources sources;
    struct response response;
    struct buf text;               /* the last answer's body, terminated */
    bool slow;                     /* the last request was left to a slow handler */
    struct page_override override; /* published with the objectives, once it has an id */
    const struct page_maintenance *maintenances; /* published with them */
    int maintenance_count;
    struct queue *outcomes; /* what an order wakes */
    struct slice body;      /* of the next request */
    const char *accept;     /* its header, or NULL */
    bool no_figures;        /* the objectives are known, and nothing of them */
};

/* `protected` sets a token for readers and one for admins. */
void house_init(struct house *house, bool protected);
void house_done(struct house *house);

/* Publishes the monitor's pages. */
void house_publish_health(struct house *house);

/* Publishes objectives; `trouble` makes the figures stale. */
void house_publish_slo(struct house *house, const struct page_objective objectives[], int count,
                       const char *trouble);

/* Asks "GET /path?query"; returns the status, and leaves the body in house->text. */
int house_ask(struct house *house, const char *request, const char *authorization);

#endif
