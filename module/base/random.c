/* random.c - getrandom(2) in three shapes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/random.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Up to 256 bytes never fail nor come short once the kernel's pool is initialised (getrandom(2)).
 */
static void fill(unsigned char *bytes, size_t count)
{
    memset(bytes, 0, count);
    (void)!getrandom(bytes, count, 0);
}

/* Bytes for one identifier, out of a reserve that one system call fills for sixteen of them: the
 * front makes one for every request, and getrandom(2) would be a tenth of its time. */
static void take_16(unsigned char bytes[16])
{
    static _Thread_local unsigned char reserve[256];
    static _Thread_local size_t left;

    if (left == 0) {
        fill(reserve, sizeof(reserve));
        left = sizeof(reserve);
    }
    left -= 16;
    memcpy(bytes, reserve + left, 16);
}

void random_hex(char text[RANDOM_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];

    take_16(bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * sizeof(bytes)] = '\0';
}

static char own_id[sizeof("check-") + RANDOM_HEX_BYTES];

static void make_own_id(void)
{
    char digits[RANDOM_HEX_BYTES];

    random_hex(digits);
    (void)snprintf(own_id, sizeof(own_id), "check-%s", digits);
}

const char *random_own_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_own_id);
    return own_id;
}

void random_uuid(char text[RANDOM_UUID_BYTES])
{
    static const size_t group_ends[] = { 4, 6, 8, 10 };
    unsigned char bytes[16];
    size_t at = 0;
    size_t group = 0;

    fill(bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (group < 4 && i == group_ends[group]) {
            text[at++] = '-';
            group++;
        }
        (void)snprintf(text + at, 3, "%02x", bytes[i]);
        at += 2;
    }
}

int64_t random_jitter(int64_t value, int percent)
{
    int64_t span = value * percent / 100;
    uint32_t random = 0;

    if (span <= 0)
        return value;
    fill((unsigned char *)&random, sizeof(random));
    return value - span + (int64_t)(random % (uint64_t)(2 * span + 1));
}
