/* descriptors.c - the first three descriptors. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/descriptors.h"

#include "base/auto.h"

#include <fcntl.h>
#include <unistd.h>

void descriptors_fill_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    auto_close(&fd);
}
