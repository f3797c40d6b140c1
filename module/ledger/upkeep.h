/* upkeep.h - the writer's state, and what it does beside flushes.  Private to the writer.
 *
 * Between flushes, and when there are none: partitions ahead of time, retention, a look at what
 * others have applied, history for new indicators; a portion at a time, and failing at any of it is
 * no reason not to commit.
 */
#ifndef LEDGER_UPKEEP_H
#define LEDGER_UPKEEP_H

#include "base/thread.h"
#include "ledger/counted.h"
#include "ledger/derive.h"
#include "ledger/partitions.h"
#include "ledger/registry.h"
#include "ledger/session.h"
#include "ledger/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ledger_writer {
    /* set before start, read-only afterwards */
    struct ledger_settings settings;
    struct queue *flushes;
    struct queue *positions;
    struct thread thread;
    /* the writer's thread only */
    struct session session;
    struct registry registry;
    struct arena *counted_arena;
    struct counted counted;       /* the registry's ids as the positions' columns */
    struct partitions partitions; /* known on this connection */
    struct derive derive;
    bool registered;
    bool reconnected; /* since the last answer */
    int64_t pause_ms; /* before the next try; 0 after a success */
    int64_t retention_at_ms;
    int64_t look_at_ms;
    int64_t derive_at_ms; /* when to seek the next job */
    bool derive_failed;   /* lately */
    /* under the mutex */
    pthread_mutex_t mutex;
    struct ledger_counters counters;
    /* any thread */
    atomic_int_fast64_t stop_by_ms; /* 0: go on */
    atomic_bool hurried;            /* ledger_writer_hurry() was called */
};

/* A fresh connection finds a server that has moved, a role that has changed, another database. */
void writing_let_go(struct ledger_writer *writer);

/* Publishes whether others have applied other objectives. */
void writing_tell_changed(struct ledger_writer *writer);

/* One piece of what is due; the writer is connected. */
void upkeep_turn(struct ledger_writer *writer);

bool upkeep_is_due(const struct ledger_writer *writer);
bool upkeep_is_deriving(const struct ledger_writer *writer);

/* What is looked for once in a while is looked for at the next turn. */
void upkeep_now(struct ledger_writer *writer);

/* A flush has met a file that lacks something: history is looked for within a second. */
void upkeep_hurry(struct ledger_writer *writer);

#endif
