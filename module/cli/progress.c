/* progress.c - draws on stderr; stdout is for results. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_EVERY_MS = 200, LINE_EVERY_MS = 5000, BAR_CELLS = 24, ETA_BYTES = 32 };

void progress_start(struct progress *progress, int64_t total_bytes)
{
    *progress = (struct progress){ .terminal = isatty(STDERR_FILENO) == 1,
                                   .started_ms = clock_boot_ms(),
                                   .total_bytes = total_bytes };
    progress->shown_ms = progress->started_ms;
}

/* From the bytes so far; no promise. */
static void print_eta(const struct progress *progress, int64_t done, char text[ETA_BYTES])
{
    int64_t spent_ms = clock_boot_ms() - progress->started_ms;
    int64_t left_s;

    text[0] = '\0';
    if (done <= 0 || spent_ms < 1000)
        return;
    left_s = (progress->total_bytes - done) / 1024 * spent_ms / (done / 1024 + 1) / 1000;
    if (left_s >= 60)
        (void)snprintf(text, ETA_BYTES, ", %" PRId64 " min %" PRId64 " s left", left_s / 60,
                       left_s % 60);
    else
        (void)snprintf(text, ETA_BYTES, ", %" PRId64 " s left", left_s);
}

static void draw_bar(int64_t share, int cells)
{
    char bar[BAR_CELLS + 1];

    for (int i = 0; i < cells; i++)
        bar[i] = (int64_t)i * 100 < share * cells ? '#' : '.';
    bar[cells] = '\0';
    (void)fprintf(stderr, "\r\033[K[%s] ", bar);
}

void progress_show(struct progress *progress, const struct progress_state *state)
{
    int64_t now_ms = clock_boot_ms();
    int64_t spent_ms = now_ms - progress->started_ms;
    int64_t total = progress->total_bytes > 0 ? progress->total_bytes : 1;
    int64_t done = state->done_bytes < total ? state->done_bytes : total;
    char eta[ETA_BYTES];

    if (now_ms - progress->shown_ms < (progress->terminal ? BAR_EVERY_MS : LINE_EVERY_MS))
        return;
    progress->shown_ms = now_ms;
    print_eta(progress, done, eta);
    if (progress->terminal)
        draw_bar(done / (total / 100 + 1), BAR_CELLS);
    (void)fprintf(stderr, "%s: %" PRId64 " of %" PRId64 " MB, %" PRIu64 " lines/s%s%s", state->name,
                  done >> 20, total >> 20,
                  spent_ms > 0 ? state->lines * 1000 / (uint64_t)spent_ms : 0, eta,
                  progress->terminal ? "" : "\n");
    progress->drawn = progress->terminal;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        (void)fprintf(stderr, "\r\033[K");
    progress->drawn = false;
}
