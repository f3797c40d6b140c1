/* partitions.c - asks for partitions of weeks that this connection has not met yet. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/partitions.h"

enum { RUN_WEEKS_MAX = 50 }; /* the function refuses to make more than 60 at once */

void partitions_forget(struct partitions *partitions)
{
    partitions->count = 0;
    partitions->next = 0;
}

static bool is_known(const struct partitions *partitions, int32_t week)
{
    for (int i = 0; i < partitions->count; i++) {
        if (partitions->weeks[i] == week)
            return true;
    }
    return false;
}

static void remember(struct partitions *partitions, int32_t from_week, int32_t to_week)
{
    for (int32_t week = from_week; week <= to_week; week++) {
        partitions->weeks[partitions->next] = week;
        partitions->next = (partitions->next + 1) % PARTITIONS_KNOWN;
        if (partitions->count < PARTITIONS_KNOWN)
            partitions->count++;
    }
}

static int make(struct session *session, int32_t from_week, int32_t to_week, struct error *err)
{
    char from[SESSION_NUMBER_BYTES];
    char to[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        session_number((int64_t)from_week * PARTITION_MINUTES, from),
        session_number((int64_t)to_week * PARTITION_MINUTES, to),
    };
    int code = session_begin(session, " ISOLATION LEVEL READ COMMITTED", err);

    if (code == 0)
        code = session_run(session, "SELECT probity.make_partitions($1::integer, $2::integer)",
                           SESSION_PARAMS(values), NULL, err);
    return code == 0 ? session_commit(session, err) : code;
}

int partitions_ensure(struct partitions *partitions, struct session *session,
                      const int32_t *minutes, int count, struct error *err)
{
    int at = 0;

    while (at < count) {
        int32_t from = minutes[at] / PARTITION_MINUTES;
        int32_t to = from;
        int code;

        /* The run of weeks from here on without a gap. */
        while (at < count && minutes[at] / PARTITION_MINUTES <= to + 1
               && minutes[at] / PARTITION_MINUTES - from < RUN_WEEKS_MAX)
            to = minutes[at++] / PARTITION_MINUTES;
        if (from == to && is_known(partitions, from))
            continue;
        code = make(session, from, to, err);
        if (code != 0)
            return code;
        remember(partitions, from, to);
    }
    return 0;
}
