/* probe.c - `probity probe`: ready, alive, started?  For HEALTHCHECK, exec probes and systemd. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/clock.h"
#include "base/thread.h"
#include "cli/ask.h"
#include "config/keys.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 2000,
    TIMEOUT_MAX_MS = 3600 * 1000,
    BODY_MAX_BYTES = 256 * 1024,
    LINE_MAX_BYTES = 2048, /* docker inspect keeps 4096 of all that a probe says */
    NAME_MAX_BYTES = 64,
    PATH_BYTES = NAME_MAX_BYTES + 16,
};

enum loudness { QUIET = -1, PLAIN, VERBOSE };

struct probe_options {
    const char *name; /* of the group */
    const char *url;
    const char *socket;
    const char *timeout;
    int64_t timeout_ms;
    bool quiet;
    bool verbose;
    enum loudness loudness;
};

/* One question, asked on a thread of its own: a name look-up can't be cancelled. */
struct probe_job {
    struct ask_target target;
    struct ask_request request;
    int64_t deadline_ms;
    int code;
    int status;
    struct buf body;
    struct error err;
};

static const char *read_timeout(const char *text, int64_t *ret_ms)
{
    int64_t timeout_ms;

    if (!value_parse_duration(slice_of(text), &timeout_ms) || timeout_ms == 0
        || timeout_ms > TIMEOUT_MAX_MS)
        return "--timeout is a duration like 500ms or 2s, up to 1h";
    *ret_ms = timeout_ms;
    return NULL;
}

static const struct option_row option_rows[] = {
    { "--socket", offsetof(struct probe_options, socket), OPTION_TEXT, 0, 0 },
    { "--url", offsetof(struct probe_options, url), OPTION_TEXT, 0, 0 },
    { "--timeout", offsetof(struct probe_options, timeout), OPTION_TEXT, 0, 0 },
    { "--verbose", offsetof(struct probe_options, verbose), OPTION_FLAG, 'v', 0 },
    { "--quiet", offsetof(struct probe_options, quiet), OPTION_FLAG, 'q', 0 },
    { .name = NULL },
};

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= NAME_MAX_BYTES && text[0] != '.'
           && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* Returns NULL, or what is wrong. */
static const char *judge_options(struct probe_options *given)
{
    if (given->name == NULL || !is_name(given->name))
        return "say what to ask: ready, live, startup, or the name of a group";
    if (given->url != NULL && given->socket != NULL)
        return "say where probityd is by --url or by --socket, not both";
    if (given->quiet && given->verbose)
        return "--quiet and --verbose contradict each other";
    given->loudness = given->quiet ? QUIET : given->verbose ? VERBOSE : PLAIN;
    return given->timeout == NULL ? NULL : read_timeout(given->timeout, &given->timeout_ms);
}

/* The words for people, and the groups' own names. */
static void find_path(const char *name, char path[PATH_BYTES])
{
    static const struct {
        const char *word;
        const char *page;
    } words[] = { { "readiness", "ready" }, { "liveness", "live" } };
    const char *page = name;

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcmp(words[i].word, name) == 0)
            page = words[i].page;
    }
    (void)snprintf(path, PATH_BYTES, "/health/%s", page);
}

/* As the daemon reads it, and nothing else of the configuration: a probe runs every few seconds.
 * The result lives as long as the environment. */
static const char *find_socket(char path[PATH_BYTES * 2])
{
    const char *set = getenv("PROBITY_LISTEN");
    struct slice value = value_unwrap(slice_of(set == NULL ? "" : set));

    if (value.length == 0)
        return config_key_find("PROBITY_LISTEN")->default_value;
    (void)snprintf(path, PATH_BYTES * 2, "%.*s", (int)value.length, value.data);
    return path;
}

/* --- what it says --- */

/* What stands there may be anybody: nothing of it may move a terminal's cursor. */
static void append_plain(struct buf *line, const char *words)
{
    for (; *words != '\0'; words++)
        buf_append_char(line, iscntrl((unsigned char)*words) ? ' ' : *words);
}

static bool starts_with(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

static void append_failing(struct buf *line, const json_t *checks)
{
    const char *separator = ": ";
    const char *name;
    json_t *check;

    json_object_foreach((json_t *)checks, name, check)
    {
        const char *word = json_string_value(check);

        if (word == NULL || starts_with(word, "ok") || starts_with(word, "degraded"))
            continue;
        buf_append_text(line, separator);
        append_plain(line, name);
        buf_append_char(line, ' ');
        append_plain(line, word);
        separator = "; ";
    }
}

static void print_checks(const json_t *checks)
{
    const char *name;
    json_t *check;

    json_object_foreach((json_t *)checks, name, check)
    {
        AUTO(buf_done) struct buf line = { .max_bytes = LINE_MAX_BYTES };

        append_plain(&line, name);
        buf_append_char(&line, ' ');
        append_plain(&line, json_is_string(check) ? json_string_value(check) : "?");
        printf("  %s\n", buf_text(&line));
    }
}

/* One line, whose end is cut where sixty checks fail at once. */
static void print_answer(const json_t *answer, bool well, enum loudness loudness)
{
    AUTO(buf_done) struct buf line = { .max_bytes = LINE_MAX_BYTES };
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const json_t *checks = json_object_get(answer, "checks");

    if (loudness == QUIET)
        return;
    append_plain(&line, json_string_value(json_object_get(answer, "status")));
    if (reason != NULL) {
        buf_append_text(&line, ": ");
        append_plain(&line, reason);
    }
    if (!well && reason == NULL)
        append_failing(&line, checks);
    printf("%s%s\n", buf_text(&line), buf_ok(&line) ? "" : " …");
    if (loudness == VERBOSE)
        print_checks(checks);
}

static int say_no(const struct probe_options *given, const char *sentence)
{
    if (given->loudness == QUIET)
        return COMMAND_FAILED;
    return command_fail(COMMAND_FAILED, "probe", "%s", sentence);
}

/* Only an answer of probityd's own counts: any other server would say 200 as well. */
static int judge(const struct probe_options *given, const struct probe_job *job)
{
    json_t *answer = json_loadb(buf_text(&job->body), job->body.length, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    bool known = json_is_string(json_object_get(answer, "status"));
    bool well = job->status == 200;
    char sentence[512];
    int code;

    if ((well || job->status == 503) && known) {
        print_answer(answer, well, given->loudness);
        code = well ? COMMAND_DONE : COMMAND_FAILED;
    } else if (job->status == 404 && message != NULL) {
        code =
            command_fail(COMMAND_MISUSED, "probe",
                         "no group has the name %s: probity check-config lists them", given->name);
    } else {
        (void)snprintf(sentence, sizeof(sentence), "%s (http status %d)",
                       message != NULL ? message : "what answers there is no probityd",
                       job->status);
        code = say_no(given, sentence);
    }
    json_decref(answer);
    return code;
}

static const char *words_of(const struct probe_job *job)
{
    static const struct {
        int code;
        const char *words;
    } silences[] = {
        { ENOENT, "there is no socket: is probityd running, and is this the socket that it opens "
                  "(PROBITY_LISTEN)?" },
        { ECONNREFUSED, "connection refused: is probityd running?" },
        { EACCES, "no permission to connect: run as the account of probityd or in its group" },
        { EAGAIN, "its queue is full: probityd takes no connection" },
        { ENXIO, "the name has no address" },
        { ECONNRESET, "the connection was closed without an answer" },
        { EPIPE, "the connection was closed without an answer" },
        { EPROTO, "what answers there is no probityd" },
        { ENAMETOOLONG, "the path is too long for a socket" },
    };
    struct stat status;

    /* connect(2) refuses a file as it refuses a socket that nobody listens at. */
    if (job->code == -ECONNREFUSED && job->target.socket_path != NULL
        && stat(job->target.socket_path, &status) == 0 && !S_ISSOCK(status.st_mode))
        return "this is no socket";
    if (job->code == -ECONNREFUSED && job->target.url != NULL)
        return "connection refused: is nginx running, and is this its port?";
    for (size_t i = 0; i < ARRAY_LENGTH(silences); i++) {
        if (silences[i].code == -job->code)
            return silences[i].words;
    }
    return job->err.text;
}

static int explain_silence(const struct probe_options *given, const struct probe_job *job)
{
    char sentence[512];
    const char *where = job->target.url != NULL ? job->target.url : job->target.socket_path;

    if (job->code == -ETIMEDOUT)
        (void)snprintf(sentence, sizeof(sentence), "%s: no answer within %" PRId64 " ms", where,
                       given->timeout_ms);
    else
        (void)snprintf(sentence, sizeof(sentence), "%s: %s", where, words_of(job));
    return say_no(given, sentence);
}

/* --- asking --- */

static void run_job(void *context)
{
    struct probe_job *job = context;

    job->code = ask_send(&job->target, &job->request, job->deadline_ms, &job->status, &job->body,
                         &job->err);
}

/* The thread outlives a timeout, and what it uses is not freed: the process ends instead. */
static int ask(const struct probe_options *given, struct probe_job *job)
{
    struct thread thread = { .started = false };
    int code;

    if (thread_start(&thread, "probe-ask", run_job, job, &job->err) != 0)
        return say_no(given, job->err.text);
    if (!thread_join(&thread, clock_left_ms(job->deadline_ms) + 10)) {
        struct probe_job silent = { .target = job->target, .code = -ETIMEDOUT };

        code = explain_silence(given, &silent);
        (void)fflush(stdout);
        _exit(code);
    }
    code = job->code != 0 ? explain_silence(given, job) : judge(given, job);
    buf_done(&job->body);
    return code;
}

/* The words that are no group's: somebody else is asked, by options of its own. */
static const struct {
    const char *word;
    command_fn run;
} others[] = { { "celery", probe_celery } };

int command_probe(int argc, char **argv)
{
    struct probe_options given = { .timeout_ms = TIMEOUT_MS };
    struct probe_job job = { .request = { .method = "GET" }, .body.max_bytes = BODY_MAX_BYTES };
    int64_t started_ms = clock_boot_ms();
    const char *trouble;
    int words;
    char path[PATH_BYTES];
    char socket[PATH_BYTES * 2];

    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        if (argc > 1 && strcmp(argv[1], others[i].word) == 0)
            return others[i].run(argc - 1, argv + 1);
    }
    words = command_read("probe", &(struct option_table){ .rows = option_rows }, argv + 1, &given);
    if (words < 0)
        return COMMAND_MISUSED;
    given.name = words == 1 ? argv[1] : NULL;
    trouble = judge_options(&given);
    if (trouble != NULL)
        return command_fail(COMMAND_MISUSED, "probe", "%s", trouble);
    job.target = (struct ask_target){ .url = given.url, .socket_path = given.socket };
    trouble = ask_check(&job.target);
    if (trouble != NULL)
        return command_fail(COMMAND_MISUSED, "probe", "--url: %s", trouble);
    if (given.url == NULL && given.socket == NULL)
        job.target.socket_path = find_socket(socket);
    find_path(given.name, path);
    job.request.path = path;
    job.deadline_ms = started_ms + given.timeout_ms;
    return ask(&given, &job);
}
