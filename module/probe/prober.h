/* prober.h - the thread that looks after one dependency.
 *
 * Blocking code with a deadline, on one long-lived connection.  Between rounds it waits in poll(2)
 * on that connection: when the server closes it, the check reconnects at once, and only a failed
 * reconnect and a second one 100 ms later count.  Every fresh_interval_ms the round opens a fresh
 * connection, checks it and swaps it in; while the last fresh one failed, a success on the kept one
 * counts for nothing.
 *
 * While nobody asks for anything (base/idle.h) it closes the connection and sleeps; when somebody
 * does it begins as if it had just been started, but for its first failure, which counts at once.
 */
#ifndef PROBE_PROBER_H
#define PROBE_PROBER_H

#include "base/error.h"
#include "base/idle.h"
#include "base/queue.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct prober;

struct prober_settings {
    const struct config *config; /* held by the prober */
    int check;                   /* which of its checks */
    struct queue *outcomes;      /* of struct outcome; borrowed */
    struct idle *idle;           /* it rests while this is paused; borrowed, may be NULL */
};

/* Starts the thread.  What it borrows outlives it, also where it is left behind.  Must not be
 * called for a misconfigured or not configured check. */
int prober_start(const struct prober_settings *settings, struct prober **ret,
                 struct error *err) MUST_CHECK;

/* The id of its check. */
uint64_t prober_check(const struct prober *prober);

/* Asks the thread to end without waiting for it, so that several end at the same time. */
void prober_ask_stop(struct prober *prober);

/* Frees one that has been asked to stop, if its thread has ended.  Returns whether it had. */
bool prober_reap(struct prober **prober) MUST_CHECK;

/* Waits for the thread until `stop_by_ms`; one that hangs in a name look-up is left behind with its
 * memory. */
void prober_stop(struct prober **prober, int64_t stop_by_ms);

#endif
