/* suite.c - every test case of module/base/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *arena_cases(void);
TCase *auto_cases(void);
TCase *buf_cases(void);
TCase *clock_cases(void);
TCase *credentials_cases(void);
TCase *descriptors_cases(void);
TCase *error_cases(void);
TCase *folder_cases(void);
TCase *idle_cases(void);
TCase *json_cases(void);
TCase *log_cases(void);
TCase *loop_cases(void);
TCase *notify_cases(void);
TCase *options_cases(void);
TCase *queue_cases(void);
TCase *random_cases(void);
TCase *signals_cases(void);
TCase *slice_cases(void);
TCase *stream_cases(void);
TCase *thread_cases(void);
TCase *tls_cases(void);
TCase *tls_system_cases(void);
TCase *utf8_cases(void);
TCase *yaml_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        arena_cases,       auto_cases,       buf_cases,    clock_cases,   credentials_cases,
        descriptors_cases, error_cases,      folder_cases, idle_cases,    json_cases,
        log_cases,         loop_cases,       notify_cases, options_cases, queue_cases,
        random_cases,      signals_cases,    slice_cases,  stream_cases,  thread_cases,
        tls_cases,         tls_system_cases, utf8_cases,   yaml_cases,
    };

    return suite_run("base", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
