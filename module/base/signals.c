/* signals.c - sigtimedwait(2) on what was blocked. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static void do_nothing(int number)
{
    (void)number;
}

static void waited_for(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGUSR1);
}

void signals_block(void)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE };
    struct sigaction action = { .sa_handler = do_nothing };
    sigset_t set;

    /* libfcgi replaces dispositions that are default or ignored; a handler of ours it leaves. */
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaction(numbers[i], &action, NULL);
    waited_for(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int signals_wait(int64_t within_ms)
{
    struct timespec timeout;
    sigset_t set;
    int number;

    timeout.tv_sec = (time_t)(within_ms / 1000);
    timeout.tv_nsec = (long)(within_ms % 1000) * 1000000L;
    waited_for(&set);
    number = sigtimedwait(&set, NULL, &timeout);
    return number < 0 ? 0 : number;
}
