/* same.c - two rows of checks, compared field by field. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/same.h"

#include "base/slice.h"

#include <stdatomic.h>
#include <string.h>

/* A text is compared as such, all else by its bytes: rows have holes that memcmp() must not see. */
struct field {
    size_t offset;
    size_t bytes; /* 0: a text */
};

#define TEXT(member)                             \
    {                                            \
        offsetof(struct check_config, member), 0 \
    }
#define DATA(member)                                                                         \
    {                                                                                        \
        offsetof(struct check_config, member), sizeof(((struct check_config *)NULL)->member) \
    }

/* Every member but the id; the test finds one that was forgotten. */
static const struct field fields[] = {
    TEXT(name),
    DATA(kind),
    TEXT(target.conninfo),
    TEXT(target.host),
    TEXT(target.socket_path),
    DATA(target.port),
    TEXT(target.path),
    TEXT(target.user),
    TEXT(target.password),
    DATA(target.database),
    DATA(target.tls.wanted),
    DATA(target.tls.unverified),
    DATA(target.tls.any_name),
    TEXT(target.tls.ca_file),
    TEXT(target.tls.certificate_file),
    TEXT(target.tls.key_file),
    TEXT(target.tls.server_name),
    DATA(groups),
    DATA(critical),
    DATA(policy),
    DATA(fail_after_ms),
    DATA(interval_ms),
    DATA(timeout_ms),
    DATA(fresh_interval_ms),
    DATA(max_age_ms),
    DATA(fall),
    DATA(rise),
    DATA(limits), /* numbers of one size: no holes */
    TEXT(http.host_header),
    DATA(http.statuses),
    DATA(http.status_count),
    TEXT(http.header),
    TEXT(http.header_contains),
    TEXT(http.body_contains),
    TEXT(http.json_pointer),
    TEXT(http.json_equals),
    DATA(http.report),
    DATA(celery.passive),
    DATA(celery.queue_count),
    DATA(celery.expected_workers),
    DATA(celery.grace_ms),
    TEXT(celery.key_prefix),
    DATA(pool_size),
    TEXT(misconfigured),
    DATA(not_configured),
};

static const void *at(const struct check_config *check, const struct field *field)
{
    return (const char *)check + field->offset;
}

static bool is_same_field(const struct check_config *a, const struct check_config *b,
                          const struct field *field)
{
    const char *texts[2];

    if (field->bytes > 0)
        return memcmp(at(a, field), at(b, field), field->bytes) == 0;
    memcpy(&texts[0], at(a, field), sizeof(texts[0]));
    memcpy(&texts[1], at(b, field), sizeof(texts[1]));
    return slice_same_texts(texts[0], texts[1]);
}

bool check_is_same(const struct check_config *a, const struct check_config *b)
{
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (!is_same_field(a, b, &fields[i]))
            return false;
    }
    for (int i = 0; i < a->celery.queue_count; i++) {
        if (!slice_same_texts(a->celery.queues[i], b->celery.queues[i]))
            return false;
    }
    return true;
}

/* Ids are never used again: a late outcome of a row that has gone must find nobody. */
static uint64_t next_id(void)
{
    static _Atomic uint64_t last;

    return atomic_fetch_add(&last, 1) + 1;
}

void checks_give_ids(struct config *config, const struct config *before)
{
    for (int i = 0; i < config->check_count; i++) {
        struct check_config *check = &config->checks[i];
        const struct check_config *old = before == NULL ? NULL : config_check(before, check->name);

        check->id = old != NULL && check_is_same(old, check) ? old->id : next_id();
    }
}
