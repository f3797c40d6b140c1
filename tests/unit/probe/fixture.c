/* fixture.c - reads recorded answers. */
/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <check.h>
#include <stdio.h>

void fixture_read(const char *path, struct buf *buf)
{
    char name[512];
    char bytes[4096];
    size_t count;
    FILE *file;

    (void)snprintf(name, sizeof(name), "%s/%s", TEST_DATA, path);
    file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s can't be opened", name);
    buf_init(buf, 1 << 20);
    while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
        buf_append(buf, (struct slice){ bytes, count });
    (void)fclose(file);
    ck_assert(buf_ok(buf));
}
