/* main.c - the daemon: its table of contents.
 *
 * Each part is declared with its stop function and started in the order of the picture in
 * docs/architecture.md; the destructors run in reverse and skip what was never started.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/access.h"
#include "base/auto.h"
#include "base/credentials.h"
#include "base/log.h"
#include "base/thread.h"
#include "config/config.h"
#include "daemon/house.h"
#include "daemon/outset.h"
#include "daemon/settings.h"
#include "daemon/slo_side.h"
#include "daemon/steward.h"
#include "front/front.h"
#include "monitor/monitor.h"
#include "probe/probers.h"

#include <stdlib.h>
#include <unistd.h>

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
                                                     house->health, &house->front_beat_ms,
                                                     house->idle },
                         &monitor, err);
    if (code == 0)
        code = probers_start(config, house->outcomes, house->idle, &probers, err);
    if (code == 0)
        code = slo_side_start(house, &slo_side, err);
    if (code == 0)
        code = steward_listen(house, monitor, &socket, &ended, err);
    if (code == 0 && !ended)
        code = front_start(&(struct front_settings){ config, house->access, house->health,
                                                     house->slo, house->journal, house->orders,
                                                     &house->front_beat_ms, socket, house->idle },
                           &front, err);
    if (code == 0 && !ended) {
        log_info("probityd " PACKAGE_VERSION " answers at %s", config->listen_path);
        steward_serve(&(struct steward){ house, monitor, probers, slo_side, .front = front });
        /* A socket that stays is answered at while the ledger's last commit takes its time. */
        if (front_inherited(front))
            slo_side_stop(&slo_side);
        /* First of all: who is told to end together with the application must not call its end a
         * failure.  And the ledger's last commit may take seconds: wait for both at once. */
        probers_ask_stop(probers);
        front_stop(&front);
    }
    return code;
}

static int start(struct house *house, struct error *err)
{
    const struct config *config = NULL;
    int code = credentials_import(err);

    if (code == 0)
        code = settings_load(NULL, &config, err);
    if (code == 0)
        code = settings_open_log(config, err);
    if (code == 0) {
        settings_diagnose(config);
        code = house_init(house, &config, err);
    }
    config_release(&config);
    if (code != 0)
        return code;
    access_diagnose(house->access, settings_say, NULL);
    return run(house, err);
}

int main(int argc, char **argv)
{
    static struct house house;
    struct error err = { 0 };
    int code = outset_options(argc, argv);

    if (code >= 0)
        return code;
    outset_prepare();
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
