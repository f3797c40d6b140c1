/* check_config.c - `probity check-config`: what is in force, where it came from, what is wrong. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "auth/access.h"
#include "config/value.h"
#include "ingest/routes.h"
#include "probe/pace.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The page and the list of values are some KiB; an address may have 16. */
enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

static int print(struct buf *buf)
{
    if (!buf_ok(buf))
        return command_fail(COMMAND_FAILED, "check-config", "out of memory");
    (void)fwrite(buf_text(buf), 1, buf->length, stdout);
    return COMMAND_DONE;
}

static int print_markdown(void)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, OUTPUT_MAX_BYTES);
    config_describe(&buf);
    return print(&buf);
}

static int print_values(void)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, OUTPUT_MAX_BYTES);
    config_explain(command_lookup, NULL, &buf);
    return print(&buf);
}

static void print_check(const struct check_config *check)
{
    static const char *const policies[] = { "fail", "degrade", "fail after" };
    /* The pause, then one look that hangs per failure that it takes, with the pause in doubt. */
    int64_t hang_ms = check->interval_ms + check->fall * check->timeout_ms
                      + (check->fall - 1) * PACE_SECOND_LOOK_MS;
    int64_t hang_tenths_s = (hang_ms + 99) / 100; /* rounded up: never better than the truth */
    char interval[VALUE_DURATION_BYTES];
    char timeout[VALUE_DURATION_BYTES];
    char age[VALUE_DURATION_BYTES];
    char after[VALUE_DURATION_BYTES] = "";

    value_format_duration(check->interval_ms, interval);
    value_format_duration(check->timeout_ms, timeout);
    value_format_duration(check->max_age_ms, age);
    if (check->policy == CHECK_POLICY_FAIL_AFTER)
        value_format_duration(check->fail_after_ms, after);
    printf("check %-8s every %s, timeout %s, fall %d, rise %d, stale after %s, policy %s%s%s; "
           "a hang shows within %lld.%lld s\n",
           check->name, interval, timeout, check->fall, check->rise, age, policies[check->policy],
           after[0] == '\0' ? "" : " ", after, (long long)(hang_tenths_s / 10),
           (long long)(hang_tenths_s % 10));
}

/* The file's values as they stand, then what each log amounts to. */
static int print_sources(const struct config *config)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, OUTPUT_MAX_BYTES);
    config_explain_file(config, &buf);
    if (buf.length > 0)
        buf_append_text(&buf, "\n");
    for (int i = 0; i < config->source_count; i++) {
        const struct source_config *source = &config->sources[i];

        buf_printf(&buf, "source %-8s %s, format %s, service %s, file_id %s, routes %s%s\n",
                   source->name, source->path, source_format_text(source->format), source->service,
                   source->file_id == SOURCE_PATH ? "path" : "first_line",
                   source->openapi != NULL      ? source->openapi
                   : source->template_count > 0 ? "by templates"
                                                : "by their paths",
                   source->strict_templates ? ", strictly" : "");
    }
    return print(&buf);
}

/* Those that are at hand: an application may not be there yet. */
static bool check_templates(const struct config *config)
{
    bool fine = true;

    for (int i = 0; i < config->source_count; i++) {
        AUTO(templates_free) struct templates *templates = NULL;
        struct error err = { .code = 0 };

        if (routes_load(&config->sources[i], &templates, &err) == 0)
            continue;
        printf("error: %s\n", err.text);
        fine = false;
    }
    return fine;
}

/* `context` counts the errors. */
static void print_sentence(void *context, enum log_level level, const char *sentence)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    int *errors = context;

    if (level == LOG_LEVEL_ERROR)
        (*errors)++;
    printf("%s: %s\n", names[level], sentence);
}

static int check(void)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(access_free) struct access *access = NULL;
    struct error err = { .code = 0 };
    int errors = 0;
    int code = print_values();

    if (code != COMMAND_DONE)
        return code;
    printf("\n");
    config_diagnose_names((const char *const *)environ, print_sentence, &errors);
    if (config_load(command_lookup, NULL, &config, &err) != 0) {
        (void)fflush(stdout);
        return command_fail(COMMAND_FAILED, "check-config", "%s", err.text);
    }
    code = print_sources(config);
    if (code != COMMAND_DONE)
        return code;
    if (!check_templates(config))
        errors++;
    for (int i = 0; i < config->check_count; i++) {
        if (config->checks[i].misconfigured == NULL && !config->checks[i].not_configured)
            print_check(&config->checks[i]);
    }
    config_diagnose(config, print_sentence, &errors);
    if (access_new(config, &access, &err) != 0)
        return command_fail(COMMAND_FAILED, "check-config", "%s", err.text);
    access_diagnose(access, print_sentence, &errors);
    printf("%s\n", errors == 0 ? "the configuration can be used" : "the configuration has errors");
    return errors == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int command_check_config(int argc, char **argv)
{
    if (argc == 1)
        return check();
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0)
        return print_markdown();
    return command_fail(COMMAND_MISUSED, "check-config", "knows no argument but --markdown");
}
