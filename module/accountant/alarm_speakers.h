/* alarm_speakers.h - of all alarms that say the same, which one speaks.  For accountant/alarms.c
 * and alarm_judge.c alone. */
#ifndef ACCOUNTANT_ALARM_SPEAKERS_H
#define ACCOUNTANT_ALARM_SPEAKERS_H

#include "accountant/alarms.h"

/* Once: puts objectives over the same events together, the strictest first.  0 or -ENOMEM. */
int speakers_sort(struct alarms *alarms) MUST_CHECK;

/* Each turn: sets who is suppressed by whom, as alert_suppresses() has it, in one walk over all. */
void speakers_choose(struct alarms *alarms, int64_t wall_ms);

#endif
