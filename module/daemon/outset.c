/* outset.c - options, descriptors, signals, the heap. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/outset.h"

#include "base/descriptors.h"
#include "base/signals.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int outset_options(int argc, char **argv)
{
    if (argc <= 1)
        return -1;
    if (strcmp(argv[1], "--version") == 0) {
        puts("probityd " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    (void)fprintf(strcmp(argv[1], "--help") == 0 ? stdout : stderr,
                  "usage: probityd [--version | --help]\n"
                  "Everything else is set by the environment: see probityd(8) and "
                  "`probity check-config`.\n");
    return strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2;
}

void outset_prepare(void)
{
    /* One heap for all threads: they allocate little, and every further one costs a page set. */
    (void)mallopt(M_ARENA_MAX, 1);
    descriptors_fill_standard();
    signals_block();
}
