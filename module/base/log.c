/* log.c - format, hide, ring, write. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/queue.h"
#include "base/thread.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SECRET_MIN_BYTES = 6, /* shorter secrets would blank out half the language */
    /* Texts of this length may have been cut where their place ended (a struct error, a detail),
     * in the middle of a secret: so much of one is enough at their end. */
    CUT_TEXT_BYTES = 100,
    CUT_SECRET_BYTES = 3,
};

/* A byte becomes six at most (\u0001); and room for the fields. */
enum { ESCAPED_TIMES = 8 };

static const char *const level_names[] = { "debug", "info", "warning", "error" };

struct secret {
    char *text;
    uint64_t named; /* when it was last named, as a count */
};

/* One of the two globals of the program: the log is where everything ends. */
static struct {
    /* set before threads exist, read-only afterwards */
    enum log_level level;
    enum log_format format;
    char service[64];
    /* any thread, under the mutex: a reload brings others */
    pthread_mutex_t secrets_mutex;
    struct secret secrets[LIMIT_SECRETS];
    int secret_count;
    uint64_t secrets_named;
    /* any thread */
    struct queue *lines; /* of char *, each owned by whoever holds it */
    struct thread writer;
    atomic_bool running;
    atomic_bool stopping;
    atomic_uint_fast64_t
        lost; /* lines that no memory was there for, or too long with their fields */
    /* the writing thread only */
    uint64_t reported_drops;
} logger = { .level = LOG_LEVEL_INFO,
             .format = LOG_FORMAT_TEXT,
             .service = "probity",
             .secrets_mutex = PTHREAD_MUTEX_INITIALIZER };

void log_configure(enum log_level level, enum log_format format, const char *service)
{
    logger.level = level;
    logger.format = format;
    (void)snprintf(logger.service, sizeof(logger.service), "%s", service);
}

/* Every reload names its secrets anew: what was named longest ago is of a configuration that is no
 * longer in force. */
static void forget_oldest_secret(void)
{
    int oldest = 0;

    for (int i = 1; i < logger.secret_count; i++) {
        if (logger.secrets[i].named < logger.secrets[oldest].named)
            oldest = i;
    }
    free(logger.secrets[oldest].text);
    logger.secret_count--;
    memmove(&logger.secrets[oldest], &logger.secrets[oldest + 1],
            (size_t)(logger.secret_count - oldest) * sizeof(logger.secrets[0]));
}

/* Longest first: of two secrets that begin alike the shorter one would leave the other's end. */
static void add_secret(char *text)
{
    int at;

    if (logger.secret_count == LIMIT_SECRETS)
        forget_oldest_secret();
    at = logger.secret_count++;
    for (; at > 0 && strlen(logger.secrets[at - 1].text) < strlen(text); at--)
        logger.secrets[at] = logger.secrets[at - 1];
    logger.secrets[at] = (struct secret){ text, logger.secrets_named };
}

static void hide(const char *text)
{
    char *copy;

    logger.secrets_named++;
    for (int i = 0; i < logger.secret_count; i++) {
        if (strcmp(logger.secrets[i].text, text) != 0)
            continue;
        logger.secrets[i].named = logger.secrets_named;
        return;
    }
    copy = strlen(text) < SECRET_MIN_BYTES ? NULL : strdup(text);
    if (copy != NULL)
        add_secret(copy);
}

/* Also as JSON escapes it: what a server says may be JSON. */
void log_hide(const char *secret)
{
    AUTO(buf_done) struct buf escaped;

    buf_init(&escaped, LIMIT_SECRET_BYTES);
    if (secret == NULL)
        return;
    json_escape(&escaped, slice_of(secret));
    pthread_mutex_lock(&logger.secrets_mutex);
    hide(secret);
    if (buf_ok(&escaped))
        hide(buf_text(&escaped));
    pthread_mutex_unlock(&logger.secrets_mutex);
}

static bool blank_whole(char *text, const char *secret)
{
    size_t length = strlen(secret);
    bool found = false;

    for (char *at = strstr(text, secret); at != NULL; at = strstr(at + length, secret)) {
        memset(at, '*', length);
        found = true;
    }
    return found;
}

/* The longest beginning of the secret with which the text ends. */
static bool blank_cut(char *text, const char *secret)
{
    size_t text_bytes = strlen(text);
    size_t bytes = strlen(secret) - 1;

    if (text_bytes < CUT_TEXT_BYTES)
        return false;
    for (bytes = bytes < text_bytes ? bytes : text_bytes; bytes >= CUT_SECRET_BYTES; bytes--) {
        char *end = text + text_bytes - bytes;

        if (memcmp(end, secret, bytes) == 0) {
            memset(end, '*', bytes);
            return true;
        }
    }
    return false;
}

bool log_scrub(char *text)
{
    bool found = false;

    pthread_mutex_lock(&logger.secrets_mutex);
    for (int i = 0; i < logger.secret_count; i++)
        found = blank_whole(text, logger.secrets[i].text) || found;
    for (int i = 0; i < logger.secret_count; i++)
        found = blank_cut(text, logger.secrets[i].text) || found;
    pthread_mutex_unlock(&logger.secrets_mutex);
    return found;
}

/* Text by text, because a password of digits may look like a number, or one of letters like a
 * member's name: blanking those would leave a line that is no JSON. */
static char *scrubbed(const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL)
        (void)log_scrub(copy);
    return copy;
}

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    AUTO(auto_free) char *copy = scrubbed(text);

    json_text(json, name, copy == NULL ? "out of memory" : copy);
}

/* Escaped as in JSON, so that a line never ends early; but quotes end nothing here. */
static void put_plain_text(struct buf *line, const char *text)
{
    AUTO(auto_free) char *copy = scrubbed(text);
    const char *rest = copy == NULL ? "out of memory" : copy;
    size_t length;

    while (length = strcspn(rest, "\""), rest[length] != '\0') {
        json_escape(line, (struct slice){ rest, length });
        buf_append_char(line, '"');
        rest += length + 1;
    }
    json_escape(line, (struct slice){ rest, length });
}

static void put_json(struct buf *line, enum log_level level, const char *message,
                     const struct log_field *fields, int count)
{
    struct json_writer json;

    json_writer_init(&json, line);
    json_open_object(&json);
    json_time(&json, "timestamp", clock_wall_ms());
    json_text(&json, "level", level_names[level]);
    json_text(&json, "service", logger.service);
    for (int i = 0; i < count; i++) {
        if (fields[i].text != NULL)
            put_text(&json, fields[i].name, fields[i].text);
        else
            json_int(&json, fields[i].name, fields[i].number);
    }
    put_text(&json, "message", message);
    json_close_object(&json);
}

static void put_plain(struct buf *line, enum log_level level, const char *message,
                      const struct log_field *fields, int count)
{
    char now[CLOCK_TEXT_BYTES];

    clock_format(clock_wall_ms(), now);
    buf_printf(line, "%s %-7s ", now, level_names[level]);
    put_plain_text(line, message);
    for (int i = 0; i < count; i++) {
        buf_printf(line, " %s=", fields[i].name);
        if (fields[i].text != NULL)
            put_plain_text(line, fields[i].text);
        else
            buf_printf(line, "%lld", (long long)fields[i].number);
    }
}

static char *format_line(enum log_level level, const struct log_field *fields, int count,
                         const char *message)
{
    struct buf line;

    buf_init(&line, (size_t)LIMIT_LOG_LINE_BYTES * ESCAPED_TIMES);
    if (logger.format == LOG_FORMAT_JSON)
        put_json(&line, level, message, fields, count);
    else
        put_plain(&line, level, message, fields, count);
    buf_append_char(&line, '\n');
    if (!buf_ok(&line)) {
        buf_done(&line);
        (void)atomic_fetch_add(&logger.lost, 1);
        return NULL;
    }
    return line.data;
}

/* A pipe that nobody reads holds the writer here and nobody else; stopping gives it a second. */
static void write_line(const char *line)
{
    size_t left = strlen(line);
    int64_t patience_ms = 0;

    while (left > 0) {
        struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
        ssize_t written;

        if (poll(&out, 1, 100) <= 0) {
            patience_ms += 100;
            if (atomic_load(&logger.stopping) && patience_ms >= 1000)
                return;
            continue;
        }
        /* A writable pipe takes PIPE_BUF without blocking; more than that may block. */
        written = write(STDERR_FILENO, line, left < PIPE_BUF ? left : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return; /* nobody is there to be told */
        if (written > 0) {
            line += written;
            left -= (size_t)written;
        }
    }
}

static void report_drops(void)
{
    uint64_t dropped = log_dropped();
    char message[96];
    char *line;

    if (dropped == logger.reported_drops)
        return;
    (void)snprintf(message, sizeof(message),
                   "log: %llu lines were dropped: the output was stuck or memory was out",
                   (unsigned long long)(dropped - logger.reported_drops));
    logger.reported_drops = dropped;
    line = format_line(LOG_LEVEL_WARNING, NULL, 0, message);
    if (line != NULL)
        write_line(line);
    free(line);
}

static void write_lines(void *context)
{
    char *line;

    (void)context;
    for (;;) {
        if (queue_pop(logger.lines, &line, clock_boot_ms() + 1000)) {
            write_line(line);
            free(line);
            report_drops();
        } else if (atomic_load(&logger.stopping)) {
            return;
        }
    }
}

int log_start(struct error *err)
{
    int code;

    if (logger.lines == NULL)
        logger.lines = queue_new(sizeof(char *), LIMIT_LOG_LINES);
    if (logger.lines == NULL)
        return error_set(err, ENOMEM, "log: out of memory");
    atomic_store(&logger.stopping, false);
    code = thread_start(&logger.writer, "log", write_lines, NULL, err);
    if (code == 0)
        atomic_store(&logger.running, true);
    return code;
}

/* Queue and secrets stay until the process ends: a thread that was left behind in a name look-up
 * may still log, and then neither may be missing. */
void log_stop(void)
{
    if (!atomic_exchange(&logger.running, false))
        return;
    atomic_store(&logger.stopping, true);
    queue_wake(logger.lines);
    (void)!thread_join(&logger.writer, 2000);
}

static void log_text(enum log_level level, const struct log_field *fields, int count,
                     const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void log_text(enum log_level level, const struct log_field *fields, int count,
                     const char *format, va_list args)
{
    char message[LIMIT_LOG_LINE_BYTES];
    char *line;
    int length;

    if (level < logger.level)
        return;
    length = vsnprintf(message, sizeof(message), format, args);
    if (length >= (int)sizeof(message)) {
        (void)log_scrub(message); /* while a secret that was cut stands at its end */
        (void)snprintf(message + sizeof(message) - 16, 16, " [cut]");
    }
    line = format_line(level, fields, count, message);
    if (line == NULL)
        return;
    if (!atomic_load(&logger.running)) {
        write_line(line);
        free(line);
    } else if (!queue_push(logger.lines, &line)) {
        free(line); /* the queue has counted it */
    }
}

#define LOG_AT(name, level)                     \
    void name(const char *format, ...)          \
    {                                           \
        va_list args;                           \
                                                \
        va_start(args, format);                 \
        log_text(level, NULL, 0, format, args); \
        va_end(args);                           \
    }

LOG_AT(log_debug, LOG_LEVEL_DEBUG)
LOG_AT(log_info, LOG_LEVEL_INFO)
LOG_AT(log_warning, LOG_LEVEL_WARNING)
LOG_AT(log_error, LOG_LEVEL_ERROR)

void log_with(enum log_level level, const struct log_field *fields, int count, const char *format,
              ...)
{
    va_list args;

    va_start(args, format);
    log_text(level, fields, count, format, args);
    va_end(args);
}

uint64_t log_dropped(void)
{
    uint64_t refused = logger.lines == NULL ? 0 : queue_refused(logger.lines);

    return refused + atomic_load(&logger.lost);
}
