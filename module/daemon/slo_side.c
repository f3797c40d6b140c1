/* slo_side.c - a generation of parts for each catalogue. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/slo_side.h"

#include "accountant/accountant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "config/changes.h"
#include "ingest/follow.h"
#include "ledger/objectives.h"
#include "ledger/writer.h"
#include "slo/plan.h"
#include "slo/tally.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROBLEM_BYTES = 4096,
    /* Between two looks at what the ledger has in force. */
    TEND_PAUSE_MS = 5 * 1000,
    TEND_TROUBLE_PAUSE_MS = 60 * 1000,
};

/* Everything that belongs to one catalogue. */
struct generation {
    const struct config *config; /* held: it says which logs are read */
    struct objectives objectives;
    struct plan *plan;
    struct queue *flushes;   /* ingest -> ledger: struct flush * */
    struct queue *positions; /* ledger -> ingest */
    struct ledger_settings ledger;
    struct follow_settings follow;
    struct ledger_writer *writer;
    struct follower *follower;
    struct accountant *accountant;
    bool failed; /* to start: the next reload tries again */
};

struct slo_side {
    struct house *house;
    struct generation *now;
    int64_t tend_at_ms; /* boot clock: not before */
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
    objectives_done(&generation->objectives);
    config_release(&generation->config);
    free(generation);
}

static struct generation *generation_new(const struct config *config)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (generation == NULL)
        return NULL;
    generation->config = config_acquire(config);
    generation->flushes = queue_new(sizeof(struct flush *), LIMIT_FLUSHES);
    generation->positions = queue_new(sizeof(struct file_position), LIMIT_FLUSHES);
    if (generation->flushes == NULL || generation->positions == NULL)
        generation_stop(&generation);
    return generation;
}

/* Objectives that ask for more than can be counted are like ones that can't be read. */
static int make_plan(struct generation *generation, struct error *err)
{
    struct objectives *objectives = &generation->objectives;
    struct error cause = { 0 };
    int code = plan_new(objectives->catalogue, &generation->plan, &cause);

    if (code == 0)
        return 0;
    if (code == -ENOMEM || objectives->trouble[0] != '\0')
        return error_set(err, -code, "%s", cause.text);
    (void)snprintf(objectives->trouble, sizeof(objectives->trouble), "%s", cause.text);
    return 0;
}

static void log_problem(const struct problem *problem)
{
    struct buf buf;

    buf_init(&buf, PROBLEM_BYTES);
    problem_print(problem, &buf);
    log_with(problem->level == PROBLEM_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, NULL, 0,
             "objectives: %s", buf_text(&buf));
    buf_done(&buf);
}

static int load(const struct config *config, bool ask_ledger, struct objectives *ret,
                struct error *err)
{
    AUTO(problems_free) struct problems *problems = problems_new();
    int code;

    if (problems == NULL)
        return error_set(err, ENOMEM, "probityd: out of memory");
    code = objectives_load(config, ask_ledger, problems, ret, err);
    for (int i = 0; i < problems_count(problems); i++)
        log_problem(problems_at(problems, i));
    return code;
}

static int generation_load(const struct config *config, bool ask_ledger, struct generation **ret,
                           struct error *err)
{
    AUTO(generation_stop) struct generation *generation = generation_new(config);
    int code;

    if (generation == NULL)
        return error_set(err, ENOMEM, "probityd: out of memory");
    code = load(config, ask_ledger, &generation->objectives, err);
    if (code == 0)
        code = make_plan(generation, err);
    if (code != 0)
        return code;
    *ret = generation;
    generation = NULL;
    return 0;
}

static bool in_trouble(const struct generation *generation)
{
    return generation->objectives.trouble[0] != '\0';
}

static bool has_ledger(const struct generation *generation)
{
    return generation->config->ledger_conninfo != NULL && !in_trouble(generation);
}

static void describe(struct generation *generation, const struct house *house)
{
    const struct config *config = generation->config;
    const struct catalogue *catalogue = generation->objectives.catalogue;

    generation->ledger = (struct ledger_settings){
        .conninfo = config->ledger_conninfo,
        .service = config->service,
        .host = house->host,
        .instance = house->instance,
        .catalogue = catalogue,
        .origin = generation->objectives.origin,
        .idle = house->idle,
    };
    generation->follow = (struct follow_settings){
        .sources = config->sources,
        .source_count = config->source_count,
        .idle = house->idle,
        .journal = house->journal,
        .service = config->service,
        .plan = generation->plan,
        .requests = house->requests,
        .offline = !has_ledger(generation),
    };
}

/* Whether there is anything to read.  Without a log there may be events that are posted; without a
 * ledger requests are counted all the same, for /metrics. */
static bool wants_ingest(const struct generation *generation)
{
    const struct config *config = generation->config;

    if (!has_ledger(generation))
        return generation->plan != NULL && config->source_count > 0;
    return config->source_count > 0 || config->ingest_token != NULL;
}

static int generation_start(struct generation *generation, struct house *house, struct error *err)
{
    const struct config *config = generation->config;
    bool ledger = has_ledger(generation);
    int code = 0;

    describe(generation, house);
    if (journal_set_services(house->journal, generation->objectives.catalogue->services,
                             generation->objectives.catalogue->service_count)
        != 0)
        return error_set(err, ENOMEM, "probityd: out of memory");
    if (ledger)
        code = ledger_writer_start(&generation->ledger, generation->flushes, generation->positions,
                                   &generation->writer, err);
    if (code == 0 && wants_ingest(generation))
        code = follower_start(&generation->follow, generation->flushes, generation->positions,
                              &generation->follower, err);
    if (code == 0)
        code = accountant_start(
            &(struct accountant_settings){
                .config = config,
                .ledger = &generation->ledger,
                .slot = house->slo,
                .follower = ledger ? generation->follower : NULL,
                .requests = house->requests,
                .writer = generation->writer,
                .objectives_trouble =
                    in_trouble(generation) ? generation->objectives.trouble : NULL,
                .orders = house->orders,
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
    /* The ledger may hang, and /health must not wait: what has been applied to it comes later. */
    code = generation_load(house->config, false, &side->now, err);
    if (code == 0)
        code = generation_start(side->now, house, err);
    if (code != 0)
        return code;
    *ret = side;
    side = NULL;
    return 0;
}

/* Templates of routes are read once in each generation: who names a file of them, or an
 * application, wants them read anew. */
static bool has_templates_elsewhere(const struct config *config)
{
    for (int i = 0; i < config->source_count; i++) {
        if (config->sources[i].openapi != NULL)
            return true;
    }
    return false;
}

static bool is_same(const struct generation *one, const struct generation *other)
{
    return one->objectives.origin == other->objectives.origin
           && strcmp(one->objectives.trouble, other->objectives.trouble) == 0
           && catalogue_equal(one->objectives.catalogue, other->objectives.catalogue)
           && changes_same_sources(one->config, other->config);
}

/* Gives what is to be in force next; leaves `*ret` NULL when nothing is. */
static void load_next(struct slo_side *side, const struct config *config, struct generation **ret)
{
    AUTO(generation_stop) struct generation *next = NULL;
    struct error err = { 0 };
    int code = generation_load(config, true, &next, &err);

    assert(code != 0 || next != NULL);
    if (code != 0 || (in_trouble(next) && !in_trouble(side->now))) {
        log_error("the objectives stay as they were: %s",
                  code != 0 ? err.text : next->objectives.trouble);
        return;
    }
    *ret = next;
    next = NULL;
}

static void put_in_force(struct slo_side *side, struct generation **next)
{
    struct error err = { 0 };

    generation_stop(&side->now);
    side->now = *next;
    *next = NULL;
    side->now->failed = generation_start(side->now, side->house, &err) != 0;
    if (side->now->failed)
        log_error("the objectives can't be judged until the next reload: %s", err.text);
    else
        log_info("objectives loaded: %d in force",
                 side->now->objectives.catalogue->objective_count);
}

/* Whether the ledger holds others than ours, or may have been mended. */
static bool wants_reload(const struct slo_side *side)
{
    struct ledger_counters counters = { 0 };

    if (in_trouble(side->now))
        return side->now->objectives.origin == ORIGIN_APPLIED;
    if (side->now->writer != NULL)
        ledger_writer_counters(side->now->writer, &counters);
    return counters.definitions_changed;
}

void slo_side_reload(struct slo_side *side, const struct config *config)
{
    AUTO(generation_stop) struct generation *next = NULL;

    load_next(side, config, &next);
    if (next == NULL)
        return;
    if (!is_same(side->now, next) || side->now->failed || wants_reload(side)
        || has_templates_elsewhere(config)) {
        put_in_force(side, &next);
        return;
    }
    log_info("objectives and logs are the same as before");
    if (side->now->writer != NULL)
        ledger_writer_hurry(side->now->writer);
}

void slo_side_tend(struct slo_side *side)
{
    AUTO(generation_stop) struct generation *next = NULL;

    if (clock_boot_ms() < side->tend_at_ms || !wants_reload(side))
        return;
    load_next(side, side->now->config, &next);
    if (next != NULL)
        put_in_force(side, &next);
    side->tend_at_ms =
        clock_boot_ms() + (in_trouble(side->now) ? TEND_TROUBLE_PAUSE_MS : TEND_PAUSE_MS);
}

void slo_side_stop(struct slo_side **side)
{
    if (*side == NULL)
        return;
    generation_stop(&(*side)->now);
    free(*side);
    *side = NULL;
}
