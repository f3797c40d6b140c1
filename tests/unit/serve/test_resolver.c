/* test_resolver.c - module/serve/resolver.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/resolver.h"

#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static struct addrinfo entries[20];
static struct sockaddr_in fours[20];
static struct sockaddr_in6 sixes[20];

/* A list as getaddrinfo(3) makes one. */
static const struct addrinfo *list_of(const char *const *addresses, int count)
{
    memset(entries, 0, sizeof(entries));
    for (int i = 0; i < count; i++) {
        bool is_six = strchr(addresses[i], ':') != NULL;

        entries[i].ai_family = is_six ? AF_INET6 : AF_INET;
        entries[i].ai_addr = is_six ? (struct sockaddr *)&sixes[i] : (struct sockaddr *)&fours[i];
        if (is_six)
            ck_assert_int_eq(inet_pton(AF_INET6, addresses[i], &sixes[i].sin6_addr), 1);
        else
            ck_assert_int_eq(inet_pton(AF_INET, addresses[i], &fours[i].sin_addr), 1);
        entries[i].ai_next = i + 1 < count ? &entries[i + 1] : NULL;
    }
    return count == 0 ? NULL : entries;
}

START_TEST(resolver_describes_addresses_in_one_order_and_each_once)
{
    static const struct {
        const char *addresses[4];
        int count;
        const char *want;
    } cases[] = {
        { { NULL }, 0, "" },
        { { "10.0.0.7" }, 1, "10.0.0.7:80" },
        { { "fd00::7" }, 1, "[fd00::7]:80" },
        { { "10.0.0.8", "10.0.0.7" }, 2, "10.0.0.7:80; server 10.0.0.8:80" },
        { { "fd00::7", "10.0.0.7", "10.0.0.7", "fd00::7" }, 4, "10.0.0.7:80; server [fd00::7]:80" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[RESOLVER_TEXT_BYTES];

        resolver_describe(list_of(cases[i].addresses, cases[i].count), 80, text);
        ck_assert_str_eq(text, cases[i].want);
    }
}
END_TEST

START_TEST(resolver_keeps_so_many_addresses_and_no_more)
{
    static const char *const address = "fd00:1111:2222:3333:4444:5555:6666:7777";
    const char *addresses[20];
    char text[RESOLVER_TEXT_BYTES];

    for (int i = 0; i < 20; i++)
        addresses[i] = address;
    (void)list_of(addresses, 20);
    for (unsigned char i = 0; i < 20; i++)
        sixes[i].sin6_addr.s6_addr[0] = (unsigned char)(0x20 + i);
    resolver_describe(entries, 65535, text);
    ck_assert_ptr_nonnull(strstr(text, "[2f00:1111:2222:3333:4444:5555:6666:7777]:65535"));
    ck_assert_ptr_null(strstr(text, "[3000:"));
}
END_TEST

TCase *resolver_cases(void)
{
    TCase *cases = tcase_create("resolver");

    tcase_add_test(cases, resolver_describes_addresses_in_one_order_and_each_once);
    tcase_add_test(cases, resolver_keeps_so_many_addresses_and_no_more);
    return cases;
}
