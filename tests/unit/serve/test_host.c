/* test_host.c - module/serve/host.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/host.h"

#include "suite.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void make_root(void)
{
    char path[96];

    (void)snprintf(root, sizeof(root), "/tmp/probity-host-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    (void)snprintf(path, sizeof(path), "%s/cpu", root);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void put(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    if (text == NULL) {
        (void)unlink(path);
        return;
    }
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void remove_root(void)
{
    char path[96];

    put("cpu.max", NULL);
    put("cpu/cpu.cfs_quota_us", NULL);
    put("cpu/cpu.cfs_period_us", NULL);
    (void)snprintf(path, sizeof(path), "%s/cpu", root);
    (void)rmdir(path);
    (void)rmdir(root);
}

START_TEST(host_counts_the_processors_that_the_container_may_use)
{
    static const struct {
        const char *max;
        const char *quota;
        const char *period;
        int want; /* 0: as many as there are */
    } cases[] = {
        { NULL, NULL, NULL, 0 },
        { "max 100000\n", NULL, NULL, 0 },
        { "50000 100000\n", NULL, NULL, 1 },
        { "100000 100000\n", NULL, NULL, 1 },
        { NULL, "-1\n", "100000\n", 0 },
        { NULL, "25000\n", "100000\n", 1 },
        { "nonsense", NULL, NULL, 0 },
        { "100000 0\n", NULL, NULL, 0 },
    };
    cpu_set_t set;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        put("cpu.max", cases[i].max);
        put("cpu/cpu.cfs_quota_us", cases[i].quota);
        put("cpu/cpu.cfs_period_us", cases[i].period);
        ck_assert_int_eq(host_processors(root),
                         cases[i].want == 0 ? CPU_COUNT(&set) : cases[i].want);
    }
}
END_TEST

TCase *host_cases(void)
{
    TCase *cases = tcase_create("host");

    tcase_add_checked_fixture(cases, make_root, remove_root);
    tcase_add_test(cases, host_counts_the_processors_that_the_container_may_use);
    return cases;
}
