/* test_descriptors.c - module/base/descriptors.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/descriptors.h"

#include "suite.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, because the suite itself wants to print. */
static int lowest_after_closing(const int *closed, int count)
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        for (int i = 0; i < count; i++)
            (void)close(closed[i]);
        descriptors_fill_standard();
        _exit(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(nothing_that_is_opened_later_gets_a_standard_number)
{
    static const int all[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
    int usual = lowest_after_closing(all, 0);

    ck_assert_int_gt(usual, STDERR_FILENO);
    ck_assert_int_eq(lowest_after_closing(all, 3), usual);
    ck_assert_int_eq(lowest_after_closing(all + 1, 1), usual);
    ck_assert_int_eq(lowest_after_closing(all + 2, 1), usual);
}
END_TEST

TCase *descriptors_cases(void)
{
    TCase *cases = tcase_create("descriptors");

    tcase_add_test(cases, nothing_that_is_opened_later_gets_a_standard_number);
    return cases;
}
