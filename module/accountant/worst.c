/* worst.c - a service's turn comes when the one before it has been paid for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/worst.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

enum {
    DEADLINE_MS = 2000,
    LIST_BYTES = 4 * 1024 * 1024,
    MIN_PAUSE_MS = 5 * 1000, /* of one service */
    FAILED_PAUSE_MS = 60 * 1000,
    SHARE = 20, /* at most a twentieth of the time goes into them */
};

int worst_init(struct worst *worst, const struct book *book)
{
    *worst = (struct worst){ .book = book };
    worst->lists = calloc((size_t)book->catalogue->service_count + 1, sizeof(*worst->lists));
    return worst->lists == NULL ? -ENOMEM : 0;
}

void worst_done(struct worst *worst)
{
    for (int i = 0; worst->lists != NULL && i < worst->book->catalogue->service_count; i++)
        arena_free(&worst->lists[i].arena);
    free(worst->lists);
    *worst = (struct worst){ 0 };
}

/* The indicators of a service's objectives with bad events, each once, and their longest window. */
static int choose(const struct worst *worst, int service, int indicators[], int32_t *ret_longest)
{
    const struct book *book = worst->book;
    int count = 0;

    *ret_longest = 0;
    for (int i = 0; i < book->count; i++) {
        int at = 0;

        if (book->places[i].service != service || book->places[i].track < 0
            || book->verdicts[i].counted.bad == 0)
            continue;
        while (at < count && indicators[at] != book->objectives[i].indicator)
            at++;
        if (at == count)
            indicators[count++] = book->objectives[i].indicator;
        if (book->objectives[i].window_minutes > *ret_longest)
            *ret_longest = book->objectives[i].window_minutes;
    }
    return count;
}

static void forget(struct worst_list *list)
{
    if (list->count > 0)
        list->version++;
    list->count = 0;
}

/* What is to be asked about one service. */
struct question {
    int *indicators;
    int count;
    int32_t longest_minutes;
    int32_t minute;
};

static int look_up(struct worst_list *list, struct ledger_reader *reader,
                   const struct question *question)
{
    AUTO(arena_free) struct arena *arena = arena_new(LIST_BYTES);
    int32_t from = question->minute - question->longest_minutes + 1;
    struct ledger_range range = {
        .indicators = question->indicators,
        .indicator_count = question->count,
        .from_minute = from < 0 ? 0 : from,
        .to_minute = question->minute,
        .deadline_ms = clock_boot_ms() + DEADLINE_MS,
    };
    const struct ledger_route *found = NULL;
    int count = 0;
    int code;

    if (arena == NULL)
        return -ENOMEM;
    code = ledger_reader_routes(reader, &range, arena, &found, &count, NULL);
    if (code != 0) {
        forget(list);
        return code;
    }
    arena_free(&list->arena);
    list->arena = arena;
    arena = NULL;
    list->routes = found;
    list->count = count;
    list->version++;
    return 0;
}

/* Services without bad events cost nothing, and are looked at again in the next turn. */
void worst_turn(struct worst *worst, struct ledger_reader *reader, int64_t boot_ms, int32_t minute)
{
    AUTO(auto_free)
    int *indicators = calloc((size_t)worst->book->count + 1, sizeof(*indicators));
    int services = worst->book->catalogue->service_count;
    struct question question = { .indicators = indicators, .minute = minute };

    for (int i = 0; indicators != NULL && i < services && boot_ms >= worst->next_at_ms; i++) {
        int service = worst->turn % services;
        struct worst_list *list = &worst->lists[service];
        int64_t began_at_ms = clock_boot_ms();
        int code = 0;

        worst->turn = (service + 1) % services;
        question.count = choose(worst, service, indicators, &question.longest_minutes);
        if (question.count == 0)
            forget(list);
        if (question.count == 0 || boot_ms < list->next_at_ms)
            continue;
        code = look_up(list, reader, &question);
        list->next_at_ms = boot_ms + (code == 0 ? MIN_PAUSE_MS : FAILED_PAUSE_MS);
        worst->next_at_ms = boot_ms + (clock_boot_ms() - began_at_ms) * SHARE;
        return;
    }
}

const struct worst_list *worst_of(const struct worst *worst, int objective)
{
    const struct worst_list *list = &worst->lists[worst->book->places[objective].service];

    return list->count == 0 ? NULL : list;
}
