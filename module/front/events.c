/* events.c - POST /slo/events: read whole, put on the disk, and only then taken. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/clock.h"
#include "base/json.h"
#include "ingest/journal.h"
#include "ledger/batches.h"
#include "ledger/desk.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

enum {
    /* A disk fills and empties slowly; what the ledger has to count goes faster. */
    DISK_RETRY_SECONDS = 30,
    LEDGER_RETRY_SECONDS = 10,
    FAILURE_RETRY_SECONDS = 5,
    /* What is left of the request's time when the disk has had its share. */
    ANSWER_MS = 500,
    /* How long the ledger may think about a key; it has the last word in any case. */
    ASK_MS = 500,
};

static void refuse(struct exchange *exchange, int status, const char *code, const char *message)
{
    response_error(exchange->response, exchange->request,
                   &(struct response_error){ .status = status, .code = code, .message = message });
}

static void accept_events(struct exchange *exchange, int events)
{
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_int(&json, "accepted", events);
    json_close_object(&json);
    response_text(exchange->response, &(struct page_text){ .status = 202 });
}

/* The hashes of key and body.  Returns false, with the refusal, for a key that is none. */
static bool read_tag(struct exchange *exchange, struct flush_batch *tag)
{
    struct slice key = exchange->request->idempotency_key;

    tag->posted_ms = clock_wall_ms();
    tag->keyed = key.length > 0;
    if (!tag->keyed)
        return true;
    for (size_t i = 0; i < key.length; i++) {
        if (key.length > LIMIT_IDEMPOTENCY_KEY_BYTES || key.data[i] < ' ' || key.data[i] > '~') {
            refuse(exchange, 400, "bad_request",
                   "Idempotency-Key has to have 1 to 255 printable bytes of ASCII");
            return false;
        }
    }
    (void)SHA256((const unsigned char *)key.data, key.length, tag->key_hash);
    memcpy(tag->first_hash, tag->key_hash, sizeof(tag->first_hash));
    (void)SHA256((const unsigned char *)exchange->body.data, exchange->body.length, tag->body_hash);
    return true;
}

static enum batch_result refuse_batch(struct exchange *exchange, int code, const struct error *err)
{
    if (code == -E2BIG) {
        refuse(exchange, 413, "content_too_large", err->text);
        return BATCH_TOO_LARGE;
    }
    refuse(exchange, 400, "bad_request", err->text);
    return BATCH_BAD;
}

/* Nothing was taken, or, when the disk did not answer, nobody knows: with a key it can be sent
 * again in any case. */
static enum batch_result refuse_for_now(struct exchange *exchange, int code,
                                        const struct error *err)
{
    bool full = code == -ENOSPC || code == -EDQUOT;
    int seconds = code == -ENOSPC   ? DISK_RETRY_SECONDS
                  : code == -EDQUOT ? LEDGER_RETRY_SECONDS
                                    : FAILURE_RETRY_SECONDS;

    response_error(exchange->response, exchange->request,
                   &(struct response_error){ .status = 503,
                                             .code = full ? "journal_full" : "journal_unavailable",
                                             .message = err->text,
                                             .retry_after_seconds = seconds });
    exchange->response->incident = true;
    return full ? BATCH_FULL : BATCH_FAILED;
}

/* Whether the key was taken, as far as this instance remembers, else as far as the ledger says in
 * time.  What neither knows yet is settled when it is counted. */
static enum recall_verdict recall(struct exchange *exchange, const struct flush_batch *tag)
{
    static const enum recall_verdict verdicts[] = {
        [BATCH_COUNTS] = RECALL_NEW,
        [BATCH_IS_KNOWN] = RECALL_SAME,
        [BATCH_CONTRADICTS] = RECALL_OTHER_BODY,
    };
    enum recall_verdict known = journal_recall(exchange->sources->journal, tag);
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    enum batch_verdict verdict = BATCH_COUNTS;

    if (known != RECALL_NEW || exchange->sources->desk == NULL)
        return known;
    if (desk_enter(exchange->sources->desk, DESK_READ, clock_boot_ms() + ASK_MS, &visit) != 0
        || batches_find(visit.session, exchange->sources->config->service, tag, &verdict, NULL)
               != 0)
        return RECALL_NEW;
    return verdicts[verdict];
}

static enum batch_result take(struct exchange *exchange, const struct batch *batch,
                              const struct flush_batch *tag)
{
    struct journal *journal = exchange->sources->journal;
    enum recall_verdict known = tag->keyed ? recall(exchange, tag) : RECALL_NEW;
    struct error err = { 0 };
    int code;

    if (known == RECALL_OTHER_BODY) {
        refuse(exchange, 409, "conflict",
               "this Idempotency-Key was sent with another body within a day: use a new one");
        return BATCH_CONFLICT;
    }
    if (known == RECALL_NEW) {
        code = journal_append(journal, batch, tag, exchange->deadline_ms - ANSWER_MS, &err);
        if (code != 0)
            return refuse_for_now(exchange, code, &err);
    }
    accept_events(exchange, batch->events);
    return known == RECALL_SAME ? BATCH_REPEATED : BATCH_ACCEPTED;
}

void events_post(struct exchange *exchange)
{
    struct journal *journal = exchange->sources->journal;
    AUTO(batch_done) struct batch batch = { 0 };
    struct flush_batch tag = { 0 };
    struct error err = { 0 };
    int code;

    if (!read_tag(exchange, &tag)) {
        journal_note(journal, BATCH_BAD);
        return;
    }
    code = journal_parse(journal, exchange->body, tag.posted_ms, &batch, &err);
    if (code == -ENOMEM)
        journal_note(journal, refuse_for_now(exchange, code, &err));
    else if (code != 0)
        journal_note(journal, refuse_batch(exchange, code, &err));
    else
        journal_note(journal, take(exchange, &batch, &tag));
}

void events_describe(struct journal *journal, struct metrics_writer *writer)
{
    struct journal_counters counters;

    journal_counters(journal, &counters);
    metrics_family(writer, "probity_ingest_batches_total", METRICS_COUNTER,
                   "Batches of events that were posted here, by what became of them.");
    for (int i = 0; i < BATCH_RESULTS; i++)
        metrics_uint(writer,
                     (struct metrics_label[]){
                         { "result", batch_result_text((enum batch_result)i) }, { 0 } },
                     counters.batches[i]);
    metrics_family(writer, "probity_journal_bytes", METRICS_GAUGE,
                   "Posted events on the disk, those among them that are committed for less than "
                   "ten minutes.");
    metrics_int(writer, NULL, counters.bytes);
    metrics_family(writer, "probity_journal_segments", METRICS_GAUGE, "Files that they are in.");
    metrics_int(writer, NULL, counters.segments);
    metrics_family(writer, "probity_journal_syncs_total", METRICS_COUNTER,
                   "How often the disk was waited for: several batches at a time.");
    metrics_uint(writer, NULL, counters.syncs);
    metrics_family(writer, "probity_journal_torn_bytes_total", METRICS_COUNTER,
                   "Bytes of batches that nobody was told are taken, cut off because a process was "
                   "killed while it wrote them.");
    metrics_uint(writer, NULL, counters.torn_bytes);
    metrics_family(writer, "probity_journal_failures_total", METRICS_COUNTER,
                   "How often the disk failed to keep what was written.");
    metrics_uint(writer, NULL, counters.broken);
}
