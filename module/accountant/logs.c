/* logs.c - a table of families over the counters of each source. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/logs.h"

#include "base/limits.h"

#include <stddef.h>

struct log_counters {
    const char *name;
    struct follow_counters counters;
    uint64_t rejected;
    uint64_t lag_bytes;
    uint64_t waiting_for_file;
    uint64_t unwritable;
};

#define IN_LOG(member) offsetof(struct log_counters, member)

static const struct {
    const char *name;
    const char *help;
    enum metrics_type type;
    size_t offset; /* of a uint64_t in struct log_counters */
} families[] = {
    { "probity_ingest_source_lines_total", "Lines read of this log", METRICS_COUNTER,
      IN_LOG(counters.lines) },
    { "probity_ingest_source_events_total", "Lines of this log counted as events", METRICS_COUNTER,
      IN_LOG(counters.events) },
    { "probity_ingest_source_rejected_total", "Lines of this log that are no events",
      METRICS_COUNTER, IN_LOG(rejected) },
    { "probity_ingest_source_lost_bytes_total",
      "Bytes of this log gone from the disk before they were read", METRICS_COUNTER,
      IN_LOG(counters.lost_bytes) },
    { "probity_ingest_source_lag_bytes", "Bytes of this log that are not in the ledger yet",
      METRICS_GAUGE, IN_LOG(lag_bytes) },
    { "probity_ingest_source_waiting_for_file", "1 while this log does not exist", METRICS_GAUGE,
      IN_LOG(waiting_for_file) },
    { "probity_ingest_source_unwritable",
      "1 while the volume of this log is full or read-only, so that requests are not in it",
      METRICS_GAUGE, IN_LOG(unwritable) },
};

static void look(const struct follower *follower, int source, struct log_counters *ret)
{
    struct log_counters log = { .name = follower_source_name(follower, source) };

    follower_source_counters(follower, source, &log.counters);
    for (int i = 0; i < REJECT_COUNT; i++)
        log.rejected += log.counters.rejects[i];
    log.lag_bytes = log.counters.lag_bytes > 0 ? (uint64_t)log.counters.lag_bytes : 0;
    log.waiting_for_file = log.counters.waiting_for_file;
    log.unwritable = log.counters.unwritable;
    *ret = log;
}

void logs_put(struct metrics_writer *writer, const struct follower *follower)
{
    struct log_counters logs[LIMIT_SOURCES];
    int count = follower_source_count(follower);

    for (int i = 0; i < count; i++)
        look(follower, i, &logs[i]);
    for (size_t family = 0; count > 0 && family < ARRAY_LENGTH(families); family++) {
        metrics_family(writer, families[family].name, families[family].type, families[family].help);
        for (int i = 0; i < count; i++) {
            const void *value = (const char *)&logs[i] + families[family].offset;

            metrics_uint(writer,
                         (struct metrics_label[]){ { "source", logs[i].name }, { NULL, NULL } },
                         *(const uint64_t *)value);
        }
    }
}
