/* front_trial.c - the front alone with fixed pages: for tests and for scripts/bench-front.
 *
 * usage: front_trial SOCKET [LARGE_BYTES]
 * TRIAL_LEDGER in the environment is the ledger's address, if there is one; with TRIAL_ZONE the
 * objectives follow the weeks of that time zone.
 * Publishes like monitor and accountant until SIGTERM; SIGUSR1 stops the monitor's publishing and
 * starts it again; ends by itself when another process takes its socket over.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/front.h"

#include "base/clock.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char token[] = "0123456789abcdef0123456789abcdef"; /* an admin's, for the tests */
static const char ready_body[] =
    "{\"status\": \"ready\", \"checks\": {\"app\": \"ok\", \"database\": \"ok\", \"redis\": "
    "\"ok\", "
    "\"celery\": \"ok\"}, \"timestamp\": \"2026-11-21T12:04:04.123Z\"}";

struct trial {
    struct slot *health;
    struct slot *slo;
    size_t large_bytes; /* of the monitor's metrics */
};

static void add(struct page_builder *builder, const char *key, const char *body)
{
    page_add(builder, key, &(struct page_text){ .status = 200, .body = slice_of(body) },
             &(struct page_text){ .status = 503,
                                  .retry_after_seconds = 1,
                                  .body = SLICE("{\"status\": \"stale\"}") });
}

static void publish_health(const struct trial *trial)
{
    struct page_builder *builder = page_builder_new(3000);
    AUTO(auto_free) char *large = calloc(1, trial->large_bytes + 1);
    struct page_set *set;

    if (builder == NULL || large == NULL)
        abort();
    for (size_t i = 0; i < trial->large_bytes; i++)
        large[i] = i % 64 == 0 ? '#' : i % 64 == 63 ? '\n' : ' ';
    add(builder, "health", "{\"status\": \"ok\"}");
    add(builder, "ready", ready_body);
    add(builder, "startup", "{\"status\": \"started\"}");
    add(builder, "detailed", "{\"status\": \"healthy\"}");
    add(builder, "detailed/redis", "{\"status\": \"ok\"}");
    add(builder, "metrics", large);
    add(builder, "metrics/openmetrics", "");
    set = page_builder_finish(&builder);
    if (set == NULL)
        abort();
    slot_publish(trial->health, &set);
}

static void publish_slo(const struct trial *trial)
{
    static const struct page_objective objectives[] = {
        { "app-availability",
          "app",
          BUDGET_MET,
          { 6198, 10000 },
          { "{\"name\": \"app-availability\"}", 28 },
          NULL },
        { "app-latency-p95",
          "app",
          BUDGET_AT_RISK,
          { 42, 1000 },
          { "{\"name\": \"app-latency-p95\"}", 27 },
          NULL },
        { "app-error-rate",
          "app",
          BUDGET_INSUFFICIENT_DATA,
          { -1, 2 },
          { "{\"name\": \"app-error-rate\"}", 26 },
          NULL },
    };
    const char *zone = getenv("TRIAL_ZONE");
    struct objective promise = {
        .calendar = { .unit = CALENDAR_WEEK, .count = 1, .start = "2026-01-05 00:00:00" }
    };
    struct page_builder *builder = page_builder_new(30000);
    struct page_set *set;

    if (builder == NULL)
        abort();
    (void)snprintf(promise.calendar.zone, sizeof(promise.calendar.zone), "%s",
                   zone == NULL ? "" : zone);
    for (size_t i = 0; i < ARRAY_LENGTH(objectives); i++) {
        struct page_objective objective = objectives[i];

        objective.promise = zone == NULL ? NULL : &promise;
        page_add_objective(builder, &objective);
    }
    add(builder, "slo/app-availability", "{\"name\": \"app-availability\"}");
    add(builder, "metrics", "");
    page_set_figures(builder, 1795264773000, true, NULL);
    set = page_builder_finish(&builder);
    if (set == NULL)
        abort();
    slot_publish(trial->slo, &set);
}

static void serve(const struct trial *trial, const struct front *front, const sigset_t *signals)
{
    bool publishing = true;

    for (;;) {
        int caught = sigtimedwait(signals, NULL, &(struct timespec){ .tv_nsec = 500000000 });

        if (caught == SIGTERM || caught == SIGINT || front_replaced(front))
            return;
        if (caught == SIGUSR1)
            publishing = !publishing;
        if (publishing)
            publish_health(trial);
        publish_slo(trial);
    }
}

/* The environment of the trial; `context` is the socket's path. */
static const char *lookup(void *context, const char *name)
{
    const char *ledger = getenv("TRIAL_LEDGER");

    if (strcmp(name, "PROBITY_LISTEN") == 0)
        return context;
    if (strcmp(name, "PROBITY_LEDGER_URL") == 0)
        return ledger != NULL ? ledger : "host=/nonexistent dbname=trial";
    return strcmp(name, "PROBITY_ADMIN_TOKEN") == 0 ? token : NULL;
}

int main(int argc, char **argv)
{
    struct trial trial = { slot_new(), slot_new(), argc > 2 ? strtoul(argv[2], NULL, 10) : 0 };
    _Atomic int64_t beat_ms = 0;
    struct front_socket socket;
    const struct config *config;
    struct access *access;
    struct front *front;
    struct error err = { 0 };
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    if (argc < 2 || trial.health == NULL || trial.slo == NULL
        || config_load(lookup, argv[1], &config, &err) != 0
        || access_new(config, &access, &err) != 0) {
        (void)fprintf(stderr, "front_trial: %s\n", err.text);
        return 2;
    }
    publish_health(&trial);
    publish_slo(&trial);
    if (front_listen(argv[1], &socket, &err) != 0
        || front_start(&(struct front_settings){ .config = config,
                                                 .access = access,
                                                 .health = trial.health,
                                                 .slo = trial.slo,
                                                 .beat_ms = &beat_ms,
                                                 .socket = socket },
                       &front, &err)
               != 0) {
        (void)fprintf(stderr, "front_trial: %s\n", err.text);
        return 1;
    }
    serve(&trial, front, &signals);
    front_stop(&front);
    slot_free(&trial.health);
    slot_free(&trial.slo);
    access_free(&access);
    config_release(&config);
    return 0;
}
