/* metrics.h - the accountant's part of /metrics: SLO figures, ingest and ledger.  Pure. */
#ifndef ACCOUNTANT_METRICS_H
#define ACCOUNTANT_METRICS_H

#include "accountant/alarms.h"
#include "accountant/book.h"
#include "base/buf.h"
#include "ingest/follow.h"
#include "ingest/requests.h"
#include "ledger/writer.h"
#include "page/metrics.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics_sources {
    const struct book *book;
    const struct alarms *alarms;             /* NULL: none */
    const struct maintenances *maintenances; /* NULL: none */
    bool usable;                             /* figures exist and are within their bound */
    const struct follow_counters *ingest;    /* NULL: no ingest */
    const struct follower *follower;         /* whose logs are told apart; NULL: they aren't */
    const struct requests_view *requests;    /* NULL: nobody counts them */
    const struct ledger_counters *ledger;    /* NULL: no ledger */
    int64_t read_at_ms;                      /* boot clock: the last successful read; -1 never */
    uint64_t failed_reads;
    uint64_t unreadable_histograms;
    uint64_t failed_publications;
    int64_t now_ms; /* boot clock */
    int64_t now_wall_ms;
};

/* The fleet's figures, the same in every instance; metrics_render() gives this instance's own. */
void metrics_render_fleet(const struct metrics_sources *sources, enum metrics_format format,
                          struct buf *buf);
void metrics_render(const struct metrics_sources *sources, enum metrics_format format,
                    struct buf *buf);

#endif
