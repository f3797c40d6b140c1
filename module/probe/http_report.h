/* http_report.h - what an application says of its own health. */
#ifndef PROBE_HTTP_REPORT_H
#define PROBE_HTTP_REPORT_H

#include "base/slice.h"
#include "config/check.h"
#include "health/outcome.h"

#include <jansson.h>

/* Keeps the report in facts.http.reported, unless it is too long to be shown whole, with the
 * secrets of the configuration and the passwords of any address in it blanked out; where it is to
 * be merged, its own status counts.  `json` is what `text` holds; NULL: no JSON. */
void http_report_take(enum check_report report, const json_t *json, struct slice text,
                      struct outcome *outcome);

#endif
