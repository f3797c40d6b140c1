/* account.c - versions, windows, and the sum of now. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/account.h"

#include <errno.h>
#include <stdlib.h>

int account_open(struct desk_visit *visit, const struct named_objective *name, int64_t now_wall_ms,
                 struct account *ret)
{
    struct account account = { .name = *name, .now_minute = (int32_t)(now_wall_ms / 60000) };
    int code =
        versions_read(visit, name->service, name->name, &account.versions, &account.version_count);

    if (code != 0)
        return code;
    account.current =
        &account.versions[versions_in_force(account.versions, account.version_count, now_wall_ms)];
    code = kept_read(visit, name->service, account.now_minute, &account.kept);
    if (code != 0) {
        account_close(&account);
        return code;
    }
    *ret = account;
    return 0;
}

void account_close(struct account *account)
{
    free(account->versions);
    account->versions = NULL;
}

const char *account_budget_trouble(const struct account *account)
{
    struct calendar_span span;

    if (account->name.budgeting != BUDGETING_OCCURRENCES)
        return "the budget is counted in slices: GET /slo/NAME has what is left of it now";
    if (account->current->calendar
        && !calendar_window(&account->name.calendar, (int64_t)account->now_minute * 60, &span))
        return "the calendar of its window is not known here";
    return NULL;
}

/* Asks the calendar once per period: it reads the zone's file. */
static int32_t period_from(struct account *account, int64_t at_s)
{
    if ((at_s < account->period.from_s || at_s >= account->period.until_s)
        && !calendar_window(&account->name.calendar, at_s, &account->period))
        return 0;
    return (int32_t)(account->period.from_s / 60);
}

struct minute_span account_window(struct account *account, int32_t until)
{
    int32_t end = until < account->now_minute + 1 ? until : account->now_minute + 1;
    int32_t from = account->current->calendar ? period_from(account, (int64_t)end * 60 - 1)
                                              : end - account->current->window_minutes;

    return (struct minute_span){ from < 0 ? 0 : from, until };
}

int account_sum_now(struct desk_visit *visit, struct account *account,
                    const struct minute_span *excluded, int excluded_count, struct window_sum *ret)
{
    struct minute_span window = account_window(account, account->now_minute + 1);
    AUTO(history_free) struct history *history = NULL;
    struct history_request request = {
        .service = account->name.service,
        .indicator_id = account->current->indicator_id,
        .cell_minutes = HISTORY_QUARTER,
        .whole = window,
        .fine = { { window.from, window.from + 1 }, { window.until - 1, window.until } },
        .excluded = excluded,
        .excluded_count = excluded_count,
    };
    int code = history_load(visit, &request, &history);

    if (code == 0)
        *ret = history_sum(history, window);
    return code;
}

void account_refuse(struct exchange *exchange)
{
    response_error(exchange->response, exchange->request,
                   &(struct response_error){
                       .status = 503,
                       .code = "ledger_unavailable",
                       .message = "the ledger does not know this objective yet: it is booked with "
                                  "the first events",
                       .retry_after_seconds = 5,
                   });
}
