/* programs.c - argv and environ. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/programs.h"

#include "serve/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For a lock, of a table or of a rival's migration; then probityd starts without it. */
#define MIGRATION_LOCK_TIMEOUT "5s"

static const char *setting(const char *name, const char *value)
{
    size_t bytes = strlen(name) + strlen(value) + 2;
    char *text = malloc(bytes);

    if (text != NULL)
        (void)snprintf(text, bytes, "%s=%s", name, value);
    return text;
}

/* nginx has no use for the application's secrets; and NGINX in it would mean inherited sockets. */
static char **nginx_environment(void)
{
    static char *const nothing[] = { NULL };
    const char *zone = getenv("TZ");
    const char *path = getenv("PATH");
    const char *const changes[] = { setting("PATH", path == NULL ? "/usr/bin:/bin" : path),
                                    zone == NULL ? NULL : setting("TZ", zone), NULL };

    return child_environment(nothing, changes);
}

/* An application that listens at $PORT is to listen where nginx looks for it. */
static char **command_environment(const struct site *site)
{
    char port[8];
    const char *changes[] = { NULL, NULL };

    (void)snprintf(port, sizeof(port), "%u", site->upstream_port);
    changes[0] = setting("PORT", port);
    return child_environment(environ, changes);
}

void programs_init(struct programs *programs, const struct site *site, const char *const *command)
{
    const char *log[] = { NULL, NULL };

    *programs = (struct programs){ .site = site, .command = command };
    programs->environments[CHILD_NGINX] = nginx_environment();
    if (site->config->source_count == 0) {
        log[0] = setting("PROBITY_ACCESS_LOG", site->access_log);
        programs->environments[CHILD_PROBITYD] = child_environment(environ, log);
    }
    if (site->upstream_port != 0)
        programs->environments[CHILD_COMMAND] = command_environment(site);
}

void programs_trust(struct programs *programs)
{
    char **environment = programs->environments[CHILD_PROBITYD];
    const char *const changes[] = { "PROBITY_READY_AFTER=0s", NULL };
    char **without;

    if (programs->is_trusted)
        return;
    without = child_environment(environment == NULL ? environ : environment, changes);
    if (without == NULL)
        return;
    free(environment);
    programs->environments[CHILD_PROBITYD] = without;
    programs->is_trusted = true;
}

static int start(const struct programs *programs, enum conductor_child child,
                 struct child_program *program, pid_t *ret, struct error *err)
{
    char **environment = programs->environments[child];

    program->environment = environment == NULL ? environ : environment;
    return child_start(program, ret, err);
}

static int start_nginx(const struct programs *programs, pid_t *ret, struct error *err)
{
    char conf[PATH_MAX + 16];
    const char *run_dir = programs->site->run_dir;
    const char *const argv[] = {
        programs->site->nginx, "-e", "stderr", "-p", run_dir, "-c", conf, NULL
    };
    struct child_program program = { .argv = argv,
                                     .output_fd = -1,
                                     .waits_for_signals = true,
                                     .many_files = true,
                                     .death_signal = SIGTERM };

    (void)snprintf(conf, sizeof(conf), "%s/nginx.conf", run_dir);
    return start(programs, CHILD_NGINX, &program, ret, err);
}

int programs_start(const struct programs *programs, enum conductor_child child, int output_fd,
                   pid_t *ret, struct error *err)
{
    const struct site *site = programs->site;
    const char *const probityd[] = { site->probityd, NULL };
    const char *const migration[] = {
        site->tool, "migrate", "upgrade", "--lock-timeout", MIGRATION_LOCK_TIMEOUT, NULL
    };
    struct child_program program = { .output_fd = -1, .death_signal = SIGTERM };

    if (child == CHILD_NGINX)
        return start_nginx(programs, ret, err);
    if (child == CHILD_COMMAND) {
        program.argv = programs->command;
        program.reads_input = true;
    } else if (child == CHILD_PROBITYD) {
        program.argv = probityd;
        program.waits_for_signals = true;
    } else {
        program.argv = migration;
        program.output_fd = output_fd;
    }
    return start(programs, child, &program, ret, err);
}
