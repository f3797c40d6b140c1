/* stream_link.h - links that are a stream and nothing else: the part that such kinds share. */
#ifndef PROBE_STREAM_LINK_H
#define PROBE_STREAM_LINK_H

#include "probe/kind.h"

/* For the members of a struct probe_kind. */
enum probe_result stream_link_open(struct probe *probe, int64_t deadline_ms, void **ret,
                                   struct outcome *outcome);
void stream_link_close(struct probe *probe, void *link);
int stream_link_watch(const struct probe *probe, void *link, int fds[PROBE_WATCHED]);
bool stream_link_heed(struct probe *probe, void *link, int fd);

#endif
