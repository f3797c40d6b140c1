/* postgres_facts.h - what a Postgres says of itself beside "yes", and when that is too much. */
#ifndef PROBE_POSTGRES_FACTS_H
#define PROBE_POSTGRES_FACTS_H

#include "config/check.h"
#include "health/outcome.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* How much is asked.  What speaks Postgres' protocol need not know all of its functions: a refusal
 * takes one step down. */
enum postgres_detail { POSTGRES_STATE, POSTGRES_SESSIONS, POSTGRES_REPLICATION };

/* What is known of one server; it outlives connections.  One thread's. */
struct postgres_facts {
    enum postgres_detail detail; /* the most that this server answers */
    int64_t taken_at_ms;         /* when sessions and replication were told */
    int64_t due_ms;              /* when they are asked for again */
    struct database_facts shown;
    int64_t connections_allowed; /* to an ordinary role; -1 unknown */
    /* How far a primary had written when, so long as a replica is not there yet. */
    int64_t mark_lsn;
    int64_t mark_at_ms;
};

/* What a server says of replication; positions are bytes of its log, -1 unknown. */
struct postgres_replication {
    int64_t own_lag_ms; /* a replica's */
    int64_t replicas;   /* that stream from here */
    int64_t worst_lag_ms;
    int64_t worst_lsn; /* what the last of them has applied */
    int64_t written_lsn;
};

enum { POSTGRES_SQL_BYTES = 4096 };

void postgres_facts_init(struct postgres_facts *facts);

/* Goes a step down, which there has to be, and forgets what is not asked for any more. */
void postgres_facts_ask_less(struct postgres_facts *facts);

/* Writes the question, as one message of several statements. */
void postgres_facts_ask(enum postgres_detail detail, int64_t timeout_ms,
                        char sql[POSTGRES_SQL_BYTES]);

/* Takes the one row of the answer.  Returns whether the server takes no writes. */
bool postgres_facts_take(struct postgres_facts *facts, enum postgres_detail detail,
                         const PGresult *row, int64_t now_ms);

/* The lag that is shown: of a replica its own, of a primary its worst replica's; -1 unknown.  Pure
 * but for the mark. */
int64_t postgres_facts_lag(struct postgres_facts *facts, const struct postgres_replication *said,
                           int64_t now_ms);

/* Makes the outcome `degraded` where a limit is exceeded, and has the next question come soon. */
void postgres_facts_judge(struct postgres_facts *facts, const struct check_limits *limits,
                          struct outcome *outcome);

#endif
