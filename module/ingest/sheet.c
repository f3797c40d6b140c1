/* sheet.c - the way of a line from bytes to a row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sheet.h"

#include "ingest/format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct counting *counting_new(const struct follow_settings *settings)
{
    AUTO(counting_free) struct counting *counting = calloc(1, sizeof(*counting));
    struct counting *made;

    assert(settings->threshold_count <= LIMIT_THRESHOLDS);
    if (counting == NULL)
        return NULL;
    counting->classifier = classifier_new(settings->service);
    if (counting->classifier == NULL)
        return NULL;
    counting->threshold_count = settings->threshold_count;
    for (int i = 0; i < settings->threshold_count; i++)
        counting->thresholds_ms[i] = settings->thresholds_ms[i];
    made = counting;
    counting = NULL;
    return made;
}

void counting_free(struct counting **counting)
{
    if (*counting == NULL)
        return;
    classifier_free(&(*counting)->classifier);
    free(*counting);
    *counting = NULL;
}

void counting_reject(struct counting *counting, enum reject reason, int64_t offset,
                     struct slice line)
{
    struct reject_sample *sample;
    size_t length = line.length;

    counting->counters.rejects[reason]++;
    if (counting->sample_count == COUNTING_SAMPLES) {
        counting->sample_silent++;
        return;
    }
    sample = &counting->samples[counting->sample_count++];
    sample->reason = reason;
    sample->offset = offset;
    if (length > COUNTING_EXCERPT_BYTES - 1)
        length = COUNTING_EXCERPT_BYTES - 1;
    for (size_t i = 0; i < length; i++)
        sample->excerpt[i] =
            (char)(line.data[i] >= 0x20 && line.data[i] < 0x7f ? line.data[i] : '?');
    sample->excerpt[length] = '\0';
}

/* The tally's index of the classifier's route; -1 when the tally is full. */
static int route_in_tally(struct sheet *sheet, const struct counting *counting, uint32_t route)
{
    int index;

    if (sheet->routes[route] != 0)
        return sheet->routes[route] - 1;
    index = tally_route(sheet->tally, classifier_route_name(counting->classifier, route));
    sheet->routes[route] = (int16_t)(index + 1);
    return index;
}

/* Counts an event.  Returns false when there is no room for it, or no memory. */
static bool count_event(struct sheet *sheet, struct counting *counting, const struct line *line,
                        uint32_t route)
{
    struct tally_event event = { .time_ms = line->time_ms,
                                 .duration_ms = line->duration_ms,
                                 .status = line->status };
    int index;

    if (sheet->tally == NULL)
        sheet->tally = tally_new(counting->thresholds_ms, counting->threshold_count);
    if (sheet->tally == NULL)
        return false;
    index = route_in_tally(sheet, counting, route);
    if (index < 0)
        return false;
    event.route = (uint32_t)index;
    if (!tally_add(sheet->tally, &event))
        return false;
    if (sheet->first_event_ms == 0 || line->time_ms < sheet->first_event_ms)
        sheet->first_event_ms = line->time_ms;
    if (line->time_ms > sheet->last_event_ms)
        sheet->last_event_ms = line->time_ms;
    counting->counters.events++;
    return true;
}

/* One whole line of a chunk, and what the parser says about it. */
struct reading {
    struct slice text; /* with its newline */
    int64_t offset;
    enum reject reject;
    struct line line;
};

/* Reads the line at the front.  Returns false when it has no end yet. */
static bool read_line(struct counting *counting, struct slice rest, struct reading *reading)
{
    const char *newline;
    size_t length = 0;

    if (counting->source == NULL || counting->source->format == SOURCE_PROBITY)
        length = line_take(rest, &counting->scratch, &reading->line, &reading->reject);
    reading->text = (struct slice){ rest.data, length };
    if (length > 0)
        return true;
    newline = memchr(rest.data, '\n', rest.length);
    if (newline == NULL)
        return false;
    reading->text.length = (size_t)(newline - rest.data) + 1;
    reading->reject =
        format_parse(counting->source, (struct slice){ rest.data, reading->text.length - 1 },
                     &counting->scratch, &reading->line);
    return true;
}

/* Counts one line.  Returns false when the sheet has no room for it. */
static bool count_line(struct sheet *sheet, struct counting *counting,
                       const struct reading *reading)
{
    uint32_t route = 0;
    enum verdict verdict = VERDICT_EVENT;
    enum reject reject = reading->reject;

    if (reject == REJECT_NONE)
        verdict =
            classifier_judge(counting->classifier, &reading->line, counting->now_wall_ms, &route);
    if (verdict == VERDICT_BAD_TIME)
        reject = REJECT_TIME;
    if (reject != REJECT_NONE) {
        counting_reject(counting, reject, reading->offset,
                        (struct slice){ reading->text.data, reading->text.length - 1 });
        sheet->rejected_lines++;
    } else if (verdict == VERDICT_NOT_COUNTED) {
        counting->counters.not_counted++;
    } else if (!count_event(sheet, counting, &reading->line, route)) {
        return false;
    }
    sheet->lines++;
    counting->counters.lines++;
    return true;
}

size_t sheet_count(struct sheet *sheet, struct counting *counting, struct slice chunk,
                   int64_t offset)
{
    struct slice rest = chunk;
    struct reading reading;

    while (rest.length > 0 && !sheet->full && read_line(counting, rest, &reading)) {
        reading.offset = offset + (rest.data - chunk.data);
        sheet->full = !count_line(sheet, counting, &reading);
        if (!sheet->full)
            rest = (struct slice){ rest.data + reading.text.length,
                                   rest.length - reading.text.length };
    }
    counting->counters.bytes += (uint64_t)(chunk.length - rest.length);
    return chunk.length - rest.length;
}

void sheet_clear(struct sheet *sheet)
{
    tally_free(&sheet->tally);
    *sheet = (struct sheet){ 0 };
}

struct tally *sheet_take(struct sheet *sheet)
{
    struct tally *tally = sheet->tally;

    *sheet = (struct sheet){ 0 };
    return tally;
}
