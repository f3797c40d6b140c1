/* definitions.c - reads the versions of objectives, and makes a catalogue of those in force. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/definitions.h"

#include "base/limits.h"
#include "ledger/arrays.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    ARENA_BYTES = 512 * 1024 * 1024,
    SERVICES_BYTES = 1024 * 1024,
    FILE_BYTES = 160,
};

/* In the order of the SELECT. */
enum column {
    COLUMN_SERVICE,
    COLUMN_NAME,
    COLUMN_VERSION,
    COLUMN_TYPE,
    COLUMN_TARGET,
    COLUMN_THRESHOLD,
    COLUMN_WINDOW,
    COLUMN_INDICATOR,
    COLUMN_DOCUMENT,
    COLUMN_DESCRIPTION,
    COLUMN_ORIGIN,
    COLUMN_AUTHOR,
    COLUMN_EFFECTIVE,
    COLUMN_RETIRED,
    COLUMN_IN_FORCE,
};

static const char read_sql[] =
    "SELECT o.service, o.name, o.version, o.type, o.target, o.threshold_ms, o.window_minutes, "
    "coalesce(i.definition, ''), o.document, o.description, o.origin, o.author, "
    "(extract(epoch FROM o.effective_from) * 1000)::bigint, "
    "coalesce((extract(epoch FROM o.retired_at) * 1000)::bigint, 0), "
    "o.version = (SELECT max(n.version) FROM probity.objectives AS n WHERE n.service = o.service "
    "AND n.name = o.name AND n.retired_at IS NULL AND n.effective_from <= now() "
    "AND (n.origin = 'applied' OR NOT $2::boolean)) "
    "FROM probity.objectives AS o LEFT JOIN probity.indicators AS i "
    "ON i.service = o.service AND i.id = o.indicator_id "
    "WHERE ($1::text[] IS NULL OR o.service = ANY ($1::text[])) "
    "AND (o.origin = 'applied' OR NOT $2::boolean) "
    "ORDER BY o.service, o.name, o.version";

void definitions_free(struct definitions **definitions)
{
    struct arena *arena;

    if (*definitions == NULL)
        return;
    arena = (*definitions)->arena; /* they themselves live in it */
    arena_free(&arena);
    *definitions = NULL;
}

/* Texts are kept in the arena; false without memory. */
static bool fill(struct arena *arena, const PGresult *rows, int row, struct definition *ret)
{
    const struct {
        enum column column;
        const char **text;
    } texts[] = {
        { COLUMN_SERVICE, &ret->service },
        { COLUMN_NAME, &ret->name },
        { COLUMN_TYPE, &ret->type },
        { COLUMN_TARGET, &ret->target },
        { COLUMN_INDICATOR, &ret->indicator },
        { COLUMN_DOCUMENT, &ret->document },
        { COLUMN_DESCRIPTION, &ret->description },
        { COLUMN_ORIGIN, &ret->origin },
        { COLUMN_AUTHOR, &ret->author },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        *texts[i].text = arena_copy(arena, slice_of(PQgetvalue(rows, row, (int)texts[i].column)));
        if (*texts[i].text == NULL)
            return false;
    }
    ret->version = (int)pq_int(rows, row, COLUMN_VERSION, 0);
    ret->threshold_ms = pq_int(rows, row, COLUMN_THRESHOLD, 0);
    ret->window_minutes = (int)pq_int(rows, row, COLUMN_WINDOW, 0);
    ret->effective_from_ms = pq_int(rows, row, COLUMN_EFFECTIVE, 0);
    ret->retired_at_ms = pq_int(rows, row, COLUMN_RETIRED, 0);
    ret->in_force = PQgetvalue(rows, row, COLUMN_IN_FORCE)[0] == 't';
    return true;
}

static struct definitions *keep(const PGresult *rows)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct definitions *made = arena == NULL ? NULL : arena_alloc(arena, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->count = PQntuples(rows);
    made->items = arena_alloc(arena, ((size_t)made->count + 1) * sizeof(*made->items));
    for (int row = 0; row < made->count; row++) {
        if (made->items == NULL || !fill(arena, rows, row, &made->items[row]))
            return NULL;
    }
    made->arena = arena;
    arena = NULL;
    return made;
}

static int fetch(struct session *session, const char *services, bool applied_only,
                 struct definitions **ret, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { services, applied_only ? "t" : "f" };
    int code = session_run(session, read_sql, SESSION_PARAMS(values), &rows, err);
    struct definitions *made;

    if (code != 0)
        return code;
    made = keep(rows);
    if (made == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    *ret = made;
    return 0;
}

int definitions_fetch(struct session *session, const struct definitions_query *query,
                      struct definitions **ret, struct error *err)
{
    AUTO(buf_done) struct buf services;

    buf_init(&services, SERVICES_BYTES);
    array_open(&services);
    for (int i = 0; i < query->service_count; i++)
        array_put_text(&services, slice_of(query->services[i]));
    array_close(&services);
    if (!buf_ok(&services))
        return error_set(err, ENOMEM, "ledger: out of memory");
    return fetch(session, query->services == NULL ? NULL : buf_text(&services), query->applied_only,
                 ret, err);
}

int definitions_read(const struct definitions_query *query, struct definitions **ret,
                     struct error *err)
{
    AUTO(session_close) struct session session;
    int code;

    session_init(&session, query->conninfo);
    code = session_begin(&session, " ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
    if (code == 0)
        code = definitions_fetch(&session, query, ret, err);
    return code;
}

/* --- as a catalogue --- */

/* Problems name the definition: "ledger: api-availability, version 3:1:120: …" */
static int read_document(struct openslo *openslo, const struct definition *definition)
{
    char file[FILE_BYTES];

    (void)snprintf(file, sizeof(file), "ledger: %s, version %d", definition->name,
                   definition->version);
    return openslo_read_text(openslo, file, slice_of(definition->document));
}

int definitions_load(const struct definitions_query *query, const struct openslo_options *options,
                     struct problems *problems, struct catalogue **ret, struct error *err)
{
    const struct definitions_query applied = { query->conninfo, query->services,
                                               query->service_count, true };
    AUTO(definitions_free) struct definitions *definitions = NULL;
    AUTO(openslo_free) struct openslo *openslo = NULL;
    int read = 0;
    int code = definitions_read(&applied, &definitions, err);

    if (code != 0 || definitions == NULL)
        return code;
    openslo = openslo_new(options, problems);
    if (openslo == NULL)
        return error_set(err, ENOMEM, "objectives: out of memory");
    for (int i = 0; i < definitions->count; i++) {
        if (!definitions->items[i].in_force)
            continue;
        if (read_document(openslo, &definitions->items[i]) != 0)
            return error_set(err, ENOMEM, "objectives: out of memory");
        read++;
    }
    return read == 0 ? 0 : openslo_finish(&openslo, ret, err);
}
