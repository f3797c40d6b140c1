/* sheet.c - the way of a line from bytes to a row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sheet.h"

#include "ingest/format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* As many series as one service of twenty routes has: grown when there are more. */
enum { FIRST_SERIES = 64 };

static struct classifier *new_classifier(const struct counting *counting,
                                         const struct templates *templates)
{
    const struct source_config *source = counting->source;

    return classifier_new(&(struct classifier_settings){
        .catalogue = plan_catalogue(counting->plan),
        .service = source == NULL ? counting->service : source->service,
        .templates = templates,
        .posted = source == NULL,
        /* Strict without templates would be `other` for all that is read before they come. */
        .strict = source != NULL && templates != NULL && source->strict_templates,
    });
}

static int find_home(const struct source_config *source, const struct follow_settings *settings)
{
    const struct catalogue *catalogue = plan_catalogue(settings->plan);
    int home = source == NULL ? -1 : catalogue_service(catalogue, slice_of(source->service));

    return home >= 0 ? home : catalogue_service(catalogue, slice_of(settings->service));
}

struct counting *counting_new(const struct source_config *source,
                              const struct follow_settings *settings)
{
    AUTO(counting_free) struct counting *counting = calloc(1, sizeof(*counting));
    struct counting *made;

    if (counting == NULL)
        return NULL;
    counting->source = source;
    counting->plan = settings->plan;
    counting->service = settings->service;
    counting->home = find_home(source, settings);
    assert(counting->home >= 0);
    counting->classifier =
        new_classifier(counting, source == NULL || settings->templates == NULL
                                     ? NULL
                                     : settings->templates[source - settings->sources]);
    if (counting->classifier == NULL)
        return NULL;
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

bool counting_set_templates(struct counting *counting, const struct templates *templates)
{
    struct classifier *classifier = new_classifier(counting, templates);

    if (classifier == NULL)
        return false;
    classifier_free(&counting->classifier);
    counting->classifier = classifier;
    return true;
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

/* Room for the classifier's series up to this one. */
static bool make_room(struct sheet *sheet, uint32_t series)
{
    uint32_t capacity =
        sheet->tally_series_capacity == 0 ? FIRST_SERIES : sheet->tally_series_capacity;
    int16_t *grown;

    while (capacity <= series)
        capacity *= 2;
    grown = realloc(sheet->tally_series, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    memset(grown + sheet->tally_series_capacity, 0,
           (capacity - sheet->tally_series_capacity) * sizeof(*grown));
    sheet->tally_series = grown;
    sheet->tally_series_capacity = capacity;
    return true;
}

/* The tally's number of the classifier's series; -1 when the tally is full, or without memory. */
static int series_in_tally(struct sheet *sheet, const struct counting *counting, uint32_t number)
{
    struct event_series series;
    int index;

    if (number < sheet->tally_series_capacity && sheet->tally_series[number] != 0)
        return sheet->tally_series[number] - 1;
    if (number >= sheet->tally_series_capacity && !make_room(sheet, number))
        return -1;
    series = classifier_series(counting->classifier, number);
    index = tally_series(sheet->tally, series.service, series.route, series.method);
    sheet->tally_series[number] = (int16_t)(index + 1);
    return index;
}

/* Counts an event.  Returns false when there is no room for it, or no memory. */
static bool count_event(struct sheet *sheet, struct counting *counting, const struct line *line,
                        uint32_t series)
{
    struct tally_event event = { .time_ms = line->time_ms,
                                 .duration_ms = line->duration_ms,
                                 .status = line->status };
    int index;

    if (sheet->tally == NULL)
        sheet->tally = tally_new(counting->plan);
    if (sheet->tally == NULL)
        return false;
    index = series_in_tally(sheet, counting, series);
    if (index < 0)
        return false;
    event.series = (uint32_t)index;
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
    struct format_line said;
};

/* Counts one line.  Returns false when the sheet has no room for it. */
static bool count_line(struct sheet *sheet, struct counting *counting,
                       const struct reading *reading)
{
    uint32_t series = 0;
    enum verdict verdict = VERDICT_EVENT;
    enum reject reject = reading->said.reject;

    if (reject == REJECT_NONE)
        verdict = classifier_judge(counting->classifier, &reading->said.line, counting->now_wall_ms,
                                   &series);
    if (verdict == VERDICT_BAD_TIME)
        reject = REJECT_TIME;
    if (reject != REJECT_NONE) {
        counting_reject(counting, reject, reading->offset,
                        (struct slice){ reading->text.data, reading->text.length - 1 });
        sheet->rejected_lines++;
    } else if (verdict == VERDICT_NOT_COUNTED) {
        counting->counters.not_counted++;
    } else if (verdict == VERDICT_NO_MEMORY
               || !count_event(sheet, counting, &reading->said.line, series)) {
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

    while (rest.length > 0 && !sheet->full) {
        size_t length = format_take(counting->source, rest, &counting->scratch, &reading.said);

        if (length == 0)
            break;
        reading.text = (struct slice){ rest.data, length };
        reading.offset = offset + (rest.data - chunk.data);
        sheet->full = !count_line(sheet, counting, &reading);
        if (!sheet->full)
            rest = (struct slice){ rest.data + length, rest.length - length };
    }
    counting->counters.bytes += (uint64_t)(chunk.length - rest.length);
    return chunk.length - rest.length;
}

void sheet_renumber(struct sheet *sheet)
{
    for (uint32_t i = 0; i < sheet->tally_series_capacity; i++)
        sheet->tally_series[i] = 0;
}

void sheet_clear(struct sheet *sheet)
{
    tally_free(&sheet->tally);
    free(sheet->tally_series);
    *sheet = (struct sheet){ 0 };
}

struct tally *sheet_take(struct sheet *sheet)
{
    struct tally *tally = sheet->tally;

    sheet->tally = NULL;
    sheet_clear(sheet);
    return tally;
}
