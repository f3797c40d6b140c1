/* alarms.h - every alert of every objective: judged each turn, written by one instance of the
 * fleet.
 *
 * An instance that holds a service's lease steps its alerts, commits them, and only then shows
 * them; the others show what the ledger says.  While the ledger is out of reach for a minute each
 * instance has one more alert of its own view, `ledger-unreachable`, whose deduplication key all
 * share, and the others stand still.  While a service is in maintenance its alerts are silent and
 * stand still, too.  Logs one line per change.  The accountant's thread only.
 */
#ifndef ACCOUNTANT_ALARMS_H
#define ACCOUNTANT_ALARMS_H

#include "accountant/book.h"
#include "accountant/maintenances.h"
#include "base/auto.h"
#include "ledger/alerts.h"
#include "slo/alert.h"

#include <stdbool.h>
#include <stdint.h>

enum { ALARM_SUMMARY_BYTES = 384, ALARM_NAME_BYTES = 192 };

/* One rule of one objective. */
struct alarm {
    int objective;                 /* index into the book's */
    const struct alert_rule *rule; /* borrowed */
    struct alert alert;
    struct alert stored;     /* as the ledger has it */
    int suppressed_by;       /* index of the alarm that says the same already; -1: none */
    char *summary;           /* of when it was last pending or firing; NULL before */
    int64_t described_at_ms; /* wall: when that was written */
    bool dirty;              /* there is something to be written down */
};

struct alarms {
    const struct book *book; /* borrowed */
    const char *service;     /* the home service; borrowed */
    struct alarm *list;      /* by objective, in the order of their rules */
    int count;
    int *first;  /* of each objective, and one behind the last */
    int *strict; /* objectives: those over the same events together, the strictest first */

    /* leases */
    const char **services; /* distinct; borrowed from the objectives */
    int *service_of;       /* of each objective: index into services */
    int service_count;
    bool *held;          /* of each service: its states are ours to write */
    int64_t claim_at_ms; /* boot: when to claim or to look next */
    bool failing;        /* the last claim or write failed, and the log knows */
    uint64_t failures;   /* claims and writes that failed */

    /* what is wrong with the outside */
    int64_t well_at_ms;       /* boot: when everything last worked, or the first turn */
    struct alert unreachable; /* the ledger's own, of this instance's view */
    char unreachable_summary[ALARM_SUMMARY_BYTES];
    int64_t wall_minus_boot_ms; /* as of the last turn */
    int64_t doubt_since_ms;     /* boot: when the wall clock was found to have been set; -1: not */
    bool began;
    const struct maintenances *maintenances; /* borrowed; NULL: none */
    const struct maintenance **silences;     /* of each service, as of the last turn; NULL: none */
    int64_t wall_ms;                         /* of the last turn */
};

/* What a turn looks at beside the book. */
struct alarms_scene {
    struct ledger_reader *reader; /* NULL while `readable` is false */
    bool reachable;               /* the ledger answers, and what is logged arrives there */
    bool readable;                /* and what the book says of it is complete and new */
    const char *trouble;          /* why not, in words that anybody may read */
    const struct maintenances *maintenances; /* NULL: none; stays as it is until the next turn */
    int64_t boot_ms;
    int64_t wall_ms;
};

/* Returns 0 or -ENOMEM; alarms_done() either way.  `book` is initialised and stays where it is. */
int alarms_init(struct alarms *alarms, const struct book *book, const char *service) MUST_CHECK;
void alarms_done(struct alarms *alarms);

/* One second's work: is the outside well, what do the rules say, and who may write it down. */
void alarms_turn(struct alarms *alarms, const struct alarms_scene *scene);

/* A pause begins: the same, and whether the ledger can be reached is anew to be found out. */
void alarms_rest(struct alarms *alarms, struct ledger_reader *reader, int64_t deadline_ms);

/* The last thing: gives back what is held, so that another instance goes on at once. */
void alarms_leave(struct alarms *alarms, struct ledger_reader *reader, int64_t deadline_ms);

/* The alarms of one objective; borrowed. */
const struct alarm *alarms_of(const struct alarms *alarms, int objective, int *ret_count);

/* The status of an objective, given its alerts: one that fires puts what was met at risk. */
enum budget_status alarms_status(const struct alarms *alarms, int objective);

/* A number that is another one when anything has changed that is shown of an objective's alerts. */
uint64_t alarms_version(const struct alarms *alarms, int objective);

/* What suppresses an alarm, as its objective's reader knows it: "page-fast-burn", or
 * "app-availability/page-fast-burn" for another objective's; "" for nothing. */
const char *alarms_suppressor(const struct alarms *alarms, const struct alarm *alarm,
                              char text[ALARM_NAME_BYTES]);

/* The maintenance that silences the alerts of an objective; NULL: none.  -1: that of the home
 * service, for the ledger's own. */
const struct maintenance *alarms_silence(const struct alarms *alarms, int objective);

/* Whether it is pending or firing. */
bool alarms_is_going_on(const struct alarm *alarm);

#define ALARM_UNREACHABLE "ledger-unreachable"

#endif
