/* suite.h - runs the test cases of one folder: every test_<file>.c defines `TCase
 * *<file>_cases(void)` and the folder's suite.c lists them. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

typedef TCase *(*suite_cases_fn)(void);

/* Runs the cases and returns main()'s exit code; prints "N passed, N failed" last. */
int suite_run(const char *name, const suite_cases_fn cases[], int count);

/* Makes allocation number `n` from now on (0 is the next) fail, once; -1 switches it off.
 * Works through malloc, calloc, realloc and strdup of the archives under test. */
void malloc_fail_at(int n);

/* Whether the allocation that was to fail has been reached since malloc_fail_at(). */
int malloc_failed(void);

#endif
