/* main.c - the daemon: its table of contents. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

int main(void)
{
    return 2;
}
