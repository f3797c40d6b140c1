/* sibling.c - walks the log's directory. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sibling.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void directory_close(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

/* Splits at the last slash; a path without one lies in the current directory. */
static const char *split_path(const char *path, char directory[256])
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        (void)snprintf(directory, 256, ".");
        return path;
    }
    (void)snprintf(directory, 256, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return slash + 1;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t tail = strlen(suffix);

    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

/* logrotate's names: access.log.1, access.log-20261121, access.log.2026-11-21, access.log~. */
static bool is_rotated_name(const char *name, const char *log_name)
{
    size_t length = strlen(log_name);

    return strncmp(name, log_name, length) == 0 && name[length] != '\0'
           && strchr(".-_~", name[length]) != NULL;
}

static bool is_sibling_name(const char *name, const char *log_name)
{
    static const char *const compressed[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z" };

    if (!is_rotated_name(name, log_name))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(compressed); i++) {
        if (ends_with(name, compressed[i]))
            return false;
    }
    return true;
}

bool sibling_belongs(const struct source_config *source, const char *path)
{
    char directory[2][256];
    const char *log_name = split_path(source->path, directory[0]);
    const char *name = split_path(path, directory[1]);
    AUTO(auto_free) char *log_place = realpath(directory[0], NULL);
    AUTO(auto_free) char *place = realpath(directory[1], NULL);

    return log_place != NULL && place != NULL && strcmp(log_place, place) == 0
           && (strcmp(name, log_name) == 0 || is_rotated_name(name, log_name));
}

/* Opens one; NULL for what is no file that could hold lines. */
static struct log_file *open_one(const struct source_config *source, const char *directory,
                                 const char *name)
{
    AUTO(file_close) struct log_file *file = NULL;
    struct log_file *opened;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (file_open(path, source, &file, NULL) != 0)
        return NULL;
    file_name(file);
    if (file->stage != FILE_NAMED)
        return NULL;
    file->sibling = true;
    opened = file;
    file = NULL;
    return opened;
}

/* Adds a file, in place of the oldest when there is no room. */
static void keep_youngest(struct log_file *files[], int *count, struct log_file *file)
{
    int oldest = 0;

    if (*count < SIBLINGS_MAX) {
        files[(*count)++] = file;
        return;
    }
    for (int i = 1; i < *count; i++) {
        if (files[i]->head.first_ms < files[oldest]->head.first_ms)
            oldest = i;
    }
    if (files[oldest]->head.first_ms < file->head.first_ms) {
        struct log_file *replaced = files[oldest];

        files[oldest] = file;
        file = replaced;
    }
    file_close(&file);
}

int siblings_open(const struct source_config *source, struct log_file *ret[SIBLINGS_MAX])
{
    char path[256];
    const char *log_name = split_path(source->path, path);
    AUTO(directory_close) DIR *directory = opendir(path);
    const struct dirent *entry;
    int count = 0;

    if (directory == NULL)
        return -errno;
    while ((entry = readdir(directory)) != NULL) {
        struct log_file *file = NULL;

        if (is_sibling_name(entry->d_name, log_name))
            file = open_one(source, path, entry->d_name);
        if (file != NULL)
            keep_youngest(ret, &count, file);
    }
    return count;
}

struct log_file *sibling_find(const struct source_config *source, const struct file_id *id)
{
    struct log_file *files[SIBLINGS_MAX] = { NULL };
    struct log_file *found = NULL;
    int count = siblings_open(source, files);

    for (int i = 0; i < count; i++) {
        bool same = file_id_equals(&files[i]->head.id, id);

        if (same && (found == NULL || files[i]->size > found->size)) {
            file_close(&found);
            found = files[i];
        } else {
            file_close(&files[i]);
        }
    }
    return found;
}
