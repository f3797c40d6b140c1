/* test_sources_file.c - module/config/sources_file.c */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's */

#include "config/sources.h"

#include "config/explain.h"
#include "environment.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[64];

static void set_up(void)
{
    (void)snprintf(file, sizeof(file), "/tmp/probity-sources-XXXXXX");
    ck_assert_int_ge(close(mkstemp(file)), 0);
}

static void tear_down(void)
{
    (void)unlink(file);
}

static void write_file(const char *text)
{
    int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static int load(const char *text, const struct config **ret, struct error *err)
{
    const char *const env[] = {
        "PROBITY_CONFIG", file, "PROBITY_SERVICE", "home", "PROBITY_ACCESS_LOG", "/x.log", NULL
    };

    write_file(text);
    return config_load(environment_lookup, (void *)env, ret, err);
}

static const char all[] = "sources:\n"
                          "  - path: /a/access.log\n"
                          "  - path: /b/access.log\n"
                          "    format: Combined\n"
                          "    service: shop\n"
                          "    templates: ['/v1/jobs/{id}', /v1/users/me]\n"
                          "    strict_templates: true\n"
                          "  - path: /c.json\n"
                          "    format: json\n"
                          "    file_id: path\n"
                          "    openapi: http://127.0.0.1:8000/openapi.json\n"
                          "    fields:\n"
                          "      time: ts\n"
                          "      time_format: unix_ms\n"
                          "      method: request.method\n"
                          "      path: request.uri\n"
                          "      status: status\n"
                          "      duration: took\n"
                          "      duration_unit: us\n"
                          "      service: svc\n";

START_TEST(sources_file_says_all_there_is_to_say)
{
    AUTO(config_release) const struct config *config = NULL;
    struct error err = { .code = 0 };
    const struct source_config *sources;

    ck_assert_msg(load(all, &config, &err) == 0, "%s", err.text);
    sources = config->sources;
    ck_assert_int_eq(config->source_count, 3);
    ck_assert_str_eq(sources[0].name, "/a/access.log");
    ck_assert_str_eq(sources[0].service, "home");
    ck_assert_int_eq(sources[0].format, SOURCE_PROBITY);
    ck_assert_int_eq(sources[0].file_id, SOURCE_FIRST_LINE);
    ck_assert_str_eq(sources[1].service, "shop");
    ck_assert_int_eq(sources[1].format, SOURCE_COMBINED);
    ck_assert_int_eq(sources[1].file_id, SOURCE_PATH); /* it has no other */
    ck_assert_int_eq(sources[1].template_count, 2);
    ck_assert_str_eq(sources[1].templates[0], "/v1/jobs/{id}");
    ck_assert(sources[1].strict_templates);
    ck_assert_int_eq(sources[2].file_id, SOURCE_PATH);
    ck_assert_str_eq(sources[2].openapi, "http://127.0.0.1:8000/openapi.json");
    ck_assert_str_eq(sources[2].fields.path, "request.uri");
    ck_assert_int_eq(sources[2].fields.time_form, SOURCE_TIME_UNIX_MS);
    ck_assert_int_eq(sources[2].fields.duration_power, -3);
    ck_assert_str_eq(sources[2].fields.service, "svc");
}
END_TEST

START_TEST(sources_file_is_shown_value_by_value)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(buf_done) struct buf buf;
    struct error err = { .code = 0 };

    ck_assert_int_eq(load(all, &config, &err), 0);
    buf_init(&buf, 65536);
    config_explain_file(config, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "sources[1].templates[1]"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "sources[2].fields.duration_unit"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), ":19:22)\n"));
}
END_TEST

#define JSON "sources:\n- path: /a\n  format: json\n"
#define MAP  "  fields: {time: t, method: m, path: p, status: s, duration: d, duration_unit: s"

static const struct {
    const char *text;
    const char *error; /* behind the file's name */
} wrong[] = {
    { "", "one document" },
    { "a: 1\n---\nb: 2\n", "one document" },
    { "sources: [", "not YAML" },
    { "[]", ":1:1: expected a map" },
    { "source: []\n", ":1:9: source is no key here: did you mean sources?" },
    { "x: 1\n", "x is no key here" },
    { "sources: {}\n", ":1:10: sources: expected a list" },
    { "sources:\n- path: /a\n  sercive: b\n",
      ":3:12: sources[0]: sercive is no key here: did you mean service?" },
    { "sources:\n- format: json\n", ":2:3: sources[0]: path is missing" },
    { "sources:\n- path:\n", "sources[0].path: expected a text" },
    { "sources:\n- path: [/a]\n", ":2:9: sources[0].path: expected a text" },
    { "sources:\n- path: /a\n- path: /a\n", "is there twice" },
    { "sources:\n- path: /a\n  format: clf\n",
      ":3:11: sources[0].format: expected probity, combined or json" },
    { "sources:\n- path: /a\n  service: 'a b'\n", "sources[0].service: expected letters" },
    { "sources:\n- path: /a\n  format: combined\n  file_id: first_line\n", "it must be path" },
    { "sources:\n- path: /a\n  fields: {}\n", "only format json has fields" },
    { "sources:\n- path: /a\n  strict_templates: 1\n", "expected true or false" },
    { "sources:\n- path: /a\n  strict_templates: true\n", "needs templates or openapi" },
    { "sources:\n- path: /a\n  templates: /b\n", "expected a list" },
    { "sources:\n- path: /a\n  templates: [b]\n", "templates[0]: expected a path" },
    { "sources:\n- path: /a\n  templates: [/b]\n  openapi: x\n", "exclude each other" },
    { "sources:\n- path: /a\n  openapi: https://x/openapi.json\n", "https:// is not supported" },
    { "sources:\n- path: /a\n  openapi: http://me:x@host/o\n", "names a user" },
    { "sources:\n- path: /a\n  openapi: ftp://host/o\n", "expected a file or http://" },
    { JSON, "needs fields" },
    { JSON MAP ", x: y}\n", "sources[0].fields: x is no key here" },
    { JSON MAP ", time_format: unixms}\n",
      "fields.time_format: expected rfc3339, unix or unix_ms" },
    { JSON "  fields: {time: t, method: m, path: p, status: s, duration: d}\n",
      "sources[0].fields: duration_unit is missing" },
};

START_TEST(sources_file_that_is_wrong_says_where_and_what)
{
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(load(wrong[_i].text, &config, &err), -EINVAL);
    ck_assert_msg(strstr(err.text, file) == err.text, "%s", err.text);
    ck_assert_msg(strstr(err.text, wrong[_i].error) != NULL, "%s", err.text);
}
END_TEST

START_TEST(sources_file_that_is_not_there_stops_the_start)
{
    const char *const env[] = { "PROBITY_CONFIG", "/nowhere/probity.yaml", NULL };
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(config_load(environment_lookup, (void *)env, &config, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/probity.yaml"));
}
END_TEST

TCase *sources_file_cases(void)
{
    TCase *cases = tcase_create("sources_file");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, sources_file_says_all_there_is_to_say);
    tcase_add_test(cases, sources_file_is_shown_value_by_value);
    tcase_add_loop_test(cases, sources_file_that_is_wrong_says_where_and_what, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(cases, sources_file_that_is_not_there_stops_the_start);
    return cases;
}
