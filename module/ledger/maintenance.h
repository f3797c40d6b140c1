/* maintenance.h - when operators work on a service: who announced it, until when, and why.
 *
 * Of one service at most one is in force at a time.  Rows are never deleted: what was excluded by
 * one that is over stays excluded.
 */
#ifndef LEDGER_MAINTENANCE_H
#define LEDGER_MAINTENANCE_H

#include "base/auto.h"
#include "base/error.h"
#include "health/order.h"
#include "ledger/desk.h"
#include "ledger/reader.h"

#include <stdint.h>

enum { MAINTENANCE_SERVICE_BYTES = 64 };

struct maintenance_row {
    char service[MAINTENANCE_SERVICE_BYTES];
    struct maintenance of; /* `on` unless it was ended by hand; until when as announced */
    int64_t created_at_ms; /* wall */
    int64_t ended_at_ms;   /* wall, by hand; 0: it was not */
    char ended_by[ORDER_WHO_BYTES];
};

/* --- for those who announce it --- */

/* Keeps others who announce something for the service waiting until the visit is over. */
int maintenance_lock(struct desk_visit *visit, const char *service) MUST_CHECK;

/* What time it is there. */
int maintenance_clock(struct desk_visit *visit, int64_t *ret_wall_ms) MUST_CHECK;

/* Whether anything was ever counted or promised for the service. */
int maintenance_knows(struct desk_visit *visit, const char *service, bool *ret) MUST_CHECK;

/* Those of a service in the order of their beginnings: what goes on or is to come, or with `all`
 * the newest thousand. */
int maintenance_list(struct desk_visit *visit, const char *service, bool all,
                     void (*take)(void *context, const struct maintenance_row *row),
                     void *context) MUST_CHECK;

/* Announces one: id and created_at_ms are filled in.  -EEXIST when another one would be in force
 * at the same time: `*clash` is that one. */
int maintenance_add(struct desk_visit *visit, struct maintenance_row *row,
                    struct maintenance_row *clash) MUST_CHECK;

/* Ends what goes on, or calls off what is to come: the one of that id, or with NULL the one that is
 * in force.  -ENOENT when there is none; -EALREADY when it is over, `*ret` is that one then. */
int maintenance_end(struct desk_visit *visit, const char *service, const char *id, const char *who,
                    struct maintenance_row *ret) MUST_CHECK;

/* --- for instances --- */

struct maintenance_list {
    struct maintenance_row *rows;
    int count;
};

/* What is in force or to come, of the reader's services, in the order of their beginnings; what is
 * beyond LIMIT_EXCLUSIONS is left out.  For the reader's thread, in a transaction of its own.  0
 * with a new list; or -errno with `err` in words for people, and the list as it was. */
int ledger_reader_maintenance(struct ledger_reader *reader, int64_t deadline_ms,
                              struct maintenance_list *list, struct error *err) MUST_CHECK;

void maintenance_list_done(struct maintenance_list *list);

#endif
