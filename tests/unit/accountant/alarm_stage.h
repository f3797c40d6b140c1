/* alarm_stage.h - alarms over a book that says what a test wants, and over the fake ledger. */
#ifndef TESTS_ALARM_STAGE_H
#define TESTS_ALARM_STAGE_H

#include "accountant/alarms.h"
#include "fake_ledger.h"

enum { STAGE_RULES = RULE_DEFAULT_COUNT, STAGE_OBJECTIVES = 4 };

/* The four built-in objectives of the service "app", with the default rules. */
struct alarm_stage {
    struct objective objectives[STAGE_OBJECTIVES];
    struct alert_rule rules[STAGE_RULES];
    struct catalogue catalogue;
    struct ledger_coverage coverage;
    struct book book;
    struct verdict verdicts[STAGE_OBJECTIVES];
    struct alarms alarms;
    struct maintenances maintenances;
    struct maintenance_row maintenance;
    int64_t wall_ms;
    int64_t boot_ms;
    bool readable;
};

enum { AVAILABILITY, ERROR_RATE, LATENCY_95, LATENCY_99 };
enum { FAST_BURN, SLOW_BURN, TICKET, BUDGET_LOW, BUDGET_EXHAUSTED };

/* Everything watched, no event; the lease is ours. */
void stage_begin(struct alarm_stage *stage);
void stage_end(struct alarm_stage *stage);

/* Of 10,000 events in every span of availability and error rate so many are bad. */
void stage_set_bad(struct alarm_stage *stage, uint64_t bad);

/* How much of any span was watched, in percent. */
void stage_set_watched(int percent);

/* The service is in maintenance, from now on for so long. */
void stage_announce(struct alarm_stage *stage, int64_t seconds);

/* Time goes by, then a turn. */
void stage_turn(struct alarm_stage *stage, int64_t seconds);

const struct alarm *stage_alarm(const struct alarm_stage *stage, int objective, int rule);

#endif
