/* alarm_judge.h - what the book says of every alarm.  For accountant/alarms.c alone. */
#ifndef ACCOUNTANT_ALARM_JUDGE_H
#define ACCOUNTANT_ALARM_JUDGE_H

#include "accountant/alarms.h"

/* Steps the alarms whose service is held, notes of all of them whether they can be judged, and
 * which say what another one says already. */
void alarms_judge(struct alarms *alarms, int64_t wall_ms);

#endif
