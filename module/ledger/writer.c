/* writer.c - takes flushes one by one and does not let go of one before the ledger has answered. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "ledger/commit.h"
#include "ledger/counted.h"
#include "ledger/trouble.h"
#include "ledger/upkeep.h"
#include "slo/tally.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_MS = 1000,
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 2000,
    STOP_MS = 3000,
    /* Of a pause: how often we look whether it is over.  Nothing else wakes us. */
    REST_LOOK_MS = 200,
    UPKEEP_FIRST_MS = 5 * 1000,
    DERIVE_PAUSE_MS = 10, /* between two portions: the database has others to serve */
    COUNTED_BYTES = 16 * 1024 * 1024,
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
void writing_let_go(struct ledger_writer *writer)
{
    session_close(&writer->session);
    writer->reconnected = true;
    partitions_forget(&writer->partitions);
    derive_drop(&writer->derive);
    writer->registered = false;
}

static void note_failure(struct ledger_writer *writer, int code, const struct error *err)
{
    const char *words = trouble_words(code, writer->session.sqlstate);

    /* Applied objectives are no failure: so begins every start where some are in force. */
    if (set_trouble(writer, words))
        log_with(code == -ECANCELED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, NULL, 0,
                 "ledger: %s%s (%s)", code == -ECANCELED ? "" : "does not commit: ", words,
                 err->text);
    writing_let_go(writer);
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

void writing_tell_changed(struct ledger_writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->counters.definitions_changed = writer->registry.changed;
    writer->counters.definitions_known = writer->registry.looked && !writer->registry.changed;
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
    writing_tell_changed(writer);
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
            upkeep_hurry(writer);
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

static bool is_resting(const struct ledger_writer *writer)
{
    return idle_is_paused(writer->settings.idle) && !is_stopping(writer);
}

/* In slices, so that stopping waits for none of it.  What could not be committed when a pause began
 * is kept until it is over. */
static void pause_before_retry(struct ledger_writer *writer)
{
    int64_t until_ms = clock_boot_ms() + random_jitter(writer->pause_ms, 20);

    while ((clock_boot_ms() < until_ms || is_resting(writer)) && !is_stopping(writer))
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
            answer.reconnected = writer->reconnected;
            writer->reconnected = false;
            answer_flush(writer, &answer);
            return;
        }
        count_failure(writer);
        note_failure(writer, code, &err);
        pause_before_retry(writer);
    }
}

/* --- the thread --- */

/* Connects ahead of the first flush, so that trouble shows at once and not with the first line. */
static void idle(struct ledger_writer *writer)
{
    struct error err = { 0 };
    int code = make_ready(writer, &err);

    if (atomic_exchange(&writer->hurried, false))
        upkeep_now(writer);
    if (code != 0) {
        note_failure(writer, code, &err);
        return;
    }
    note_success(writer);
    upkeep_turn(writer);
}

static int64_t wait_until_ms(const struct ledger_writer *writer)
{
    if (is_stopping(writer))
        return 0;
    if (is_resting(writer) && writer->session.conn == NULL)
        return clock_boot_ms() + REST_LOOK_MS;
    return clock_boot_ms() + (upkeep_is_deriving(writer) ? DERIVE_PAUSE_MS : IDLE_MS);
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
        /* The last flushes of before a pause come within its first second. */
        if (is_resting(writer)) {
            if (flush == NULL && writer->session.conn != NULL)
                writing_let_go(writer);
            continue;
        }
        /* Under a steady stream there is no idle second: upkeep comes between two flushes. */
        if (!is_stopping(writer) && (flush == NULL || upkeep_is_due(writer)))
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
    writer->retention_at_ms = clock_boot_ms() + UPKEEP_FIRST_MS;
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

void ledger_writer_hurry(struct ledger_writer *writer)
{
    atomic_store(&writer->hurried, true);
    queue_wake(writer->flushes);
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
