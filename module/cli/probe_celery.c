/* probe_celery.c - `probity probe celery`: is this worker alive?  For a worker container's
 * HEALTHCHECK: it asks the broker itself, and no probityd is needed. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/clock.h"
#include "base/thread.h"
#include "cli/asker.h"
#include "config/value.h"
#include "probe/celery_ask.h"
#include "probe/celery_roll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 5000,
    TIMEOUT_MIN_MS = 100,
    TIMEOUT_MAX_MS = 3600 * 1000,
    WORDS_BYTES = REASON_TEXT_BYTES + 64, /* a reason, and what it is about */
    /* Of the whole time: what the clean-up and the look at the bindings may take. */
    CLEAN_UP_SHARE = 5,
    LINE_BYTES = 256,
};

struct celery_options {
    const char *node; /* NULL: any worker */
    const char *url;
    const char *key_prefix;
    const char *timeout;
    int64_t timeout_ms;
    bool broker_down_ok;
};

/* One question, asked on a thread of its own: a name look-up can't be cancelled. */
struct celery_job {
    const struct celery_options *given;
    struct probe probe;
    int64_t started_ms;
    int64_t deadline_ms;
    struct celery_roll roll;
    int64_t found_ms; /* when a wanted one answered */
    int64_t subscribed;
    int64_t answered;
    struct outcome outcome;
    int exit_code;
    char line[LINE_BYTES];
};

static const struct option_row option_rows[] = {
    { "--node", offsetof(struct celery_options, node), OPTION_TEXT, 0, 0 },
    { "--url", offsetof(struct celery_options, url), OPTION_TEXT, 0, 0 },
    { "--key-prefix", offsetof(struct celery_options, key_prefix), OPTION_TEXT, 0, 0 },
    { "--timeout", offsetof(struct celery_options, timeout), OPTION_TEXT, 0, 0 },
    { "--broker-down-ok", offsetof(struct celery_options, broker_down_ok), OPTION_FLAG, 0, 0 },
    { .name = NULL },
};

/* Returns NULL, or what is wrong. */
static const char *judge_options(struct celery_options *given)
{
    if (given->node != NULL
        && (strchr(given->node, '@') == NULL || strlen(given->node) >= PIDBOX_NODE_BYTES))
        return "--node is a worker's name like celery@host, or @host for any of that host";
    if (given->key_prefix != NULL && strlen(given->key_prefix) >= PIDBOX_PREFIX_BYTES)
        return "--key-prefix has 63 bytes at most";
    if (given->timeout != NULL
        && (!value_parse_duration(slice_of(given->timeout), &given->timeout_ms)
            || given->timeout_ms < TIMEOUT_MIN_MS || given->timeout_ms > TIMEOUT_MAX_MS))
        return "--timeout is a duration like 500ms or 5s, from 100ms to 1h";
    return NULL;
}

/* The broker's address and what belongs to it: a worker's container may have other things in its
 * environment that are none of a probe's business. */
static const char *look_up(void *context, const char *name)
{
    const struct celery_options *given = context;

    if (strcmp(name, "CELERY_BROKER_URL") == 0)
        return given->url != NULL ? given->url : getenv(name);
    return strcmp(name, "PROBITY_TLS_CA") == 0 ? getenv(name) : NULL;
}

/* --- what it says --- */

static const char *who(const struct celery_job *job)
{
    if (job->roll.found[0] != '\0')
        return job->roll.found;
    return job->given->node != NULL ? job->given->node : "celery";
}

static void say(struct celery_job *job, int code, const char *words)
{
    job->exit_code = code;
    (void)snprintf(job->line, sizeof(job->line), "%s: %s", who(job), words);
}

/* A broker that can't be asked.  Who restarts workers for what we say is told apart: no restart
 * mends a broker, and the tasks under way would be lost. */
static int judge_broker(const struct celery_options *given, enum health_reason reason,
                        int64_t number, char words[WORDS_BYTES])
{
    char text[REASON_TEXT_BYTES];

    reason_text(reason, number, text);
    (void)snprintf(words, WORDS_BYTES, "%s%s", text,
                   given->broker_down_ok ? " (the broker; nobody can tell about the worker)" : "");
    return given->broker_down_ok ? COMMAND_DONE : COMMAND_FAILED;
}

static void judge(struct celery_job *job)
{
    char words[WORDS_BYTES];
    int64_t silent = job->subscribed - job->answered;
    int64_t waited_ms = clock_boot_ms() - job->started_ms;

    if (job->outcome.status == OUTCOME_ERROR) {
        int code = judge_broker(job->given, job->outcome.reason, job->outcome.number, words);

        say(job, code, words);
    } else if (job->roll.found[0] != '\0') {
        (void)snprintf(words, sizeof(words), "ok %" PRId64 " ms", job->found_ms - job->started_ms);
        say(job, COMMAND_DONE, words);
    } else if (celery_roll_is_busy(&job->roll, silent)) {
        (void)snprintf(words, sizeof(words), "busy: subscribed, no answer within %" PRId64 " ms",
                       waited_ms);
        say(job, COMMAND_DONE, words);
    } else if (job->subscribed == 0) {
        reason_text(HEALTH_REASON_NO_WORKERS, 0, words);
        say(job, COMMAND_FAILED, words);
    } else {
        say(job, COMMAND_FAILED, silent <= 0 ? "not subscribed" : "no answer");
    }
}

/* --- asking --- */

static bool hear(void *context, const char *node)
{
    struct celery_job *job = context;
    bool wanted = celery_roll_answer(&job->roll, node);

    if (wanted && job->found_ms == 0)
        job->found_ms = clock_boot_ms();
    return wanted;
}

/* Who is silent?  A role that may not look leaves that open. */
static void look_at_bindings(struct celery_job *job, struct resp *resp)
{
    AUTO(resp_free) redisReply *reply = NULL;
    struct error err = { 0 };
    char key[PIDBOX_KEY_BYTES];

    (void)snprintf(key, sizeof(key), "%s_kombu.binding.celery.pidbox",
                   job->probe.check.celery.key_prefix);
    RESP_ADD(resp, "SMEMBERS", key);
    if (resp_send(resp, job->deadline_ms, &err) != 0
        || resp_read(resp, job->deadline_ms, &reply, &err) != 0 || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *member = reply->element[i];

        if (member->type == REDIS_REPLY_STRING)
            celery_roll_bound(&job->roll, (struct slice){ member->str, member->len });
    }
}

static void ask(struct celery_job *job, struct resp *resp, const struct pidbox *pidbox)
{
    struct celery_ask question = { .probe = &job->probe,
                                   .pidbox = pidbox,
                                   .resp = resp,
                                   .method = PIDBOX_PING,
                                   .until_ms =
                                       job->deadline_ms - job->given->timeout_ms / CLEAN_UP_SHARE,
                                   .hears = hear,
                                   .context = job };
    struct error err = { 0 };

    if (celery_ask(&question, &job->outcome) == PROBE_OURS)
        outcome_set(&job->outcome, OUTCOME_ERROR, HEALTH_REASON_SERVER_ERROR, 0);
    job->subscribed = question.subscribed;
    job->answered = question.answered;
    /* Where the connection is lost, the next probe takes away what this one leaves. */
    if (celery_ask_end(&question, job->deadline_ms, &err) == 0 && job->roll.found[0] == '\0'
        && job->outcome.status != OUTCOME_ERROR)
        look_at_bindings(job, resp);
}

static void run_job(void *context)
{
    struct celery_job *job = context;
    const struct pidbox_place place = { .database = job->probe.check.target.database,
                                        .prefix = job->probe.check.celery.key_prefix };
    AUTO(resp_close) struct resp *resp = NULL;
    struct pidbox pidbox;
    char name[RANDOM_UUID_BYTES];
    AUTO(auto_close) int held = asker_take_name(name);

    pidbox_init(&pidbox, &place, name);
    if (resp_open(&job->probe, job->deadline_ms, &resp, &job->outcome) == PROBE_KEEP)
        ask(job, resp, &pidbox);
    else if (job->outcome.status != OUTCOME_ERROR)
        outcome_set(&job->outcome, OUTCOME_ERROR, HEALTH_REASON_SERVER_ERROR, 0);
    judge(job);
    (void)held;
}

/* The thread outlives a timeout, and what it uses is not freed: the process ends instead. */
static int run(struct celery_job *job)
{
    struct thread thread = { .started = false };
    struct error err = { 0 };
    char words[WORDS_BYTES];

    if (thread_start(&thread, "probe-celery", run_job, job, &err) != 0)
        return command_fail(COMMAND_FAILED, "probe celery", "%s", err.text);
    if (!thread_join(&thread, clock_left_ms(job->deadline_ms))) {
        int code = judge_broker(job->given, HEALTH_REASON_TIMEOUT, job->given->timeout_ms, words);

        printf("%s: %s\n", job->given->node != NULL ? job->given->node : "celery", words);
        (void)fflush(stdout);
        _exit(code);
    }
    printf("%s\n", job->line);
    return job->exit_code;
}

int probe_celery(int argc, char **argv)
{
    struct celery_options given = { .timeout_ms = TIMEOUT_MS };
    int64_t started_ms = clock_boot_ms();
    const char *trouble;
    AUTO(config_release) const struct config *config = NULL;
    const struct check_config *check = NULL;
    struct error err = { 0 };
    static struct celery_job job; /* static, because a thread may outlive us */

    (void)argc;
    if (command_read_options("probe celery", option_rows, argv, &given) != 0)
        return COMMAND_MISUSED;
    trouble = judge_options(&given);
    if (trouble != NULL)
        return command_fail(COMMAND_MISUSED, "probe celery", "%s", trouble);
    if (config_load(look_up, &given, &config, &err) != 0)
        return command_fail(COMMAND_MISUSED, "probe celery", "%s", err.text);
    check = config_check(config, "celery");
    if (check == NULL || check->not_configured)
        return command_fail(COMMAND_MISUSED, "probe celery",
                            "set CELERY_BROKER_URL to the broker, or name it by --url");
    if (check->misconfigured != NULL)
        return command_fail(COMMAND_MISUSED, "probe celery", "%s", check->misconfigured);
    job = (struct celery_job){ .given = &given,
                               .probe = { .check = *check, .cancel_fd = -1 },
                               .started_ms = started_ms,
                               .deadline_ms = started_ms + given.timeout_ms,
                               .roll.wanted = given.node };
    job.probe.check.timeout_ms = given.timeout_ms;
    if (given.key_prefix != NULL)
        job.probe.check.celery.key_prefix = given.key_prefix;
    return run(&job);
}
