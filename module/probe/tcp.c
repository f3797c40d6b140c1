/* tcp.c - the checks that only connect: `tcp` (somebody accepts) and `tls` (with a certificate that
 * holds).
 *
 * They connect anew for each look and send nothing of their own: a server that answers on the
 * connection that it has, and takes no other, is not well, and one that speaks first is not kept
 * waiting.  How soon a certificate expires is for limits.certificate_days, as everywhere. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/stream_link.h"

/* That we got this far is the answer. */
static enum probe_result look_tcp(struct probe *probe, void *link, int64_t deadline_ms,
                                  struct outcome *outcome)
{
    (void)probe;
    (void)link;
    (void)deadline_ms;
    (void)outcome;
    return PROBE_DROP;
}

const struct probe_kind tcp_kind = {
    .passing = true,
    .open = stream_link_open,
    .look = look_tcp,
    .close = stream_link_close,
    .watch = stream_link_watch,
    .heed = stream_link_heed,
};
