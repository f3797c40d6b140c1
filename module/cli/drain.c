/* drain.c - `probity drain`: takes the instance beside it out of the traffic.  For preStop hooks
 * and `docker exec`, which have the daemon's environment and nothing else. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "auth/pass.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/ask.h"

#include <jansson.h>
#include <stdio.h>

enum {
    ASK_MS = 3000,
    BODY_MAX_BYTES = 64 * 1024,
    TOKEN_MAX_BYTES = 16 * 1024,
};

struct drain_options {
    const char *reason;
    const char *url;
    const char *socket;
};

static const struct option_row option_rows[] = {
    { "--reason", offsetof(struct drain_options, reason), OPTION_TEXT, 0, 0 },
    { "--socket", offsetof(struct drain_options, socket), OPTION_TEXT, 0, 0 },
    { "--url", offsetof(struct drain_options, url), OPTION_TEXT, 0, 0 },
    { .name = NULL },
};

static void write_body(const char *reason, struct buf *body)
{
    struct json_writer json;

    if (reason == NULL)
        return;
    json_writer_init(&json, body);
    json_open_object(&json);
    json_text(&json, "reason", reason);
    json_close_object(&json);
}

static int judge(int status, const struct buf *body)
{
    json_t *answer = json_loadb(buf_text(body), body->length, 0, NULL);
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *message =
        json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
    int code = COMMAND_DONE;

    if (status == 202 && reason != NULL)
        printf("draining: %s\n"
               "it answers on, and nothing but a restart makes it ready again\n",
               reason);
    else
        code =
            command_fail(COMMAND_FAILED, "drain", "it does not drain: %s (http status %d)",
                         message != NULL ? message : "what answers there is no probityd", status);
    json_decref(answer);
    return code;
}

static int ask(const struct ask_target *target, const struct ask_request *request)
{
    AUTO(buf_done) struct buf answer = { .max_bytes = BODY_MAX_BYTES };
    struct error err = { 0 };
    int status = 0;

    if (ask_send(target, request, clock_boot_ms() + ASK_MS, &status, &answer, &err) != 0)
        return command_fail(COMMAND_FAILED, "drain", "probityd could not be asked: %s", err.text);
    return judge(status, &answer);
}

static int run(const struct drain_options *given)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(buf_done) struct buf token = { .max_bytes = TOKEN_MAX_BYTES };
    AUTO(buf_done) struct buf body = { .max_bytes = BODY_MAX_BYTES };
    struct ask_target target = { .socket_path = given->socket, .url = given->url };
    const char *trouble = ask_check(&target);
    struct error err = { 0 };

    if (trouble != NULL)
        return command_fail(COMMAND_MISUSED, "drain", "--url: %s", trouble);
    if (config_load(command_lookup_plain, NULL, &config, &err) != 0)
        return command_fail(COMMAND_FAILED, "drain", "%s", err.text);
    config_hide_secrets(config);
    if (target.url == NULL && target.socket_path == NULL)
        target.socket_path = config->listen_path;
    trouble = pass_for_admin(config, "probity drain", clock_wall_ms() / 1000, &token);
    if (trouble != NULL)
        return command_fail(COMMAND_FAILED, "drain", "%s", trouble);
    write_body(given->reason, &body);
    return ask(&target, &(struct ask_request){ .method = "POST",
                                               .path = "/health/drain",
                                               .body = buf_slice(&body),
                                               .token = buf_text(&token) });
}

int command_drain(int argc, char **argv)
{
    struct drain_options given = { 0 };

    (void)argc;
    if (command_read_options("drain", option_rows, argv, &given) != 0)
        return COMMAND_MISUSED;
    if (given.url != NULL && given.socket != NULL)
        return command_fail(COMMAND_MISUSED, "drain",
                            "say where probityd is by --url or by --socket, not both");
    return run(&given);
}
