/* apply.c - compares the catalogue with what is applied, and adds versions. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/apply.h"

#include "base/clock.h"
#include "base/limits.h"
#include "ledger/arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_BYTES = 1024 * 1024, APPLIED_MAX = 100000 };

/* One application on its way. */
struct applying {
    const struct apply *apply;
    struct session session;
    int64_t now_ms;              /* by the ledger's clock, by which versions become effective */
    struct definitions *applied; /* every version that was ever applied, of everybody */
    struct apply_step *steps;
    int step_count;
};

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "ledger: out of memory");
}

/* --- what is there --- */

/* The newest applied version of a name that is not retired, whether or not it has become effective;
 * NULL when there is none. */
static const struct definition *newest(const struct applying *applying, const char *service,
                                       const char *name)
{
    const struct definition *found = NULL;

    for (int i = 0; i < applying->applied->count; i++) {
        const struct definition *definition = &applying->applied->items[i];

        if (definition->retired_at_ms == 0 && strcmp(definition->name, name) == 0
            && strcmp(definition->service, service) == 0)
            found = definition;
    }
    return found;
}

/* They are sorted by service, name and version. */
static bool is_newest(const struct applying *applying, int index)
{
    const struct definition *all = applying->applied->items;

    for (int i = index + 1;
         i < applying->applied->count && strcmp(all[i].name, all[index].name) == 0
         && strcmp(all[i].service, all[index].service) == 0;
         i++) {
        if (all[i].retired_at_ms == 0)
            return false;
    }
    return all[index].retired_at_ms == 0;
}

static int64_t effective_ms(const struct applying *applying)
{
    int64_t from_ms = applying->apply->effective_from_ms;

    return from_ms != 0 ? from_ms : applying->now_ms;
}

/* The same moment that is written for a version from now on: ours may be seconds behind it. */
static int read_clock(struct applying *applying, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    int code = session_run(&applying->session, "SELECT (extract(epoch FROM now()) * 1000)::bigint",
                           NULL, &rows, err);

    if (code == 0)
        applying->now_ms = pq_int(rows, 0, 0, 0);
    return code;
}

/* --- the plan --- */

static int plan_one(struct applying *applying, struct apply_step *step, const char *document,
                    struct error *err)
{
    step->before = newest(applying, step->service, step->name);
    step->change = step->before == NULL                            ? APPLY_NEW
                   : strcmp(step->before->document, document) == 0 ? APPLY_SAME
                                                                   : APPLY_CHANGED;
    applying->step_count++;
    if (step->change != APPLY_CHANGED || step->before->effective_from_ms <= effective_ms(applying))
        return 0;
    return error_set(err, EINVAL,
                     "objective %s: its version %d becomes effective later than this one would: "
                     "choose a later time with --effective-from",
                     step->name, step->before->version);
}

static int plan_steps(struct applying *applying, struct error *err)
{
    const struct catalogue *catalogue = applying->apply->catalogue;
    int code = 0;

    for (int i = 0; i < catalogue->objective_count && code == 0; i++) {
        const struct objective *objective = &catalogue->objectives[i];
        struct apply_step *step = &applying->steps[applying->step_count];

        *step = (struct apply_step){ .service = objective->service,
                                     .name = objective->name,
                                     .after = objective };
        step->indicator = catalogue->indicators[objective->indicator].definition;
        code = plan_one(applying, step, objective->document, err);
    }
    for (int i = 0; i < catalogue->kept_count && code == 0; i++) {
        const struct kept_objective *kept = &catalogue->kept[i];
        struct apply_step *step = &applying->steps[applying->step_count];

        *step = (struct apply_step){
            .service = kept->service, .name = kept->name, .kept = kept, .indicator = ""
        };
        code = plan_one(applying, step, kept->document, err);
    }
    return code;
}

/* Whether the files speak of the service, or of an objective of that name in any service. */
static bool has_service(const struct applying *applying, const char *service)
{
    const struct catalogue *catalogue = applying->apply->catalogue;

    for (int i = 0; i < catalogue->objective_count; i++) {
        if (strcmp(catalogue->objectives[i].service, service) == 0)
            return true;
    }
    for (int i = 0; i < catalogue->kept_count; i++) {
        if (strcmp(catalogue->kept[i].service, service) == 0)
            return true;
    }
    return false;
}

static const struct apply_step *find_step(const struct applying *applying, const char *name)
{
    for (int i = 0; i < applying->step_count; i++) {
        if (slice_equals_text(slice_of(name), applying->steps[i].name))
            return &applying->steps[i];
    }
    return NULL;
}

/* What is applied and not in the files: retired with --prune, else left alone.  A name may be in
 * force for one service only: it is how people ask for an objective. */
static int plan_leftover(struct applying *applying, const struct definition *definition, int count,
                         struct error *err)
{
    const struct apply_step *step = find_step(applying, definition->name);
    bool moved = step != NULL && !slice_equals_text(slice_of(definition->service), step->service);

    if (step != NULL && !moved)
        return 0;
    if (moved && !applying->apply->prune)
        return error_set(err, EINVAL,
                         "objective %s: it is applied for the service %s already: rename one, or "
                         "retire the other with --prune",
                         definition->name, definition->service);
    if (!applying->apply->prune || (!moved && !has_service(applying, definition->service)))
        return 0;
    applying->steps[count] = (struct apply_step){ .change = APPLY_RETIRED,
                                                  .service = definition->service,
                                                  .name = definition->name,
                                                  .before = definition,
                                                  .indicator = "" };
    return 1;
}

static int plan(struct applying *applying, struct error *err)
{
    size_t most = (size_t)applying->applied->count + 2 * LIMIT_OBJECTIVES + 1;
    int code;
    int count;

    applying->steps = calloc(most, sizeof(*applying->steps));
    if (applying->steps == NULL)
        return out_of_memory(err);
    code = plan_steps(applying, err);
    count = applying->step_count;
    for (int i = 0; i < applying->applied->count && code == 0; i++) {
        int more = is_newest(applying, i)
                       ? plan_leftover(applying, &applying->applied->items[i], count, err)
                       : 0;

        if (more < 0)
            code = more;
        else
            count += more;
    }
    applying->step_count = count;
    return code;
}

/* --- the steps --- */

static int indicator_id(struct session *session, const char *service, const char *definition,
                        int64_t *ret, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service, definition };
    int code = session_run(session,
                           "SELECT min(id) FROM probity.indicators "
                           "WHERE service = $1 AND definition = $2",
                           SESSION_PARAMS(values), &rows, err);

    if (code != 0)
        return code;
    *ret = pq_int(rows, 0, 0, 0);
    if (*ret != 0)
        return 0;
    pq_clear(&rows);
    code = session_run(session,
                       "INSERT INTO probity.indicators (service, id, definition) "
                       "SELECT $1::text, coalesce(max(id), 0) + 1, $2::text "
                       "FROM probity.indicators WHERE service = $1 RETURNING id",
                       SESSION_PARAMS(values), &rows, err);
    if (code == 0)
        *ret = pq_int(rows, 0, 0, 0);
    return code;
}

/* What the columns hold of an objective that is only kept. */
static const struct objective only_kept = { .type = OBJECTIVE_CUSTOM };

static int add_version(struct applying *applying, const struct apply_step *step, struct error *err)
{
    const struct objective *after = step->after != NULL ? step->after : &only_kept;
    char threshold[SESSION_NUMBER_BYTES];
    char window[SESSION_NUMBER_BYTES];
    char indicator[SESSION_NUMBER_BYTES];
    char effective[CLOCK_TEXT_BYTES];
    int64_t id = 0;
    int code = step->after == NULL
                   ? 0
                   : indicator_id(&applying->session, step->service, step->indicator, &id, err);
    const char *const values[] = {
        step->service,
        step->name,
        objective_type_text(after->type),
        after->target_text,
        session_number(after->threshold_ms, threshold),
        session_number(after->window_minutes, window),
        after->description,
        session_number(id, indicator),
        step->after != NULL ? after->document : step->kept->document,
        applying->apply->author,
        after->calendar.unit == CALENDAR_NONE ? "f" : "t",
        applying->apply->effective_from_ms == 0 ? NULL : effective,
    };

    clock_format(applying->apply->effective_from_ms, effective);
    if (code != 0)
        return code;
    return session_run(
        &applying->session,
        "INSERT INTO probity.objectives (service, id, name, version, type, target, threshold_ms, "
        "window_minutes, description, indicator_id, document, author, calendar, effective_from, "
        "origin) SELECT $1::text, coalesce(max(id), 0) + 1, $2::text, "
        "coalesce(max(version) FILTER (WHERE name = $2), 0) + 1, $3::text, $4::text, $5::bigint, "
        "$6::integer, $7::text, $8::integer, $9::text, $10::text, $11::boolean, "
        "coalesce($12::timestamptz, now()), 'applied' "
        "FROM probity.objectives WHERE service = $1",
        SESSION_PARAMS(values), NULL, err);
}

/* All its versions: an older one must not come into force again. */
static int retire(struct applying *applying, const struct apply_step *step, struct error *err)
{
    const char *const values[] = { step->service, step->name };

    return session_run(&applying->session,
                       "UPDATE probity.objectives SET retired_at = now() WHERE service = $1 "
                       "AND name = $2 AND origin = 'applied' AND retired_at IS NULL",
                       SESSION_PARAMS(values), NULL, err);
}

static int take_steps(struct applying *applying, struct error *err)
{
    int code = 0;

    for (int i = 0; i < applying->step_count && code == 0; i++) {
        const struct apply_step *step = &applying->steps[i];

        if (applying->apply->say != NULL)
            applying->apply->say(applying->apply->context, step);
        if (applying->apply->dry_run || step->change == APPLY_SAME)
            continue;
        code = step->change == APPLY_RETIRED ? retire(applying, step, err)
                                             : add_version(applying, step, err);
    }
    return code;
}

/* The lock that daemons take when they register what they have (registry.c), by service and in one
 * order, so that nobody waits in a circle. */
static int lock(struct applying *applying, struct error *err)
{
    const struct catalogue *catalogue = applying->apply->catalogue;
    AUTO(buf_done) struct buf services;
    const char *values[1];

    buf_init(&services, SERVICES_BYTES);
    array_open(&services);
    for (int i = 0; i < catalogue->service_count; i++)
        array_put_text(&services, slice_of(catalogue->services[i]));
    for (int i = 0; i < catalogue->kept_count; i++)
        array_put_text(&services, slice_of(catalogue->kept[i].service));
    array_close(&services);
    if (!buf_ok(&services))
        return out_of_memory(err);
    values[0] = buf_text(&services);
    return session_run(&applying->session,
                       "SELECT pg_advisory_xact_lock(1886547810, h) FROM (SELECT DISTINCT "
                       "hashtext(s) AS h FROM unnest($1::text[]) AS s ORDER BY 1) AS hashes",
                       SESSION_PARAMS(values), NULL, err);
}

static int run(struct applying *applying, struct error *err)
{
    const struct definitions_query everybody = { .applied_only = true };
    int code = session_begin(&applying->session, " ISOLATION LEVEL READ COMMITTED", err);

    if (code == 0)
        code = lock(applying, err);
    if (code == 0)
        code = read_clock(applying, err);
    if (code == 0)
        code = definitions_fetch(&applying->session, &everybody, &applying->applied, err);
    if (code == 0)
        code = plan(applying, err);
    if (code == 0)
        code = take_steps(applying, err);
    if (code == 0 && !applying->apply->dry_run)
        code = session_commit(&applying->session, err);
    else if (applying->session.conn != NULL)
        session_rollback(&applying->session);
    return code;
}

int definitions_apply(const struct apply *apply, struct error *err)
{
    struct applying applying = { .apply = apply };
    int code;

    session_init(&applying.session, apply->conninfo);
    code = run(&applying, err);
    session_close(&applying.session);
    definitions_free(&applying.applied);
    free(applying.steps);
    return code;
}
