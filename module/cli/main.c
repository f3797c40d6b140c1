/* main.c - the tool `probity`: one file per command. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

int main(void)
{
    return 2;
}
