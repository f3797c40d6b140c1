/* test_child.c - module/serve/child.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/child.h"

#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char search_path[] = "PATH=/usr/bin:/bin";
static char port[] = "PORT=1";
static char porter[] = "PORTER=2";
static char *const environment[] = { search_path, port, porter, NULL };

START_TEST(child_environment_replaces_and_adds)
{
    const char *const changes[] = { "PORT=8000", "NEW=x", NULL };
    char **made = child_environment(environment, changes);

    ck_assert_str_eq(made[0], "PATH=/usr/bin:/bin");
    ck_assert_str_eq(made[1], "PORTER=2");
    ck_assert_str_eq(made[2], "PORT=8000");
    ck_assert_str_eq(made[3], "NEW=x");
    ck_assert_ptr_null(made[4]);
    free(made);
}
END_TEST

static int run(const char *script)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    const struct child_program program = {
        .argv = argv, .environment = environment, .output_fd = -1, .death_signal = SIGKILL
    };
    struct error err = { 0 };
    pid_t pid = 0;
    int status = 0;

    ck_assert_int_eq(child_start(&program, &pid, &err), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

START_TEST(child_has_its_environment_a_group_of_its_own_and_nothing_to_read)
{
    ck_assert_int_eq(run("test \"$PORT\" = 1"), 0);
    ck_assert_int_eq(run("kill -TERM -$$"), 128 + SIGTERM);
    ck_assert_int_eq(run("test -z \"$(cat)\""), 0);
}
END_TEST

START_TEST(child_can_be_signalled_whatever_is_blocked_here)
{
    sigset_t set, before;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    ck_assert_int_eq(run("kill -TERM $$; exit 7"), 128 + SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

START_TEST(child_that_can_not_be_executed_is_an_error)
{
    const char *const argv[] = { "/nowhere/program", NULL };
    const struct child_program program = {
        .argv = argv, .environment = environment, .output_fd = -1, .death_signal = SIGKILL
    };
    struct error err = { 0 };
    pid_t pid = 0;

    ck_assert_int_eq(child_start(&program, &pid, &err), -ENOENT);
    ck_assert_str_eq(err.text, "/nowhere/program: can't be executed: No such file or directory");
}
END_TEST

TCase *child_cases(void)
{
    TCase *cases = tcase_create("child");

    tcase_add_test(cases, child_environment_replaces_and_adds);
    tcase_add_test(cases, child_has_its_environment_a_group_of_its_own_and_nothing_to_read);
    tcase_add_test(cases, child_can_be_signalled_whatever_is_blocked_here);
    tcase_add_test(cases, child_that_can_not_be_executed_is_an_error);
    return cases;
}
