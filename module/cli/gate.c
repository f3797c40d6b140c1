/* gate.c - `probity gate`: may I deploy?  For pipelines, which look at the exit code. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/ask.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GATE_GO = COMMAND_DONE,
    GATE_STOP = COMMAND_FAILED,
    GATE_UNKNOWN = COMMAND_MISUSED,

    ASK_MS = 12000, /* for one answer: as long as nginx waits */
    /* An override is booked at once, and seen when the ledger is read the next time. */
    OVERRIDE_MS = 15000,
    PAUSE_MS = 500,
    BODY_MAX_BYTES = 1024 * 1024,
};

struct gate_options {
    const char *url;
    const char *socket;
    const char *slo;
    const char *service;
    const char *min_budget;
    const char *override;
};

static const struct option_row option_rows[] = {
    { "--url", offsetof(struct gate_options, url), OPTION_TEXT, 0, 0 },
    { "--socket", offsetof(struct gate_options, socket), OPTION_TEXT, 0, 0 },
    { "--slo", offsetof(struct gate_options, slo), OPTION_TEXT, 0, 0 },
    { "--service", offsetof(struct gate_options, service), OPTION_TEXT, 0, 0 },
    { "--min-budget", offsetof(struct gate_options, min_budget), OPTION_TEXT, 0, 0 },
    { "--override", offsetof(struct gate_options, override), OPTION_TEXT, 0, 0 },
    { .name = NULL },
};

/* Returns NULL, or what is wrong. */
static const char *judge_options(const struct gate_options *given)
{
    if (given->url != NULL && given->socket != NULL)
        return "say where probityd is by --url or by --socket, not both";
    if (given->override != NULL && (given->slo == NULL) == (given->service == NULL))
        return "--override wants to know for what: --slo NAME or --service NAME, one of the two";
    return NULL;
}

/* A variable that is set and not empty, or NULL. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

static void print_word(const char *decision, const char *words)
{
    printf("%s: %s\n", decision, words);
}

static void print_reasons(const json_t *answer)
{
    const json_t *reason;
    size_t i;

    json_array_foreach(json_object_get(answer, "reasons"), i, reason)
    {
        const char *slo = json_string_value(json_object_get(reason, "slo"));
        const char *why = json_string_value(json_object_get(reason, "reason"));

        printf("  %s: %s\n", slo == NULL ? "?" : slo, why == NULL ? "?" : why);
    }
}

static void print_override(const json_t *override)
{
    const char *author = json_string_value(json_object_get(override, "author"));
    const char *reason = json_string_value(json_object_get(override, "reason"));
    const char *until = json_string_value(json_object_get(override, "expires_at"));

    printf("  overridden by %s until %s: %s\n", author == NULL ? "?" : author,
           until == NULL ? "?" : until, reason == NULL ? "?" : reason);
}

/* It decides nothing, but whoever deploys into it should know. */
static void print_maintenance(const json_t *answer)
{
    const json_t *maintenance;
    size_t i;

    json_array_foreach(json_object_get(answer, "maintenance"), i, maintenance)
    {
        const char *service = json_string_value(json_object_get(maintenance, "service"));
        const char *until = json_string_value(json_object_get(maintenance, "until"));
        const char *reason = json_string_value(json_object_get(maintenance, "reason"));

        printf("  %s is in maintenance until %s: %s\n", service == NULL ? "?" : service,
               until == NULL ? "?" : until, reason == NULL ? "?" : reason);
    }
}

/* Returns the exit code, and says why unless `quiet_stop` and it is a stop. */
static int judge(const json_t *answer, bool quiet_stop)
{
    const char *decision = json_string_value(json_object_get(answer, "decision"));
    const json_t *override = json_object_get(answer, "override");
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *error =
        json_string_value(json_object_get(json_object_get(answer, "error"), "message"));

    if (decision != NULL && strcmp(decision, "go") == 0) {
        print_word("go", override != NULL ? "an override is in force" : "nothing objects");
        print_reasons(answer);
        if (override != NULL)
            print_override(override);
        print_maintenance(answer);
        return GATE_GO;
    }
    if (decision != NULL && strcmp(decision, "stop") == 0) {
        if (!quiet_stop) {
            print_word("stop", "too little is left of an error budget");
            print_reasons(answer);
            print_maintenance(answer);
        }
        return GATE_STOP;
    }
    if (reason == NULL)
        reason = error != NULL ? error : "the answer is not one of probityd's";
    print_word("unknown", reason);
    return GATE_UNKNOWN;
}

/* Sends it and parses what comes back; `*ret` is NULL when that is no JSON. */
static int ask(const struct ask_target *target, const struct ask_request *request, int *ret_status,
               json_t **ret)
{
    AUTO(buf_done) struct buf body = { .max_bytes = BODY_MAX_BYTES };
    struct error err = { 0 };

    if (ask_send(target, request, clock_boot_ms() + ASK_MS, ret_status, &body, &err) != 0)
        return command_fail(GATE_UNKNOWN, "gate", "probityd could not be asked: %s", err.text);
    *ret = json_loadb(buf_text(&body), body.length, 0, NULL);
    return 0;
}

static int ask_gate(const struct ask_target *target, const struct gate_options *given,
                    bool quiet_stop)
{
    AUTO(buf_done) struct buf query = { .max_bytes = 4096 };
    struct ask_request request = { .method = "GET", .path = "/slo/gate" };
    json_t *answer = NULL;
    int status = 0;
    int code;

    if (given->slo != NULL)
        ask_add_parameter(&query, "slo", given->slo);
    if (given->service != NULL)
        ask_add_parameter(&query, "service", given->service);
    if (given->min_budget != NULL)
        ask_add_parameter(&query, "min_budget", given->min_budget);
    request.query = buf_slice(&query);
    request.token = variable("PROBITY_READ_TOKEN");
    if (request.token == NULL)
        request.token = variable("PROBITY_ADMIN_TOKEN");
    code = ask(target, &request, &status, &answer);
    if (code == 0)
        code = judge(answer, quiet_stop);
    json_decref(answer);
    return code;
}

static int book_override(const struct ask_target *target, const struct gate_options *given)
{
    AUTO(buf_done) struct buf body = { .max_bytes = 4096 };
    struct ask_request request = { .method = "POST", .path = "/slo/gate/override" };
    struct json_writer json;
    json_t *answer = NULL;
    const char *message;
    int status = 0;
    int code;

    json_writer_init(&json, &body);
    json_open_object(&json);
    if (given->slo != NULL)
        json_text(&json, "slo", given->slo);
    else
        json_text(&json, "service", given->service);
    json_text(&json, "reason", given->override);
    json_close_object(&json);
    request.body = buf_slice(&body);
    request.token = variable("PROBITY_ADMIN_TOKEN");
    if (request.token == NULL)
        return command_fail(GATE_UNKNOWN, "gate",
                            "an override is an admin's: set PROBITY_ADMIN_TOKEN");
    code = ask(target, &request, &status, &answer);
    message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
    if (code == 0 && status != 201)
        code = command_fail(GATE_UNKNOWN, "gate", "the override was not taken: %s",
                            message != NULL ? message : "the answer is not one of probityd's");
    json_decref(answer);
    return code;
}

/* Only what is stopped is overridden: one that nobody needed would let the next one through. */
static int override(const struct ask_target *target, const struct gate_options *given)
{
    int64_t deadline_ms = clock_boot_ms() + OVERRIDE_MS;
    int code = ask_gate(target, given, true);

    if (code != GATE_STOP)
        return code;
    code = book_override(target, given);
    if (code != 0)
        return code;
    while ((code = ask_gate(target, given, clock_left_ms(deadline_ms) > 0)) == GATE_STOP
           && clock_left_ms(deadline_ms) > 0)
        clock_sleep_ms(PAUSE_MS);
    return code;
}

static int run(const struct gate_options *given)
{
    AUTO(config_release) const struct config *config = NULL;
    struct ask_target target = { .socket_path = given->socket, .url = given->url };
    const char *trouble = ask_check(&target);
    struct error err = { 0 };

    if (trouble != NULL)
        return command_fail(GATE_UNKNOWN, "gate", "--url: %s", trouble);
    if (target.url == NULL && target.socket_path == NULL) {
        if (config_load(command_lookup_plain, NULL, &config, &err) != 0)
            return command_fail(GATE_UNKNOWN, "gate", "%s", err.text);
        target.socket_path = config->listen_path;
    }
    return given->override != NULL ? override(&target, given) : ask_gate(&target, given, false);
}

int command_gate(int argc, char **argv)
{
    struct gate_options given = { 0 };
    const char *trouble;

    (void)argc;
    if (command_read_options("gate", option_rows, argv, &given) != 0)
        return GATE_UNKNOWN;
    trouble = judge_options(&given);
    return trouble != NULL ? command_fail(GATE_UNKNOWN, "gate", "%s", trouble) : run(&given);
}
