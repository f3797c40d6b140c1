/* report.h - what people are told about a log.  The ingest thread only. */
#ifndef INGEST_REPORT_H
#define INGEST_REPORT_H

#include "ingest/trail.h"

/* Logs the samples of rejected lines that reading this file left. */
void report_samples(struct trail *trail, const struct log_file *file);

/* Logs what changed in this turn, and publishes the counters. */
void report_turn(struct trail *trail);

#endif
