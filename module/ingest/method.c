/* method.c - which of the known methods, without a branch that depends on it. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/method.h"

enum { METHOD_BYTES = 7, SLOTS = 16 };

/* Length and first letter tell the methods apart; whatever else falls there does not match. */
#define SLOT(length, first) (((length)*3 + (size_t)(first)) % SLOTS)

/* Which method comes next can't be foreseen, and a processor's wrong guess costs more than all of
 * this.  Behind its end a text has its last byte again. */
int method_read(struct slice text)
{
    static const struct {
        char text[METHOD_BYTES + 1];
        size_t length;
        int method;
    } methods[SLOTS] = {
        [SLOT(3, 'G')] = { "GETTTTT", 3, EVENT_GET },
        [SLOT(4, 'H')] = { "HEADDDD", 4, EVENT_HEAD },
        [SLOT(4, 'P')] = { "POSTTTT", 4, EVENT_POST },
        [SLOT(3, 'P')] = { "PUTTTTT", 3, EVENT_PUT },
        [SLOT(5, 'P')] = { "PATCHHH", 5, EVENT_PATCH },
        [SLOT(6, 'D')] = { "DELETEE", 6, EVENT_DELETE },
    };
    char bytes[METHOD_BYTES + 1] = { 0 };
    size_t slot;

    if (text.length == 0 || text.length > METHOD_BYTES)
        return EVENT_OTHER;
    if (slice_equals(text, SLICE("OPTIONS")))
        return METHOD_OPTIONS;
    for (size_t i = 0; i < METHOD_BYTES; i++)
        bytes[i] = text.data[i < text.length ? i : text.length - 1];
    slot = SLOT(text.length, (unsigned char)bytes[0]);
    return memcmp(bytes, methods[slot].text, sizeof(bytes)) == 0
                   && methods[slot].length == text.length
               ? methods[slot].method
               : EVENT_OTHER;
}
