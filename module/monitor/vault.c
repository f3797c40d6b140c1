/* vault.c - one file, replaced by renaming, and whose turn it is to do so. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/vault.h"

#include "base/buf.h"
#include "base/folder.h"
#include "base/limits.h"
#include "monitor/envelope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

int vault_init(struct vault *vault, const char *state_dir, const char *service, struct error *err)
{
    *vault = (struct vault){ .generation = 1 };
    random_hex(vault->instance);
    vault->state_dir = strdup(state_dir);
    if (asprintf(&vault->directory, "%s/history", state_dir) < 0)
        vault->directory = NULL;
    if (asprintf(&vault->path, "%s/history/%s", state_dir, service) < 0)
        vault->path = NULL;
    if (asprintf(&vault->temporary, "%s/history/.%s.new", state_dir, service) < 0)
        vault->temporary = NULL;
    if (vault->state_dir != NULL && vault->directory != NULL && vault->path != NULL
        && vault->temporary != NULL)
        return 0;
    vault_done(vault);
    return error_set(err, ENOMEM, "history: out of memory");
}

void vault_done(struct vault *vault)
{
    free(vault->state_dir);
    free(vault->directory);
    free(vault->path);
    free(vault->temporary);
    *vault = (struct vault){ 0 };
}

int vault_load(struct vault *vault, struct arena *arena, struct slice *ret, struct error *err)
{
    struct envelope envelope;
    enum envelope_verdict verdict;
    struct slice file;
    int code = folder_read_file(vault->path, LIMIT_HISTORY_FILE_BYTES, arena, &file, err);

    if (code != 0)
        return code;
    verdict = envelope_read(file, &envelope);
    if (verdict != ENVELOPE_GOOD)
        return error_set(err, EBADMSG, "%s: %s", vault->path, envelope_verdict_text(verdict));
    vault->generation = envelope.generation + 1;
    *ret = envelope.content;
    return 0;
}

/* --- whose turn it is --- */

/* Of two that found the same file, the one with the greater name is the later. */
static bool outranks(const struct vault *vault, const struct envelope *envelope)
{
    if (envelope->generation != vault->generation)
        return vault->generation > envelope->generation;
    return strcmp(vault->instance, envelope->instance) >= 0;
}

/* A file that stays the same for so long was left by somebody who is gone, or by another version.
 */
static bool has_fallen_silent(struct vault *vault, struct slice file, int64_t now_ms)
{
    uint32_t checksum = (uint32_t)crc32(0, (const unsigned char *)file.data, (uInt)file.length);

    if (vault->rival_since_ms == 0 || vault->rival_checksum != checksum) {
        vault->rival_checksum = checksum;
        vault->rival_since_ms = now_ms;
    }
    return now_ms - vault->rival_since_ms > VAULT_SILENT_MS;
}

/* What can't be read, or was damaged, is nobody's. */
static bool is_ours(struct vault *vault, int64_t now_ms)
{
    AUTO(arena_free) struct arena *arena = arena_new(LIMIT_HISTORY_FILE_BYTES + 4096);
    struct envelope envelope = { 0 };
    enum envelope_verdict verdict;
    struct slice file;

    if (arena == NULL
        || folder_read_file(vault->path, LIMIT_HISTORY_FILE_BYTES, arena, &file, NULL) != 0)
        return true;
    verdict = envelope_read(file, &envelope);
    if (verdict == ENVELOPE_GOOD ? outranks(vault, &envelope) : verdict != ENVELOPE_OTHER) {
        vault->rival_since_ms = 0;
        return true;
    }
    if (!has_fallen_silent(vault, file, now_ms))
        return false;
    if (verdict == ENVELOPE_GOOD)
        vault->generation = envelope.generation + 1;
    vault->rival_since_ms = 0;
    return true;
}

/* --- writing --- */

static int write_all(int fd, struct slice bytes)
{
    while (bytes.length > 0) {
        ssize_t written = write(fd, bytes.data, bytes.length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes.data += written;
        bytes.length -= (size_t)written;
    }
    return 0;
}

/* The name always is the same, so that nothing is left over when a process is killed; two that
 * write at the same time keep apart by the lock.  Who gets it when the other has renamed the file
 * holds the finished one, and must not touch it. */
static int open_temporary(const struct vault *vault, int *ret)
{
    AUTO(auto_close)
    int fd = open(vault->temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct stat opened;
    struct stat named;

    if (fd < 0 || fstat(fd, &opened) != 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return -errno;
    if (stat(vault->temporary, &named) != 0 || named.st_ino != opened.st_ino)
        return -EBUSY;
    if (ftruncate(fd, 0) != 0)
        return -errno;
    *ret = fd;
    fd = -1;
    return 0;
}

/* The new name must survive a crash too. */
static int sync_directory(const struct vault *vault)
{
    AUTO(auto_close) int fd = open(vault->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd) != 0 ? -errno : 0;
}

static int replace(const struct vault *vault, struct slice bytes)
{
    AUTO(auto_close) int fd = -1;
    int code = open_temporary(vault, &fd);

    if (code != 0)
        return code;
    code = write_all(fd, bytes);
    if (code == 0 && fsync(fd) != 0)
        code = -errno;
    if (code == 0 && rename(vault->temporary, vault->path) != 0)
        code = -errno;
    if (code == 0)
        return sync_directory(vault);
    (void)unlink(vault->temporary);
    return code;
}

/* Only the last two parts of the way: a mistyped one should not come into being.  What fails here
 * is told by what fails next. */
static void make_directories(const struct vault *vault)
{
    if (mkdir(vault->state_dir, 0750) == 0 || errno == EEXIST)
        (void)!mkdir(vault->directory, 0750);
}

int vault_store(struct vault *vault, struct slice content, int64_t now_ms, struct error *err)
{
    AUTO(buf_done) struct buf bytes;
    struct envelope envelope = { .sequence = vault->sequence + 1, .content = content };
    int code;

    buf_init(&bytes, LIMIT_HISTORY_FILE_BYTES);
    if (!is_ours(vault, now_ms))
        return 1;
    envelope.generation = vault->generation;
    memcpy(envelope.instance, vault->instance, sizeof(envelope.instance));
    envelope_write(&envelope, &bytes);
    if (!buf_ok(&bytes))
        return error_set(err, ENOMEM, "%s: out of memory", vault->path);
    make_directories(vault);
    code = replace(vault, buf_slice(&bytes));
    if (code != 0)
        return error_set(err, -code, "%s: %s", vault->path, strerror(-code));
    vault->sequence++;
    return 0;
}
