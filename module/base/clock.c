/* clock.c - the two clocks, and the one way to print a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now); /* can't fail for these two clocks */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_boot_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

int64_t clock_boot_ms(void)
{
    return clock_boot_us() / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int clock_left_ms(int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_boot_ms();

    if (left_ms <= 0)
        return 0;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void clock_sleep_ms(int64_t duration_ms)
{
    struct timespec pause;

    if (duration_ms <= 0)
        return;
    pause.tv_sec = (time_t)(duration_ms / 1000);
    pause.tv_nsec = (long)(duration_ms % 1000) * 1000000L;
    (void)nanosleep(&pause, NULL);
}

void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_BYTES])
{
    int64_t second = wall_ms / 1000;
    int64_t millisecond = wall_ms % 1000;
    struct tm parts;
    time_t when;

    if (millisecond < 0) {
        millisecond += 1000;
        second--;
    }
    when = (time_t)second;
    /* Years beyond 9999 don't fit RFC 3339; show the last moment that does. */
    if (gmtime_r(&when, &parts) == NULL || parts.tm_year > 8099 || parts.tm_year < -1900) {
        (void)snprintf(text, CLOCK_TEXT_BYTES, "9999-12-31T23:59:59.999Z");
        return;
    }
    (void)snprintf(text, CLOCK_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                   (unsigned)(parts.tm_year + 1900) % 10000u, (unsigned)(parts.tm_mon + 1) % 100u,
                   (unsigned)parts.tm_mday % 100u, (unsigned)parts.tm_hour % 100u,
                   (unsigned)parts.tm_min % 100u, (unsigned)parts.tm_sec % 100u,
                   (unsigned)millisecond % 1000u);
}
