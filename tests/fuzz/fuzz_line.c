/* fuzz_line.c - the line's parser and the classifier against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "base/utf8.h"
#include "ingest/classify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What must hold for every event, whatever the line was. */
static void check(const struct line *line, struct classifier *classifier)
{
    uint32_t series = 0;
    struct slice name;

    if (line->status < 100 || line->status > 599 || line->time_ms < 0)
        abort();
    if (classifier_judge(classifier, line, line->time_ms, &series) != VERDICT_EVENT)
        return;
    if (series >= classifier_series_count(classifier))
        abort();
    name = classifier_series(classifier, series).route;
    if (name.length == 0 || name.length >= LIMIT_ROUTE_BYTES || !utf8_valid(name)
        || memchr(name.data, '\0', name.length) != NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct line_scratch scratch;
    static struct catalogue *catalogue;
    static struct classifier *classifier;
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);
    enum reject reject = REJECT_NOT_JSON;
    struct line line;

    if (catalogue == NULL && catalogue_built_in("app", &catalogue, NULL) != 0)
        return 0;
    if (classifier == NULL)
        classifier = classifier_new(
            &(struct classifier_settings){ .catalogue = catalogue, .service = "app" });
    if (copy == NULL || classifier == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    if (line_take((struct slice){ copy, length }, &scratch, &line, &reject) > 0
        && reject == REJECT_NONE)
        check(&line, classifier);
    if (line_parse((struct slice){ copy, length }, &scratch, &line) == REJECT_NONE)
        check(&line, classifier);
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 300000 };

static const char seed[] =
    "{\"time\":1795262400.123,\"request_id\":\"0123456789abcdef\",\"service\":\"app\",\"method\":"
    "\"GET\",\"path\":\"/a/\\u00e9\\ud83d\\ude00/1\",\"status\":200,\"request_time\":0.012,"
    "\"bytes\":12,\"upstream_time\":\"0.1, 0.2 : 0.3\",\"x\":[{\"y\":[1e5,true,null]},\"\\\\\"]}";

/* Changes a few bytes of a good line, and sometimes its length. */
static void run_noise(void)
{
    static const char letters[] = "{}[]\",:\\u0d-.eE9 \n\xff\xc3";
    uint8_t bytes[sizeof(seed)];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t length = sizeof(seed) - 1;

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
#endif
