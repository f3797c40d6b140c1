/* test_render.c - module/serve/render.c, with the files of nginx/ as they are */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/render.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static struct site site;
static char text[64 * 1024];

static const char *const names[] = { "nginx.conf", "probity-http.conf", "probity-server.conf" };

static void make_site(void)
{
    memset(&site, 0, sizeof(site));
    site.config = &config;
    (void)snprintf(site.run_dir, sizeof(site.run_dir), "/tmp/probity-render-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(site.run_dir));
    (void)snprintf(site.template, sizeof(site.template), "%s",
                   TEST_DATA "/../../nginx/nginx.conf.template");
    (void)snprintf(site.http_include, sizeof(site.http_include), "%s",
                   TEST_DATA "/../../nginx/probity-http.conf");
    (void)snprintf(site.server_include, sizeof(site.server_include), "%s",
                   TEST_DATA "/../../nginx/probity-server.conf");
    config.listen_path = "/run/x/s.sock";
    config.container.port = 8123;
    config.container.log_dir = "/logs";
    config.container.shutdown_ms = 1500;
}

static void remove_site(void)
{
    char path[PATH_MAX + 32];

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", site.run_dir, names[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(site.run_dir), 0); /* nothing else was left there */
}

static const char *content(const char *name)
{
    char path[PATH_MAX + 32];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", site.run_dir, name);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static int times(const char *whole, const char *part)
{
    int count = 0;

    for (const char *at = strstr(whole, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void render_with(const struct render_host *host)
{
    struct error err = { 0 };

    ck_assert_msg(render(&site, host, &err) == 0, "%s", err.text);
}

START_TEST(render_fills_in_what_the_machine_and_the_settings_say)
{
    static const struct render_host host = { .has_ipv4 = true,
                                             .has_ipv6 = true,
                                             .processors = 64,
                                             .descriptors = 1024,
                                             .upstream = "10.0.0.7:80; server 10.0.0.8:80" };
    const char *conf;

    render_with(&host);
    conf = content("nginx.conf");
    ck_assert_int_eq(times(conf, "\n        listen 8123 "), 1);
    ck_assert_int_eq(times(conf, "\n        listen [::]:8123 "), 1);
    ck_assert_int_eq(times(conf, "\nworker_processes 4;\n"), 1); /* not 64 */
    ck_assert_int_eq(times(conf, "    worker_connections 992;\n"), 1);
    ck_assert_int_eq(times(conf, "\nworker_shutdown_timeout 1500ms;\n"), 1);
    ck_assert_int_eq(times(conf, " server 10.0.0.7:80; server 10.0.0.8:80;\n"), 1);
    ck_assert_int_eq(times(conf, "access_log /logs/access.log probity;"), 1);
    ck_assert_int_eq(times(conf, "${"), 0);
    ck_assert_int_eq(times(conf, "\n#:"), 0);
}
END_TEST

START_TEST(render_leaves_out_what_there_is_not)
{
    static const struct render_host host = { .has_ipv4 = true, .processors = 1, .descriptors = 10 };
    const char *conf;

    render_with(&host);
    conf = content("nginx.conf");
    ck_assert_int_eq(times(conf, "[::]"), 0);
    ck_assert_int_eq(times(conf, "proxy_pass"), 0);
    ck_assert_int_eq(times(conf, "worker_connections 64;"), 1);
}
END_TEST

START_TEST(render_puts_socket_log_and_prefix_into_the_includes)
{
    static const struct render_host host = { .has_ipv4 = true, .processors = 1 };
    const char *include;

    (void)snprintf(site.prefix, sizeof(site.prefix), "/internal");
    render_with(&host);
    include = content("probity-http.conf");
    ck_assert_int_eq(times(include, "server unix:/run/x/s.sock;"), 2);
    ck_assert_int_eq(times(include, "\"~^405 /internal/"), 6);
    include = content("probity-server.conf");
    ck_assert_int_eq(times(include, "\nlocation ~ ^/internal(?<probity_path>/"), 1);
    ck_assert_int_eq(times(include, "access_log /logs/probity.log probity_own"), 3);
}
END_TEST

/* So that what is not initialised is no zero by chance. */
static void soil_stack(void)
{
    volatile char soil[64 * 1024];

    for (size_t i = 0; i < sizeof(soil); i++)
        soil[i] = 0x55;
}

START_TEST(render_names_the_file_that_it_can_not_use)
{
    static const struct render_host host = { .has_ipv4 = true, .processors = 1 };
    char *const paths[] = { site.server_include, site.http_include, site.template };

    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct error err = { 0 };

        (void)snprintf(paths[i], sizeof(site.template), "/nowhere/%zu", i);
        soil_stack();
        ck_assert_int_lt(render(&site, &host, &err), 0);
        ck_assert_ptr_nonnull(strstr(err.text, paths[i]));
    }
}
END_TEST

TCase *render_cases(void)
{
    TCase *cases = tcase_create("render");

    tcase_add_checked_fixture(cases, make_site, remove_site);
    tcase_add_test(cases, render_fills_in_what_the_machine_and_the_settings_say);
    tcase_add_test(cases, render_leaves_out_what_there_is_not);
    tcase_add_test(cases, render_puts_socket_log_and_prefix_into_the_includes);
    tcase_add_test(cases, render_names_the_file_that_it_can_not_use);
    return cases;
}
