/* upkeep.c - retention, a look around, history: one piece a turn. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/upkeep.h"

#include "base/clock.h"
#include "base/log.h"
#include "ledger/retention.h"

enum {
    HURRY_MS = 1000,
    RETENTION_MS = 60 * 60 * 1000,
    RETENTION_MORE_MS = 5 * 1000,
    RETENTION_RETRY_MS = 10 * 60 * 1000,
    LOOK_MS = 10 * 1000,        /* for objectives that others have applied */
    DERIVE_SEEK_MS = 60 * 1000, /* for files that lack an indicator */
};

void upkeep_hurry(struct ledger_writer *writer)
{
    int64_t soon_ms = clock_boot_ms() + HURRY_MS;

    if (writer->derive_at_ms > soon_ms)
        writer->derive_at_ms = soon_ms;
}

void upkeep_now(struct ledger_writer *writer)
{
    writer->look_at_ms = 0;
    writer->derive_at_ms = 0;
}

/* The next week's, so that no flush waits for them at the turn of the week. */
static int make_partitions_ahead(struct ledger_writer *writer, struct error *err)
{
    int32_t minute = (int32_t)(clock_wall_ms() / 60000);
    int32_t minutes[] = { minute, minute + 2 * 1440 };

    return partitions_ensure(&writer->partitions, &writer->session, minutes,
                             (int)ARRAY_LENGTH(minutes), err);
}

/* What is too old goes, a portion at a time.  Failing at that is no reason not to commit. */
static void forget_old(struct ledger_writer *writer)
{
    struct error err = { 0 };
    bool more = false;
    int code = make_partitions_ahead(writer, &err);

    if (code == 0)
        code = retention_run(&writer->session, writer->settings.catalogue, clock_wall_ms(), &more,
                             &err);
    writer->retention_at_ms = clock_boot_ms()
                              + (code != 0 ? RETENTION_RETRY_MS
                                 : more    ? RETENTION_MORE_MS
                                           : RETENTION_MS);
    if (code == 0)
        return;
    log_warning("ledger: old minutes could not be deleted: %s: trying again in 10 minutes",
                err.text);
    writing_let_go(writer);
}

/* Somebody may have applied other objectives since. */
static void look_for_objectives(struct ledger_writer *writer)
{
    struct error err = { 0 };
    struct session *session = &writer->session;
    int code = session_begin(session, " READ ONLY", &err);

    writer->look_at_ms = clock_boot_ms() + LOOK_MS;
    if (code == 0)
        code = registry_look(session, &writer->settings, &writer->registry, &err);
    if (code == 0)
        code = session_commit(session, &err);
    if (code == 0)
        writing_tell_changed(writer);
    else
        writing_let_go(writer); /* the next try says what is wrong */
}

/* One portion of history for what is new.  Failing at that is no reason not to commit. */
static void derive_some(struct ledger_writer *writer)
{
    struct error err = { 0 };
    int code = 0;

    if (!writer->derive.active) {
        code = derive_seek(&writer->derive, &err);
        /* Trouble and flushes of other files may end it: it is not done then. */
        writer->derive_at_ms =
            clock_boot_ms() + (writer->derive.active ? HURRY_MS : DERIVE_SEEK_MS);
    }
    if (code == 0 && writer->derive.active) {
        code = derive_step(&writer->derive, &err);
        /* After one there may be more; one that was dropped is in somebody else's hands. */
        if (!writer->derive.active)
            writer->derive_at_ms = writer->derive.finished ? 0 : clock_boot_ms() + HURRY_MS;
    }
    writer->derive_failed = code != 0;
    if (code == 0)
        return;
    writer->derive_at_ms = clock_boot_ms() + DERIVE_SEEK_MS;
    log_warning("ledger: history could not be derived: %s: trying again in a minute", err.text);
    writing_let_go(writer);
}

bool upkeep_is_deriving(const struct ledger_writer *writer)
{
    return writer->registered && (writer->derive.active || clock_boot_ms() >= writer->derive_at_ms);
}

bool upkeep_is_due(const struct ledger_writer *writer)
{
    int64_t now_ms = clock_boot_ms();

    return now_ms >= writer->retention_at_ms || now_ms >= writer->look_at_ms
           || upkeep_is_deriving(writer) || atomic_load(&writer->hurried);
}

void upkeep_turn(struct ledger_writer *writer)
{
    if (clock_boot_ms() >= writer->retention_at_ms)
        forget_old(writer);
    else if (clock_boot_ms() >= writer->look_at_ms)
        look_for_objectives(writer);
    else if (upkeep_is_deriving(writer))
        derive_some(writer);
}
