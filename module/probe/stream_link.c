/* stream_link.c - connects, closes, and watches for the end. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/stream_link.h"

#include "base/stream.h"

enum probe_result stream_link_open(struct probe *probe, int64_t deadline_ms, void **ret,
                                   struct outcome *outcome)
{
    struct stream *stream = NULL;
    enum probe_result result = probe_connect(probe, deadline_ms, &stream, outcome);

    if (result == PROBE_KEEP)
        *ret = stream;
    return result;
}

void stream_link_close(struct probe *probe, void *link)
{
    struct stream *stream = link;

    (void)probe;
    stream_close(&stream);
}

int stream_link_watch(const struct probe *probe, void *link, int fds[PROBE_WATCHED])
{
    (void)probe;
    fds[0] = stream_fd(link);
    return 1;
}

/* Nothing may come unasked but the end (in HTTP, a 408 before it). */
bool stream_link_heed(struct probe *probe, void *link, int fd)
{
    (void)probe;
    (void)fd;
    return stream_news(link) == STREAM_QUIET;
}
