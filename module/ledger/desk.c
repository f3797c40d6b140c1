/* desk.c - a turn under a mutex with a deadline, and the session that goes with it. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/desk.h"

#include "base/clock.h"
#include "base/thread.h"
#include "ledger/session.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Less is no time for a question: the server would be asked to work for nothing. */
    LEAST_MS = 50,
};

struct desk {
    /* who has the turn */
    struct session session;
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    bool taken;
    int waiting;
};

struct desk *desk_new(const char *conninfo)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    if (desk == NULL)
        return NULL;
    session_init(&desk->session, conninfo);
    (void)pthread_mutex_init(&desk->mutex, NULL);
    thread_cond_init(&desk->freed);
    return desk;
}

void desk_free(struct desk **pointer)
{
    struct desk *desk = *pointer;

    *pointer = NULL;
    if (desk == NULL)
        return;
    session_close(&desk->session);
    (void)pthread_cond_destroy(&desk->freed);
    (void)pthread_mutex_destroy(&desk->mutex);
    free(desk);
}

static bool take_turn(struct desk *desk, int64_t deadline_ms)
{
    bool got;
    int left_ms;

    (void)pthread_mutex_lock(&desk->mutex);
    desk->waiting++;
    while (desk->taken && (left_ms = clock_left_ms(deadline_ms - LEAST_MS)) > 0)
        thread_cond_wait(&desk->freed, &desk->mutex, left_ms);
    desk->waiting--;
    got = !desk->taken;
    desk->taken = true;
    (void)pthread_mutex_unlock(&desk->mutex);
    return got;
}

/* Whoever waits gets the connection as it is. */
static void give_turn(struct desk *desk)
{
    bool wanted;

    (void)pthread_mutex_lock(&desk->mutex);
    wanted = desk->waiting > 0;
    (void)pthread_mutex_unlock(&desk->mutex);
    if (!wanted)
        session_close(&desk->session);
    (void)pthread_mutex_lock(&desk->mutex);
    desk->taken = false;
    (void)pthread_cond_signal(&desk->freed);
    (void)pthread_mutex_unlock(&desk->mutex);
}

/* What a session's failure means to people.  Its connection is of no further use. */
static int fail(struct desk_visit *visit, int code)
{
    bool own = code == -EBUSY || code == -ENXIO;

    if (visit->session != NULL) {
        memcpy(visit->sqlstate, visit->session->sqlstate, sizeof(visit->sqlstate));
        session_close(visit->session);
    }
    if (!own)
        visit->words = trouble_words(code, visit->sqlstate);
    return error_set(&visit->cause, -code, "%s", visit->words);
}

static int begin(struct desk_visit *visit, enum desk_mode mode, int64_t deadline_ms)
{
    static const char *const modes[] = {
        [DESK_READ] = " ISOLATION LEVEL REPEATABLE READ READ ONLY",
        [DESK_WRITE] = " ISOLATION LEVEL READ COMMITTED READ WRITE",
    };
    struct session *session = visit->session;
    int left_ms = clock_left_ms(deadline_ms);

    session->latest_ms = deadline_ms;
    session->statement_ms = left_ms < LEAST_MS ? LEAST_MS : left_ms;
    return session_begin(session, modes[mode], &visit->cause);
}

int desk_enter(struct desk *desk, enum desk_mode mode, int64_t deadline_ms,
               struct desk_visit *visit)
{
    bool kept;
    int code;

    *visit = (struct desk_visit){ .words = "there is no ledger: set DATABASE_URL or "
                                           "PROBITY_LEDGER_URL, then run `probity migrate "
                                           "upgrade`" };
    if (desk->session.conninfo == NULL)
        return fail(visit, -ENXIO);
    if (!take_turn(desk, deadline_ms)) {
        visit->words = "the ledger is busy answering others: ask again";
        return fail(visit, -EBUSY);
    }
    visit->desk = desk;
    visit->session = &desk->session;
    kept = desk->session.conn != NULL;
    code = begin(visit, mode, deadline_ms);
    /* The one that was handed on may have died in between. */
    if (code == -ECONNRESET && kept) {
        session_close(&desk->session);
        error_clear(&visit->cause);
        code = begin(visit, mode, deadline_ms);
    }
    if (code != 0)
        return fail(visit, code);
    visit->words = trouble_words(-ENOMEM, ""); /* what else may fail between two questions */
    return 0;
}

int desk_run(struct desk_visit *visit, const char *sql, const struct pq_params *params,
             PGresult **ret)
{
    int code = session_run(visit->session, sql, params, ret, &visit->cause);

    return code == 0 ? 0 : fail(visit, code);
}

int desk_commit(struct desk_visit *visit)
{
    int code = session_commit(visit->session, &visit->cause);

    return code == 0 ? 0 : fail(visit, code);
}

int desk_refuse_rows(struct desk_visit *visit)
{
    session_close(visit->session);
    visit->words = "the ledger holds rows that can't be counts: see docs/ledger.md";
    return error_set(&visit->cause, EPROTO, "ledger: rows that can't be counts");
}

void desk_leave(struct desk_visit *visit)
{
    struct desk *desk = visit->desk;

    visit->desk = NULL;
    if (desk == NULL)
        return;
    if (desk->session.conn != NULL && PQtransactionStatus(desk->session.conn) != PQTRANS_IDLE)
        session_rollback(&desk->session);
    give_turn(desk);
}
