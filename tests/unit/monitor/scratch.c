/* scratch.c - a folder below /tmp and its few known files. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[128];

const char *scratch_make(void)
{
    (void)snprintf(directory, sizeof(directory), "/tmp/test_monitor.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    return directory;
}

const char *scratch_path(const char *name)
{
    (void)snprintf(path, sizeof(path), "%s/history%s%s", directory, name == NULL ? "" : "/",
                   name == NULL ? "" : name);
    return path;
}

void scratch_remove(void)
{
    (void)chmod(directory, 0700);
    (void)unlink(scratch_path("app"));
    (void)rmdir(scratch_path("app"));
    (void)unlink(scratch_path(".app.new"));
    (void)rmdir(scratch_path(".app.new"));
    (void)rmdir(scratch_path(NULL));
    (void)unlink(scratch_path(NULL));
    ck_assert_int_eq(rmdir(directory), 0);
}

void scratch_write(const char *name, struct slice bytes)
{
    FILE *file;

    (void)mkdir(scratch_path(NULL), 0700);
    file = fopen(scratch_path(name), "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    ck_assert_int_eq(fclose(file), 0);
}

int scratch_read(const char *name, char *bytes, int max_bytes)
{
    FILE *file = fopen(scratch_path(name), "re");
    int length;

    if (file == NULL)
        return -1;
    length = (int)fread(bytes, 1, (size_t)max_bytes, file);
    (void)fclose(file);
    return length;
}
