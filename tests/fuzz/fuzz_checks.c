/* fuzz_checks.c - PROBITY_CHECKS may hold anything, and so may the variables that it names. */
/* SPDX-License-Identifier: MIT */

/* An entry for libFuzzer, see fuzz_line.c.  Without it PROBITY_FUZZ_MAIN gives it a main() that
 * loads changed copies of a good list. */
#include <config.h> /* the build's */

#include "config/config.h"
#include "config/explain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *text;

static const char *look_up(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "PROBITY_CHECKS") == 0)
        return text;
    return name[0] == 'U' ? "rediss://:p%40w@[::1]:6380/1?ssl_cert_reqs=none" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(config_release) const struct config *again = NULL;
    AUTO(buf_done) struct buf buf;
    AUTO(auto_free) char *copy = malloc(length + 1);
    struct error err = { .code = 0 };

    buf_init(&buf, 1024 * 1024);
    if (copy == NULL)
        return 0;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    text = copy;
    if (config_load(look_up, NULL, &config, &err) != 0)
        return 0;
    config_explain_file(config, &buf);
    for (int i = 0; i < config->check_count; i++) {
        if (config->checks[i].misconfigured == NULL && !config->checks[i].not_configured)
            config_explain_check(config, i, &buf);
    }
    if (config_reload(look_up, NULL, config, &again, &err) != 0)
        abort();
    /* The same text makes the same rows. */
    for (int i = 0; i < config->check_count; i++) {
        if (config->checks[i].id != again->checks[i].id)
            abort();
    }
    return 0;
}

#ifdef PROBITY_FUZZ_MAIN
static const char seed[] =
    "- {name: a, url: '${URL}', groups: [x, startup], tls: {ca: /x, verify: false}, fall: 3}\n"
    "- {name: b, kind: celery, url: 'redis://h/1', celery: {queues: ['q${URL}'], grace: 1m}}\n"
    "- {name: c, url: 'https://h/x', http: {status: [200, 300-399], json_pointer: /a}}\n"
    "- name: d\n  kind: upstash\n  url: https://h\n  token: ${UP}\n  degraded: {memory: 80}\n"
    "- {name: e, url: 'postgres://u:p%40@h/d?sslmode=require', policy: fail_after=60s}\n"
    "- {name: f, url: 'tls://[::1]:443', interval: 1h, policy: degrade}\n";

/* Changes a few bytes of a good list. */
int main(void)
{
    static const char letters[] = "{}[]\",:'-#&*!|>%@ \n$/?=09azU~";
    uint8_t bytes[sizeof(seed)];
    uint64_t state = 1;

    for (unsigned i = 0; i < 1000; i++) {
        memcpy(bytes, seed, sizeof(seed));
        for (unsigned change = 0; change < i % 4; change++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(state >> 33) % (sizeof(seed) - 1)] =
                (uint8_t)letters[(state >> 50) % (sizeof(letters) - 1)];
        }
        (void)LLVMFuzzerTestOneInput(bytes, sizeof(seed) - 1);
    }
    return 0;
}
#endif
