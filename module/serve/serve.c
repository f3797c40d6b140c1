/* serve.c - the shell around the conductor: signals and deaths in, starts and signals out. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/serve.h"

#include "base/clock.h"
#include "base/log.h"
#include "serve/conductor.h"
#include "serve/host.h"
#include "serve/programs.h"
#include "serve/render.h"
#include "serve/resolver.h"
#include "serve/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FIRST_LOOKUP_MS = 500,   /* of the upstream's name, before nginx starts without it */
    LOOK_MS = 1000,          /* how often the logs' sizes are looked at */
    UP_LOOK_MS = 50,         /* and whether nginx listens, until it does */
    OUTPUT_BYTES = 600,      /* of the migration's output: its lines of a usual upgrade */
    COMMAND_NOT_FOUND = 127, /* as shells exit */
};

struct serving {
    const struct site *site;
    struct programs programs;
    struct render_host host;
    struct resolver *resolver; /* NULL: the upstream is no name */
    struct conductor conductor;
    struct rotation rotation;
    pid_t pids[CHILDREN];         /* 0: it doesn't run */
    char troubles[CHILDREN][256]; /* why one could not be started; "": it could */
    bool failed[CHILDREN];        /* the conductor is still to hear of it */
    int output_fd;                /* of the migration; -1: none */
    int64_t looked_ms;            /* at the logs' sizes */
    int64_t rotation_said_ms;     /* when the log last heard that they can't be renamed */
    int64_t started_wall_ms;
    bool nginx_up;
    bool over;
    int exit_status;
};

/* --- signals --- */

static void waited_for(sigset_t *set)
{
    static const int numbers[] = { SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                                   SIGCHLD, SIGUSR1, SIGUSR2, SIGPIPE };

    (void)sigemptyset(set);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        (void)sigaddset(set, numbers[i]);
}

void serve_block_signals(void)
{
    sigset_t set;

    waited_for(&set);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
    /* Ignored, as a parent may have left it, deaths would go unheard. */
    (void)signal(SIGCHLD, SIG_DFL);
}

static int wait_signal(int64_t within_ms)
{
    struct timespec timeout = { .tv_sec = (time_t)(within_ms / 1000),
                                .tv_nsec = (long)(within_ms % 1000) * 1000000L };
    sigset_t set;
    int number;

    waited_for(&set);
    number = sigtimedwait(&set, NULL, &timeout);
    return number < 0 ? 0 : number;
}

/* --- starting --- */

static void forget_pid_file(const struct serving *serving)
{
    char path[PATH_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/nginx.pid", serving->site->run_dir);
    (void)unlink(path);
}

/* One that can't be started has ended: the conductor hears so at the next turn. */
static void start(struct serving *serving, enum conductor_child child)
{
    struct error err = { 0 };

    if (child == CHILD_NGINX) {
        forget_pid_file(serving);
        serving->nginx_up = false;
    }
    /* Into memory, so that nobody has to read a pipe meanwhile. */
    if (child == CHILD_MIGRATION) {
        auto_close(&serving->output_fd);
        serving->output_fd = memfd_create("migration", MFD_CLOEXEC);
    }
    if (programs_start(&serving->programs, child, serving->output_fd, &serving->pids[child], &err)
        == 0)
        return;
    (void)snprintf(serving->troubles[child], sizeof(serving->troubles[child]), "%s", err.text);
    serving->failed[child] = true;
}

/* --- what the conductor wants --- */

static void perform(struct serving *serving, const struct conductor_action *action)
{
    pid_t pid = serving->pids[action->child];

    switch (action->kind) {
    case CONDUCTOR_START:
        start(serving, action->child);
        break;
    case CONDUCTOR_SIGNAL:
        if (pid > 0)
            (void)kill(pid, action->number);
        break;
    case CONDUCTOR_KILL:
        if (pid > 0)
            (void)kill(-pid, SIGKILL);
        break;
    case CONDUCTOR_SAY:
        log_with(action->level, NULL, 0, "%s", action->text);
        break;
    case CONDUCTOR_MARK:
        render_draining(serving->site, true);
        break;
    case CONDUCTOR_FINISH:
        serving->over = true;
        serving->exit_status = action->number;
        break;
    }
}

static void tell(struct serving *serving, struct conductor_event event)
{
    struct conductor_actions actions;

    event.now_ms = clock_boot_ms();
    conductor_take(&serving->conductor, &event, &actions);
    for (int i = 0; i < actions.count; i++)
        perform(serving, &actions.list[i]);
}

/* --- who is there, and who has ended --- */

/* nginx writes its pid once all its sockets listen. */
static bool nginx_listens(const struct serving *serving)
{
    char path[PATH_MAX + 16], text[16];
    AUTO(auto_close) int fd = -1;
    ssize_t length;

    (void)snprintf(path, sizeof(path), "%s/nginx.pid", serving->site->run_dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = '\0';
    return length > 0 && strtol(text, NULL, 10) == serving->pids[CHILD_NGINX];
}

static void look_at_nginx(struct serving *serving)
{
    const struct render_host *host = &serving->host;

    if (serving->nginx_up || serving->pids[CHILD_NGINX] == 0 || !nginx_listens(serving))
        return;
    serving->nginx_up = true;
    log_info("nginx listens at port %d%s%s%s", (int)serving->site->config->container.port,
             getenv("PORT") == NULL ? " (PORT is not set)" : "", host->has_ipv4 ? ", IPv4" : "",
             host->has_ipv6 ? ", IPv6" : "");
    tell(serving, (struct conductor_event){ .kind = CONDUCTOR_UP });
}

/* What the migration has said, as one line without the tool's name before it. */
static void read_output(int fd, char text[OUTPUT_BYTES])
{
    static const char name[] = "probity: ";
    ssize_t length = fd < 0 ? 0 : pread(fd, text, OUTPUT_BYTES - 1, 0);

    text[length > 0 ? length : 0] = '\0';
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '\n')
            *at = ';';
    }
    if (strncmp(text, name, strlen(name)) == 0)
        memmove(text, text + strlen(name), strlen(text + strlen(name)) + 1);
}

/* A probityd that ran for twice PROBITY_READY_AFTER has had the time to say its first 200. */
static void look_at_trust(struct serving *serving)
{
    int64_t ran_ms = clock_boot_ms() - serving->conductor.parts[CHILD_PROBITYD].started_ms;

    if (ran_ms >= 2 * serving->site->config->ready_after_ms)
        programs_trust(&serving->programs);
}

static void take_end(struct serving *serving, enum conductor_child child, int status)
{
    char output[OUTPUT_BYTES] = "";
    pid_t pid = serving->pids[child];

    look_at_nginx(serving); /* whether it had come up before it ended */
    serving->pids[child] = 0;
    if (child == CHILD_MIGRATION)
        read_output(serving->output_fd, output);
    if (child == CHILD_PROBITYD)
        look_at_trust(serving);
    /* Workers outlive a master that was killed, and keep the port: they are to finish and go. */
    if (child == CHILD_NGINX)
        (void)kill(-pid, SIGQUIT);
    tell(serving, (struct conductor_event){ .kind = CONDUCTOR_ENDED,
                                            .child = child,
                                            .status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                                          : WEXITSTATUS(status),
                                            .words = output });
}

/* Also those that nobody knows: as process 1 we inherit every orphan. */
static void reap(struct serving *serving)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < CHILDREN; i++) {
            if (serving->pids[i] == pid)
                take_end(serving, (enum conductor_child)i, status);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        if (!serving->failed[i])
            continue;
        serving->failed[i] = false;
        tell(serving, (struct conductor_event){ .kind = CONDUCTOR_ENDED,
                                                .child = (enum conductor_child)i,
                                                .status = COMMAND_NOT_FOUND,
                                                .words = serving->troubles[i] });
    }
}

/* --- while it runs --- */

static void say_rotation(struct serving *serving, const struct error *err)
{
    int64_t now_ms = clock_boot_ms();

    if (serving->rotation_said_ms != 0 && now_ms - serving->rotation_said_ms < 60 * 60 * 1000)
        return;
    serving->rotation_said_ms = now_ms;
    log_error("a log grows beyond PROBITY_LOG_MAX_MIB: %s", err->text);
}

static void look_at_logs(struct serving *serving)
{
    static const char *const names[] = { "access.log", "probity.log" };
    int64_t now_ms = clock_boot_ms();
    bool any = false;

    if (now_ms - serving->looked_ms < LOOK_MS || !serving->nginx_up)
        return;
    serving->looked_ms = now_ms;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[PATH_MAX + 16];
        struct error err = { 0 };
        bool renamed = false;

        (void)snprintf(path, sizeof(path), "%s/%s", serving->site->config->container.log_dir,
                       names[i]);
        if (rotate(&serving->rotation, path, &renamed, &err) != 0)
            say_rotation(serving, &err);
        any = any || renamed;
    }
    if (any && serving->pids[CHILD_NGINX] > 0)
        (void)kill(serving->pids[CHILD_NGINX], SIGUSR1);
}

/* A template may have changed; one with errors leaves nginx as it is. */
static void render_again(struct serving *serving)
{
    struct error err = { 0 };

    if (render(serving->site, &serving->host, &err) != 0)
        log_error("nginx's configuration stays as it was: %s", err.text);
}

/* Whether nobody has asked for anything for as long as PROBITY_IDLE has patience: a look-up would
 * be the packet that keeps a service awake.  A log that was never written is as old as we are. */
static bool is_idle(const struct serving *serving)
{
    const struct config *config = serving->site->config;
    int64_t asked_ms = serving->started_wall_ms;
    struct stat status;

    if (!config->idle_pauses)
        return false;
    if (stat(serving->site->access_log, &status) == 0 && (int64_t)status.st_mtime * 1000 > asked_ms)
        asked_ms = (int64_t)status.st_mtime * 1000;
    return clock_wall_ms() - asked_ms > config->idle_after_ms;
}

/* nginx hears of other addresses as of another configuration: no request is lost by that. */
static void look_at_upstream(struct serving *serving)
{
    const struct site *site = serving->site;

    if (serving->resolver == NULL)
        return;
    resolver_rest(serving->resolver, is_idle(serving));
    if (!resolver_changed(serving->resolver, serving->host.upstream))
        return;
    log_info("%s is %s", site->upstream, serving->host.upstream);
    render_again(serving);
    if (serving->pids[CHILD_NGINX] > 0)
        (void)kill(serving->pids[CHILD_NGINX], SIGHUP);
}

static void reload(struct serving *serving)
{
    render_again(serving);
    tell(serving, (struct conductor_event){ .kind = CONDUCTOR_RELOAD });
}

static void take_signal(struct serving *serving, int number)
{
    const char *words = number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGQUIT";

    switch (number) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        tell(serving, (struct conductor_event){ .kind = CONDUCTOR_END, .words = words });
        break;
    case SIGHUP:
        reload(serving);
        break;
    default:
        break;
    }
}

static int64_t patience_ms(const struct serving *serving)
{
    int64_t next_ms = conductor_next_ms(&serving->conductor);
    int64_t bound_ms = serving->nginx_up || serving->pids[CHILD_NGINX] == 0 ? LOOK_MS : UP_LOOK_MS;
    int64_t left_ms = next_ms == INT64_MAX ? bound_ms : clock_left_ms(next_ms);

    for (int i = 0; i < CHILDREN; i++) {
        if (serving->failed[i])
            return 0;
    }
    return left_ms < bound_ms ? left_ms : bound_ms;
}

static void turn(struct serving *serving)
{
    take_signal(serving, wait_signal(patience_ms(serving)));
    reap(serving);
    look_at_nginx(serving);
    look_at_upstream(serving);
    look_at_logs(serving);
    tell(serving, (struct conductor_event){ .kind = CONDUCTOR_TIME });
}

/* A name that nobody knows yet keeps nothing from starting: until then the application is down. */
static int find_upstream(struct serving *serving, struct error *err)
{
    const struct site *site = serving->site;
    struct render_host *host = &serving->host;
    int64_t deadline_ms = clock_boot_ms() + FIRST_LOOKUP_MS;
    int code;

    (void)snprintf(host->upstream, sizeof(host->upstream), "%s", site->upstream);
    if (site->upstream_name[0] == '\0')
        return 0;
    (void)snprintf(host->upstream, sizeof(host->upstream), "127.0.0.1:%u down",
                   site->upstream_port);
    code = resolver_start(site->upstream_name, site->upstream_port, &serving->resolver, err);
    while (code == 0 && !resolver_changed(serving->resolver, host->upstream)
           && clock_left_ms(deadline_ms) > 0)
        clock_sleep_ms(10);
    return code;
}

static int prepare(struct serving *serving, struct error *err)
{
    const struct site *site = serving->site;
    struct rlimit files = { 0 };
    int code = site_prepare(site, err);

    (void)getrlimit(RLIMIT_NOFILE, &files);
    serving->host = (struct render_host){
        .has_ipv4 = host_has_family(AF_INET),
        .has_ipv6 = host_has_family(AF_INET6),
        .processors = host_processors("/sys/fs/cgroup"),
        .descriptors = files.rlim_max > INT32_MAX ? INT32_MAX : (int64_t)files.rlim_max,
    };
    if (code == 0)
        render_draining(site, false);
    if (code == 0)
        code = host_check_port((uint16_t)site->config->container.port, err);
    if (code == 0)
        code = find_upstream(serving, err);
    return code == 0 ? render(site, &serving->host, err) : code;
}

static void say_what_is_odd(const struct serving *serving)
{
    const struct site *site = serving->site;
    bool is_read = site->config->source_count == 0;

    if (site->upstream[0] == '\0')
        log_warning("PROBITY_UPSTREAM is not set: only Probity's own endpoints answer, and no "
                    "request is passed on");
    for (int i = 0; i < site->config->source_count; i++)
        is_read = is_read || strcmp(site->config->sources[i].path, site->access_log) == 0;
    if (!is_read && site->config->container.nginx_template == NULL)
        log_warning("nginx writes %s, and none of the logs that are read is that one: its requests "
                    "are not counted",
                    site->access_log);
}

int serve(const struct site *site, const char *const *command)
{
    static struct serving serving; /* programs keep their words until the process ends */
    const struct container_config *container = &site->config->container;
    struct error err = { 0 };

    serving = (struct serving){
        .site = site,
        .rotation = { container->log_max_mib * 1024 * 1024, (int)container->log_keep },
        .output_fd = -1,
        .started_wall_ms = clock_wall_ms(),
    };
    if (prepare(&serving, &err) != 0) {
        log_error("%s", err.text);
        resolver_stop(&serving.resolver);
        return EXIT_FAILURE;
    }
    say_what_is_odd(&serving);
    programs_init(&serving.programs, site, command);
    /* Orphans of the command come to us and not to a process 1 that may not reap. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    conductor_init(&serving.conductor,
                   &(struct conductor_settings){
                       .has_command = command != NULL,
                       .migrates = container->migrate && site->config->ledger_conninfo != NULL,
                       .drain_ms = site->config->drain_ms,
                       .shutdown_ms = container->shutdown_ms });
    tell(&serving, (struct conductor_event){ .kind = CONDUCTOR_BEGIN });
    while (!serving.over)
        turn(&serving);
    auto_close(&serving.output_fd);
    resolver_stop(&serving.resolver);
    log_info("ended with %d", serving.exit_status);
    return serving.exit_status;
}
