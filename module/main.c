/* main.c - the daemon: its table of contents.
 *
 * Each part is declared with its stop function and started in the order of the picture in
 * docs/architecture.md; the destructors run in reverse and skip what was never started.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/accountant.h"
#include "auth/access.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/signals.h"
#include "base/thread.h"
#include "config/config.h"
#include "front/front.h"
#include "health/outcome.h"
#include "ingest/follow.h"
#include "ledger/writer.h"
#include "monitor/monitor.h"
#include "page/slot.h"
#include "probe/probers.h"
#include "slo/tally.h"

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

/* What the running parts share; freed only when no thread is left that could look at it. */
struct house {
    struct config *config;
    struct access *access;
    struct queue *outcomes;  /* probers -> monitor */
    struct queue *flushes;   /* ingest -> ledger: struct flush * */
    struct queue *positions; /* ledger -> ingest */
    struct slot *health;     /* monitor -> front */
    struct slot *slo;        /* accountant -> front */
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    int64_t thresholds_ms[LIMIT_THRESHOLDS];
    struct ledger_settings ledger;
    struct follow_settings follow;
    char host[64];
    char instance[RANDOM_HEX_BYTES];
    _Atomic int64_t front_beat_ms;
};

static void house_free(struct house *house)
{
    slot_free(&house->slo);
    slot_free(&house->health);
    queue_free(&house->positions);
    queue_free(&house->flushes);
    queue_free(&house->outcomes);
    access_free(&house->access);
    config_free(&house->config);
}

static void house_set_objectives(struct house *house)
{
    const struct config *config = house->config;

    objective_built_in(config->service, house->objectives);
    (void)gethostname(house->host, sizeof(house->host) - 1);
    random_hex(house->instance);
    house->ledger = (struct ledger_settings){
        .conninfo = config->ledger_conninfo,
        .service = config->service,
        .host = house->host,
        .instance = house->instance,
        .objectives = house->objectives,
        .objective_count = OBJECTIVE_BUILT_IN_COUNT,
    };
    house->follow = (struct follow_settings){
        .path = config->access_log,
        .service = config->service,
        .thresholds_ms = house->thresholds_ms,
        .threshold_count =
            objective_thresholds(house->objectives, OBJECTIVE_BUILT_IN_COUNT, house->thresholds_ms),
    };
}

static int house_build(struct house *house, struct error *err)
{
    int code = access_new(house->config, &house->access, err);

    if (code != 0)
        return code;
    house->outcomes = queue_new(sizeof(struct outcome), LIMIT_OUTCOMES);
    house->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    house->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    house->health = slot_new();
    house->slo = slot_new();
    if (house->outcomes == NULL || house->flushes == NULL || house->positions == NULL
        || house->health == NULL || house->slo == NULL)
        return error_set(err, ENOMEM, "probityd: out of memory");
    house_set_objectives(house);
    return 0;
}

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

/* Serves until a signal or a successor ends it. */
static void serve(const struct config *config, struct monitor *monitor, const struct front *front)
{
    int number = 0;

    while (!is_end(number) && !front_replaced(front))
        number = signals_wait(LOOK_MS);
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
    bool ledger = config->ledger_conninfo != NULL;
    AUTO(monitor_stop) struct monitor *monitor = NULL;
    AUTO(probers_stop) struct probers *probers = NULL;
    AUTO(ledger_writer_stop) struct ledger_writer *writer = NULL;
    AUTO(follower_stop) struct follower *follower = NULL;
    AUTO(accountant_stop) struct accountant *accountant = NULL;
    AUTO(front_stop) struct front *front = NULL;
    struct front_socket socket = { .fd = -1 };
    bool ended = false;
    int code;

    code = monitor_start(
        &(struct monitor_settings){ config, house->outcomes, house->health, &house->front_beat_ms },
        &monitor, err);
    if (code == 0)
        code = probers_start(config, house->outcomes, &probers, err);
    if (code == 0 && ledger)
        code = ledger_writer_start(&house->ledger, house->flushes, house->positions, &writer, err);
    if (code == 0 && ledger && config->access_log != NULL)
        code = follower_start(&house->follow, house->flushes, house->positions, &follower, err);
    if (code == 0)
        code = accountant_start(
            &(struct accountant_settings){ config, &house->ledger, house->slo, follower, writer },
            &accountant, err);
    if (code == 0)
        code = listen_at(config, monitor, &socket, &ended, err);
    if (code == 0 && !ended)
        code = front_start(&(struct front_settings){ config, house->access, house->health,
                                                     house->slo, &house->front_beat_ms, socket },
                           &front, err);
    if (code == 0 && !ended) {
        log_info("probityd " PACKAGE_VERSION " answers at %s", config->listen_path);
        serve(config, monitor, front);
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
    int code = config_load(environment, NULL, &house->config, err);

    if (code != 0)
        return code;
    config_hide_secrets(house->config);
    if (!house->config->log_format_set && isatty(STDERR_FILENO))
        house->config->log_format = LOG_FORMAT_TEXT;
    log_configure(house->config->log_level, house->config->log_format, house->config->service);
    code = log_start(err);
    if (code != 0)
        return code;
    config_diagnose_names((const char *const *)environ, say, NULL);
    config_diagnose(house->config, say, NULL);
    code = house_build(house, err);
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
    house_free(&house);
    return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
