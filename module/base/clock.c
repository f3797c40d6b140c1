/* clock.c - the two clocks, and the one way to print and to read a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now); /* can't fail for these clocks */
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

int64_t clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
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

/* Pages hold hundreds of times and are written every second: printf would be a third of that. */
static void put_digits(char *text, int digits, int value)
{
    while (digits-- > 0) {
        text[digits] = (char)('0' + value % 10);
        value /= 10;
    }
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
    memcpy(text, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_BYTES);
    put_digits(text, 4, parts.tm_year + 1900);
    put_digits(text + 5, 2, parts.tm_mon + 1);
    put_digits(text + 8, 2, parts.tm_mday);
    put_digits(text + 11, 2, parts.tm_hour);
    put_digits(text + 14, 2, parts.tm_min);
    put_digits(text + 17, 2, parts.tm_sec);
    put_digits(text + 20, 3, (int)millisecond);
}

/* --- reading a time --- */

/* Reads `digits` digits at the front and moves behind them. */
static bool take_number(struct slice *text, size_t digits, int *ret)
{
    uint64_t value;

    if (text->length < digits
        || !slice_parse_uint((struct slice){ text->data, digits }, 9999, &value))
        return false;
    *text = (struct slice){ text->data + digits, text->length - digits };
    *ret = (int)value;
    return true;
}

/* Takes one byte if it is one of `bytes`; returns it, or 0. */
static char take_one_of(struct slice *text, const char *bytes)
{
    char first = '\0';

    if (text->length > 0)
        first = text->data[0];
    if (first == '\0' || strchr(bytes, first) == NULL)
        return '\0';
    *text = (struct slice){ text->data + 1, text->length - 1 };
    return first;
}

static bool take_date(struct slice *text, int *year, int *month, int *day)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap;

    if (!take_number(text, 4, year) || !take_one_of(text, "-") || !take_number(text, 2, month)
        || !take_one_of(text, "-") || !take_number(text, 2, day))
        return false;
    leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
    return *month >= 1 && *month <= 12 && *day >= 1 && *day <= days[*month - 1]
           && (*month != 2 || *day <= 28 || leap);
}

/* A time of day, or the offset of one, in seconds. */
static bool take_hours(struct slice *text, bool with_seconds, int *ret_s)
{
    int hour;
    int minute;
    int second = 0;

    if (!take_number(text, 2, &hour) || !take_one_of(text, ":") || !take_number(text, 2, &minute))
        return false;
    if (with_seconds && (!take_one_of(text, ":") || !take_number(text, 2, &second)))
        return false;
    *ret_s = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60;
}

static bool take_fraction(struct slice *text, int *ret_ms)
{
    int digits = 0;
    int ms = 0;

    for (; text->length > 0 && text->data[0] >= '0' && text->data[0] <= '9'; digits++) {
        if (digits < 3)
            ms = ms * 10 + (text->data[0] - '0');
        *text = (struct slice){ text->data + 1, text->length - 1 };
    }
    for (int i = digits; i < 3; i++)
        ms *= 10;
    *ret_ms = ms;
    return digits > 0;
}

static bool take_offset(struct slice *text, int *ret_s)
{
    char sign = take_one_of(text, "Zz+-");

    *ret_s = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (sign == '\0' || !take_hours(text, false, ret_s))
        return false;
    if (sign == '-')
        *ret_s = -*ret_s;
    return true;
}

/* Days since 1970 in the Gregorian calendar: years begin in March, so that the leap day is the last
 * day of a year; 1970-01-01 is day 719468 counted from 0000-03-01. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool clock_parse(struct slice text, int64_t *ret_wall_ms)
{
    int year;
    int month;
    int day;
    int second;
    int offset_s;
    int ms = 0;

    if (!take_date(&text, &year, &month, &day) || !take_one_of(&text, "Tt ")
        || !take_hours(&text, true, &second))
        return false;
    if (take_one_of(&text, ".") && !take_fraction(&text, &ms))
        return false;
    if (!take_offset(&text, &offset_s) || text.length > 0)
        return false;
    *ret_wall_ms = (days_since_1970(year, month, day) * 86400 + second - offset_s) * 1000 + ms;
    return true;
}
