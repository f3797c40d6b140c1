/* test_openslo_run.c - module/slo/openslo.c: several files, bounds, and memory that is out. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo.h"

#include "base/limits.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_BYTES = 4 * 1024 * 1024 };

static const struct openslo_options options = { .service = "home", .strict = false };

static const char sli[] = "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: bad}\nspec:\n"
                          "  ratioMetric:\n"
                          "    bad: {metricSource: {type: probity, spec: {status: 5xx}}}\n"
                          "    total: {metricSource: {type: probity, spec: {}}}\n";

static void put_slo(struct buf *buf, const char *name)
{
    buf_printf(buf,
               "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: %s}\nspec:\n"
               "  service: web\n  indicatorRef: bad\n  budgetingMethod: Occurrences\n"
               "  timeWindow: [{duration: 28d, isRolling: true}]\n"
               "  objectives: [{target: 0.99}]\n",
               name);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(references_lead_across_the_files_of_a_folder)
{
    char folder[] = "/tmp/test_openslo.XXXXXX";
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf slo;
    struct error err = { .code = 0 };
    char command[64];
    char path[64];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    buf_init(&slo, TEXT_BYTES);
    put_slo(&slo, "a-b");
    (void)snprintf(path, sizeof(path), "%s/1.yaml", folder);
    write_file(path, buf_text(&slo));
    (void)snprintf(path, sizeof(path), "%s/2.yml", folder);
    write_file(path, sli);
    ck_assert_msg(openslo_load(folder, &options, problems, &catalogue, &err) == 0, "%s", err.text);
    ck_assert_str_eq(catalogue->objectives[0].name, "a-b");
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(the_services_of_sources_are_there_without_an_objective)
{
    static const char *const services[] = { "edge", "home", "web" };
    const struct openslo_options with = { .service = "home",
                                          .services = services,
                                          .service_count = 3 };
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf text;
    struct openslo *openslo = openslo_new(&with, problems);

    buf_init(&text, TEXT_BYTES);
    buf_append_text(&text, sli);
    put_slo(&text, "a-b");
    ck_assert_int_eq(openslo_read_text(openslo, "x", buf_slice(&text)), 0);
    ck_assert_int_eq(openslo_finish(&openslo, &catalogue, NULL), 0);
    ck_assert_int_eq(catalogue->service_count, 3);
    ck_assert_int_eq(catalogue_service(catalogue, SLICE("edge")), 0);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_an_error_in_words)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct catalogue *catalogue = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(openslo_load("/no/such/path", &options, problems, &catalogue, &err), -EINVAL);
    ck_assert_str_eq(err.text, "/no/such/path: No such file or directory");
    ck_assert_ptr_null(catalogue);
}
END_TEST

START_TEST(the_first_error_stands_for_all_and_says_how_many_there_are)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct openslo *openslo = openslo_new(&options, problems);
    struct catalogue *catalogue = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", SLICE("kind: SLO\n")), 0);
    ck_assert_int_eq(openslo_read_text(openslo, "b.yaml", SLICE("[1]\n")), 0);
    ck_assert_int_eq(openslo_finish(&openslo, &catalogue, &err), -EINVAL);
    ck_assert_str_eq(err.text, "a.yaml:1:1: apiVersion: is missing: write `apiVersion: openslo/v1` "
                               "(and 1 more errors)");
}
END_TEST

/* A thousand objectives must not keep a daemon from starting: some tens of milliseconds without a
 * sanitizer. */
START_TEST(a_thousand_objectives_load_at_once_and_one_too_many_is_refused)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct openslo *openslo = openslo_new(&options, problems);
    struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf text;
    struct error err = { .code = 0 };
    char name[16];

    buf_init(&text, TEXT_BYTES);
    buf_append_text(&text, sli);
    for (int i = 0; i < LIMIT_OBJECTIVES; i++) {
        (void)snprintf(name, sizeof(name), "slo-%d", i);
        put_slo(&text, name);
    }
    ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", buf_slice(&text)), 0);
    ck_assert_msg(openslo_finish(&openslo, &catalogue, &err) == 0, "%s", err.text);
    ck_assert_int_eq(catalogue->objective_count, LIMIT_OBJECTIVES);
    ck_assert_int_eq(catalogue->indicator_count, 1);
    ck_assert_uint_lt(arena_used_bytes(catalogue->arena), 16 * 1024 * 1024);
    catalogue_free(&catalogue);
    put_slo(&text, "one-more");
    openslo = openslo_new(&options, problems);
    ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", buf_slice(&text)), 0);
    ck_assert_int_eq(openslo_finish(&openslo, &catalogue, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "there are more than 1024"));
}
END_TEST

START_TEST(a_definition_that_grows_beyond_the_bound_is_refused)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct openslo *openslo = openslo_new(&options, problems);
    struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf text;
    struct error err = { .code = 0 };

    buf_init(&text, TEXT_BYTES);
    buf_append_text(&text, sli);
    put_slo(&text, "long");
    buf_append_text(&text, "  description: \"");
    for (int i = 0; i < LIMIT_DOCUMENT_BYTES / 4; i++)
        buf_append_text(&text, "long ");
    buf_append_text(&text, "\"\n");
    ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", buf_slice(&text)), 0);
    ck_assert_int_eq(openslo_finish(&openslo, &catalogue, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "longer than 64 KiB"));
}
END_TEST

START_TEST(what_is_too_much_in_all_is_refused)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct openslo *openslo = openslo_new(&options, problems);
    struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf text;
    struct error err = { .code = 0 };

    buf_init(&text, TEXT_BYTES);
    while (buf_slice(&text).length < LIMIT_YAML_BYTES - 64)
        buf_append_text(&text, "# nothing but words and words and words\n");
    for (size_t read = 0; read <= LIMIT_FOLDER_BYTES; read += text.length)
        ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", buf_slice(&text)), 0);
    ck_assert_int_eq(openslo_finish(&openslo, &catalogue, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "more than 16 MiB"));
}
END_TEST

START_TEST(a_long_description_is_cut_at_a_character_and_visibly)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    struct openslo *openslo = openslo_new(&options, problems);
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(buf_done) struct buf text;
    struct error err = { .code = 0 };
    const char *shown;

    buf_init(&text, TEXT_BYTES);
    buf_append_text(&text, sli);
    put_slo(&text, "long");
    buf_append_text(&text, "  description: x");
    for (int i = 0; i < 100; i++)
        buf_append_text(&text, "ü");
    buf_append_text(&text, "\n");
    ck_assert_int_eq(openslo_read_text(openslo, "a.yaml", buf_slice(&text)), 0);
    ck_assert_msg(openslo_finish(&openslo, &catalogue, &err) == 0, "%s", err.text);
    shown = catalogue->objectives[0].description;
    ck_assert_uint_ge(strlen(shown), 155);
    ck_assert_str_eq(shown + strlen(shown) - 5, "ü…");
    ck_assert_ptr_nonnull(strstr(catalogue->objectives[0].document, "üü\""));
}
END_TEST

START_TEST(a_run_survives_every_allocation_that_fails)
{
    AUTO(buf_done) struct buf text;
    int code = -ENOMEM;

    buf_init(&text, TEXT_BYTES);
    buf_append_text(&text, sli);
    put_slo(&text, "a");
    for (int n = 0; code != 0; n++) {
        AUTO(problems_free) struct problems *problems = problems_new();
        AUTO(catalogue_free) struct catalogue *catalogue = NULL;
        struct error err = { .code = 0 };
        struct openslo *openslo;

        ck_assert_int_lt(n, 2000);
        malloc_fail_at(n);
        openslo = openslo_new(&options, problems);
        code = openslo == NULL ? -ENOMEM : openslo_read_text(openslo, "a", buf_slice(&text));
        if (code == 0)
            code = openslo_finish(&openslo, &catalogue, &err);
        malloc_fail_at(-1);
        openslo_free(&openslo);
        ck_assert_msg(code == 0 || code == -ENOMEM, "%d: %s", n, err.text);
    }
}
END_TEST

TCase *openslo_run_cases(void)
{
    TCase *cases = tcase_create("openslo_run");

    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, references_lead_across_the_files_of_a_folder);
    tcase_add_test(cases, the_services_of_sources_are_there_without_an_objective);
    tcase_add_test(cases, a_path_that_leads_nowhere_is_an_error_in_words);
    tcase_add_test(cases, the_first_error_stands_for_all_and_says_how_many_there_are);
    tcase_add_test(cases, a_thousand_objectives_load_at_once_and_one_too_many_is_refused);
    tcase_add_test(cases, a_definition_that_grows_beyond_the_bound_is_refused);
    tcase_add_test(cases, what_is_too_much_in_all_is_refused);
    tcase_add_test(cases, a_long_description_is_cut_at_a_character_and_visibly);
    tcase_add_test(cases, a_run_survives_every_allocation_that_fails);
    return cases;
}
