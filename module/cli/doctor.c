/* doctor.c - `probity doctor`: tries everything once, as the daemon would, and says what to change.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "base/clock.h"
#include "cli/command.h"
#include "config/explain.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 5000,
    TIMEOUT_MAX_MS = 600 * 1000,
    JOIN_MORE_MS = 250, /* for a step that ends at the deadline to say so itself */
    VISITS_MAX = LIMIT_CHECKS + LIMIT_SOURCES + 8,
    REPORT_MAX_BYTES = 32 * 1024,
    WHERE_MAX_BYTES = 1024,
    NAMES_MAX_BYTES = 8 * 1024,
};

struct clinic {
    const struct config *config;
    int64_t timeout_ms;
    int count;
    struct doctor_visit visits[VISITS_MAX];
};

/* --- who is visited --- */

static struct doctor_visit *add_visit(struct clinic *clinic, const char *name, const char *about,
                                      doctor_visit_fn run)
{
    struct doctor_visit *visit = &clinic->visits[clinic->count++];

    *visit = (struct doctor_visit){ .name = name,
                                    .about = about,
                                    .run = run,
                                    .config = clinic->config,
                                    .timeout_ms = clinic->timeout_ms,
                                    .wanted = true,
                                    .report.max_bytes = REPORT_MAX_BYTES };
    (void)pthread_mutex_init(&visit->lock, NULL);
    return visit;
}

static void add_visits(struct clinic *clinic)
{
    const struct config *config = clinic->config;

    for (int i = 0; i < config->check_count; i++)
        add_visit(clinic, config->checks[i].name, check_kind_text(config->checks[i].kind),
                  doctor_visit_check)
            ->check = &config->checks[i];
    (void)add_visit(clinic, "ledger", "where events are counted", doctor_visit_ledger);
    for (int i = 0; i < config->source_count; i++)
        add_visit(clinic, config->sources[i].name, config->sources[i].path, doctor_visit_log)
            ->source = &config->sources[i];
    (void)add_visit(clinic, "state", config->state_dir, doctor_visit_state);
    (void)add_visit(clinic, "socket", config->listen_path, doctor_visit_socket);
    (void)add_visit(clinic, "secrets", "who may see and set what", doctor_visit_secrets);
}

/* Leaves those that the arguments name.  Returns NULL, or a name that nobody has. */
static const char *choose_visits(struct clinic *clinic, int count, char *const *names)
{
    for (int i = 0; count > 0 && i < clinic->count; i++)
        clinic->visits[i].wanted = false;
    for (int n = 0; n < count; n++) {
        bool found = false;

        for (int i = 0; i < clinic->count; i++) {
            if (strcmp(clinic->visits[i].name, names[n]) != 0)
                continue;
            clinic->visits[i].wanted = found = true;
        }
        if (!found)
            return names[n];
    }
    return NULL;
}

/* --- the visits --- */

static void run_visit(void *context)
{
    struct doctor_visit *visit = context;

    visit->run(visit);
}

/* All at once: the whole lasts no longer than the slowest, and none longer than the timeout. */
static void start_visits(struct clinic *clinic)
{
    for (int i = 0; i < clinic->count; i++) {
        struct doctor_visit *visit = &clinic->visits[i];
        struct error err = { 0 };

        visit->deadline_ms = clock_boot_ms() + clinic->timeout_ms;
        if (!visit->wanted
            || thread_start(&visit->thread, "doctor-visit", run_visit, visit, &err) == 0)
            continue;
        doctor_begin(visit, "start");
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = err.text });
    }
}

/* "database: postgres, db.internal:5432/orders" */
static void print_title(const struct doctor_visit *visit)
{
    AUTO(buf_done) struct buf where = { .max_bytes = WHERE_MAX_BYTES };

    if (visit->check != NULL && visit->check->misconfigured == NULL
        && !visit->check->not_configured)
        check_show_target(visit->check, &where);
    printf("%s: %s%s%s\n", visit->name, visit->about, where.length > 0 ? ", " : "",
           buf_text(&where));
}

/* Returns whether it failed. */
static bool print_visit(struct doctor_visit *visit)
{
    bool failed;

    (void)pthread_mutex_lock(&visit->lock);
    print_title(visit);
    if (visit->report.length > 0) {
        log_scrub(visit->report.data);
        printf("%s", visit->report.data);
    }
    failed = visit->failed;
    (void)pthread_mutex_unlock(&visit->lock);
    (void)fflush(stdout);
    return failed;
}

/* Returns how many failed. */
static int finish_visits(struct clinic *clinic)
{
    int failed = 0;

    for (int i = 0; i < clinic->count; i++) {
        struct doctor_visit *visit = &clinic->visits[i];

        if (!visit->wanted)
            continue;
        if (!thread_join(&visit->thread, clock_left_ms(visit->deadline_ms) + JOIN_MORE_MS))
            doctor_give_up(visit);
        failed += print_visit(visit);
    }
    return failed;
}

static int run_visits(struct clinic *clinic)
{
    int failed;

    start_visits(clinic);
    failed = finish_visits(clinic);
    if (failed > 0)
        printf("\n%d failed\n", failed);
    else
        printf("\nall is well\n");
    return failed > 0 ? COMMAND_FAILED : COMMAND_DONE;
}

static int refuse_name(const struct clinic *clinic, const char *nobody)
{
    AUTO(buf_done) struct buf names = { .max_bytes = NAMES_MAX_BYTES };

    for (int i = 0; i < clinic->count; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", clinic->visits[i].name);
    return command_fail(COMMAND_MISUSED, "doctor", "nothing has the name %.64s; there are: %s",
                        nobody, buf_text(&names));
}

static int examine(int64_t timeout_ms, int count, char *const *names)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(auto_free) struct clinic *clinic = calloc(1, sizeof(*clinic));
    struct error err = { 0 };
    const char *nobody;
    int code;

    if (clinic == NULL)
        return command_fail(COMMAND_FAILED, "doctor", "out of memory");
    if (config_load(command_lookup, NULL, &config, &err) != 0)
        return command_fail(COMMAND_FAILED, "doctor", "%s", err.text);
    config_hide_secrets(config);
    clinic->config = config;
    clinic->timeout_ms = timeout_ms;
    add_visits(clinic);
    nobody = choose_visits(clinic, count, names);
    if (nobody != NULL)
        return refuse_name(clinic, nobody);
    code = run_visits(clinic);
    /* A thread that hangs uses all of this. */
    if (thread_left_behind()) {
        (void)fflush(stdout);
        _exit(code);
    }
    for (int i = 0; i < clinic->count; i++)
        buf_done(&clinic->visits[i].report);
    return code;
}

struct doctor_options {
    const char *timeout;
};

static const struct option_row option_rows[] = {
    { "--timeout", offsetof(struct doctor_options, timeout), OPTION_TEXT, 0, 0 },
    { .name = NULL },
};

int command_doctor(int argc, char **argv)
{
    struct doctor_options given = { 0 };
    int64_t timeout_ms = TIMEOUT_MS;
    int names =
        command_read("doctor", &(struct option_table){ .rows = option_rows }, argv + 1, &given);

    (void)argc;
    if (names < 0)
        return COMMAND_MISUSED;
    if (given.timeout != NULL
        && (!value_parse_duration(slice_of(given.timeout), &timeout_ms) || timeout_ms == 0
            || timeout_ms > TIMEOUT_MAX_MS))
        return command_fail(COMMAND_MISUSED, "doctor",
                            "--timeout is a duration like 500ms or 5s, up to 10m");
    return examine(timeout_ms, names, argv + 1);
}
