/* writer.c - takes flushes one by one and does not let go of one before the ledger has answered. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"
#include "ledger/commit.h"
#include "ledger/counted.h"
#include "ledger/derive.h"
#include "ledger/partitions.h"
#include "ledger/registry.h"
#include "ledger/retention.h"
#include "ledger/session.h"
#include "ledger/trouble.h"
#include "slo/tally.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MS = 1000,
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 2000,
    STOP_MS = 3000,
    RETENTION_MS = 60 * 60 * 1000,
    RETENTION_MORE_MS = 5 * 1000,
    RETENTION_RETRY_MS = 10 * 60 * 1000,
    LOOK_MS = 10 * 1000,        /* for objectives that others have applied */
    DERIVE_PAUSE_MS = 10,       /* between two portions: the database has others to serve */
    DERIVE_SEEK_MS = 60 * 1000, /* for files that lack an indicator */
    COUNTED_BYTES = 16 * 1024 * 1024,
};

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
};

/* --- what others see --- */

void ledger_writer_counters(const struct ledger_writer *writer, struct ledger_counters *ret)
{
    struct ledger_writer *shared = (struct ledger_writer *)(uintptr_t)writer; /* for the mutex */

    (void)pthread_mutex_lock(&shared->mutex);
    *ret = shared->counters;
    (void)pthread_mutex_unlock(&shared->mutex);
}

/* Records why nothing is committed ("" when all is well) and says whether that is news. */
static bool set_trouble(struct ledger_writer *writer, const char *words)
{
    bool news;

    (void)pthread_mutex_lock(&writer->mutex);
    news = strcmp(writer->counters.trouble, words) != 0;
    if (writer->counters.trouble[0] == '\0')
        writer->counters.trouble_since_ms = clock_boot_ms();
    (void)snprintf(writer->counters.trouble, sizeof(writer->counters.trouble), "%s", words);
    (void)pthread_mutex_unlock(&writer->mutex);
    return news;
}

static void note_success(struct ledger_writer *writer)
{
    writer->pause_ms = 0;
    if (set_trouble(writer, ""))
        log_info("ledger: commits again");
}

/* A fresh connection finds a server that has moved, a role that has changed, another database. */
static void let_go(struct ledger_writer *writer)
{
    session_close(&writer->session);
    partitions_forget(&writer->partitions);
    derive_drop(&writer->derive);
    writer->registered = false;
}

static void note_failure(struct ledger_writer *writer, int code, const struct error *err)
{
    const char *words = trouble_words(code, writer->session.sqlstate);

    if (set_trouble(writer, words))
        log_warning("ledger: does not commit: %s (%s)", words, err->text);
    let_go(writer);
    writer->pause_ms = writer->pause_ms == 0 ? FIRST_PAUSE_MS : writer->pause_ms * 2;
    if (writer->pause_ms > LONGEST_PAUSE_MS)
        writer->pause_ms = LONGEST_PAUSE_MS;
}

static void count_commit(struct ledger_writer *writer, const struct commit_result *result)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->counters.commits += !result->moved;
    writer->counters.rewinds += result->moved;
    writer->counters.rows += result->rows;
    writer->counters.rejected_rows += result->rejected_rows;
    if (!result->moved) /* who always loses to a rival must not look busy */
        writer->counters.last_commit_at_ms = clock_boot_ms();
    (void)pthread_mutex_unlock(&writer->mutex);
    if (result->rejected_rows > 0)
        log_warning("ledger: Postgres refused %" PRIu64
                    " rows: their events are booked as rejected",
                    result->rejected_rows);
    if (result->damaged > 0)
        log_warning("ledger: %d stored histograms could not be read and begin anew",
                    result->damaged);
}

/* The parts of a large batch are settled one by one, and say the same: its first one is counted. */
static void count_batch(struct ledger_writer *writer, const struct flush_batch *batch,
                        enum batch_verdict verdict)
{
    uint64_t contradicted;

    if (verdict == BATCH_COUNTS
        || memcmp(batch->key_hash, batch->first_hash, sizeof(batch->key_hash)) != 0)
        return;
    (void)pthread_mutex_lock(&writer->mutex);
    writer->counters.batches_repeated += verdict == BATCH_IS_KNOWN;
    writer->counters.batches_contradicted += verdict == BATCH_CONTRADICTS;
    contradicted = writer->counters.batches_contradicted;
    (void)pthread_mutex_unlock(&writer->mutex);
    if (verdict == BATCH_CONTRADICTS && contradicted == 1)
        log_warning("ledger: posted events were left out: their Idempotency-Key was used for "
                    "another body; further ones are only counted, in "
                    "probity_ledger_batches_contradicted_total");
}

static void tell_changed(struct ledger_writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->counters.definitions_changed = writer->registry.changed;
    (void)pthread_mutex_unlock(&writer->mutex);
}

static void count_failure(struct ledger_writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->counters.failures++;
    (void)pthread_mutex_unlock(&writer->mutex);
}

/* --- one try --- */

/* Registers what is counted on every new connection: it may lead to another database. */
static int make_ready(struct ledger_writer *writer, struct error *err)
{
    struct session *session = &writer->session;
    const struct catalogue *catalogue = writer->settings.catalogue;
    int code;

    if (writer->registered && session->conn != NULL)
        return 0;
    derive_drop(&writer->derive);
    code = session_begin(session, " ISOLATION LEVEL READ COMMITTED", err);
    if (code == 0)
        code = registry_load(session, &writer->settings, true, &writer->registry, err);
    tell_changed(writer);
    if (code == 0)
        code = session_commit(session, err);
    if (code != 0)
        return code;
    arena_clear(writer->counted_arena);
    code = counted_list(&writer->counted, catalogue, &writer->registry, writer->counted_arena);
    writer->registered = code == 0;
    return code == 0 ? 0 : error_set(err, -code, "ledger: out of memory");
}

static int read_position(struct ledger_writer *writer, const struct flush *flush,
                         struct file_position *answer, struct error *err)
{
    return commit_read_position(&writer->session, writer->settings.catalogue->services[flush->home],
                                answer, err);
}

/* A flush has met a file that lacks something. */
static void derive_soon(struct ledger_writer *writer)
{
    int64_t soon_ms = clock_boot_ms() + IDLE_MS;

    if (writer->derive_at_ms > soon_ms)
        writer->derive_at_ms = soon_ms;
}

static int commit_counts(struct ledger_writer *writer, const struct flush *flush,
                         struct file_position *answer, struct error *err)
{
    struct commit commit = {
        .session = &writer->session,
        .settings = &writer->settings,
        .registry = &writer->registry,
        .counted = &writer->counted,
        .partitions = &writer->partitions,
        .flush = flush,
    };
    struct commit_result result;
    int code = commit_flush(&commit, &result, err);

    if (code != 0)
        return code;
    if (result.moved) {
        code = read_position(writer, flush, answer, err);
        derive_drop(&writer->derive); /* somebody else may have the file */
        /* The schema may have been made anew behind our back, and the ids with it. */
        writer->registered = false;
    } else {
        answer->offset = flush->to_offset;
        answer->known = true;
        answer->committed = true;
        answer->watched_until_ms = flush->watched_until_ms;
        derive_note(&writer->derive, flush);
        if (!result.whole && !writer->derive.active && !writer->derive_failed)
            derive_soon(writer);
    }
    if (code == 0)
        count_commit(writer, &result);
    if (code == 0 && !result.moved)
        count_batch(writer, &flush->batch, result.batch);
    return code;
}

static int try_flush(struct ledger_writer *writer, const struct flush *flush,
                     struct file_position *answer, struct error *err)
{
    int code = make_ready(writer, err);

    *answer = (struct file_position){ .file = flush->file };
    if (code != 0)
        return code;
    return flush->kind == FLUSH_ASK ? read_position(writer, flush, answer, err)
                                    : commit_counts(writer, flush, answer, err);
}

/* --- stopping, and waiting --- */

static bool is_stopping(const struct ledger_writer *writer)
{
    return atomic_load(&writer->stop_by_ms) != 0;
}

/* While stopping no statement may outlast the stop. */
static bool has_time(struct ledger_writer *writer)
{
    int64_t stop_by_ms = atomic_load(&writer->stop_by_ms);

    if (stop_by_ms == 0)
        return true;
    writer->session.latest_ms = stop_by_ms;
    return clock_boot_ms() < stop_by_ms;
}

/* In slices, so that stopping waits for none of it. */
static void pause_before_retry(struct ledger_writer *writer)
{
    int64_t until_ms = clock_boot_ms() + random_jitter(writer->pause_ms, 20);

    while (clock_boot_ms() < until_ms && !is_stopping(writer))
        clock_sleep_ms(20);
    if (is_stopping(writer))
        clock_sleep_ms(FIRST_PAUSE_MS);
}

static void answer_flush(struct ledger_writer *writer, const struct file_position *answer)
{
    /* The follower has one question under way, so there is room; if it were not, waiting is right:
     * an answer that is lost would hold the file for ever. */
    while (!queue_push(writer->positions, answer) && has_time(writer))
        clock_sleep_ms(10);
}

/* The same flush until the ledger has answered; it is let go only when the stop's time is over. */
static void settle(struct ledger_writer *writer, const struct flush *flush)
{
    struct file_position answer;

    while (has_time(writer)) {
        struct error err = { 0 };
        int code = try_flush(writer, flush, &answer, &err);

        if (code == 0) {
            note_success(writer);
            answer_flush(writer, &answer);
            return;
        }
        count_failure(writer);
        note_failure(writer, code, &err);
        pause_before_retry(writer);
    }
}

/* --- the thread --- */

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
    let_go(writer);
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
        tell_changed(writer);
    else
        let_go(writer); /* the next try says what is wrong */
}

/* One portion of history for what is new.  Failing at that is no reason not to commit. */
static void derive_some(struct ledger_writer *writer)
{
    struct error err = { 0 };
    int code = 0;

    if (!writer->derive.active) {
        writer->derive_at_ms = clock_boot_ms() + DERIVE_SEEK_MS;
        code = derive_seek(&writer->derive, &err);
    }
    if (code == 0 && writer->derive.active) {
        code = derive_step(&writer->derive, &err);
        /* After one there may be more; one that was dropped is in somebody else's hands. */
        if (!writer->derive.active)
            writer->derive_at_ms = writer->derive.finished ? 0 : clock_boot_ms() + IDLE_MS;
    }
    writer->derive_failed = code != 0;
    if (code == 0)
        return;
    writer->derive_at_ms = clock_boot_ms() + DERIVE_SEEK_MS;
    log_warning("ledger: history could not be derived: %s: trying again in a minute", err.text);
    let_go(writer);
}

static bool is_deriving(const struct ledger_writer *writer)
{
    return writer->registered && (writer->derive.active || clock_boot_ms() >= writer->derive_at_ms);
}

/* Connects ahead of the first flush, so that trouble shows at once and not with the first line. */
static void idle(struct ledger_writer *writer)
{
    struct error err = { 0 };
    int code = make_ready(writer, &err);

    if (code != 0) {
        note_failure(writer, code, &err);
        return;
    }
    note_success(writer);
    if (clock_boot_ms() >= writer->retention_at_ms)
        forget_old(writer);
    else if (clock_boot_ms() >= writer->look_at_ms)
        look_for_objectives(writer);
    else if (is_deriving(writer))
        derive_some(writer);
}

/* Under a steady stream there is no idle second: this comes between two flushes. */
static bool has_upkeep(const struct ledger_writer *writer)
{
    int64_t now_ms = clock_boot_ms();

    return now_ms >= writer->retention_at_ms || now_ms >= writer->look_at_ms || is_deriving(writer);
}

static int64_t wait_until_ms(const struct ledger_writer *writer)
{
    if (is_stopping(writer))
        return 0;
    return clock_boot_ms() + (is_deriving(writer) ? DERIVE_PAUSE_MS : IDLE_MS);
}

static void run(void *context)
{
    struct ledger_writer *writer = context;

    assert(thread_is("ledger"));
    idle(writer);
    for (;;) {
        AUTO(flush_free) struct flush *flush = NULL;

        if (queue_pop(writer->flushes, &flush, wait_until_ms(writer)))
            settle(writer, flush);
        else if (is_stopping(writer))
            break;
        if (!is_stopping(writer) && (flush == NULL || has_upkeep(writer)))
            idle(writer);
    }
    session_close(&writer->session);
}

static void release(struct ledger_writer *writer)
{
    (void)pthread_mutex_destroy(&writer->mutex);
    registry_done(&writer->registry);
    arena_free(&writer->counted_arena);
    free(writer);
}

int ledger_writer_start(const struct ledger_settings *settings, struct queue *flushes,
                        struct queue *positions, struct ledger_writer **ret, struct error *err)
{
    struct ledger_writer *writer = calloc(1, sizeof(*writer));
    int code;

    if (writer == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    writer->settings = *settings;
    writer->flushes = flushes;
    writer->positions = positions;
    writer->counters.last_commit_at_ms = -1;
    /* Not at once: a service that restarts in a loop must not delete in a loop. */
    writer->retention_at_ms = clock_boot_ms() + RETENTION_MORE_MS;
    session_init(&writer->session, settings->conninfo);
    (void)pthread_mutex_init(&writer->mutex, NULL);
    derive_init(&writer->derive, &writer->session, &writer->settings, &writer->counted);
    writer->counted_arena = arena_new(COUNTED_BYTES);
    if (writer->counted_arena == NULL || registry_init(&writer->registry, settings->catalogue) != 0)
        code = error_set(err, ENOMEM, "ledger: out of memory");
    else
        code = thread_start(&writer->thread, "ledger", run, writer, err);
    if (code != 0) {
        release(writer);
        return code;
    }
    *ret = writer;
    return 0;
}

void ledger_writer_stop(struct ledger_writer **writer)
{
    if (*writer == NULL)
        return;
    atomic_store(&(*writer)->stop_by_ms, clock_boot_ms() + STOP_MS);
    queue_wake((*writer)->flushes);
    /* One that hangs in a name look-up keeps what it uses: the process ends anyway. */
    if (thread_join(&(*writer)->thread, STOP_MS + 200))
        release(*writer);
    *writer = NULL;
}
