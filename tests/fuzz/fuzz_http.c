/* fuzz_http.c - HTTP answers and JSON bodies against any bytes. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer: clang -fsanitize=fuzzer.  Without it PROBITY_FUZZ_MAIN gives it a main()
 * that runs the files named on the command line, or noise of its own when there are none. */
#include "config.h"

#include "base/auto.h"
#include "base/buf.h"
#include "probe/http_text.h"
#include "probe/json_body.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void keep_header(void *context, struct slice name, struct slice value)
{
    buf_append(context, name);
    buf_append(context, value);
}

static void keep_body(void *context, struct slice bytes)
{
    buf_append(context, bytes);
}

static void read_by(struct slice answer, size_t step, struct http_text *text, struct buf *kept)
{
    const struct http_text_sink sink = { keep_header, keep_body, kept };
    bool is_over = false;

    http_text_init(text, &sink);
    while (answer.length > 0 && !is_over) {
        struct slice piece = { answer.data, answer.length < step ? answer.length : step };

        is_over = http_text_feed(text, piece);
        answer.data += piece.length;
        answer.length -= piece.length;
    }
    text->sink = NULL;
}

/* Whatever the pieces in which it comes, an answer says the same. */
static void check_answer(struct slice answer)
{
    AUTO(buf_done) struct buf whole;
    AUTO(buf_done) struct buf pieces;
    struct http_text at_once;
    struct http_text by_bytes;

    buf_init(&whole, 1 << 20);
    buf_init(&pieces, 1 << 20);
    read_by(answer, answer.length, &at_once, &whole);
    read_by(answer, 1, &by_bytes, &pieces);
    if (answer.length > HTTP_TEXT_ANSWER_BYTES)
        return; /* where it is cut depends on the pieces */
    if (at_once.state != by_bytes.state || at_once.status != by_bytes.status
        || !slice_equals(buf_slice(&whole), buf_slice(&pieces)))
        abort();
}

static void check_json(struct slice text)
{
    AUTO(json_body_free) json_t *json = json_body_parse(text);
    AUTO(json_body_free) json_t *again = NULL;
    AUTO(auto_free) char *compact = malloc(text.length + 1);

    if (json == NULL || compact == NULL)
        return;
    if (!json_body_compact(text, compact, text.length + 1))
        abort();
    again = json_body_parse(slice_of(compact));
    if (again == NULL || json_equal(json, again) != 1)
        abort();
    (void)json_body_find(json, "/a/0/~1");
    (void)json_body_equals(json, compact);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);

    if (copy == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    check_answer((struct slice){ copy, length });
    check_json((struct slice){ copy, length });
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 50000 };

static const char answer_seed[] =
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n"
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n";
static const char json_seed[] =
    "{\"status\": \"up\", \"a\": [{\"~1\": 0.10}, -1e5, null, true], \"x\": \"\\u00e9 \\\" \\\\\"}";

/* Changes a few bytes of something good, and sometimes its length. */
static void run_seed(const char *seed, size_t seed_length)
{
    static const char letters[] = "{}[]\",:\\u0d-.eE9~/ \r\n;HTTP\xff\xc3";
    uint8_t bytes[512];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t length = seed_length;

        memcpy(bytes, seed, length);
        for (unsigned change = 0; change < i % 4; change++) {
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
    run_seed(answer_seed, sizeof(answer_seed) - 1);
    run_seed(json_seed, sizeof(json_seed) - 1);
}
#endif
