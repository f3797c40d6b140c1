/* worst.c - a group's turn comes when the one before it has been paid for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/worst.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEADLINE_MS = 2000,
    LIST_BYTES = 4 * 1024 * 1024,
    MIN_PAUSE_MS = 5 * 1000, /* of one group */
    FAILED_PAUSE_MS = 60 * 1000,
    SHARE = 20, /* at most a twentieth of the time goes into them */
};

/* --- groups --- */

static bool same_window(const struct objective *a, const struct objective *b)
{
    return a->window_minutes == b->window_minutes && a->calendar.unit == b->calendar.unit
           && (a->calendar.unit == CALENDAR_NONE
               || (a->calendar.count == b->calendar.count
                   && strcmp(a->calendar.start, b->calendar.start) == 0
                   && strcmp(a->calendar.zone, b->calendar.zone) == 0));
}

/* Objectives are sorted by service: those of one stand together. */
static void find_groups(struct worst *worst)
{
    const struct book *book = worst->book;

    for (int i = 0; i < book->count; i++) {
        int j = i - 1;

        while (j >= 0 && book->places[j].service == book->places[i].service
               && !same_window(&book->objectives[j], &book->objectives[i]))
            j--;
        worst->group_of[i] = j >= 0 && book->places[j].service == book->places[i].service
                                 ? worst->group_of[j]
                                 : worst->group_count++;
    }
}

int worst_init(struct worst *worst, const struct book *book)
{
    size_t room = (size_t)book->count + 1;

    *worst = (struct worst){ .book = book };
    worst->lists = calloc(room, sizeof(*worst->lists));
    worst->group_of = calloc(room, sizeof(*worst->group_of));
    if (worst->lists == NULL || worst->group_of == NULL)
        return -ENOMEM;
    find_groups(worst);
    return 0;
}

void worst_done(struct worst *worst)
{
    for (int i = 0; worst->lists != NULL && i < worst->group_count; i++)
        arena_free(&worst->lists[i].arena);
    free(worst->lists);
    free(worst->group_of);
    *worst = (struct worst){ 0 };
}

/* --- one group --- */

/* What is to be asked about one group. */
struct question {
    int *indicators;
    int count;
    struct verdict_window window;
};

/* The indicators of a group's objectives with bad events, each once. */
static void choose(const struct worst *worst, int group, struct question *question)
{
    const struct book *book = worst->book;

    question->count = 0;
    for (int i = 0; i < book->count; i++) {
        int at = 0;

        if (worst->group_of[i] != group || book->places[i].track < 0
            || book->verdicts[i].counted.bad == 0)
            continue;
        while (at < question->count && question->indicators[at] != book->objectives[i].indicator)
            at++;
        if (at == question->count)
            question->indicators[question->count++] = book->objectives[i].indicator;
        question->window = book->verdicts[i].window;
    }
}

static void forget(struct worst_list *list)
{
    if (list->count > 0)
        list->version++;
    list->count = 0;
}

static int look_up(struct worst_list *list, struct ledger_reader *reader,
                   const struct question *question)
{
    AUTO(arena_free) struct arena *arena = arena_new(LIST_BYTES);
    struct ledger_range range = {
        .indicators = question->indicators,
        .indicator_count = question->count,
        .from_minute = question->window.from_minute,
        .to_minute = question->window.until_minute - 1,
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

/* Groups without bad events cost nothing, and are looked at again in the next turn. */
void worst_turn(struct worst *worst, struct ledger_reader *reader, int64_t boot_ms)
{
    AUTO(auto_free)
    int *indicators = calloc((size_t)worst->book->count + 1, sizeof(*indicators));
    struct question question = { .indicators = indicators };

    for (int i = 0; indicators != NULL && i < worst->group_count && boot_ms >= worst->next_at_ms;
         i++) {
        int group = worst->turn % worst->group_count;
        struct worst_list *list = &worst->lists[group];
        int64_t began_at_ms = clock_boot_ms();
        int code = 0;

        worst->turn = (group + 1) % worst->group_count;
        if (boot_ms < list->next_at_ms)
            continue;
        choose(worst, group, &question);
        if (question.count == 0) {
            forget(list);
            continue;
        }
        code = look_up(list, reader, &question);
        list->next_at_ms = boot_ms + (code == 0 ? MIN_PAUSE_MS : FAILED_PAUSE_MS);
        worst->next_at_ms = boot_ms + (clock_boot_ms() - began_at_ms) * SHARE;
        return;
    }
}

const struct worst_list *worst_of(const struct worst *worst, int objective)
{
    const struct worst_list *list = &worst->lists[worst->group_of[objective]];

    return list->count == 0 ? NULL : list;
}
