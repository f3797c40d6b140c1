/* hour.h - the encoded histograms of one hour: merged, or minute by minute.  For latency.c alone.
 */
#ifndef ACCOUNTANT_HOUR_H
#define ACCOUNTANT_HOUR_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/buf.h"
#include "slo/histogram.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOUR_MINUTES = 60 };

/* An encoded histogram; empty when nothing was measured. */
struct encoded {
    char *data;
    size_t length;
};

struct hour {
    int32_t number; /* since 1970 */
    bool known;
    struct encoded merged;   /* unless there are minutes */
    struct encoded *minutes; /* HOUR_MINUTES of them, or NULL */
};

/* Where rows are added up before they are encoded again. */
struct mixer {
    struct arena *arena;
    struct histogram sum;
    struct buf buf;
    uint64_t unreadable; /* rows that were no histogram: left out */
};

/* Returns 0 or -ENOMEM; mixer_done() either way. */
int mixer_init(struct mixer *mixer) MUST_CHECK;
void mixer_done(struct mixer *mixer);

/* Begins a new sum. */
void mixer_clear(struct mixer *mixer);

/* Adds an encoded histogram, an empty one too.  Returns 0 or -ENOMEM. */
int mixer_add(struct mixer *mixer, struct slice encoded) MUST_CHECK;

/* Replaces `*encoded` by the sum.  Returns 0 or -ENOMEM. */
int mixer_keep(struct mixer *mixer, struct encoded *encoded) MUST_CHECK;

struct slice encoded_slice(const struct encoded *encoded);

/* Forgets all but the number. */
void hour_clear(struct hour *hour);

/* How much memory it takes beside itself. */
uint64_t hour_bytes(const struct hour *hour);

/* Makes empty minutes.  Returns 0 or -ENOMEM. */
int hour_split(struct hour *hour) MUST_CHECK;

/* The minutes become one; without memory the hour is unknown. */
void hour_merge(struct hour *hour, struct mixer *mixer);

#endif
