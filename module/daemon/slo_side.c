/* slo_side.c - a generation of parts for each catalogue. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/slo_side.h"

#include "accountant/accountant.h"
#include "base/log.h"
#include "base/thread.h"
#include "ingest/follow.h"
#include "ledger/writer.h"
#include "slo/catalogue.h"
#include "slo/plan.h"
#include "slo/tally.h"

#include <errno.h>
#include <stdlib.h>

/* Everything that belongs to one catalogue. */
struct generation {
    struct catalogue *catalogue;
    struct plan *plan;
    char trouble[512];       /* why the objectives can't be read; "" when they can */
    struct queue *flushes;   /* ingest -> ledger: struct flush * */
    struct queue *positions; /* ledger -> ingest */
    struct ledger_settings ledger;
    struct follow_settings follow;
    struct ledger_writer *writer;
    struct follower *follower;
    struct accountant *accountant;
};

struct slo_side {
    struct house *house;
    struct generation *now;
};

/* Destructors run in reverse of the start.  What a thread that was left behind may look at is not
 * freed: it hangs in a name look-up, and a reload is rare. */
static void generation_stop(struct generation **pointer)
{
    struct generation *generation = *pointer;

    *pointer = NULL;
    if (generation == NULL)
        return;
    accountant_stop(&generation->accountant);
    follower_stop(&generation->follower);
    ledger_writer_stop(&generation->writer);
    if (thread_left_behind())
        return;
    queue_free(&generation->positions);
    queue_free(&generation->flushes);
    plan_free(&generation->plan);
    catalogue_free(&generation->catalogue);
    free(generation);
}

/* The objectives as they are written down now; those that can't be read are no failure but a
 * generation in trouble, with the built-in ones, which it neither counts nor shows. */
static int load(const struct house *house, struct generation *generation, struct error *err)
{
    return catalogue_built_in(house->config->service, &generation->catalogue, err);
}

static struct generation *generation_new(void)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (generation == NULL)
        return NULL;
    generation->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    generation->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    if (generation->flushes == NULL || generation->positions == NULL)
        generation_stop(&generation);
    return generation;
}

static int generation_load(const struct house *house, struct generation **ret, struct error *err)
{
    AUTO(generation_stop) struct generation *generation = generation_new();
    int code;

    if (generation == NULL)
        return error_set(err, ENOMEM, "probityd: out of memory");
    code = load(house, generation, err);
    if (code == 0)
        code = plan_new(generation->catalogue, &generation->plan, err);
    if (code != 0)
        return code;
    *ret = generation;
    generation = NULL;
    return 0;
}

static void describe(struct generation *generation, const struct house *house)
{
    const struct config *config = house->config;
    const struct catalogue *catalogue = generation->catalogue;

    generation->ledger = (struct ledger_settings){
        .conninfo = config->ledger_conninfo,
        .service = config->service,
        .host = house->host,
        .instance = house->instance,
        .catalogue = catalogue,
        .objectives = catalogue->objectives,
        .objective_count = catalogue->objective_count,
    };
    generation->follow = (struct follow_settings){
        .sources = config->sources,
        .source_count = config->source_count,
        .journal = house->journal,
        .service = config->service,
        .plan = generation->plan,
    };
}

static int generation_start(struct generation *generation, struct house *house, struct error *err)
{
    const struct config *config = house->config;
    bool in_trouble = generation->trouble[0] != '\0';
    bool ledger = config->ledger_conninfo != NULL && !in_trouble;
    int code = 0;

    describe(generation, house);
    if (journal_set_services(house->journal, generation->catalogue->services,
                             generation->catalogue->service_count)
        != 0)
        return error_set(err, ENOMEM, "probityd: out of memory");
    if (ledger)
        code = ledger_writer_start(&generation->ledger, generation->flushes, generation->positions,
                                   &generation->writer, err);
    /* Without a log there may be events that are posted. */
    if (code == 0 && ledger && (config->source_count > 0 || config->ingest_token != NULL))
        code = follower_start(&generation->follow, generation->flushes, generation->positions,
                              &generation->follower, err);
    if (code == 0)
        code = accountant_start(
            &(struct accountant_settings){
                .config = config,
                .ledger = &generation->ledger,
                .slot = house->slo,
                .follower = generation->follower,
                .writer = generation->writer,
                .objectives_trouble = in_trouble ? generation->trouble : NULL,
            },
            &generation->accountant, err);
    return code;
}

int slo_side_start(struct house *house, struct slo_side **ret, struct error *err)
{
    AUTO(slo_side_stop) struct slo_side *side = calloc(1, sizeof(*side));
    int code;

    if (side == NULL)
        return error_set(err, ENOMEM, "probityd: out of memory");
    side->house = house;
    code = generation_load(house, &side->now, err);
    if (code == 0 && side->now->trouble[0] != '\0')
        log_error("%s", side->now->trouble);
    if (code == 0)
        code = generation_start(side->now, house, err);
    if (code != 0)
        return code;
    *ret = side;
    side = NULL;
    return 0;
}

void slo_side_reload(struct slo_side *side)
{
    AUTO(generation_stop) struct generation *next = NULL;
    struct error err = { 0 };
    int code = generation_load(side->house, &next, &err);

    if (code != 0 || (next->trouble[0] != '\0' && side->now->trouble[0] == '\0')) {
        log_error("the objectives stay as they were: %s", code != 0 ? err.text : next->trouble);
        return;
    }
    generation_stop(&side->now);
    side->now = next;
    next = NULL;
    code = generation_start(side->now, side->house, &err);
    if (code != 0)
        log_error("the objectives can't be judged until the next reload: %s", err.text);
    else
        log_info("objectives loaded: %d in force", side->now->catalogue->objective_count);
}

void slo_side_stop(struct slo_side **side)
{
    if (*side == NULL)
        return;
    generation_stop(&(*side)->now);
    free(*side);
    *side = NULL;
}
