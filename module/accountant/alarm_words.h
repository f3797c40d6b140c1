/* alarm_words.h - an alert in a sentence with its numbers.  Pure. */
#ifndef ACCOUNTANT_ALARM_WORDS_H
#define ACCOUNTANT_ALARM_WORDS_H

#include "slo/alert.h"

#include <stddef.h>

/* "burns its error budget 36.5 times too fast over 1 h (365 of 10000 events bad) and …; fires above
 * 14.4": why the rule's condition holds, and what its threshold is. */
void alarm_describe(const struct objective *objective, const struct alert_rule *rule,
                    const struct alert_evidence *evidence, char text[], size_t bytes);

#endif
