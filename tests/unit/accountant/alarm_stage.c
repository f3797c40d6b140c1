/* alarm_stage.c - book_sum() and book_dark_minutes() as a test wants them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "alarm_stage.h"

#include "suite.h"

#include <string.h>

static struct {
    bool on;
    uint64_t bad;
    int watched_percent;
} said;

/* The linker sends everybody's calls here: see -Wl,--wrap in local.mk. */
bool __real_book_sum(const struct book *book, int objective, int32_t span_minutes,
                     struct window_sum *ret);
int32_t __real_book_dark_minutes(const struct book *book, int objective, int32_t span_minutes);
bool __wrap_book_sum(const struct book *book, int objective, int32_t span_minutes,
                     struct window_sum *ret);
int32_t __wrap_book_dark_minutes(const struct book *book, int objective, int32_t span_minutes);

bool __wrap_book_sum(const struct book *book, int objective, int32_t span_minutes,
                     struct window_sum *ret)
{
    if (!said.on)
        return __real_book_sum(book, objective, span_minutes, ret);
    *ret = (struct window_sum){ 10000, objective <= ERROR_RATE ? said.bad : 0 };
    return true;
}

int32_t __wrap_book_dark_minutes(const struct book *book, int objective, int32_t span_minutes)
{
    if (!said.on)
        return __real_book_dark_minutes(book, objective, span_minutes);
    return span_minutes * (100 - said.watched_percent) / 100;
}

void stage_set_bad(struct alarm_stage *stage, uint64_t bad)
{
    said.bad = bad;
    for (int i = 0; i < STAGE_OBJECTIVES; i++) {
        stage->verdicts[i].whole = (struct window_sum){ 1000000, i <= ERROR_RATE ? bad : 0 };
        for (int j = 0; j < VERDICT_SPANS; j++)
            stage->verdicts[i].spans[j] = (struct window_sum){ 10000, i <= ERROR_RATE ? bad : 0 };
        stage->verdicts[i].status =
            budget_judge(stage->objectives[i].target, stage->verdicts[i].whole);
    }
}

void stage_set_watched(int percent)
{
    said.watched_percent = percent;
}

void stage_begin(struct alarm_stage *stage)
{
    *stage = (struct alarm_stage){
        .wall_ms = 1770000000000,
        .boot_ms = 5000000,
        .readable = true,
    };
    memset(&fake_ledger, 0, sizeof(fake_ledger));
    fake_ledger.leased = true;
    objective_built_in("app", stage->objectives);
    rule_defaults(LIMIT_WINDOW_MINUTES, stage->rules);
    for (int i = 0; i < STAGE_OBJECTIVES; i++) {
        stage->objectives[i].rules = stage->rules;
        stage->objectives[i].rule_count = STAGE_RULES;
        stage->objectives[i].indicator = i < LATENCY_95 ? 0 : i - 1;
    }
    stage->catalogue.service_count = 1;
    stage->book = (struct book){
        .catalogue = &stage->catalogue,
        .news = { .coverage = &stage->coverage },
        .objectives = stage->objectives,
        .count = STAGE_OBJECTIVES,
        .verdicts = stage->verdicts,
    };
    said.on = true;
    stage_set_watched(100);
    stage_set_bad(stage, 0);
    ck_assert_int_eq(alarms_init(&stage->alarms, &stage->book, "app"), 0);
}

void stage_end(struct alarm_stage *stage)
{
    alarms_done(&stage->alarms);
    said.on = false;
}

void stage_announce(struct alarm_stage *stage, int64_t seconds)
{
    stage->maintenance = (struct maintenance_row){
        .service = "app",
        .of = { .on = true,
                .drain = true,
                .since_wall_ms = stage->wall_ms,
                .until_wall_ms = stage->wall_ms + seconds * 1000,
                .id = "a1",
                .reason = "new disks",
                .who = "ada@db1" },
    };
    stage->maintenances.list = (struct maintenance_list){ &stage->maintenance, 1 };
}

void stage_turn(struct alarm_stage *stage, int64_t seconds)
{
    stage->wall_ms += seconds * 1000;
    stage->boot_ms += seconds * 1000;
    stage->book.as_of_wall_ms = stage->wall_ms;
    alarms_turn(&stage->alarms, &(struct alarms_scene){
                                    .reachable = stage->readable,
                                    .readable = stage->readable,
                                    .trouble = stage->readable ? NULL : "it does not answer",
                                    .maintenances = &stage->maintenances,
                                    .boot_ms = stage->boot_ms,
                                    .wall_ms = stage->wall_ms,
                                });
}

const struct alarm *stage_alarm(const struct alarm_stage *stage, int objective, int rule)
{
    int count;
    const struct alarm *list = alarms_of(&stage->alarms, objective, &count);

    ck_assert_int_lt(rule, count);
    return &list[rule];
}
