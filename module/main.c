/* main.c - the daemon: its table of contents.
 *
 * Each part is declared with its stop function and started in the order of the picture in
 * docs/architecture.md; the destructors run in reverse and skip what was never started.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/access.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/thread.h"
#include "config/config.h"
#include "daemon/house.h"
#include "daemon/slo_side.h"
#include "front/front.h"
#include "monitor/monitor.h"
#include "probe/probers.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TAKE_OVER_WAIT_MS = 3000, /* for the first round, before a living socket is replaced */
    LOOK_MS = 500,            /* how often we look whether somebody has replaced us */
};

static bool is_end(int number)
{
    return number == SIGTERM || number == SIGINT;
}

/* A socket that somebody answers at is taken over only once there is a verdict to hand out.  Who is
 * told to end before that leaves the socket to the one that answers: `ret_ended`. */
static int listen_at(const struct config *config, const struct monitor *monitor,
                     struct front_socket *socket, bool *ret_ended, struct error *err)
{
    int64_t deadline_ms = clock_boot_ms() + TAKE_OVER_WAIT_MS;
    bool ended = is_end(signals_wait(0));

    while (!ended && front_path_is_live(config->listen_path) && !monitor_first_round_done(monitor)
           && clock_left_ms(deadline_ms) > 0)
        ended = is_end(signals_wait(20));
    *ret_ended = ended;
    return ended ? 0 : front_listen(config->listen_path, socket, err);
}

/* Only a second order to end shortens it, no SIGHUP and no SIGCONT; or a successor. */
static void wait_drained(int64_t drain_ms, const struct front *front)
{
    int64_t deadline_ms = clock_boot_ms() + drain_ms;
    int left_ms;

    while ((left_ms = clock_left_ms(deadline_ms)) > 0 && !front_replaced(front)) {
        if (is_end(signals_wait(left_ms < LOOK_MS ? left_ms : LOOK_MS)))
            return;
    }
}

/* Serves until a signal or a successor ends it; SIGHUP reads the objectives anew. */
static void serve(const struct config *config, struct monitor *monitor, struct slo_side *slo_side,
                  const struct front *front)
{
    int number = 0;

    while (!is_end(number) && !front_replaced(front)) {
        number = signals_wait(LOOK_MS);
        if (number == SIGHUP)
            slo_side_reload(slo_side);
        if (number == 0)
            slo_side_tend(slo_side);
    }
    if (front_replaced(front)) {
        /* The successor speaks for the application now: a last "draining" would be a lie. */
        log_info("replaced by another process at %s: ending", config->listen_path);
        return;
    }
    log_info("draining for %lld ms (%s); a second signal ends it now", (long long)config->drain_ms,
             strsignal(number));
    monitor_drain(monitor);
    wait_drained(config->drain_ms, front);
}

static int run(struct house *house, struct error *err)
{
    const struct config *config = house->config;
    AUTO(monitor_stop) struct monitor *monitor = NULL;
    AUTO(probers_stop) struct probers *probers = NULL;
    AUTO(slo_side_stop) struct slo_side *slo_side = NULL;
    AUTO(front_stop) struct front *front = NULL;
    struct front_socket socket = { .fd = -1 };
    bool ended = false;
    int code;

    code = monitor_start(&(struct monitor_settings){ config, house->outcomes, house->orders,
                                                     house->health, &house->front_beat_ms },
                         &monitor, err);
    if (code == 0)
        code = probers_start(config, house->outcomes, &probers, err);
    if (code == 0)
        code = slo_side_start(house, &slo_side, err);
    if (code == 0)
        code = listen_at(config, monitor, &socket, &ended, err);
    if (code == 0 && !ended)
        code = front_start(&(struct front_settings){ config, house->access, house->health,
                                                     house->slo, house->journal, house->orders,
                                                     &house->front_beat_ms, socket },
                           &front, err);
    if (code == 0 && !ended) {
        log_info("probityd " PACKAGE_VERSION " answers at %s", config->listen_path);
        serve(config, monitor, slo_side, front);
        front_stop(&front);
        probers_ask_stop(
            probers); /* the ledger's last commit may take seconds: wait for both at once */
    }
    return code;
}

static const char *environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static void say(void *context, enum log_level level, const char *sentence)
{
    (void)context;
    log_with(level, NULL, 0, "%s", sentence);
}

static int start(struct house *house, struct error *err)
{
    const struct config *config = NULL;
    int code = config_load(environment, NULL, &config, err);

    if (code != 0)
        return code;
    config_hide_secrets(config);
    log_configure(config->log_level,
                  !config->log_format_set && isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT
                                                                   : config->log_format,
                  config->service);
    code = log_start(err);
    if (code == 0) {
        config_diagnose_names((const char *const *)environ, say, NULL);
        config_diagnose(config, say, NULL);
        code = house_init(house, &config, err);
    }
    config_release(&config);
    if (code != 0)
        return code;
    access_diagnose(house->access, say, NULL);
    return run(house, err);
}

static int answer_option(const char *option)
{
    if (strcmp(option, "--version") == 0) {
        puts("probityd " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    (void)fprintf(strcmp(option, "--help") == 0 ? stdout : stderr,
                  "usage: probityd [--version | --help]\n"
                  "Everything else is set by the environment: see probityd(8) and "
                  "`probity check-config`.\n");
    return strcmp(option, "--help") == 0 ? EXIT_SUCCESS : 2;
}

/* What is missing among the first three would be the number of the next socket that is opened, and
 * the log would be written to a Postgres. */
static void fill_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    auto_close(&fd);
}

int main(int argc, char **argv)
{
    static struct house house;
    struct error err = { 0 };
    int code;

    if (argc > 1)
        return answer_option(argv[1]);
    /* One heap for all threads: they allocate little, and every further one costs a page set. */
    (void)mallopt(M_ARENA_MAX, 1);
    fill_standard_descriptors();
    signals_block();
    code = start(&house, &err);
    if (code != 0)
        log_error("%s", err.text);
    else
        log_info("ended");
    log_stop();
    if (thread_left_behind())
        _exit(code == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    house_done(&house);
    return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
