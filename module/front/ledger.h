/* ledger.h - what the handlers that ask the ledger share.  Threads of the lane. */
#ifndef FRONT_LEDGER_H
#define FRONT_LEDGER_H

#include "front/router.h"
#include "ledger/desk.h"

#include <jansson.h>
#include <stdbool.h>

/* Which objective a path names, as far as the accountant has published it. */
struct named_objective {
    char name[96];
    char service[64];
    struct calendar calendar; /* CALENDAR_NONE: the window rolls */
    enum budgeting budgeting;
};

/* Finds the objective of exchange->rest.  Returns false when the answer stands: 404, or 503 while
 * nothing is published. */
bool ledger_find_objective(struct exchange *exchange, struct named_objective *ret) MUST_CHECK;

/* Whether an objective of this service is published; false when the answer stands, as above. */
bool ledger_find_service(struct exchange *exchange, const char *service) MUST_CHECK;

/* Answers 503 with what went wrong on the visit, in words for people. */
void ledger_refuse(struct exchange *exchange, struct desk_visit *visit);

/* Answers a request that makes no sense, with 400 and code "bad_request". */
void ledger_refuse_request(struct exchange *exchange, const char *message);

/* The body as a JSON object that has no other members than the known ones (ends with NULL).
 * Returns NULL when the answer stands; json_decref() it otherwise. */
json_t *ledger_read_body(struct exchange *exchange, const char *const known[]) MUST_CHECK;

/* json_decref as a destructor. */
void ledger_body_free(json_t **body);

#endif
