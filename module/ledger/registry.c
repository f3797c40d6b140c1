/* registry.c - finds indicators and objectives by their definition, and adds the ones that are new.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/registry.h"

#include "ledger/arrays.h"
#include "ledger/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One use of the registry within one transaction. */
struct search {
    struct session *session;
    const struct ledger_settings *settings;
    const struct catalogue *catalogue;
    struct registry *registry;
    const char *services; /* the catalogue's, as an array parameter */
    int missing_indicators;
    int missing_objectives;
};

int registry_init(struct registry *registry, const struct catalogue *catalogue)
{
    *registry = (struct registry){
        .indicators = calloc((size_t)catalogue->indicator_count + 1, sizeof(int)),
        .objectives = calloc((size_t)catalogue->objective_count + 1, sizeof(int)),
    };
    if (registry->indicators != NULL && registry->objectives != NULL)
        return 0;
    registry_done(registry);
    return -ENOMEM;
}

void registry_done(struct registry *registry)
{
    free(registry->indicators);
    free(registry->objectives);
    *registry = (struct registry){ 0 };
}

/* --- indicators --- */

/* An indicator's place in the catalogue, to be found by what it is. */
struct place {
    const char *service;
    const char *definition;
    int index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    int by_service = strcmp(left->service, right->service);

    return by_service != 0 ? by_service : strcmp(left->definition, right->definition);
}

static struct place *sort_places(const struct catalogue *catalogue)
{
    struct place *places = calloc((size_t)catalogue->indicator_count + 1, sizeof(*places));

    for (int i = 0; places != NULL && i < catalogue->indicator_count; i++)
        places[i] = (struct place){ catalogue->indicators[i].service,
                                    catalogue->indicators[i].definition, i };
    if (places != NULL)
        qsort(places, (size_t)catalogue->indicator_count, sizeof(*places), compare_places);
    return places;
}

static void match_indicators(struct search *search, const PGresult *rows,
                             const struct place *places)
{
    int count = search->catalogue->indicator_count;
    int *ids = search->registry->indicators;

    memset(ids, 0, (size_t)count * sizeof(*ids));
    search->missing_indicators = count;
    for (int row = 0; row < PQntuples(rows); row++) {
        struct place key = { PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 2), 0 };
        const struct place *found =
            bsearch(&key, places, (size_t)count, sizeof(*places), compare_places);

        if (found == NULL || ids[found->index] != 0)
            continue;
        ids[found->index] = (int)pq_int(rows, row, 1, 0);
        search->missing_indicators--;
    }
}

static int find_indicators(struct search *search, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { search->services };
    struct place *places;
    int code = session_run(search->session,
                           "SELECT service, id, definition FROM probity.indicators "
                           "WHERE service = ANY ($1::text[]) ORDER BY service, id",
                           SESSION_PARAMS(values), &rows, err);

    if (code != 0)
        return code;
    places = sort_places(search->catalogue);
    if (places == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    match_indicators(search, rows, places);
    free(places);
    return 0;
}

static int add_indicators(struct search *search, struct error *err)
{
    AUTO(columns_done) struct columns columns;
    const struct pq_params fixed = { 0 };

    columns_open(&columns, 2);
    for (int i = 0; i < search->catalogue->indicator_count; i++) {
        const struct indicator *indicator = &search->catalogue->indicators[i];

        if (search->registry->indicators[i] != 0)
            continue;
        array_put_text(&columns.arrays[0], slice_of(indicator->service));
        array_put_text(&columns.arrays[1], slice_of(indicator->definition));
    }
    return columns_run(&columns, search->session,
                       "INSERT INTO probity.indicators (service, id, definition) "
                       "SELECT k.s, coalesce((SELECT max(id) FROM probity.indicators "
                       "WHERE service = k.s), 0) + row_number() OVER (PARTITION BY k.s "
                       "ORDER BY k.n), k.d "
                       "FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(s, d, n)",
                       &fixed, NULL, err);
}

/* --- objectives --- */

/* Columns of a version's row. */
enum {
    ROW_SERVICE,
    ROW_ID,
    ROW_NAME,
    ROW_DOCUMENT,
    ROW_TYPE,
    ROW_TARGET,
    ROW_THRESHOLD,
    ROW_WINDOW,
    ROW_INDICATOR,
};

struct objective_key {
    const char *service;
    const char *name;
};

static int compare_key(const void *a, const void *b)
{
    const struct objective_key *key = a;
    const struct objective *objective = b;
    int by_service = strcmp(key->service, objective->service);

    return by_service != 0 ? by_service : strcmp(key->name, objective->name);
}

/* The index of the objective with a row's service and name, or -1. */
static int index_of(const struct catalogue *catalogue, const char *service, const char *name)
{
    struct objective_key key = { service, name };
    const struct objective *found =
        bsearch(&key, catalogue->objectives, (size_t)catalogue->objective_count,
                sizeof(*catalogue->objectives), compare_key);

    return found == NULL ? -1 : (int)(found - catalogue->objectives);
}

/* Equal documents are the same version.  A row or an objective that has none (the first schema's,
 * the built-in ones) is known by what it promises. */
static bool row_matches(const struct search *search, const PGresult *rows, int row, int index)
{
    const struct objective *objective = &search->catalogue->objectives[index];
    const char *document = PQgetvalue(rows, row, ROW_DOCUMENT);
    int indicator_id = search->registry->indicators[objective->indicator];

    if (document[0] != '\0' && objective->document != NULL)
        return strcmp(document, objective->document) == 0;
    return indicator_id != 0 && pq_int(rows, row, ROW_INDICATOR, -1) == indicator_id
           && strcmp(PQgetvalue(rows, row, ROW_TYPE), objective_type_text(objective->type)) == 0
           && strcmp(PQgetvalue(rows, row, ROW_TARGET), objective->target_text) == 0
           && pq_int(rows, row, ROW_THRESHOLD, -1) == objective->threshold_ms
           && pq_int(rows, row, ROW_WINDOW, -1) == objective->window_minutes;
}

static const char *origin_text(enum catalogue_origin origin)
{
    static const char *const texts[] = {
        [ORIGIN_BUILT_IN] = "built-in",
        [ORIGIN_FILE] = "file",
        [ORIGIN_APPLIED] = "applied",
    };

    return texts[origin];
}

/* Where an older version has the same definition its history is taken up again: two programs with
 * different definitions can run side by side.  What was applied is known by applied versions only:
 * those say which one is in force. */
static int find_objectives(struct search *search, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { search->services, origin_text(search->settings->origin) };
    int count = search->catalogue->objective_count;
    int *ids = search->registry->objectives;
    int code = session_run(search->session,
                           "SELECT service, id, name, document, type, target, threshold_ms, "
                           "window_minutes, indicator_id FROM probity.objectives "
                           "WHERE service = ANY ($1::text[]) AND retired_at IS NULL "
                           "AND ($2 <> 'applied' OR (origin = 'applied' "
                           "AND effective_from <= now())) "
                           "ORDER BY service, name, version DESC",
                           SESSION_PARAMS(values), &rows, err);

    if (code != 0)
        return code;
    memset(ids, 0, (size_t)count * sizeof(*ids));
    search->missing_objectives = count;
    for (int row = 0; row < PQntuples(rows); row++) {
        int index = index_of(search->catalogue, PQgetvalue(rows, row, ROW_SERVICE),
                             PQgetvalue(rows, row, ROW_NAME));

        if (index < 0 || ids[index] != 0 || !row_matches(search, rows, row, index))
            continue;
        ids[index] = (int)pq_int(rows, row, ROW_ID, 0);
        search->missing_objectives--;
    }
    return 0;
}

static void put_objective(struct columns *columns, const struct objective *objective,
                          int indicator_id)
{
    struct buf *arrays = columns->arrays;
    bool calendar = objective->calendar.unit != CALENDAR_NONE;

    array_put_text(&arrays[0], slice_of(objective->service));
    array_put_text(&arrays[1], slice_of(objective->name));
    array_put_text(&arrays[2], slice_of(objective_type_text(objective->type)));
    array_put_text(&arrays[3], slice_of(objective->target_text));
    array_put_int(&arrays[4], objective->threshold_ms);
    array_put_int(&arrays[5], objective->window_minutes);
    array_put_text(&arrays[6], slice_of(objective->description));
    array_put_int(&arrays[7], indicator_id);
    array_put_text(&arrays[8], slice_of(objective->document == NULL ? "" : objective->document));
    array_put_text(&arrays[9], slice_of(calendar ? "t" : "f"));
}

static int add_objectives(struct search *search, struct error *err)
{
    AUTO(columns_done) struct columns columns;
    const char *const values[] = { origin_text(search->settings->origin) };

    columns_open(&columns, 10);
    for (int i = 0; i < search->catalogue->objective_count; i++) {
        const struct objective *objective = &search->catalogue->objectives[i];

        if (search->registry->objectives[i] == 0)
            put_objective(&columns, objective, search->registry->indicators[objective->indicator]);
    }
    return columns_run(
        &columns, search->session,
        "INSERT INTO probity.objectives (service, id, name, version, type, target, threshold_ms, "
        "window_minutes, description, indicator_id, document, calendar, origin) "
        "SELECT k.s, coalesce((SELECT max(id) FROM probity.objectives WHERE service = k.s), 0) "
        "+ row_number() OVER (PARTITION BY k.s ORDER BY k.n), k.name, "
        "coalesce((SELECT max(version) FROM probity.objectives AS o "
        "WHERE o.service = k.s AND o.name = k.name), 0) + 1, "
        "k.type, k.target, k.threshold, k.w, k.description, k.indicator, k.document, "
        "k.calendar, $1 "
        "FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], "
        "$7::integer[], $8::text[], $9::integer[], $10::text[], $11::boolean[]) "
        "WITH ORDINALITY AS k(s, name, type, target, threshold, w, description, indicator, "
        "document, calendar, n)",
        SESSION_PARAMS(values), NULL, err);
}

/* --- what others have applied --- */

/* Applied objectives in force that the catalogue lacks, or the other way round.  Those that are
 * kept and never evaluated have no indicator. */
static bool differs(const struct search *search, const PGresult *applied)
{
    int known = 0;

    for (int row = 0; row < PQntuples(applied); row++) {
        int index =
            index_of(search->catalogue, PQgetvalue(applied, row, 0), PQgetvalue(applied, row, 1));

        if (index < 0 || search->registry->objectives[index] != pq_int(applied, row, 2, -1))
            return true;
        known++;
    }
    return search->settings->origin == ORIGIN_APPLIED
           && known != search->catalogue->objective_count;
}

static int look(struct search *search, struct error *err)
{
    AUTO(pq_clear) PGresult *applied = NULL;
    const char *const values[] = { search->services };
    int code;

    search->registry->changed = false;
    search->registry->looked = search->settings->origin == ORIGIN_FILE;
    if (search->registry->looked) /* files go before what is applied */
        return 0;
    code = session_run(search->session,
                       "SELECT DISTINCT ON (service, name) service, name, id "
                       "FROM probity.objectives WHERE service = ANY ($1::text[]) "
                       "AND origin = 'applied' AND retired_at IS NULL AND indicator_id > 0 "
                       "AND effective_from <= now() ORDER BY service, name, version DESC",
                       SESSION_PARAMS(values), &applied, err);
    if (code != 0)
        return code;
    search->registry->changed = differs(search, applied);
    search->registry->looked = true;
    return 0;
}

/* --- all of it --- */

static int find(struct search *search, struct error *err)
{
    int code = find_indicators(search, err);

    if (code == 0)
        code = find_objectives(search, err);
    return code == 0 ? look(search, err) : code;
}

/* Until the transaction ends.  Without it two that start together would both add the same
 * definition, and each would count under a version of its own. */
static int lock(struct search *search, struct error *err)
{
    const char *const values[] = { search->services };

    /* The number is "prob" in ASCII.  In one order, so that nobody waits in a circle. */
    return session_run(search->session,
                       "SELECT pg_advisory_xact_lock(1886547810, h) FROM (SELECT DISTINCT "
                       "hashtext(s) AS h FROM unnest($1::text[]) AS s ORDER BY 1) AS hashes",
                       SESSION_PARAMS(values), NULL, err);
}

/* Applied objectives are added by those who apply them, and by nobody else; where there are any,
 * the built-in ones have had their time. */
static bool is_outdated(const struct search *search)
{
    return search->settings->origin == ORIGIN_BUILT_IN && search->registry->changed;
}

static bool lacks_objectives(const struct search *search)
{
    return search->missing_objectives > 0 && search->settings->origin != ORIGIN_APPLIED;
}

static bool lacks_anything(const struct search *search)
{
    return !is_outdated(search) && (search->missing_indicators > 0 || lacks_objectives(search));
}

static int add_missing(struct search *search, struct error *err)
{
    int code = lock(search, err);

    if (code == 0)
        code = find(search, err);
    if (code == 0 && !is_outdated(search) && search->missing_indicators > 0) {
        code = add_indicators(search, err);
        if (code == 0)
            code = find(search, err);
    }
    if (code == 0 && !is_outdated(search) && lacks_objectives(search)) {
        code = add_objectives(search, err);
        if (code == 0)
            code = find(search, err);
    }
    return code;
}

static int open_search(struct search *search, struct buf *services, struct error *err)
{
    enum { SERVICES_BYTES = 1024 * 1024 };

    buf_init(services, SERVICES_BYTES);
    array_put_texts(services, search->catalogue->services, search->catalogue->service_count);
    if (!buf_ok(services))
        return error_set(err, ENOMEM, "ledger: out of memory");
    search->services = buf_text(services);
    return 0;
}

static int load(struct search *search, bool add, struct error *err)
{
    int code = find(search, err);

    if (code == 0 && add && lacks_anything(search))
        code = add_missing(search, err);
    if (code == 0 && add && is_outdated(search))
        return error_set(err, ECANCELED,
                         "ledger: objectives have been applied to it: the built-in ones are not "
                         "registered");
    return code;
}

int registry_load(struct session *session, const struct ledger_settings *settings, bool add,
                  struct registry *registry, struct error *err)
{
    struct search search = { session, settings, settings->catalogue, registry, NULL, 0, 0 };
    struct buf services;
    int code = open_search(&search, &services, err);

    if (code == 0)
        code = load(&search, add, err);
    buf_done(&services);
    return code;
}

int registry_look(struct session *session, const struct ledger_settings *settings,
                  struct registry *registry, struct error *err)
{
    struct search search = { session, settings, settings->catalogue, registry, NULL, 0, 0 };
    struct buf services;
    int code = open_search(&search, &services, err);

    if (code == 0)
        code = look(&search, err);
    buf_done(&services);
    return code;
}
