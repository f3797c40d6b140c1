/* meter.c - the way of a line to a counter. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/meter.h"

#include "ingest/format.h"
#include "ingest/tail.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 64 };

/* Where the events of one of the classifier's series are counted. */
struct place {
    bool known;
    int service;
    int group; /* -1: `other` */
};

/* One log, and how its classifier's numbers are to be read. */
struct dial {
    struct meter *meter;
    struct trail *trail;
    struct tail tail;
    bool announced;
    struct place *places;
    uint32_t place_count;
};

struct meter {
    struct requests *requests;
    struct dial dials[LIMIT_SOURCES];
    int dial_count;
};

/* From the first turn on its durations are told: a counter that begins with 1 hides its first
 * event.
 */
static void announce(struct dial *dial)
{
    const struct counting *counting = dial->trail->counting;
    const struct catalogue *catalogue = plan_catalogue(counting->plan);

    dial->announced = true;
    requests_begin(dial->meter->requests);
    (void)requests_service(dial->meter->requests, catalogue->services[counting->home]);
    requests_end(dial->meter->requests);
}

static void begin(struct dial *dial)
{
    struct requests_mark mark;
    struct tail_file left;

    if (!requests_find_mark(dial->meter->requests, dial->trail->path, &mark)) {
        tail_init(&dial->tail, NULL);
        return;
    }
    left = (struct tail_file){
        .fd = -1, .device = mark.device, .inode = mark.inode, .offset = mark.offset
    };
    tail_init(&dial->tail, &left);
}

struct meter *meter_new(struct requests *requests, struct trail *const trails[], int count)
{
    struct meter *meter = calloc(1, sizeof(*meter));

    if (meter == NULL)
        return NULL;
    meter->requests = requests;
    for (int i = 0; i < count; i++) {
        struct dial *dial = &meter->dials[meter->dial_count++];

        dial->meter = meter;
        dial->trail = trails[i];
        begin(dial);
    }
    return meter;
}

void meter_free(struct meter **meter)
{
    struct requests_mark marks[LIMIT_SOURCES];
    int count = 0;

    if (*meter == NULL)
        return;
    for (int i = 0; i < (*meter)->dial_count; i++) {
        struct dial *dial = &(*meter)->dials[i];
        const struct tail_file *now = &dial->tail.now;

        /* In the middle of a line that is skipped there is no place to go on from. */
        if (now->fd >= 0 && !now->skipping)
            marks[count++] =
                (struct requests_mark){ dial->trail->path, now->device, now->inode, now->offset };
        tail_done(&dial->tail);
        free(dial->places);
    }
    requests_keep_marks((*meter)->requests, marks, count);
    free(*meter);
    *meter = NULL;
}

/* Room for the classifier's series up to this one. */
static bool make_room(struct dial *dial, uint32_t series)
{
    uint32_t count = dial->place_count == 0 ? FIRST_PLACES : dial->place_count;
    struct place *grown;

    while (count <= series)
        count *= 2;
    grown = realloc(dial->places, count * sizeof(*grown));
    if (grown == NULL)
        return false;
    memset(grown + dial->place_count, 0, (count - dial->place_count) * sizeof(*grown));
    dial->places = grown;
    dial->place_count = count;
    return true;
}

/* Where the series is counted; NULL when out of memory. */
static const struct place *place_of(struct dial *dial, uint32_t number)
{
    struct requests *requests = dial->meter->requests;
    const struct counting *counting = dial->trail->counting;
    const struct catalogue *catalogue = plan_catalogue(counting->plan);
    struct event_series series;
    int service;

    if (number < dial->place_count && dial->places[number].known)
        return &dial->places[number];
    if (number >= dial->place_count && !make_room(dial, number))
        return NULL;
    series = classifier_series(counting->classifier, number);
    service = requests_service(requests, catalogue->services[series.service]);
    if (service < 0)
        return NULL;
    dial->places[number] = (struct place){
        .known = true,
        .service = service,
        .group = requests_group(requests, service, series.route, series.method),
    };
    return &dial->places[number];
}

static void count_line(struct dial *dial, const struct line *line)
{
    struct classifier *classifier = dial->trail->counting->classifier;
    const struct place *place;
    uint32_t series;
    enum verdict verdict = classifier_judge(classifier, line, dial->trail->room->wall_ms, &series);

    if (verdict != VERDICT_EVENT && verdict != VERDICT_NO_MEMORY)
        return; /* the trail's counters and the log say what is wrong with it */
    place = verdict == VERDICT_EVENT ? place_of(dial, series) : NULL;
    if (place == NULL) {
        requests_miss(dial->meter->requests);
        return;
    }
    requests_add(dial->meter->requests,
                 &(struct requests_event){ .service = place->service,
                                           .group = place->group,
                                           .status = line->status,
                                           .duration_ms = line->duration_ms });
}

static size_t take(void *context, struct slice chunk)
{
    struct dial *dial = context;
    struct counting *counting = dial->trail->counting;
    struct slice rest = chunk;
    struct format_line said;
    size_t length;

    requests_begin(dial->meter->requests);
    while (rest.length > 0) {
        length = format_take(counting->source, rest, &counting->scratch, &said);
        if (length == 0)
            break;
        if (said.reject == REJECT_NONE)
            count_line(dial, &said.line);
        rest = (struct slice){ rest.data + length, rest.length - length };
    }
    requests_end(dial->meter->requests);
    return chunk.length - rest.length;
}

bool meter_turn(struct meter *meter)
{
    bool more = false;

    for (int i = 0; i < meter->dial_count; i++) {
        struct dial *dial = &meter->dials[i];
        const struct tail_reader reader = { dial->trail->path, dial->trail->room->buffer,
                                            FILE_CHUNK_BYTES, take, dial };

        more |= tail_turn(&dial->tail, &reader, dial->trail->room->boot_ms);
        if (!dial->announced)
            announce(dial);
    }
    return more;
}

bool meter_has_grown(const struct meter *meter)
{
    bool grown = false;

    for (int i = 0; i < meter->dial_count; i++)
        grown |= meter->dials[i].tail.grown;
    return grown;
}

void meter_renumber(struct meter *meter, int trail)
{
    struct dial *dial = &meter->dials[trail];

    if (dial->place_count > 0)
        memset(dial->places, 0, dial->place_count * sizeof(*dial->places));
}
