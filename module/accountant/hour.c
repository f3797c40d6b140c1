/* hour.c - what one hour remembers, and the sum that it is made with. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/hour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Every group of one histogram is 21 KiB. */
    SUM_BYTES = 64 * 1024,
    /* 2,688 buckets at up to 13 bytes. */
    ENCODED_BYTES = 64 * 1024,
};

int mixer_init(struct mixer *mixer)
{
    *mixer = (struct mixer){ .arena = arena_new(SUM_BYTES) };
    buf_init(&mixer->buf, ENCODED_BYTES);
    return mixer->arena == NULL ? -ENOMEM : 0;
}

void mixer_done(struct mixer *mixer)
{
    arena_free(&mixer->arena);
    buf_done(&mixer->buf);
}

void mixer_clear(struct mixer *mixer)
{
    arena_clear(mixer->arena);
    histogram_init(&mixer->sum, mixer->arena);
}

int mixer_add(struct mixer *mixer, struct slice encoded)
{
    int code = encoded.length == 0 ? 0 : histogram_merge_encoded(&mixer->sum, encoded, 1);

    if (code == -EINVAL) {
        mixer->unreadable++;
        return 0;
    }
    return code;
}

int mixer_keep(struct mixer *mixer, struct encoded *encoded)
{
    char *data = NULL;

    buf_clear(&mixer->buf);
    if (mixer->sum.count > 0) {
        histogram_encode(&mixer->sum, &mixer->buf);
        if (!buf_ok(&mixer->buf))
            return -ENOMEM;
        data = malloc(mixer->buf.length);
        if (data == NULL)
            return -ENOMEM;
        memcpy(data, mixer->buf.data, mixer->buf.length);
    }
    free(encoded->data);
    *encoded = (struct encoded){ data, mixer->buf.length };
    return 0;
}

struct slice encoded_slice(const struct encoded *encoded)
{
    return (struct slice){ encoded->data, encoded->length };
}

static void drop_minutes(struct hour *hour)
{
    for (int i = 0; hour->minutes != NULL && i < HOUR_MINUTES; i++)
        free(hour->minutes[i].data);
    free(hour->minutes);
    hour->minutes = NULL;
}

void hour_clear(struct hour *hour)
{
    drop_minutes(hour);
    free(hour->merged.data);
    hour->merged = (struct encoded){ NULL, 0 };
    hour->known = false;
}

uint64_t hour_bytes(const struct hour *hour)
{
    uint64_t bytes = hour->merged.length;

    if (hour->minutes == NULL)
        return bytes;
    for (int i = 0; i < HOUR_MINUTES; i++)
        bytes += sizeof(*hour->minutes) + hour->minutes[i].length;
    return bytes;
}

int hour_split(struct hour *hour)
{
    hour->minutes = calloc(HOUR_MINUTES, sizeof(*hour->minutes));
    return hour->minutes == NULL ? -ENOMEM : 0;
}

void hour_merge(struct hour *hour, struct mixer *mixer)
{
    int code = 0;

    mixer_clear(mixer);
    for (int i = 0; code == 0 && i < HOUR_MINUTES; i++)
        code = mixer_add(mixer, encoded_slice(&hour->minutes[i]));
    if (code == 0)
        code = mixer_keep(mixer, &hour->merged);
    if (code != 0)
        hour->known = false; /* it is read again */
    drop_minutes(hour);
}
