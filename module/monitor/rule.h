/* rule.h - which rule lets a check take a group away, or not, in words for people.  Pure. */
#ifndef MONITOR_RULE_H
#define MONITOR_RULE_H

#include "monitor/render.h"

#define RULE_TEXT_BYTES 192

/* "critical, fail: 2 of 2 failures -> not ready"; `group` may be SUMMARY_ALL: what startup asks of
 * everybody. */
void rule_text(const struct view *view, int check, int group, char text[RULE_TEXT_BYTES]);

#endif
