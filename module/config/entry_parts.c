/* entry_parts.c - what stands under a check's degraded, tls, http and celery. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/entry.h"

#include "config/entry_text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

enum { DAY_MS = 86400 * 1000, HOUR_MS = 3600 * 1000, TEXT_BYTES = 1024, PATH_BYTES = 4095 };

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* Reads a map by its table, with the environment put into its texts. */
static int read_map(struct snapshot *snapshot, struct check_entry *entry,
                    const struct entry_text *map, struct error *err)
{
    int code = node_read(map->node, map->keys, map->to, snapshot->arena, err);

    return code != 0 ? code : entry_put_texts(snapshot, entry, map, err);
}

/* --- degraded --- */

/* clang-format off */
#define LIMIT(member) offsetof(struct check_limits, member)
const struct node_key entry_limit_keys[] = {
    { "latency", NODE_DURATION, LIMIT(latency_ms), false, 1, HOUR_MS, NULL },
    { "certificate_days", NODE_COUNT, LIMIT(certificate_days), false, 0, 3650, NULL },
    { "connections", NODE_COUNT, LIMIT(connections_percent), false, 1, 100, NULL },
    { "replication_lag", NODE_DURATION, LIMIT(replication_lag_ms), false, 1, DAY_MS, NULL },
    { "longest_query", NODE_DURATION, LIMIT(longest_query_ms), false, 1, DAY_MS, NULL },
    { "memory", NODE_COUNT, LIMIT(memory_percent), false, 1, 100, NULL },
    { "evicted_per_minute", NODE_COUNT, LIMIT(evicted_per_minute), false, 0, INT_MAX, NULL },
    { "blocked_clients", NODE_COUNT, LIMIT(blocked_clients), false, 0, INT_MAX, NULL },
    { "queued_tasks", NODE_COUNT, LIMIT(queued_tasks), false, 0, INT_MAX, NULL },
    { "queue_growing", NODE_DURATION, LIMIT(queue_growing_ms), false, 1000, DAY_MS, NULL },
    { .name = NULL },
};
/* clang-format on */

/* Which kinds look at which, in the order of the table. */
static const unsigned limit_kinds[ARRAY_LENGTH(entry_limit_keys) - 1] = {
    ~0U,
    1U << CHECK_HTTP | 1U << CHECK_TLS | 1U << CHECK_REDIS | 1U << CHECK_UPSTASH
        | 1U << CHECK_CELERY | 1U << CHECK_POSTGRES,
    1U << CHECK_POSTGRES | 1U << CHECK_REDIS,
    1U << CHECK_POSTGRES | 1U << CHECK_REDIS,
    1U << CHECK_POSTGRES,
    1U << CHECK_REDIS | 1U << CHECK_UPSTASH,
    1U << CHECK_REDIS | 1U << CHECK_UPSTASH,
    1U << CHECK_REDIS,
    1U << CHECK_CELERY,
    1U << CHECK_CELERY,
};

bool entry_limit_applies(int limit, enum check_kind kind)
{
    return (limit_kinds[limit] & 1U << kind) != 0;
}

int entry_fill_limits(struct snapshot *snapshot, const struct check_entry *entry,
                      struct check_config *check, struct error *err)
{
    int code;

    if (entry->degraded.yaml == NULL)
        return 0;
    code = node_read(&entry->degraded, entry_limit_keys, &check->limits, snapshot->arena, err);
    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(limit_kinds); i++) {
        if (yaml_get(entry->degraded.yaml, entry_limit_keys[i].name) == NULL
            || entry_limit_applies((int)i, check->kind))
            continue;
        if (snapshot_note(snapshot, LOG_LEVEL_WARNING,
                          "check %s: degraded.%s has no effect: no check of its kind looks at that",
                          check->name, entry_limit_keys[i].name)
            != 0)
            return out_of_memory(err);
    }
    return code;
}

/* --- tls --- */

struct tls_map {
    const char *ca;
    const char *certificate;
    const char *key;
    const char *server_name;
    bool verify;
};

/* clang-format off */
#define TLS(member) offsetof(struct tls_map, member)
static const struct node_key tls_keys[] = {
    { "ca", NODE_TEXT, TLS(ca), false, 0, PATH_BYTES, NULL },
    { "certificate", NODE_TEXT, TLS(certificate), false, 0, PATH_BYTES, NULL },
    { "key", NODE_TEXT, TLS(key), false, 0, PATH_BYTES, NULL },
    { "server_name", NODE_TEXT, TLS(server_name), false, 0, 255, NULL },
    { "verify", NODE_FLAG, TLS(verify), false, 0, 0, NULL },
    { .name = NULL },
};
/* clang-format on */

int entry_fill_tls(struct snapshot *snapshot, struct check_entry *entry, struct check_tls *tls,
                   struct error *err)
{
    struct tls_map map = {
        .ca = tls->ca_file,
        .certificate = tls->certificate_file,
        .key = tls->key_file,
        .server_name = tls->server_name,
        .verify = !tls->unverified,
    };
    int code;

    if (entry->tls.yaml == NULL)
        return 0;
    code = read_map(snapshot, entry, &(struct entry_text){ &entry->tls, tls_keys, &map }, err);
    if (code == 0 && (map.certificate == NULL) != (map.key == NULL))
        return node_refuse(&entry->tls, err, "certificate and key go together: name both");
    tls->ca_file = map.ca;
    tls->certificate_file = map.certificate;
    tls->key_file = map.key;
    tls->server_name = map.server_name;
    tls->unverified = !map.verify;
    return code;
}

/* --- http --- */

struct http_map {
    struct check_http http;
    struct node_texts statuses;
    int report;
};

static const struct config_choice report_words[] = {
    { "merge", CHECK_REPORT_MERGE },
    { "show", CHECK_REPORT_SHOW },
    { "ignore", CHECK_REPORT_IGNORE },
    { NULL, 0 },
};

/* clang-format off */
#define HTTP(member) offsetof(struct http_map, http.member)
static const struct node_key http_keys[] = {
    { "host", NODE_TEXT, HTTP(host_header), false, 0, 255, NULL },
    { "status", NODE_TEXTS, offsetof(struct http_map, statuses), false, 0, 7, NULL },
    { "header", NODE_TEXT, HTTP(header), false, 0, 255, NULL },
    { "header_contains", NODE_TEXT, HTTP(header_contains), false, 0, TEXT_BYTES, NULL },
    { "body_contains", NODE_TEXT, HTTP(body_contains), false, 0, TEXT_BYTES, NULL },
    { "json_pointer", NODE_TEXT, HTTP(json_pointer), false, 0, TEXT_BYTES, NULL },
    { "json_equals", NODE_TEXT, HTTP(json_equals), false, 0, TEXT_BYTES, NULL },
    { "reported", NODE_CHOICE, offsetof(struct http_map, report), false, 0, 0, report_words },
    { .name = NULL },
};
/* clang-format on */

/* "200" or "300-399". */
static bool parse_status(struct slice text, struct check_statuses *ret)
{
    struct slice high = text;
    struct slice low = slice_trim(slice_cut(&high, '-'));
    uint64_t from;
    uint64_t to;

    if (!slice_parse_uint(low, 599, &from) || from < 100)
        return false;
    to = from;
    if (low.length < text.length && (!slice_parse_uint(slice_trim(high), 599, &to) || to < from))
        return false;
    *ret = (struct check_statuses){ (int)from, (int)to };
    return true;
}

static int take_statuses(const struct check_entry *entry, const struct node_texts *list,
                         struct check_http *http, struct error *err)
{
    if (list->count == 0)
        return 0;
    if (list->count > CHECK_HTTP_STATUSES)
        return node_refuse(&entry->http, err, "status: expected at most %d", CHECK_HTTP_STATUSES);
    for (int i = 0; i < list->count; i++) {
        if (!parse_status(slice_of(list->texts[i]), &http->statuses[i]))
            return node_refuse(&entry->http, err,
                               "status: expected a status such as 200, or a range such as 300-399");
    }
    http->status_count = list->count;
    return 0;
}

/* Both go into a request's head, where a line end would begin another line. */
static bool is_header_text(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (!isgraph((unsigned char)*text) || *text == ':')
            return false;
    }
    return true;
}

static bool is_host_text(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (!isgraph((unsigned char)*text) || *text == '/')
            return false;
    }
    return true;
}

static const char *judge_http(const struct check_http *http)
{
    if (http->header_contains != NULL && http->header == NULL)
        return "header_contains needs header: which one?";
    if (http->json_equals != NULL && http->json_pointer == NULL)
        return "json_equals needs json_pointer: where?";
    if (http->json_pointer != NULL && http->json_pointer[0] != '/')
        return "json_pointer: expected a pointer such as /db/status";
    if (!is_header_text(http->header))
        return "header: expected the name of one header";
    if (!is_host_text(http->host_header))
        return "host: expected a host name";
    return NULL;
}

int entry_fill_http(struct snapshot *snapshot, struct check_entry *entry, struct check_http *http,
                    struct error *err)
{
    struct http_map map = { .http = *http, .report = (int)http->report };
    const char *fault;
    int code;

    if (entry->http.yaml == NULL)
        return 0;
    code = read_map(snapshot, entry, &(struct entry_text){ &entry->http, http_keys, &map }, err);
    /* A variable that is not set leaves holes that are not the file's fault. */
    if (code == 0 && entry->unset == NULL) {
        fault = judge_http(&map.http);
        code = fault != NULL ? node_refuse(&entry->http, err, "%s", fault)
                             : take_statuses(entry, &map.statuses, &map.http, err);
    }
    map.http.report = (enum check_report)map.report;
    *http = map.http;
    return code;
}

/* --- celery --- */

struct celery_map {
    int mode;
    struct node_texts queues;
    int64_t expected_workers;
    int64_t grace_ms;
    const char *key_prefix;
};

static const struct config_choice mode_words[] = {
    { "active", false },
    { "passive", true },
    { NULL, 0 },
};

/* clang-format off */
#define CELERY(member) offsetof(struct celery_map, member)
static const struct node_key celery_keys[] = {
    { "mode", NODE_CHOICE, CELERY(mode), false, 0, 0, mode_words },
    { "queues", NODE_TEXTS, CELERY(queues), false, 0, ENTRY_QUEUE_BYTES, NULL },
    { "expected_workers", NODE_COUNT, CELERY(expected_workers), false, 0, 100000, NULL },
    { "grace", NODE_DURATION, CELERY(grace_ms), false, 0, HOUR_MS, NULL },
    { "key_prefix", NODE_TEXT, CELERY(key_prefix), false, 0, 63, NULL },
    { .name = NULL },
};
/* clang-format on */

int entry_fill_celery(struct snapshot *snapshot, struct check_entry *entry,
                      struct check_celery *celery, struct error *err)
{
    struct celery_map map = {
        .mode = celery->passive,
        .expected_workers = celery->expected_workers,
        .grace_ms = celery->grace_ms,
        .key_prefix = celery->key_prefix,
    };
    int code;

    if (entry->celery.yaml == NULL)
        return 0;
    code =
        read_map(snapshot, entry, &(struct entry_text){ &entry->celery, celery_keys, &map }, err);
    if (code == 0 && map.queues.count > LIMIT_CELERY_QUEUES)
        return node_refuse(&entry->celery, err, "queues: expected at most %d", LIMIT_CELERY_QUEUES);
    if (code != 0)
        return code;
    celery->passive = map.mode != 0;
    celery->expected_workers = map.expected_workers;
    celery->grace_ms = map.grace_ms;
    celery->key_prefix = map.key_prefix;
    if (map.queues.count > 0) {
        celery->queue_count = map.queues.count;
        memcpy(celery->queues, map.queues.texts, (size_t)map.queues.count * sizeof(char *));
    }
    return 0;
}
