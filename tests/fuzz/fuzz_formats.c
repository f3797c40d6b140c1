/* fuzz_formats.c - the readers of combined and mapped JSON lines against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "ingest/format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct source_config sources[] = {
    { .path = "a", .format = SOURCE_COMBINED },
    { .path = "b",
      .format = SOURCE_JSON,
      .fields = { .time = "t",
                  .time_form = SOURCE_TIME_UNIX_S,
                  .method = "r.m",
                  .path = "r.p",
                  .status = "s",
                  .duration = "d.e",
                  .duration_power = -3,
                  .service = "x" } },
    { .path = "c",
      .format = SOURCE_JSON,
      .fields = { .time = "t",
                  .method = "r.m",
                  .path = "r.p",
                  .status = "s",
                  .duration = "s", /* the same member twice */
                  .duration_power = 3 } },
};

/* What must hold for every line that is taken, whatever it was. */
static void check(const struct line *line)
{
    static volatile char sink;

    if (line->status < LINE_STATUS_LOW || line->status > LINE_STATUS_HIGH
        || line->duration_ms > UINT64_C(366) * 86400 * 1000 + 1)
        abort();
    for (size_t i = 0; i < line->path.length; i++)
        sink = line->path.data[i]; /* a slice that borrows from nowhere is noticed */
    for (size_t i = 0; i < line->method.length; i++)
        sink = line->method.data[i];
    for (size_t i = 0; i < line->service.length; i++)
        sink = line->service.data[i];
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct line_scratch scratch;
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);

    if (copy == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    for (size_t i = 0; i < ARRAY_LENGTH(sources); i++) {
        struct line line;

        if (format_parse(&sources[i], (struct slice){ copy, length }, &scratch, &line)
            == REJECT_NONE)
            check(&line);
    }
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 100000 };

static const char *const seeds[] = {
    "10.0.0.1 - a b [21/Nov/2026:12:04:05 +0130] \"GET /caf%C3%A9/\\x22\\x5C?q HTTP/1.1\" 200 12 "
    "\"-\" \"curl/8\" 0.003 more",
    "{\"t\":1795262645.25,\"r\":{\"m\":\"GET\",\"p\":\"https://h/\\u00e9%41\\ud83d\\ude00?x\"},"
    "\"s\":\"204\",\"d\":{\"e\":1.5e3,\"f\":[1,{\"g\":null}]},\"x\":\"app\"}",
    "{\"t\":\"2026-11-21T12:04:05.25+01:00\",\"r.m\":\"GET\",\"r\":{\"p\":\"/a\"},\"s\":200}",
};

/* Changes a few bytes of a good line, and sometimes its length. */
static void run_seed(const char *seed)
{
    static const char letters[] = "{}[]\",:\\u0dx-+.eE9 %/\n\xff\xc3";
    uint8_t bytes[512];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t length = strlen(seed);

        memcpy(bytes, seed, length);
        for (int change = 0; change < 4; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % length] = (uint8_t)letters[(state >> 50) % sizeof(letters)];
        }
        if (i % 4 == 0)
            length = (size_t)(state >> 40) % length;
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
}

static void run_noise(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(seeds); i++)
        run_seed(seeds[i]);
}
#endif
