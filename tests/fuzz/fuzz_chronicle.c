/* fuzz_chronicle.c - what a process finds of the one before it, against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "monitor/chronicle.h"
#include "monitor/envelope.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What was read is good enough to be written, and read again as the same. */
static void check_again(const struct chronicle *chronicle)
{
    AUTO(chronicle_free) struct chronicle *again = NULL;
    struct buf first;
    struct buf second;

    buf_init(&first, LIMIT_HISTORY_FILE_BYTES);
    buf_init(&second, LIMIT_HISTORY_FILE_BYTES);
    chronicle_write(chronicle, &first);
    again = chronicle_read(buf_slice(&first));
    if (again == NULL)
        abort();
    chronicle_write(again, &second);
    if (!slice_equals(buf_slice(&first), buf_slice(&second)))
        abort();
    buf_done(&first);
    buf_done(&second);
}

/* And to go on with. */
static void check_use(struct chronicle *chronicle)
{
    const struct moment now = { 3600000, INT64_C(1795262400000) };
    const struct check_verdict well = { .status = CHECK_OK };
    struct annals live = { 0 };

    (void)annals_open(&live, "redis", now.boot_ms);
    chronicle_move(chronicle, "", now);
    for (int i = 0; i < chronicle->annals.count; i++) {
        if (annals_continue(&live, chronicle->annals.items[i]) != 0)
            abort();
    }
    for (int i = 0; i < live.count; i++) {
        struct uptime_share share;

        (void)history_judge(live.items[i], &well, "", now);
        share = history_uptime(live.items[i], 720);
        if (share.up_ms < 0 || share.up_ms > share.known_ms
            || share.known_ms > (int64_t)UPTIME_HOURS * UPTIME_HOUR_MS
            || history_changes(live.items[i]) > HISTORY_TRANSITIONS)
            abort();
    }
    annals_forget(&live, now.boot_ms);
    annals_done(&live);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;
    struct envelope envelope;

    if (copy == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    if (envelope_read((struct slice){ copy, length }, &envelope) == ENVELOPE_GOOD
        && envelope.content.length + ENVELOPE_HEAD_BYTES != length)
        abort();
    chronicle = chronicle_read((struct slice){ copy, length });
    if (chronicle == NULL)
        return 0;
    check_again(chronicle);
    check_use(chronicle);
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 5000 };

/* Three hours of a check that fails now and then. */
static void write_seed(struct buf *buf)
{
    struct chronicle chronicle = { .saved = { 10800000, INT64_C(1795262400000) },
                                   .boot_id = "8a5b6c7d",
                                   .maintenance = { .on = true, .reason = "new disks" } };
    struct history *redis = annals_open(&chronicle.annals, "redis", 0);

    for (int i = 0; i < 3600 && redis != NULL; i++) {
        struct check_verdict verdict = { .status = i / 300 % 2 == 0 ? CHECK_OK : CHECK_ERROR,
                                         .reason = HEALTH_REASON_TIMEOUT,
                                         .number = i };
        struct outcome outcome = { .observed_at_wall_ms = i, .latency_us = 2300 };

        history_take(redis, &outcome);
        (void)history_judge(redis, &verdict, "0badcafe", (struct moment){ i * 3000LL, i });
    }
    buf_init(buf, 64 * 1024);
    chronicle_write(&chronicle, buf);
    annals_done(&chronicle.annals);
}

/* Changes a few bytes, and sometimes the length. */
static void run_noise(void)
{
    AUTO(auto_free) uint8_t *bytes = NULL;
    uint64_t state = 1;
    struct buf seed;

    write_seed(&seed);
    bytes = malloc(seed.length);
    for (unsigned i = 0; i < ROUNDS && bytes != NULL; i++) {
        size_t length = seed.length;

        memcpy(bytes, seed.data, length);
        for (unsigned change = 0; change < i % 5; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % length] = (uint8_t)(state >> 50);
        }
        if (i % 4 == 3)
            length = (size_t)(state >> 40) % length;
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
    buf_done(&seed);
}
#endif
