/* fuzz_openslo.c - definitions that may be anything, and what comes of those that load. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer, see fuzz_line.c.  Without it PROBITY_FUZZ_MAIN gives it a main() that
 * runs the files named on the command line, or changed copies of a definition when there are none.
 */
#include "config.h"

#include "base/limits.h"
#include "slo/openslo.h"
#include "slo/openslo_export.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct catalogue *load(struct slice text, struct problems *problems)
{
    const struct openslo_options options = { .service = "home", .strict = false };
    AUTO(openslo_free) struct openslo *openslo = openslo_new(&options, problems);
    struct catalogue *catalogue = NULL;
    struct error err = { .code = 0 };

    if (openslo == NULL || openslo_read_text(openslo, "fuzz", text) != 0)
        return NULL;
    return openslo_finish(&openslo, &catalogue, &err) == 0 ? catalogue : NULL;
}

/* What loaded must load again from its document, as JSON and as YAML, into the same document. */
static void check_again(const char *document, struct slice text)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *again = problems == NULL ? NULL : load(text, problems);
    const char *same;

    if (again == NULL || again->objective_count + again->kept_count != 1)
        abort();
    same = again->kept_count > 0 ? again->kept[0].document : again->objectives[0].document;
    if (strcmp(same, document) != 0)
        abort();
}

static void check_document(const char *document)
{
    struct error err = { .code = 0 };
    struct buf yaml;

    buf_init(&yaml, 16 * LIMIT_DOCUMENT_BYTES);
    if (openslo_export(document, &yaml, &err) != 0)
        abort();
    check_again(document, slice_of(document));
    check_again(document, buf_slice(&yaml));
    buf_done(&yaml);
}

static void check_problems(const struct problems *problems)
{
    struct buf text;

    buf_init(&text, 1024 * 1024);
    problems_print_json(problems, &text);
    for (int i = 0; i < problems_count(problems); i++)
        problem_print(problems_at(problems, i), &text);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* A copy of exactly this size, so that a read beyond the end is noticed. */
    AUTO(auto_free) char *copy = malloc(length == 0 ? 1 : length);
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;

    if (copy == NULL || problems == NULL)
        return 0;
    if (length > 0)
        memcpy(copy, bytes, length);
    catalogue = load((struct slice){ copy, length }, problems);
    check_problems(problems);
    if (catalogue == NULL && problems_errors(problems) == 0)
        abort();
    for (int i = 0; catalogue != NULL && i < catalogue->objective_count; i++)
        check_document(catalogue->objectives[i].document);
    for (int i = 0; catalogue != NULL && i < catalogue->kept_count; i++)
        check_document(catalogue->kept[i].document);
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
#include "alone.h"

enum { ROUNDS = 4000 };

static const char seed[] =
    "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: a-b\n  labels: {t: [x, 'y']}\n"
    "  annotations: {probity.dev/min-events: \"10\"}\nspec:\n  description: \"\\u00e9 # x\"\n"
    "  service: web\n  indicator:\n    metadata: {name: i}\n    spec:\n      ratioMetric:\n"
    "        good: {metricSource: {type: probity, spec: {status: 2xx, duration: <500ms}}}\n"
    "        total: {metricSource: {type: probity, spec: {route: [/a/*, '/b/{id}']}}}\n"
    "  timeWindow: [{duration: 28d, isRolling: true}]\n  budgetingMethod: Timeslices\n"
    "  objectives: [{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 5m}]\n"
    "  alertPolicies:\n  - kind: AlertPolicy\n    metadata: {name: p}\n    spec:\n"
    "      conditions:\n      - kind: AlertCondition\n        metadata: {name: c}\n        spec:\n"
    "          severity: page\n          condition: {op: gt, threshold: 2, lookbackWindow: 1h}\n"
    "      notificationTargets: [{targetRef: t}]\n---\napiVersion: openslo/v1\n"
    "kind: AlertNotificationTarget\nmetadata: {name: t}\nspec: {target: x}\n";

/* Changes a few bytes of a good definition, and sometimes its length. */
static void run_noise(void)
{
    static const char letters[] = "{}[]\",:'-#&*!|>%@ \n\t\xff\xc3 09azMQ~";
    uint8_t bytes[sizeof(seed)];
    uint64_t state = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t length = sizeof(seed) - 1;

        memcpy(bytes, seed, length);
        for (unsigned change = 0; change < i % 4; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % length] = (uint8_t)letters[(state >> 50) % (sizeof(letters) - 1)];
        }
        if (i % 16 == 15)
            length = (size_t)(state >> 40) % length;
        (void)LLVMFuzzerTestOneInput(bytes, length);
    }
}
#endif
