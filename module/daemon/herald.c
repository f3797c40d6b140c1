/* herald.c - READY, STATUS, RELOADING, STOPPING and WATCHDOG, as sd_notify(3) has them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/herald.h"

#include "base/clock.h"
#include "base/log.h"
#include "monitor/overview.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    UNTIL_READY_MS = 10, /* a unit that is ready starts those that wait for it */
    FEEDS = 4,           /* for each time that the manager bears; sd_watchdog_enabled(3): two */
    MESSAGE_BYTES = HERALD_STATUS_BYTES + 32,
};

/* --- in words --- */

static void put_words(struct buf *words, struct slice text)
{
    if (words->length > 0)
        buf_append(words, SLICE("; "));
    buf_append(words, text);
}

/* "[-]database connection refused" and "[+]cache degraded: slow", but not "[+]app ok". */
static void put_check(struct buf *words, struct slice line)
{
    struct slice name;

    line.data += 3;
    line.length -= 3;
    name = slice_cut(&line, ' ');
    if (slice_equals_text(line, "ok"))
        return;
    put_words(words, name);
    buf_append(words, SLICE(": "));
    buf_append(words, line);
}

static bool is_check(struct slice line)
{
    return line.length > 3 && line.data[0] == '[' && line.data[2] == ']';
}

void herald_words(struct slice page, struct buf *words)
{
    struct slice verdict = page;

    while (verdict.length > 0) {
        struct slice line = slice_cut(&verdict, '\n');

        if (!is_check(line))
            put_words(words, line);
    }
    while (page.length > 0) {
        struct slice line = slice_cut(&page, '\n');

        if (is_check(line))
            put_check(words, line);
    }
}

static bool is_old(const struct page_set *set)
{
    return set == NULL || slot_age_ms(set) > set->max_age_ms;
}

/* Writes "" while there is nothing to say. */
static void read_status(const struct page_set *set, char status[HERALD_STATUS_BYTES])
{
    AUTO(buf_done) struct buf words = { .max_bytes = HERALD_STATUS_BYTES - sizeof("…") };
    const struct page *page = set == NULL ? NULL : page_find(set, SLICE("ready;text"));

    if (page != NULL)
        herald_words(is_old(set) ? page->too_old.body : page->fresh.body, &words);
    (void)snprintf(status, HERALD_STATUS_BYTES, "%s%s", buf_text(&words),
                   buf_ok(&words) ? "" : "…");
}

/* --- what is told --- */

static void tell_state(struct herald *herald, const struct page_set *set)
{
    char status[HERALD_STATUS_BYTES];
    char message[MESSAGE_BYTES];
    bool ready = herald->ready_told || atomic_load(herald->front_beat_ms) != 0;
    bool same;

    read_status(set, status);
    same = strcmp(status, herald->status_told) == 0;
    if (ready == herald->ready_told && same)
        return;
    (void)snprintf(message, sizeof(message), "%s%s%s",
                   ready == herald->ready_told ? "" : "READY=1\n",
                   same ? "" : "STATUS=", same ? "" : status);
    if (!notify_send(herald->notify, message))
        return; /* with the next look again */
    herald->ready_told = ready;
    memcpy(herald->status_told, status, sizeof(status));
}

static bool front_is_late(const struct herald *herald, int64_t now_ms)
{
    int64_t beat_ms = atomic_load(herald->front_beat_ms);

    return beat_ms != 0 && now_ms - beat_ms > OVERVIEW_FRONT_STALL_MS;
}

/* A thread that hangs is nothing that it could end by itself: the manager ends the process. */
static void feed(struct herald *herald, const struct page_set *set, int64_t now_ms)
{
    bool front_late = front_is_late(herald, now_ms);
    bool stalled = look_judge(&herald->look, front_late || is_old(set), now_ms);

    if (stalled && !herald->stalled)
        log_error("the thread that %s has stopped: the service manager is told nothing more, and "
                  "ends this process within %" PRId64 " s",
                  front_late ? "answers requests" : "judges health",
                  (herald->notify->watchdog_ms + 999) / 1000);
    if (!stalled && herald->stalled)
        log_info("the threads that judge and answer turn again: the service manager is told so");
    herald->stalled = stalled;
    if (stalled || now_ms - herald->fed_at_ms < herald->notify->watchdog_ms / FEEDS)
        return;
    if (notify_send(herald->notify, "WATCHDOG=1"))
        herald->fed_at_ms = now_ms;
}

void herald_look(struct herald *herald)
{
    AUTO(slot_release) const struct page_set *set = NULL;

    if (!notify_wanted(herald->notify))
        return;
    set = slot_acquire(herald->health);
    tell_state(herald, set);
    if (herald->notify->watchdog_ms != 0)
        feed(herald, set, clock_boot_ms());
}

int64_t herald_pause_ms(const struct herald *herald, int64_t usual_ms)
{
    bool waited_for = notify_wanted(herald->notify) && !herald->ready_told;

    return waited_for ? UNTIL_READY_MS : usual_ms;
}

/* MONOTONIC_USEC lets the manager tell this reload's end from that of one before. */
void herald_reloading(struct herald *herald)
{
    struct timespec now = { 0 };
    char message[MESSAGE_BYTES];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    if (notify_send(herald->notify, message))
        herald->ready_told = false;
}

void herald_reloaded(struct herald *herald)
{
    herald_look(herald);
}

void herald_stopping(struct herald *herald)
{
    (void)notify_send(herald->notify, "STOPPING=1");
}
