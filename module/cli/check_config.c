/* check_config.c - `probity check-config`: what is in force, where it came from, what is wrong. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "auth/access.h"
#include "config/explain.h"
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

/* Rounded up: never better than the truth. */
static void put_seconds(struct buf *buf, int64_t duration_ms)
{
    int64_t tenths_s = (duration_ms + 99) / 100;

    buf_printf(buf, "%lld.%lld s", (long long)(tenths_s / 10), (long long)(tenths_s % 10));
}

/* "15 s (fresh_interval) + 2 x 1 s (timeout) + 100 ms (doubt)", without what is nothing. */
struct sum {
    const char *pause;
    int64_t pause_ms;
    int looks; /* that wait for their timeout */
    int64_t timeout_ms;
    int64_t doubt_ms;
};

static void put_sum(struct buf *buf, const struct sum *sum)
{
    char text[VALUE_DURATION_BYTES];
    const char *plus = "";

    if (sum->pause_ms > 0) {
        value_format_duration(sum->pause_ms, text);
        buf_printf(buf, "%s (%s)", text, sum->pause);
        plus = " + ";
    }
    if (sum->looks > 0) {
        value_format_duration(sum->timeout_ms, text);
        buf_printf(buf, "%s%d x %s (timeout)", plus, sum->looks, text);
        plus = " + ";
    }
    if (sum->doubt_ms > 0) {
        value_format_duration(sum->doubt_ms, text);
        buf_printf(buf, "%s%s (in doubt)", plus, text);
        plus = " + ";
    }
    buf_append_text(buf, plus[0] == '\0' ? "at once\n" : "\n");
}

static void put_bound(struct buf *buf, const char *what, int64_t bound_ms, const struct sum *sum)
{
    buf_printf(buf, "  %s within ", what);
    put_seconds(buf, bound_ms);
    buf_append_text(buf, " = ");
    put_sum(buf, sum);
}

static void put_consequence(struct buf *buf, const struct check_config *check)
{
    char text[VALUE_DURATION_BYTES];

    value_format_duration(check->max_age_ms, text);
    buf_printf(buf, "  without any result it is stale %s after the last one (max_age)\n", text);
    value_format_duration(check->fail_after_ms, text);
    if (check->policy == CHECK_POLICY_FAIL_AFTER)
        buf_printf(buf, "  its groups fail %s after an error is shown (policy)\n", text);
    if (check->policy == CHECK_POLICY_DEGRADE)
        buf_append_text(buf, "  no group fails by it (policy)\n");
    value_format_duration(check->celery.grace_ms, text);
    if (check->kind == CHECK_CELERY)
        buf_printf(buf, "  no worker at all is degraded for %s before it is an error (grace)\n",
                   text);
}

/* What an operator plans with: until when at the latest is it known? */
static void put_bounds(struct buf *buf, const struct check_config *check)
{
    bool rare = check->interval_ms > check->fresh_interval_ms || check->kind == CHECK_TCP
                || check->kind == CHECK_TLS;
    struct pace_bounds bounds;
    struct sum sum;

    pace_bounds(check, &bounds);
    sum =
        (struct sum){ "interval", bounds.is_told ? 0 : check->interval_ms, 0, 0, bounds.doubt_ms };
    put_bound(buf, "a refused connection shows", bounds.refused_ms, &sum);
    sum = (struct sum){ "interval", check->interval_ms, check->fall, check->timeout_ms,
                        bounds.doubt_ms };
    put_bound(buf, "a hang shows", bounds.hung_ms, &sum);
    if (!rare)
        sum = (struct sum){ "fresh_interval", check->fresh_interval_ms, check->fall,
                            check->timeout_ms, bounds.doubt_ms };
    put_bound(buf, "what only a fresh connection shows, shows", bounds.fresh_ms, &sum);
    put_consequence(buf, check);
}

static int print_checks(const struct config *config)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, OUTPUT_MAX_BYTES);
    for (int i = 0; i < config->check_count; i++) {
        const struct check_config *check = &config->checks[i];

        if (check->misconfigured != NULL || check->not_configured)
            continue;
        config_explain_check(config, i, &buf);
        put_bounds(&buf, check);
        buf_append_text(&buf, "\n");
    }
    return print(&buf);
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
    code = print_checks(config);
    if (code != COMMAND_DONE)
        return code;
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
