/* suite.c - the runner, and an allocator that fails on the n-th call. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int countdown = -1;
static int failed;

void malloc_fail_at(int n)
{
    countdown = n;
    failed = 0;
}

int malloc_failed(void)
{
    return failed;
}

static int fails_now(void)
{
    if (countdown < 0 || countdown-- > 0)
        return 0;
    failed = 1;
    return 1;
}

/* The linker sends the archives' calls here: see -Wl,--wrap in the tests' local.mk. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(memory, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}

int suite_run(const char *name, const suite_cases_fn cases[], int count)
{
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int tests;
    int failures;

    /* Its own 4 s are too few for a sanitised build on a machine that is busy. */
    (void)setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    for (int i = 0; i < count; i++)
        suite_add_tcase(suite, cases[i]());
    srunner_run_all(runner, CK_NORMAL);
    tests = srunner_ntests_run(runner);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    printf("%s: %d passed, %d failed\n", name, tests - failures, failures);
    return failures == 0 && tests > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
