/* folder.c - scandir and read, bounded. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/folder.h"

#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct listing {
    const char *path;
    const char *const *suffixes;
    struct arena *arena;
    const char **paths;
    int count;
};

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t end = strlen(suffix);

    return length > end && strcmp(name + length - end, suffix) == 0;
}

/* Names with a dot in front are what editors and Kubernetes (..data) put beside the files. */
static bool is_wanted(const struct listing *listing, const char *name)
{
    for (int i = 0; name[0] != '.' && listing->suffixes[i] != NULL; i++) {
        if (ends_with(name, listing->suffixes[i]))
            return true;
    }
    return false;
}

static int add(struct listing *listing, const char *name, struct error *err)
{
    size_t bytes = strlen(listing->path) + strlen(name) + 2;
    struct stat status;
    char *path;

    if (listing->count == LIMIT_FOLDER_FILES)
        return error_set(err, E2BIG, "%s: more than %d files: use several folders", listing->path,
                         LIMIT_FOLDER_FILES);
    path = arena_alloc(listing->arena, bytes);
    if (path == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", listing->path);
    (void)snprintf(path, bytes, "%s%s%s", listing->path, ends_with(listing->path, "/") ? "" : "/",
                   name);
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    listing->paths[listing->count++] = path;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int scan(struct listing *listing, DIR *dir, struct error *err)
{
    const struct dirent *entry;
    int code = 0;

    while (code == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
        if (is_wanted(listing, entry->d_name))
            code = add(listing, entry->d_name, err);
    }
    if (code == 0 && errno != 0)
        code = error_set(err, errno, "%s: %s", listing->path, strerror(errno));
    if (code == 0 && listing->count == 0)
        code = error_set(err, ENOENT, "%s: holds no file that ends in %s", listing->path,
                         listing->suffixes[0]);
    qsort((void *)listing->paths, (size_t)listing->count, sizeof(*listing->paths), compare);
    return code;
}

int folder_list(const char *path, const char *const suffixes[], struct arena *arena,
                const char *const **ret, int *ret_count, struct error *err)
{
    AUTO(close_dir) DIR *dir = opendir(path);
    struct listing listing = { .path = path, .suffixes = suffixes, .arena = arena };
    bool is_file = dir == NULL && errno == ENOTDIR;
    int code = 0;

    if (dir == NULL && !is_file)
        return error_set(err, errno, "%s: %s", path, strerror(errno));
    listing.paths = arena_alloc(arena, LIMIT_FOLDER_FILES * sizeof(*listing.paths));
    if (listing.paths == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", path);
    if (is_file) {
        listing.paths[0] = arena_copy(arena, slice_of(path));
        listing.count = 1;
        code = listing.paths[0] == NULL ? error_set(err, ENOMEM, "%s: out of memory", path) : 0;
    } else {
        code = scan(&listing, dir, err);
    }
    if (code == 0) {
        *ret = listing.paths;
        *ret_count = listing.count;
    }
    return code;
}

/* A file that grows meanwhile is read as far as it was; one that shrinks, to its end. */
static int read_all(int fd, char *data, size_t bytes, size_t *ret_length)
{
    size_t length = 0;

    while (length < bytes) {
        ssize_t got = read(fd, data + length, bytes - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *ret_length = length;
    return 0;
}

int folder_read_file(const char *path, size_t max_bytes, struct arena *arena, struct slice *ret,
                     struct error *err)
{
    /* Without O_NONBLOCK a pipe of that name would hang here. */
    AUTO(auto_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    size_t length = 0;
    char *data;
    int code;

    if (fd < 0 || fstat(fd, &status) != 0)
        return error_set(err, errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(err, EINVAL, "%s: not a file", path);
    if ((uintmax_t)status.st_size > max_bytes)
        return error_set(err, EFBIG, "%s: longer than %zu KiB: split it", path, max_bytes / 1024);
    data = arena_alloc(arena, (size_t)status.st_size + 1);
    if (data == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", path);
    code = read_all(fd, data, (size_t)status.st_size, &length);
    if (code != 0)
        return error_set(err, -code, "%s: %s", path, strerror(-code));
    *ret = (struct slice){ data, length };
    return 0;
}
