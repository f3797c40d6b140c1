/* keeper.h - the thread that reads and writes what has to survive a restart, for the monitor, which
 * never touches a disk.
 *
 * It reads the file once, at the start, and then writes what it is handed, the newest only.  A disk
 * that hangs stops nobody else: what comes meanwhile replaces what waits.
 */
#ifndef MONITOR_KEEPER_H
#define MONITOR_KEEPER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/queue.h"
#include "monitor/chronicle.h"
#include "monitor/keeping.h"

struct keeper;

struct keeper_settings {
    const char *state_dir; /* copied */
    const char *service;   /* copied */
    struct queue *wake;    /* woken when the file has been read; outlives the keeper's thread */
};

int keeper_start(const struct keeper_settings *settings, struct keeper **ret,
                 struct error *err) MUST_CHECK;

/* Lets it write what it was handed last, for a second at most. */
void keeper_stop(struct keeper **keeper);

/* Whether the file has been read: true once, with what was in it, or NULL.  Its times are on the
 * boot clock of today.  Never waits. */
bool keeper_take(struct keeper *keeper, struct chronicle **ret);

/* The machine's boot: for what is handed over.  "" until keeper_take() was true, or unknown. */
const char *keeper_boot_id(const struct keeper *keeper);

/* Takes the bytes and leaves `content` empty.  Before keeper_take() was true they would be written
 * over what nobody has read.  Never waits. */
void keeper_give(struct keeper *keeper, struct buf *content);

/* What became of it so far. */
void keeper_count(struct keeper *keeper, struct keeping *ret);

#endif
