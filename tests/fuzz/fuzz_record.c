/* fuzz_record.c - the walk of a request, and of a body as it comes, against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "base/auto.h"
#include "front/record.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The rest of the bytes as input that comes in pieces of `step`. */
static enum record_state feed(struct slice rest, uint16_t request_id, size_t step, struct buf *body)
{
    struct record_input input;

    record_input_init(&input, request_id);
    while (rest.length > 0 && input.state == RECORD_PARTIAL) {
        size_t part = rest.length < step ? rest.length : step;

        if (record_input_feed(&input, (struct slice){ rest.data, part }, body) != input.state)
            abort();
        rest.data += part;
        rest.length -= part;
    }
    return input.state;
}

/* Both walks must come to the same end, whatever the pieces. */
static void check(struct slice all, const struct record_walk *walk)
{
    struct slice rest = { all.data + walk->head_bytes, all.length - walk->head_bytes };

    for (size_t step = 1; step <= all.length; step = step * 3 + 1) {
        AUTO(buf_done) struct buf body = { .max_bytes = BODY_BYTES };
        enum record_state state = feed(rest, walk->request_id, step, &body);

        if (body.length > rest.length || (walk->state == RECORD_WHOLE && state != RECORD_WHOLE)
            || (walk->state == RECORD_PARTIAL && state == RECORD_WHOLE))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);
    struct slice all = { copy, length };
    struct record_walk walk;

    if (copy == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    walk = record_walk(all);
    if (walk.head_bytes > length || (walk.head_bytes > 0 && !walk.params_whole)
        || (walk.trouble != NULL) != (walk.state == RECORD_BROKEN))
        abort();
    if (walk.params_whole)
        check(all, &walk);
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 200000 };

static const char seed[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
                           "\1\4\0\1\0\6\2\0\1\3ABCD\0\0"
                           "\1\4\0\1\0\0\0\0"
                           "\1\5\0\1\0\5\3\0abcde\0\0\0"
                           "\1\5\0\1\0\2\0\0fg"
                           "\1\5\0\1\0\0\0\0";

/* Changes a few bytes of a good request, and sometimes its length. */
static void run_noise(void)
{
    uint8_t bytes[sizeof(seed)];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t length = sizeof(seed) - 1;

        memcpy(bytes, seed, length);
        for (unsigned change = 0; change < i % 4; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % length] = (uint8_t)((state >> 50) % 16);
        }
        if (i % 3 == 0)
            length = (size_t)(state >> 40) % length;
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
}
#endif
