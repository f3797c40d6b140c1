/* fuzz_batch.c - what somebody posts, and the journal's headers, against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "ingest/batch.h"
#include "ingest/entry.h"
#include "ingest/line.h"

#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1795262400000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What is taken must be as many lines of our own log as it is events. */
static void check(const struct batch *batch)
{
    static struct line_scratch scratch;
    struct slice rest = buf_slice(&batch->lines);
    int lines = 0;

    for (; rest.length > 0; lines++) {
        struct slice text = slice_cut(&rest, '\n');
        struct line line;

        if (line_parse(text, &scratch, &line) != REJECT_NONE || line.path.length == 0
            || line.path.length >= LIMIT_ROUTE_BYTES || line.time_ms > NOW_MS + 600000)
            abort();
    }
    if (lines != batch->events
        || (lines > 0 && batch->parts[batch->part_count - 1].end != batch->lines.length))
        abort();
}

static void check_header(struct slice text)
{
    struct entry entry;
    size_t length = entry_read(text, &entry);

    if (length > text.length || length > ENTRY_HEADER_BYTES || (length > 0 && entry.parts == 0))
        abort();
    if (length > 0)
        (void)entry_holds((struct slice){ text.data, length }, SLICE(""));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const services[] = { "app" };
    struct batch_settings settings = { "app", services, 1, NOW_MS };
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);
    struct batch batch;

    if (copy == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    check_header((struct slice){ copy, length });
    if (batch_parse(&settings, (struct slice){ copy, length }, &batch, NULL) == 0)
        check(&batch);
    batch_done(&batch);
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 100000 };

static const char *const seeds[] = {
    "[{\"time\":1795262400.123,\"service\":\"app\",\"route\":\"/v1/\\u00e9/"
    "{id}\",\"method\":\"GET\","
    "\"status\":200,\"duration_ms\":12.5},{\"time\":\"2026-11-21T12:00:00.5+00:00\",\"route\":"
    "\"x\","
    "\"method\":\"POST\",\"status\":503,\"duration_ms\":0,\"y\":[null,{\"z\":1e5}]}]",
    "{\"time\":1795262400,\"route\":\"/\",\"method\":\"GET\",\"status\":200,\"duration_ms\":1}\n\n"
    "{\"duration_ms\":2,\"status\":404,\"method\":\"GET\",\"route\":\"\\\\\",\"time\":1795262399}"
    "\n",
    "{\"entry\":\"0123abcd\",\"bytes\":120,\"events\":1,\"part\":0,\"parts\":2,\"posted\":"
    "1795262400.123,"
    "\"key\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"first\":"
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"body\":"
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n",
};

/* Changes a few bytes of a good body, and sometimes its length. */
static void run_noise(void)
{
    static const char letters[] = "{}[]\",:\\u0d-.eE9 \n\xff\xc3";
    uint8_t bytes[512];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const char *seed = seeds[i % ARRAY_LENGTH(seeds)];
        size_t length = strlen(seed);

        memcpy(bytes, seed, length);
        for (unsigned change = 0; change < i % 5; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % length] = (uint8_t)letters[(state >> 50) % sizeof(letters)];
        }
        if (i % 4 == 3)
            length = (size_t)(state >> 40) % length;
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
}
#endif
