/* alerts_driver.c - leases and alert states at the end of a pipe, for test_ledger_alerts.py.
 *
 *   alerts_driver CONNINFO INSTANCE SERVICE… < commands     one JSON object a line is the answer
 *
 *   claim                              {"held": [true, …], "alerts": [["app", "firing", 1000, …],
 * …]} write STATE SINCE_MS CHANGED WORDS the same alert of every service; {"code": 0}
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/json.h"
#include "ledger/alerts.h"
#include "slo/catalogue.h"
#include "slo/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES = 8, LINE_BYTES = 1024, ARENA_BYTES = 1 << 20, DEADLINE_MS = 10000 };

struct driver {
    struct ledger_reader *reader;
    const char **services;
    int service_count;
};

static void die(const char *what)
{
    fprintf(stderr, "alerts_driver: %s\n", what);
    exit(1);
}

static void put_alert(struct json_writer *json, const struct ledger_alert *alert)
{
    json_open_array(json);
    json_put_text(json, alert->service);
    json_put_text(json, alert_state_text(alert->alert.state));
    json_put_int(json, alert->alert.since_ms);
    json_put_int(json, alert->alert.fired_at_ms);
    json_put_int(json, alert->alert.resolved_at_ms);
    json_put_text(json, alert->summary);
    json_close_array(json);
}

static void put_claim(struct json_writer *json, const struct driver *driver, const bool held[],
                      const struct ledger_alerts *alerts)
{
    json_open_object(json);
    json_key(json, "held");
    json_open_array(json);
    for (int i = 0; i < driver->service_count; i++)
        json_put_bool(json, held[i]);
    json_close_array(json);
    json_key(json, "alerts");
    json_open_array(json);
    for (int i = 0; i < alerts->count; i++)
        put_alert(json, &alerts->rows[i]);
    json_close_array(json);
    json_close_object(json);
}

static void claim(struct driver *driver)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    AUTO(buf_done) struct buf answer;
    struct ledger_alerts alerts = { NULL, 0 };
    bool held[SERVICES] = { false };
    struct json_writer json;
    struct error err = { 0 };

    buf_init(&answer, ARENA_BYTES);
    json_writer_init(&json, &answer);
    if (ledger_alerts_claim(driver->reader, driver->services, driver->service_count,
                            clock_boot_ms() + DEADLINE_MS, arena, held, &alerts, &err)
        != 0) {
        json_open_object(&json);
        json_text(&json, "error", err.text);
        json_close_object(&json);
    } else {
        put_claim(&json, driver, held, &alerts);
    }
    puts(buf_text(&answer));
}

static void write_states(struct driver *driver, const char *arguments)
{
    struct ledger_alert rows[SERVICES];
    struct error err = { 0 };
    char state[16] = "";
    int64_t since_ms = 0;
    int changed = 0;
    int words = 0;
    struct alert alert = { .state = ALERT_INACTIVE };

    if (sscanf(arguments, "%15s %" SCNd64 " %d %n", state, &since_ms, &changed, &words) != 3
        || !alert_state_parse(state, &alert.state))
        die("write: what?");
    alert.since_ms = since_ms;
    alert.fired_at_ms = alert.state == ALERT_INACTIVE ? 0 : since_ms - 1;
    for (int i = 0; i < driver->service_count; i++)
        rows[i] = (struct ledger_alert){
            .service = driver->services[i],
            .objective = "availability",
            .rule = "page-fast-burn",
            .severity = "critical",
            .alert = alert,
            .suppressed_by = "",
            .frozen = "",
            .summary = arguments + words,
            .changed = changed != 0,
        };
    printf("{\"code\": %d}\n",
           ledger_alerts_write(driver->reader,
                               &(struct ledger_alerts){ rows, driver->service_count },
                               clock_boot_ms() + DEADLINE_MS, &err));
}

static void obey(struct driver *driver, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "claim") == 0)
        claim(driver);
    else if (strncmp(line, "write ", 6) == 0)
        write_states(driver, line + 6);
    else
        die("no such command");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct driver driver = { .services = (const char **)&argv[3], .service_count = argc - 3 };
    struct ledger_settings settings = { .host = "host" };
    struct catalogue *catalogue = NULL;
    struct tracks *tracks;
    struct error err = { 0 };
    char line[LINE_BYTES];

    if (argc < 4 || driver.service_count > SERVICES)
        die("usage: alerts_driver CONNINFO INSTANCE SERVICE...");
    settings.conninfo = argv[1];
    settings.instance = argv[2];
    settings.service = argv[3];
    if (catalogue_built_in(argv[3], &catalogue, &err) != 0)
        die(err.text);
    settings.catalogue = catalogue;
    tracks = tracks_new(catalogue, NULL, 0);
    if (tracks == NULL || ledger_reader_open(&settings, tracks, &driver.reader, &err) != 0)
        die(err.text);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(&driver, line);
    ledger_reader_close(&driver.reader);
    tracks_free(&tracks);
    catalogue_free(&catalogue);
    return 0;
}
