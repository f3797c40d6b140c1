/* init_write.c - new files only: O_EXCL says what is there, and no look beforehand. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/init_write.h"

#include "base/buf.h"
#include "setup/materials.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 64 * 1024 };

bool init_exists(void *context, const char *path)
{
    char full[PATH_MAX];

    (void)snprintf(full, sizeof(full), "%s/%s", (const char *)context, path);
    return access(full, F_OK) == 0;
}

/* The folders above a file. */
static int make_folders(char *path, struct error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int code;

        *slash = '\0';
        code = mkdir(path, 0777) == 0 || errno == EEXIST
                   ? 0
                   : error_set(err, errno, "%s: %s", path, strerror(errno));
        *slash = '/';
        if (code != 0)
            return code;
    }
    return 0;
}

static int write_all(int fd, struct slice rest)
{
    while (rest.length > 0) {
        ssize_t count = write(fd, rest.data, rest.length);

        if (count < 0 && errno != EINTR)
            return -errno;
        if (count > 0)
            rest = (struct slice){ rest.data + count, rest.length - (size_t)count };
    }
    return 0;
}

static int write_file(char *path, struct slice text, bool *ret_written, struct error *err)
{
    AUTO(auto_close) int fd = -1;
    int code = make_folders(path, err);

    if (code != 0)
        return code;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *ret_written = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return error_set(err, errno, "%s: %s", path, strerror(errno));
    code = write_all(fd, text);
    return code == 0 ? 0 : error_set(err, -code, "%s: %s", path, strerror(-code));
}

int init_write(const char *folder, const struct advice *advice, struct error *err)
{
    for (int i = 0; i < material_target_count; i++) {
        const struct material_target *target = &material_targets[i];
        AUTO(buf_done) struct buf text;
        char path[PATH_MAX];
        bool written = false;
        int code;

        buf_init(&text, FILE_BYTES);
        if (!material_is_wanted(target, advice))
            continue;
        material_append(&text, target->source, advice);
        if (!buf_ok(&text))
            return error_set(err, ENOMEM, "%s: out of memory", target->path);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, target->path);
        code = write_file(path, buf_slice(&text), &written, err);
        if (code != 0)
            return code;
        printf("%s %s\n", written ? "wrote" : "there already, left alone:", path);
    }
    return 0;
}
