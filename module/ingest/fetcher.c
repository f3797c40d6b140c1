/* fetcher.c - the thread "templates". */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/fetcher.h"

#include "base/clock.h"
#include "base/idle.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"
#include "ingest/fetch.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 10000,
    FIRST_PAUSE_MS = 500,
    LONGEST_PAUSE_MS = 60000,
    STOP_MS = 1000,
};

struct fetcher {
    /* set before start, read-only afterwards */
    const struct source_config *sources;
    int count;
    const struct idle *idle; /* borrowed; nobody is asked while it is paused */
    int stop_fd;             /* readable once it is to stop */
    /* the thread only */
    bool has_answered[LIMIT_SOURCES];
    bool has_failed[LIMIT_SOURCES]; /* and it has been said */
    /* under the mutex */
    pthread_mutex_t mutex;
    struct openapi *news[LIMIT_SOURCES];
    /* the owner's */
    struct thread thread;
};

bool fetcher_is_wanted(const struct source_config *source)
{
    return source->openapi != NULL && strncasecmp(source->openapi, "http://", 7) == 0;
}

static void publish(struct fetcher *fetcher, int source, struct openapi *openapi)
{
    (void)pthread_mutex_lock(&fetcher->mutex);
    openapi_free(&fetcher->news[source]);
    fetcher->news[source] = openapi;
    (void)pthread_mutex_unlock(&fetcher->mutex);
}

struct openapi *fetcher_take(struct fetcher *fetcher, int source)
{
    struct openapi *openapi;

    if (fetcher == NULL)
        return NULL;
    (void)pthread_mutex_lock(&fetcher->mutex);
    openapi = fetcher->news[source];
    fetcher->news[source] = NULL;
    (void)pthread_mutex_unlock(&fetcher->mutex);
    return openapi;
}

static int ask(struct fetcher *fetcher, int source, struct error *err)
{
    AUTO(buf_done) struct buf answer;
    const struct fetch fetch = { fetcher->sources[source].openapi, fetcher->stop_fd,
                                 clock_boot_ms() + TIMEOUT_MS };
    struct openapi *openapi = NULL;
    struct slice body;
    int code;

    buf_init(&answer, OPENAPI_MAX_BYTES);
    code = fetch_get(&fetch, &answer, &body, err);
    if (code == 0)
        code = openapi_parse(body, &openapi, err);
    if (code != 0)
        return code;
    log_info("ingest: %s: %d route templates from %s", fetcher->sources[source].path,
             openapi->count, fetch.url);
    publish(fetcher, source, openapi);
    return 0;
}

/* Asks all that have not answered yet.  Returns whether any is left. */
static bool ask_all(struct fetcher *fetcher)
{
    bool left = false;

    for (int i = 0; i < fetcher->count; i++) {
        struct error err = { .code = 0 };
        int code;

        if (fetcher->has_answered[i] || !fetcher_is_wanted(&fetcher->sources[i]))
            continue;
        code = ask(fetcher, i, &err);
        fetcher->has_answered[i] = code == 0;
        left |= code != 0;
        if (code == 0 || code == -ECANCELED || fetcher->has_failed[i])
            continue;
        fetcher->has_failed[i] = true;
        log_warning(
            "ingest: %s: no route templates from %s yet: %s: asking again; until then paths "
            "are made into routes",
            fetcher->sources[i].path, fetcher->sources[i].openapi, err.text);
    }
    return left;
}

/* Returns whether it is to stop. */
static bool pause_for(const struct fetcher *fetcher, int64_t pause_ms)
{
    struct pollfd stop = { .fd = fetcher->stop_fd, .events = POLLIN };

    return poll(&stop, 1, (int)random_jitter(pause_ms, 20)) > 0;
}

static void run(void *context)
{
    struct fetcher *fetcher = context;
    int64_t pause_ms = FIRST_PAUSE_MS;

    assert(thread_is("templates"));
    while ((idle_is_paused(fetcher->idle) || ask_all(fetcher)) && !pause_for(fetcher, pause_ms))
        pause_ms = pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause_ms * 2;
}

static void release(struct fetcher **fetcher)
{
    if (*fetcher == NULL)
        return;
    for (int i = 0; i < (*fetcher)->count; i++)
        openapi_free(&(*fetcher)->news[i]);
    auto_close(&(*fetcher)->stop_fd);
    (void)pthread_mutex_destroy(&(*fetcher)->mutex);
    free(*fetcher);
    *fetcher = NULL;
}

int fetcher_start(const struct follow_settings *settings, struct fetcher **ret, struct error *err)
{
    const struct source_config *sources = settings->sources;
    int count = settings->source_count;
    AUTO(release) struct fetcher *fetcher = NULL;
    bool wanted = false;
    int code;

    for (int i = 0; i < count; i++)
        wanted |= fetcher_is_wanted(&sources[i]);
    if (!wanted)
        return 0;
    fetcher = calloc(1, sizeof(*fetcher));
    if (fetcher == NULL)
        return error_set(err, ENOMEM, "ingest: out of memory");
    (void)pthread_mutex_init(&fetcher->mutex, NULL);
    fetcher->sources = sources;
    fetcher->idle = settings->idle;
    fetcher->count = count;
    fetcher->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fetcher->stop_fd < 0)
        return error_set(err, errno, "ingest: eventfd: %s", strerror(errno));
    code = thread_start(&fetcher->thread, "templates", run, fetcher, err);
    if (code != 0)
        return code;
    *ret = fetcher;
    fetcher = NULL;
    return 0;
}

void fetcher_stop(struct fetcher **fetcher)
{
    const uint64_t one = 1;

    if (*fetcher == NULL)
        return;
    (void)!write((*fetcher)->stop_fd, &one, sizeof(one)); /* fails only when it is readable */
    if (thread_join(&(*fetcher)->thread, STOP_MS))
        release(fetcher);
    *fetcher = NULL; /* one that sits in a name look-up keeps what it uses */
}
