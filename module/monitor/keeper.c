/* keeper.c - a mailbox with room for one letter each way, and a thread that may hang. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "monitor/vault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STOP_WITHIN_MS = 1000,
    WAIT_MS = 60 * 1000, /* it is woken for everything */
};

static const char thread_name[] = "keeper";

struct keeper {
    /* set before the start, read-only afterwards */
    struct queue *wake;
    struct thread thread;
    /* the keeper's thread only */
    struct vault vault;
    bool troubled; /* the log knows that it can't write */
    bool idle;     /* the log knows that somebody else writes */
    /* under the mutex, which nobody holds for longer than it takes to copy this */
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool stopping;
    bool has_read;
    bool was_taken;
    char boot_id[CHRONICLE_BOOT_ID_BYTES];
    struct chronicle *read; /* for the monitor */
    bool has_content;
    struct buf content; /* from the monitor */
    struct keeping keeping;
};

/* --- reading --- */

static void read_boot_id(char id[CHRONICLE_BOOT_ID_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, id, CHRONICLE_BOOT_ID_BYTES - 1);

    id[length < 0 ? 0 : length] = '\0';
    auto_close(&fd);
}

static struct chronicle *load(struct keeper *keeper, const char *boot_id)
{
    AUTO(arena_free) struct arena *arena = arena_new(LIMIT_HISTORY_FILE_BYTES + 4096);
    const struct moment now = { clock_boot_ms(), clock_wall_ms() };
    struct error err = { 0 };
    struct slice content;
    struct chronicle *chronicle;
    int code = arena == NULL ? -ENOMEM : vault_load(&keeper->vault, arena, &content, &err);

    /* A directory that is missing or none is told of when it has to be written. */
    if (code == -ENOENT || code == -ENOTDIR)
        return NULL;
    if (code != 0) {
        log_warning("history begins anew: %s", arena == NULL ? "out of memory" : err.text);
        return NULL;
    }
    chronicle = chronicle_read(content);
    if (chronicle == NULL)
        log_warning("history begins anew: %s: not understood", keeper->vault.path);
    else
        chronicle_move(chronicle, boot_id, now);
    return chronicle;
}

/* Whoever counts sees a disk that hangs by this. */
static void set_busy(struct keeper *keeper, bool busy)
{
    (void)pthread_mutex_lock(&keeper->mutex);
    keeper->keeping.busy_since_ms = busy ? clock_boot_ms() : 0;
    (void)pthread_mutex_unlock(&keeper->mutex);
}

static void read_file(struct keeper *keeper)
{
    char boot_id[CHRONICLE_BOOT_ID_BYTES];
    struct chronicle *chronicle;

    read_boot_id(boot_id);
    chronicle = load(keeper, boot_id);
    (void)pthread_mutex_lock(&keeper->mutex);
    memcpy(keeper->boot_id, boot_id, sizeof(boot_id));
    keeper->read = chronicle;
    keeper->has_read = true;
    (void)pthread_mutex_unlock(&keeper->mutex);
    queue_wake(keeper->wake);
}

/* --- writing --- */

/* Returns whether there is something to write; false at the end. */
static bool wait_for_content(struct keeper *keeper, struct buf *ret)
{
    bool has_content;

    (void)pthread_mutex_lock(&keeper->mutex);
    while (!keeper->has_content && !keeper->stopping)
        thread_cond_wait(&keeper->cond, &keeper->mutex, WAIT_MS);
    has_content = keeper->has_content;
    keeper->has_content = false;
    *ret = keeper->content;
    keeper->content = (struct buf){ 0 };
    (void)pthread_mutex_unlock(&keeper->mutex);
    return has_content;
}

static void say_how_it_went(struct keeper *keeper, int code, const struct error *err)
{
    if (code < 0 && !keeper->troubled)
        log_warning("history lives in memory only until this can be written (PROBITY_STATE_DIR): "
                    "%s",
                    err->text);
    if (code == 0 && keeper->troubled)
        log_info("history is kept again: %s", keeper->vault.path);
    if (code > 0 && !keeper->idle)
        log_info("another process keeps the history now: %s", keeper->vault.path);
    if (code == 0 && keeper->idle)
        log_info("nobody else keeps the history any more: %s", keeper->vault.path);
    keeper->troubled = code < 0;
    keeper->idle = code > 0;
}

static void write_file(struct keeper *keeper, const struct buf *content)
{
    struct error err = { 0 };
    int code;

    assert(thread_is(thread_name));
    code = vault_store(&keeper->vault, buf_slice(content), clock_boot_ms(), &err);
    say_how_it_went(keeper, code, &err);
    (void)pthread_mutex_lock(&keeper->mutex);
    keeper->keeping.elsewhere = code > 0;
    if (code < 0) {
        keeper->keeping.failures++;
    } else if (code == 0) {
        keeper->keeping.writes++;
        keeper->keeping.written_at_ms = clock_boot_ms();
        keeper->keeping.file_bytes = (int64_t)content->length;
    }
    (void)pthread_mutex_unlock(&keeper->mutex);
}

static void run(void *context)
{
    struct keeper *keeper = context;
    struct buf content;

    set_busy(keeper, true);
    read_file(keeper);
    set_busy(keeper, false);
    while (wait_for_content(keeper, &content)) {
        set_busy(keeper, true);
        write_file(keeper, &content);
        set_busy(keeper, false);
        buf_done(&content);
    }
}

/* --- life --- */

static void keeper_free(struct keeper **keeper)
{
    if (*keeper == NULL)
        return;
    buf_done(&(*keeper)->content);
    chronicle_free(&(*keeper)->read);
    vault_done(&(*keeper)->vault);
    (void)pthread_cond_destroy(&(*keeper)->cond);
    (void)pthread_mutex_destroy(&(*keeper)->mutex);
    free(*keeper);
    *keeper = NULL;
}

int keeper_start(const struct keeper_settings *settings, struct keeper **ret, struct error *err)
{
    AUTO(keeper_free) struct keeper *keeper = calloc(1, sizeof(*keeper));
    int code;

    if (keeper == NULL)
        return error_set(err, ENOMEM, "history: out of memory");
    (void)pthread_mutex_init(&keeper->mutex, NULL);
    thread_cond_init(&keeper->cond);
    keeper->wake = settings->wake;
    keeper->keeping.wanted = true;
    code = vault_init(&keeper->vault, settings->state_dir, settings->service, err);
    if (code == 0)
        code = thread_start(&keeper->thread, thread_name, run, keeper, err);
    if (code != 0)
        return code;
    *ret = keeper;
    keeper = NULL;
    return 0;
}

void keeper_stop(struct keeper **keeper)
{
    if (*keeper == NULL)
        return;
    (void)pthread_mutex_lock(&(*keeper)->mutex);
    (*keeper)->stopping = true;
    (void)pthread_cond_signal(&(*keeper)->cond);
    (void)pthread_mutex_unlock(&(*keeper)->mutex);
    if (thread_join(&(*keeper)->thread, STOP_WITHIN_MS))
        keeper_free(keeper);
    *keeper = NULL;
}

/* --- the monitor's side --- */

bool keeper_take(struct keeper *keeper, struct chronicle **ret)
{
    bool has_read;

    (void)pthread_mutex_lock(&keeper->mutex);
    has_read = keeper->has_read && !keeper->was_taken;
    if (has_read) {
        keeper->was_taken = true;
        *ret = keeper->read;
        keeper->read = NULL;
    }
    (void)pthread_mutex_unlock(&keeper->mutex);
    return has_read;
}

const char *keeper_boot_id(const struct keeper *keeper)
{
    return keeper->was_taken ? keeper->boot_id : "";
}

void keeper_give(struct keeper *keeper, struct buf *content)
{
    struct buf replaced;

    (void)pthread_mutex_lock(&keeper->mutex);
    replaced = keeper->content;
    keeper->content = *content;
    keeper->has_content = true;
    (void)pthread_cond_signal(&keeper->cond);
    (void)pthread_mutex_unlock(&keeper->mutex);
    *content = (struct buf){ 0 };
    buf_done(&replaced);
}

void keeper_count(struct keeper *keeper, struct keeping *ret)
{
    (void)pthread_mutex_lock(&keeper->mutex);
    *ret = keeper->keeping;
    (void)pthread_mutex_unlock(&keeper->mutex);
}
