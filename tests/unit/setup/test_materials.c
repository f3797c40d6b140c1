/* test_materials.c - module/setup/materials.c, held against the files of deploy/ */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/materials.h"

#include "suite.h"

#include <string.h>

static const struct survey_command start = { "a test", "serve 'a b' --port=8080", NULL };
static const struct survey_command worker = { "a test", "celery -A a worker -n \"b\"", NULL };
static const struct advice advice = {
    .service = "thing",
    .port_before = 8080,
    .port = 8123,
    .health = "/how",
    .start = &start,
    .worker = &worker,
    .release = "make it",
    .require = "app,redis",
};

static const char *filled(struct buf *buf, const char *source)
{
    buf_init(buf, 256 * 1024);
    material_append(buf, source, &advice);
    ck_assert(buf_ok(buf));
    return buf_text(buf);
}

START_TEST(every_file_that_is_wanted_was_built_in)
{
    for (int i = 0; i < material_target_count; i++)
        ck_assert_uint_gt(strlen(material_text(material_targets[i].source)), 0);
}
END_TEST

START_TEST(what_is_to_be_filled_in_stands_in_its_file)
{
    for (int i = 0; i < material_gap_count; i++) {
        const struct material_gap *gap = &material_gaps[i];

        ck_assert_msg(strstr(material_text(gap->source), gap->text) != NULL, "%s: no \"%s\"",
                      gap->source, gap->text);
    }
}
END_TEST

START_TEST(a_filled_file_has_no_gap_left)
{
    for (int i = 0; i < material_gap_count; i++) {
        const struct material_gap *gap = &material_gaps[i];
        AUTO(buf_done) struct buf buf;
        const char *text = filled(&buf, gap->source);

        ck_assert_msg(strstr(text, gap->text) == NULL, "%s: still \"%s\"", gap->source, gap->text);
        ck_assert_ptr_null(strstr(text, "@SERVICE@"));
    }
}
END_TEST

START_TEST(commands_are_put_into_quotes)
{
    AUTO(buf_done) struct buf buf;
    struct advice with_worker = advice;
    const char *text;

    with_worker.uses_redis = with_worker.uses_celery = true;
    buf_init(&buf, 256 * 1024);
    material_append(&buf, "deploy/railway/railway.ts", &with_worker);
    text = buf_text(&buf);
    ck_assert_ptr_nonnull(strstr(text, "\"database,redis,celery\""));
    ck_assert_ptr_nonnull(
        strstr(text, "serve -- sh -c 'exec serve '\\\\''a b'\\\\'' --port=8080'\""));
    ck_assert_ptr_nonnull(strstr(text, "\"sh -c 'exec celery -A a worker -n \\\"b\\\"'\""));
}
END_TEST

START_TEST(what_an_application_does_not_use_is_left_out)
{
    AUTO(buf_done) struct buf railway;
    AUTO(buf_done) struct buf fly;
    static const char *const parts[] = { "redis", "celery", "worker\"", "cache", "alembic" };

    ck_assert_ptr_nonnull(strstr(filled(&fly, "deploy/fly/fly.toml"),
                                 "# Once there is a DATABASE_URL: release_command"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&fly),
               "release_command = \"sh -c 'probity migrate upgrade --newer-ok && make it'\""));
    ck_assert_ptr_nonnull(strstr(buf_text(&fly), "PROBITY_REQUIRE = \"app,redis\""));
    (void)filled(&railway, "deploy/railway/railway.ts");
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        ck_assert_msg(strstr(buf_text(&railway), parts[i]) == NULL, "still %s", parts[i]);
    ck_assert_ptr_nonnull(strstr(buf_text(&railway), "resources: [db, web]"));
}
END_TEST

START_TEST(the_health_check_is_the_image_s_own)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4096);
    materials_append_health(&buf);
    ck_assert_int_eq(strncmp(buf_text(&buf), "HEALTHCHECK ", 12), 0);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "CMD [\"probity\", \"probe\""));
    ck_assert_int_eq(buf.data[buf.length - 1], '\n');
}
END_TEST

TCase *materials_cases(void)
{
    TCase *cases = tcase_create("materials");

    tcase_add_test(cases, every_file_that_is_wanted_was_built_in);
    tcase_add_test(cases, what_is_to_be_filled_in_stands_in_its_file);
    tcase_add_test(cases, a_filled_file_has_no_gap_left);
    tcase_add_test(cases, commands_are_put_into_quotes);
    tcase_add_test(cases, what_an_application_does_not_use_is_left_out);
    tcase_add_test(cases, the_health_check_is_the_image_s_own);
    return cases;
}
