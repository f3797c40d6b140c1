/* suite.c - every test case of module/probe/ that needs no server. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *celery_judge_cases(void);
TCase *celery_queues_cases(void);
TCase *celery_roll_cases(void);
TCase *heartbeats_cases(void);
TCase *http_judge_cases(void);
TCase *http_text_cases(void);
TCase *json_body_cases(void);
TCase *kind_cases(void);
TCase *pace_cases(void);
TCase *pidbox_cases(void);
TCase *postgres_facts_cases(void);
TCase *postgres_reason_cases(void);
TCase *postgres_tls_cases(void);
TCase *redis_commands_cases(void);
TCase *redis_info_cases(void);
TCase *redis_trend_cases(void);
TCase *resp_cases(void);
TCase *upstash_reply_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        celery_judge_cases, celery_queues_cases,  celery_roll_cases,    heartbeats_cases,
        http_judge_cases,   http_text_cases,      json_body_cases,      kind_cases,
        pace_cases,         pidbox_cases,         postgres_facts_cases, postgres_reason_cases,
        postgres_tls_cases, redis_commands_cases, redis_info_cases,     redis_trend_cases,
        resp_cases,         upstash_reply_cases,
    };

    return suite_run("probe", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
