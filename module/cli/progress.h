/* progress.h - how far a long task is: a bar on a terminal, else a line every few seconds. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal;
    bool drawn; /* a bar stands on the terminal */
    int64_t started_ms;
    int64_t shown_ms;
    int64_t total_bytes;
};

/* What there is to show; bytes are the files' own, compressed ones as they are. */
struct progress_state {
    const char *name; /* what is being read */
    int64_t done_bytes;
    uint64_t lines;
};

void progress_start(struct progress *progress, int64_t total_bytes);

/* Shows it on stderr if it is time. */
void progress_show(struct progress *progress, const struct progress_state *state);

/* Wipes the bar away, so that something else can be printed. */
void progress_clear(struct progress *progress);

#endif
