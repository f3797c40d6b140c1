/* http_judge.h - is this answer well?  And what does the application say of itself?  Pure. */
#ifndef PROBE_HTTP_JUDGE_H
#define PROBE_HTTP_JUDGE_H

#include "config/check.h"
#include "health/outcome.h"
#include "probe/http_ask.h"

/* How much of a body has to be kept to judge it. */
size_t http_judge_body_bytes(const struct check_http *want);

/* Sets status and reason, and fills facts.http. */
void http_judge(const struct check_http *want, const struct http_answer *answer,
                struct outcome *outcome);

#endif
