/* doctor_host.c - what is on this machine: the logs, the folder for state, the socket, secrets. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "auth/access.h"
#include "base/clock.h"
#include "cli/ask.h"
#include "ingest/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    QUIET_LOG_S = 3600, /* a log that says nothing for so long is worth a word */
    PATH_BYTES = 4096,
    ANSWER_MAX_BYTES = 64 * 1024,
    MEBIBYTE = 1024 * 1024,
};

static const char rights_advice[] =
    "give the account of probityd the right, or run it as one that has it";

static void fail_file(struct doctor_visit *visit, const char *what, const char *path)
{
    int code = errno;
    char phrase[512];

    (void)snprintf(phrase, sizeof(phrase), "%s: %.400s: %s", what, path, strerror(code));
    doctor_fail(visit, &(struct doctor_trouble){
                           .phrase = phrase,
                           .advice = code == EACCES || code == EPERM ? rights_advice : NULL });
}

static void find_folder(const char *path, char folder[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        (void)snprintf(folder, PATH_BYTES, ".");
    else
        (void)snprintf(folder, PATH_BYTES, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* --- logs --- */

/* The last line that is whole, in the bytes that end the file. */
static bool find_last_line(struct slice tail, struct slice *ret)
{
    const char *end = memrchr(tail.data, '\n', tail.length);
    const char *before = end == NULL ? NULL : memrchr(tail.data, '\n', (size_t)(end - tail.data));
    const char *start = before == NULL ? tail.data : before + 1;

    if (end == NULL)
        return false;
    *ret = (struct slice){ start, (size_t)(end - start) };
    return ret->length > 0;
}

static ssize_t read_tail(int fd, off_t size, char *bytes, size_t capacity)
{
    off_t from = size > (off_t)capacity ? size - (off_t)capacity : 0;

    return pread(fd, bytes, capacity, from);
}

static void try_format(struct doctor_visit *visit, int fd, off_t size)
{
    AUTO(auto_free) char *bytes = malloc(LIMIT_LOG_LINE_IN_BYTES);
    AUTO(auto_free) struct line_scratch *scratch = calloc(1, sizeof(*scratch));
    const char *name = source_format_text(visit->source->format);
    struct slice text;
    struct line line;
    enum reject reject;
    ssize_t count;

    if (bytes == NULL || scratch == NULL)
        return;
    doctor_begin(visit, "format");
    count = read_tail(fd, size, bytes, LIMIT_LOG_LINE_IN_BYTES);
    if (count <= 0 || !find_last_line((struct slice){ bytes, (size_t)count }, &text)) {
        doctor_note(visit, "there is no line in it yet");
        return;
    }
    reject = format_parse(visit->source, text, scratch, &line);
    if (reject == REJECT_NONE)
        doctor_pass(visit, "the last line is in the format %s", name);
    else
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "the last line can't be read",
                               .said = reject_text(reject),
                               .advice = "write the log in the format probity (nginx's access_log "
                                         "… probity), or say what it is in PROBITY_CONFIG" });
}

static void tell_writing(struct doctor_visit *visit, const struct stat *status)
{
    int64_t quiet_s = clock_wall_ms() / 1000 - (int64_t)status->st_mtim.tv_sec;

    if (status->st_size == 0)
        doctor_note(visit, "it is empty: has anybody asked the service since it was rotated?");
    else if (quiet_s > QUIET_LOG_S)
        doctor_note(visit,
                    "nobody has written to it for %" PRId64 " minutes: is this where nginx writes?",
                    quiet_s / 60);
    else
        doctor_pass(visit, "%" PRId64 " KiB, written %" PRId64 " s ago",
                    ((int64_t)status->st_size + 1023) / 1024, quiet_s < 0 ? 0 : quiet_s);
}

/* What is rotated away is found in the folder. */
static void try_folder(struct doctor_visit *visit)
{
    char folder[PATH_BYTES];

    find_folder(visit->source->path, folder);
    doctor_begin(visit, "folder");
    if (access(folder, R_OK | X_OK) != 0)
        fail_file(visit, "its folder can't be listed, so rotated logs are lost", folder);
    else
        doctor_pass(visit, "%s", folder);
}

void doctor_visit_log(struct doctor_visit *visit)
{
    AUTO(auto_close) int fd = -1;
    struct stat status;

    doctor_begin(visit, "file");
    fd = open(visit->source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "there is no such file",
                               .advice = "is it the path of nginx's access_log, as this container "
                                         "sees it? Set PROBITY_ACCESS_LOG" });
        return;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        fail_file(visit, "it can't be read", visit->source->path);
        return;
    }
    if (!S_ISREG(status.st_mode)) {
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "it is no regular file",
                               .advice = "nginx's images link the log to /dev/stdout: write one "
                                         "more access_log into a file" });
        return;
    }
    tell_writing(visit, &status);
    try_format(visit, fd, status.st_size);
    try_folder(visit);
}

/* --- state --- */

static void try_room(struct doctor_visit *visit, const char *path)
{
    struct statvfs room;
    int64_t free_bytes;

    doctor_begin(visit, "room");
    if (statvfs(path, &room) != 0) {
        fail_file(visit, "the file system does not say how full it is", path);
        return;
    }
    free_bytes = (int64_t)(room.f_bavail * room.f_frsize);
    if (free_bytes < LIMIT_SEGMENT_BYTES)
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "the disk is full",
                               .advice = "free or add some: posted events are refused" });
    else if (free_bytes < LIMIT_JOURNAL_BYTES)
        doctor_note(visit, "%" PRId64 " MiB are free; posted events may need %d",
                    free_bytes / MEBIBYTE, LIMIT_JOURNAL_BYTES / MEBIBYTE);
    else
        doctor_pass(visit, "%" PRId64 " MiB are free", free_bytes / MEBIBYTE);
}

/* The daemon makes the last folder of the path itself. */
void doctor_visit_state(struct doctor_visit *visit)
{
    const char *path = visit->config->state_dir;
    char folder[PATH_BYTES];

    doctor_begin(visit, "folder");
    (void)snprintf(folder, sizeof(folder), "%s", path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        find_folder(path, folder);
    if (access(folder, W_OK | X_OK) != 0) {
        fail_file(visit, "it can't be written", folder);
        return;
    }
    doctor_pass(visit, strcmp(folder, path) == 0 ? "may be written" : "may be made");
    try_room(visit, folder);
}

/* --- socket --- */

static void tell_absence(struct doctor_visit *visit, const char *path)
{
    char folder[PATH_BYTES];

    find_folder(path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        fail_file(visit, "probityd does not run, and its socket can't be made", folder);
    else
        doctor_note(visit, "nobody listens: probityd does not run");
}

static void tell_version(struct doctor_visit *visit, const struct buf *body)
{
    json_t *answer = json_loadb(buf_text(body), body->length, 0, NULL);
    const char *version = json_string_value(json_object_get(answer, "probity_version"));
    const char *status = json_string_value(json_object_get(answer, "status"));

    if (version == NULL)
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = "what answers is no probityd" });
    else if (strcmp(version, PACKAGE_VERSION) != 0)
        doctor_note(visit, "probityd %.32s answers, and this is %s: restart it", version,
                    PACKAGE_VERSION);
    else
        doctor_pass(visit, "probityd %s answers: %.32s", version, status == NULL ? "?" : status);
    json_decref(answer);
}

void doctor_visit_socket(struct doctor_visit *visit)
{
    const char *path = visit->config->listen_path;
    const struct ask_target target = { .socket_path = path };
    const struct ask_request request = { .method = "GET", .path = "/health" };
    AUTO(buf_done) struct buf body = { .max_bytes = ANSWER_MAX_BYTES };
    struct error err = { 0 };
    int status = 0;
    int code;

    doctor_begin(visit, "ask");
    code = ask_send(&target, &request, visit->deadline_ms, &status, &body, &err);
    if (code == -ENOENT || code == -ECONNREFUSED)
        tell_absence(visit, path);
    else if (code == -ETIMEDOUT || code == -EAGAIN)
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "no answer in time",
                               .said = err.text,
                               .advice = "probityd hangs or gets no processor: restart it" });
    else if (code != 0)
        doctor_fail(visit,
                    &(struct doctor_trouble){ .phrase = "it can't be asked",
                                              .said = err.text,
                                              .advice = code == -EACCES ? rights_advice : NULL });
    else
        tell_version(visit, &body);
}

/* --- secrets --- */

/* Each sentence is about a door that stays closed; where nobody set a secret, that may be meant. */
static void say_trouble(void *context, enum log_level level, const char *sentence)
{
    struct doctor_visit *visit = context;
    const struct config *config = visit->config;
    bool any = config->jwt_secret != NULL || config->jwt_public_key != NULL
               || config->admin_token != NULL || config->read_token != NULL
               || config->ingest_token != NULL;

    (void)level;
    if (any)
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = sentence });
    else
        doctor_note(visit, "%s", sentence);
}

void doctor_visit_secrets(struct doctor_visit *visit)
{
    AUTO(access_free) struct access *access = NULL;
    struct error err = { 0 };

    doctor_begin(visit, "read");
    if (access_new(visit->config, &access, &err) != 0) {
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = err.text });
        return;
    }
    access_diagnose(access, say_trouble, visit);
    if (visit->step != NULL)
        doctor_pass(visit, "those that are set are long enough");
}
