/* traffic.c - two families: how many requests of each kind, and how long those of a service took.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/traffic.h"

#include <stddef.h>

static void put_requests(struct metrics_writer *writer, const struct requests_view *requests)
{
    metrics_family(writer, "http_requests_total", METRICS_COUNTER,
                   "Requests in this instance's logs since it started, by route template");
    for (int i = 0; i < requests->series_count; i++) {
        const struct requests_series *series = &requests->series[i];

        metrics_uint(writer,
                     (struct metrics_label[]){ { "service", series->service },
                                               { "method", series->method },
                                               { "path", series->path },
                                               { "status", series->status },
                                               { NULL, NULL } },
                     series->count);
    }
    metrics_family(writer, "probity_http_requests_unlisted_total", METRICS_COUNTER,
                   "Requests counted under path other because there are too many series");
    metrics_uint(writer, NULL, requests->unlisted);
}

/* By service alone: with routes, methods and statuses it would be ten times as much text. */
static void put_durations(struct metrics_writer *writer, const struct requests_view *requests)
{
    metrics_family(writer, "http_request_duration_seconds", METRICS_HISTOGRAM,
                   "How long the same requests took, as nginx measured it");
    for (int i = 0; i < requests->service_count; i++) {
        const struct requests_durations *durations = &requests->durations[i];

        metrics_histogram(
            writer, (struct metrics_label[]){ { "service", durations->service }, { NULL, NULL } },
            &(struct metrics_histogram){ requests_bounds_ms, durations->counts, REQUESTS_BOUNDS,
                                         (int64_t)durations->sum_ms });
    }
}

void traffic_put(struct metrics_writer *writer, const struct requests_view *requests)
{
    if (requests->service_count == 0)
        return;
    put_requests(writer, requests);
    put_durations(writer, requests);
}
