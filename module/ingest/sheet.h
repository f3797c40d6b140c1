/* sheet.h - counts the whole lines of a chunk into what will be one flush of one file.
 *
 * This is the whole way of a line: parse, classify, tally.  A sheet belongs to one file; what all
 * sheets share (classifier, scratch, counters, samples of rejected lines) is the counting room.
 * Pure but for the memory of tallies.
 */
#ifndef INGEST_SHEET_H
#define INGEST_SHEET_H

#include "ingest/classify.h"
#include "ingest/follow.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stdint.h>

enum { COUNTING_SAMPLES = 5, COUNTING_EXCERPT_BYTES = 81 };

/* A rejected line, for people. */
struct reject_sample {
    enum reject reason;
    int64_t offset;
    char excerpt[COUNTING_EXCERPT_BYTES]; /* printable ASCII */
};

struct counting {
    const struct source_config *source; /* whose lines they are; NULL: our own format */
    struct classifier *classifier;
    const struct plan *plan;         /* these two are borrowed */
    const char *service;             /* the instance's own */
    int home;                        /* the service whose row of a file's position decides */
    int64_t now_wall_ms;             /* the caller sets it before it counts */
    struct follow_counters counters; /* lines, bytes, events, not_counted, rejects, lost_bytes */
    struct reject_sample samples[COUNTING_SAMPLES];
    int sample_count;       /* the caller takes them away */
    uint64_t sample_silent; /* rejected while there was no room for a sample */
    struct line_scratch scratch;
};

/* What is counted of one of the settings' sources, or (NULL) of the journal.  NULL when out of
 * memory. */
struct counting *counting_new(const struct source_config *source,
                              const struct follow_settings *settings) MUST_CHECK;
void counting_free(struct counting **counting);

/* Classifies by other templates (borrowed) from now on; afterwards every sheet under way has to be
 * renumbered.  Returns false when out of memory: then nothing has changed. */
bool counting_set_templates(struct counting *counting,
                            const struct templates *templates) MUST_CHECK;

/* Counts a line that is no event. */
void counting_reject(struct counting *counting, enum reject reason, int64_t offset,
                     struct slice line);

struct sheet {
    struct tally *tally; /* NULL until the first event */
    bool full;           /* the next line did not fit: hand it over */
    uint64_t lines;
    uint64_t rejected_lines;
    uint64_t lost_bytes;
    int64_t first_event_ms; /* oldest and newest; 0 for none */
    int64_t last_event_ms;
    int16_t *tally_series; /* by the classifier's number of a series: the tally's, plus one */
    uint32_t tally_series_capacity;
};

/* Counts the whole lines at the front of `chunk`, which stands at `offset` of the file.  Returns
 * how many bytes they take; fewer than there are whole lines when the sheet is full. */
size_t sheet_count(struct sheet *sheet, struct counting *counting, struct slice chunk,
                   int64_t offset);

/* The classifier counts its series anew; what is tallied stays. */
void sheet_renumber(struct sheet *sheet);

/* Frees the tally and forgets everything. */
void sheet_clear(struct sheet *sheet);

/* Gives the tally away and forgets everything. */
struct tally *sheet_take(struct sheet *sheet);

#endif
