/* backfill.c - `probity backfill`: old logs into the ledger. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/backfill.h"

#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"
#include "cli/command.h"
#include "config/value.h"
#include "ingest/routes.h"
#include "ingest/sibling.h"
#include "ledger/objectives.h"
#include "slo/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *service; /* these three: NULL if not said */
    const char *format;
    const char *config;
    char **files; /* at the front of argv */
    int file_count;
};

/* Everything of one run; what threads may look at goes last. */
struct job {
    const struct options *options;
    const struct config *config;
    struct objectives objectives;
    struct plan *plan;
    struct ledger_settings ledger;
    char host[64];
    char instance[RANDOM_HEX_BYTES];
    struct backfill backfill;
    struct backfill_result sum;
};

static void job_done(struct job *job)
{
    ledger_writer_stop(&job->backfill.writer);
    if (thread_left_behind())
        return; /* it sits in a name look-up, and the program ends anyway */
    queue_free(&job->backfill.positions);
    queue_free(&job->backfill.flushes);
    plan_free(&job->plan);
    objectives_done(&job->objectives);
    config_release(&job->config);
}

/* --- the arguments --- */

static const struct option_row option_rows[] = {
    { "--service", offsetof(struct options, service), OPTION_TEXT, 0, 0 },
    { "--format", offsetof(struct options, format), OPTION_TEXT, 0, 0 },
    { "--config", offsetof(struct options, config), OPTION_TEXT, 0, 0 },
    { .name = NULL },
};

static int judge_arguments(const struct options *given)
{
    for (int i = 0; i < given->file_count; i++) {
        if (strcmp(given->files[i], "-") == 0)
            return command_fail(COMMAND_MISUSED, "backfill",
                                "standard input can't be counted once: put it into a file");
    }
    if (given->file_count == 0)
        return command_fail(COMMAND_MISUSED, "backfill", "say which files");
    if (given->format != NULL && strcmp(given->format, "probity") != 0
        && strcmp(given->format, "combined") != 0)
        return command_fail(COMMAND_MISUSED, "backfill",
                            "--format takes probity or combined; json needs a source in --config");
    return COMMAND_DONE;
}

/* --- what is counted, and by whom --- */

static const char *lookup(void *context, const char *name)
{
    const struct options *options = context;

    if (options->config != NULL && strcmp(name, "PROBITY_CONFIG") == 0)
        return options->config;
    if (options->service != NULL && strcmp(name, "PROBITY_SERVICE") == 0)
        return options->service;
    return command_lookup(NULL, name);
}

/* The objectives that probityd counts by; ones that can't be read must not be replaced by others.
 */
static int load_objectives(struct job *job, struct error *err)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    int code;

    if (problems == NULL)
        return error_set(err, ENOMEM, "out of memory");
    code = objectives_load(job->config, true, problems, &job->objectives, err);
    if (code == 0 && job->objectives.trouble[0] != '\0')
        return error_set(err, EINVAL, "%s", job->objectives.trouble);
    return code;
}

static int start_writer(struct job *job, struct error *err)
{
    struct backfill *backfill = &job->backfill;

    (void)gethostname(job->host, sizeof(job->host) - 1);
    random_hex(job->instance);
    job->ledger = (struct ledger_settings){
        .conninfo = job->config->ledger_conninfo,
        .service = job->config->service,
        .host = job->host,
        .instance = job->instance,
        .catalogue = job->objectives.catalogue,
        .origin = job->objectives.origin,
    };
    backfill->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    backfill->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    if (backfill->flushes == NULL || backfill->positions == NULL)
        return error_set(err, ENOMEM, "out of memory");
    return ledger_writer_start(&job->ledger, backfill->flushes, backfill->positions,
                               &backfill->writer, err);
}

static int prepare(struct job *job, struct error *err)
{
    int code = config_load(lookup, (void *)(uintptr_t)job->options, &job->config, err);

    if (code != 0)
        return code;
    config_hide_secrets(job->config);
    log_configure(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT, job->config->service);
    if (job->config->ledger_conninfo == NULL)
        return error_set(err, EINVAL, "%s", job->config->ledger_misconfigured);
    code = load_objectives(job, err);
    if (code == 0)
        code = plan_new(job->objectives.catalogue, &job->plan, err);
    if (code == 0)
        code = start_writer(job, err);
    job->backfill.follow = (struct follow_settings){ .source_count = 1,
                                                     .service = job->config->service,
                                                     .plan = job->plan };
    return code;
}

/* --- which source a file belongs to --- */

/* Of several whose names fit, the longest is meant: access.log.shop.1 is of access.log.shop. */
static const struct source_config *find_source(const struct config *config, const char *path)
{
    const struct source_config *found = NULL;

    for (int i = 0; i < config->source_count; i++) {
        const struct source_config *source = &config->sources[i];

        if (sibling_belongs(source, path)
            && (found == NULL || strlen(source->path) > strlen(found->path)))
            found = source;
    }
    return found == NULL && config->source_count == 1 ? &config->sources[0] : found;
}

static int choose_source(const struct job *job, const char *path, struct source_config *ret,
                         struct error *err)
{
    const struct source_config *found = find_source(job->config, path);

    if (found == NULL && job->options->format == NULL && job->config->source_count > 0)
        return error_set(
            err, EINVAL,
            "%s: lies beside none of the %d logs that are configured: say its --format", path,
            job->config->source_count);
    *ret =
        found != NULL
            ? *found
            : (struct source_config){ .name = path, .path = path, .service = job->config->service };
    if (job->options->format != NULL)
        ret->format =
            strcmp(job->options->format, "combined") == 0 ? SOURCE_COMBINED : SOURCE_PROBITY;
    if (job->options->service != NULL)
        ret->service = job->options->service;
    if (catalogue_service(job->objectives.catalogue, slice_of(ret->service)) < 0)
        return error_set(err, EINVAL, "%s: service %s has no objectives: nothing would be counted",
                         path, ret->service);
    return 0;
}

/* --- the files --- */

static void print_result(const char *path, const struct backfill_result *result)
{
    const struct follow_counters *counted = &result->counted;
    const char *before = " (";
    uint64_t rejected = 0;

    for (int i = 0; i < REJECT_COUNT; i++)
        rejected += counted->rejects[i];
    printf("%s: %" PRIu64 " lines, %" PRIu64 " events, %" PRIu64 " not counted, %" PRIu64
           " rejected",
           path, counted->lines, counted->events, counted->not_counted, rejected);
    for (int i = 0; i < REJECT_COUNT; i++) {
        if (counted->rejects[i] == 0)
            continue;
        printf("%s%s %" PRIu64, before, reject_text((enum reject)i), counted->rejects[i]);
        before = ", ";
    }
    printf("%s; %" PRId64 " bytes were counted before\n", rejected > 0 ? ")" : "",
           result->known_bytes);
}

static void add_result(struct backfill_result *sum, const struct backfill_result *one)
{
    sum->counted.lines += one->counted.lines;
    sum->counted.events += one->counted.events;
    sum->counted.not_counted += one->counted.not_counted;
    for (int i = 0; i < REJECT_COUNT; i++)
        sum->counted.rejects[i] += one->counted.rejects[i];
    sum->known_bytes += one->known_bytes;
}

static int64_t bytes_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

static int count_file(struct job *job, const char *path, struct error *err)
{
    AUTO(templates_free) struct templates *templates = NULL;
    const struct templates *borrowed;
    struct backfill_result result = { .known_bytes = 0 };
    struct source_config source;
    int code = choose_source(job, path, &source, err);

    if (code == 0)
        code = routes_load(&source, &templates, err);
    if (code != 0)
        return code;
    borrowed = templates;
    job->backfill.follow.sources = &source;
    job->backfill.follow.templates = &borrowed;
    code = backfill_file(&job->backfill, path, &result, err);
    progress_clear(&job->backfill.progress);
    if (code == 0 || result.counted.lines > 0)
        print_result(path, &result);
    add_result(&job->sum, &result);
    return code;
}

static int count_files(struct job *job)
{
    const struct options *options = job->options;
    int64_t total_bytes = 0;
    int failed = 0;

    for (int i = 0; i < options->file_count; i++)
        total_bytes += bytes_of(options->files[i]);
    progress_start(&job->backfill.progress, total_bytes);
    for (int i = 0; i < options->file_count; i++) {
        struct error err = { .code = 0 };

        if (count_file(job, options->files[i], &err) != 0) {
            (void)fflush(stdout);
            failed++;
            (void)command_fail(COMMAND_FAILED, "backfill", "%s", err.text);
        }
        if (err.code == ETIMEDOUT)
            break; /* the next would wait as long for the same ledger */
        job->backfill.done_bytes += bytes_of(options->files[i]);
    }
    if (options->file_count > 1)
        print_result("all", &job->sum);
    if (job->sum.counted.rejects[REJECT_TIME] > 0)
        printf("bad_time: older than %d days, which is as long as minutes are kept\n",
               LIMIT_RETENTION_MINUTES / 1440);
    return failed == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int command_backfill(int argc, char **argv)
{
    struct options options = { .files = argv + 1 };
    AUTO(job_done) struct job job = { .options = &options };
    struct error err = { .code = 0 };
    int code;

    (void)argc;
    options.file_count = command_read("backfill", &(struct option_table){ .rows = option_rows },
                                      options.files, &options);
    if (options.file_count < 0)
        return COMMAND_MISUSED;
    code = judge_arguments(&options);
    if (code != COMMAND_DONE)
        return code;
    if (prepare(&job, &err) != 0)
        return command_fail(COMMAND_FAILED, "backfill", "%s", err.text);
    return count_files(&job);
}
