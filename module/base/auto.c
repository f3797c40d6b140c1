/* auto.c - the destructors that need no type of ours. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/auto.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void auto_free(void *pointer_to_pointer)
{
    void *pointer;

    /* Copied bytewise: a `char **` must not be read through a `void **`. */
    memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
    free(pointer);
    pointer = NULL;
    memcpy(pointer_to_pointer, &pointer, sizeof(pointer));
}

void auto_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}
