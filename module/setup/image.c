/* image.c - a table of names; the first that occurs in one counts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/image.h"

#include "base/auto.h"

#include <stddef.h>
#include <string.h>

static const char old[] = "its glibc is older than the 2.36 of Debian 12";

static const struct row {
    const char *part;
    struct image image;
} rows[] = {
    { "alpine", { IMAGE_ALPINE, false, "Alpine has musl and no glibc" } },
    { "distroless/static", { IMAGE_BARE, false, "it has no libc and no package manager" } },
    { "distroless", { IMAGE_BARE, true, "it has glibc and no package manager" } },
    { "chainguard", { IMAGE_BARE, true, "it has glibc and no package manager" } },
    { "scratch", { IMAGE_BARE, false, "it is empty" } },
    { "busybox", { IMAGE_BARE, false, "it has no package manager" } },
    { "stretch", { IMAGE_DEBIAN, false, old } },
    { "buster", { IMAGE_DEBIAN, false, old } },
    { "bullseye", { IMAGE_DEBIAN, false, old } },
    { "debian:10", { IMAGE_DEBIAN, false, old } },
    { "debian:11", { IMAGE_DEBIAN, false, old } },
    { "focal", { IMAGE_DEBIAN, false, old } },
    { "jammy", { IMAGE_DEBIAN, false, old } },
    { "ubuntu:20", { IMAGE_DEBIAN, false, old } },
    { "ubuntu:22", { IMAGE_DEBIAN, false, old } },
    { "ubi8", { IMAGE_RED_HAT, false, old } },
    { "ubi9", { IMAGE_RED_HAT, false, old } },
    { "amazonlinux", { IMAGE_RED_HAT, false, old } },
    { "almalinux", { IMAGE_RED_HAT, false, "its glibc may be older than the 2.36 of Debian 12" } },
    { "rockylinux", { IMAGE_RED_HAT, false, "its glibc may be older than the 2.36 of Debian 12" } },
    { "fedora", { IMAGE_RED_HAT, true, "it has a glibc that is new enough" } },
    { "debian", { IMAGE_DEBIAN, true, "it is Debian" } },
    { "ubuntu", { IMAGE_DEBIAN, true, "it is Ubuntu" } },
    { "python", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "node", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "ruby", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "golang", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "php", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "rust", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "bun", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "uv", { IMAGE_DEBIAN, true, "it is made from Debian" } },
    { "temurin", { IMAGE_DEBIAN, true, "it is made from Ubuntu" } },
};

const struct image *image_find(const char *name)
{
    static const struct image unknown = { IMAGE_UNKNOWN, false, "nothing is known of it" };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (strstr(name, rows[i].part) != NULL)
            return &rows[i].image;
    }
    return &unknown;
}
