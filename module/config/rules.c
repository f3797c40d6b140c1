/* rules.c - times, counts and policy of a check: said, derived, and held against each other. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/rules.h"

#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct check_limits check_no_limits = {
    .latency_ms = -1,
    .certificate_days = -1,
    .connections_percent = -1,
    .replication_lag_ms = -1,
    .longest_query_ms = -1,
    .memory_percent = -1,
    .evicted_per_minute = -1,
    .blocked_clients = -1,
    .queued_tasks = -1,
    .queue_growing_ms = -1,
};

/* Where a rule stands: in an entry of the YAML, and in the environment for all checks and for those
 * of Celery, whose workers take their time. */
static const struct {
    const char *name;
    size_t entry;
    size_t general;
    size_t celery;
} rules[RULES] = {
#define IN(member)    offsetof(struct snapshot, member)
#define ENTRY(member) offsetof(struct check_entry, member)
    [RULE_INTERVAL] = { "interval", ENTRY(interval_ms), IN(interval_ms), IN(celery_interval_ms) },
    [RULE_TIMEOUT] = { "timeout", ENTRY(timeout_ms), IN(timeout_ms), IN(celery_timeout_ms) },
    [RULE_FRESH] = { "fresh_interval", ENTRY(fresh_interval_ms), IN(fresh_interval_ms),
                     IN(fresh_interval_ms) },
    [RULE_MAX_AGE] = { "max_age", ENTRY(max_age_ms), IN(max_age_ms), IN(celery_max_age_ms) },
    [RULE_FALL] = { "fall", ENTRY(fall), IN(fall), IN(fall) },
    [RULE_RISE] = { "rise", ENTRY(rise), IN(rise), IN(rise) },
#undef IN
#undef ENTRY
};

const char *rule_name(enum rule rule)
{
    return rules[rule].name;
}

int64_t rule_value(const struct check_config *check, enum rule rule)
{
    const int64_t values[RULES] = {
        [RULE_INTERVAL] = check->interval_ms,
        [RULE_TIMEOUT] = check->timeout_ms,
        [RULE_FRESH] = check->fresh_interval_ms,
        [RULE_MAX_AGE] = check->max_age_ms,
        [RULE_FALL] = check->fall,
        [RULE_RISE] = check->rise,
    };

    return values[rule];
}

bool rule_is_duration(enum rule rule)
{
    return rule != RULE_FALL && rule != RULE_RISE;
}

static int64_t number_at(const void *whole, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)whole + offset, sizeof(value));
    return value;
}

static const char *text_at(const void *whole, size_t offset)
{
    const char *value;

    memcpy(&value, (const char *)whole + offset, sizeof(value));
    return value;
}

static size_t place_of(enum check_kind kind, enum rule rule)
{
    return kind == CHECK_CELERY ? rules[rule].celery : rules[rule].general;
}

static const char *key_name(size_t offset)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (config_keys[i].offset == offset)
            return config_keys[i].name;
    }
    return "?";
}

const char *rule_variable(enum check_kind kind, enum rule rule)
{
    return key_name(place_of(kind, rule));
}

bool rule_is_set(const struct snapshot *snapshot, enum check_kind kind, enum rule rule)
{
    return snapshot_source(snapshot, place_of(kind, rule)) != NULL;
}

int64_t rule_general(const struct snapshot *snapshot, enum check_kind kind, enum rule rule)
{
    return number_at(snapshot, place_of(kind, rule));
}

/* --- times --- */

struct times {
    int64_t values[RULES];
    bool said[RULES]; /* by the check itself */
};

/* What nobody says is made so that it fits what somebody says. */
static void derive_times(const struct draft *draft, struct times *times)
{
    const struct snapshot *snapshot = draft->snapshot;
    enum check_kind kind = draft->check->kind;
    int64_t interval_ms = times->values[RULE_INTERVAL];
    int64_t *timeout_ms = &times->values[RULE_TIMEOUT];
    int64_t *age_ms = &times->values[RULE_MAX_AGE];

    if (!times->said[RULE_TIMEOUT]
        && (times->said[RULE_INTERVAL] || !rule_is_set(snapshot, kind, RULE_TIMEOUT))
        && *timeout_ms > interval_ms)
        *timeout_ms = interval_ms;
    if (times->said[RULE_MAX_AGE]
        || (!times->said[RULE_INTERVAL] && !times->said[RULE_TIMEOUT]
            && rule_is_set(snapshot, kind, RULE_MAX_AGE)))
        return;
    /* One round may be lost, and the one after it late. */
    if (*age_ms < 2 * (interval_ms + *timeout_ms))
        *age_ms = 2 * (interval_ms + *timeout_ms);
    if (*age_ms > snapshot->patience_ms && draft->check->critical
        && snapshot->patience_ms > interval_ms + *timeout_ms)
        *age_ms = snapshot->patience_ms;
}

static void fill_times(const struct draft *draft, struct times *ret)
{
    struct check_config *check = draft->check;
    struct times times = { .said = { false } };

    for (int i = 0; i < RULES; i++) {
        int64_t said = draft->entry == NULL ? -1 : number_at(draft->entry, rules[i].entry);

        times.said[i] = said >= 0;
        times.values[i] =
            said >= 0 ? said : rule_general(draft->snapshot, check->kind, (enum rule)i);
    }
    derive_times(draft, &times);
    check->interval_ms = times.values[RULE_INTERVAL];
    check->timeout_ms = times.values[RULE_TIMEOUT];
    check->fresh_interval_ms = times.values[RULE_FRESH];
    check->max_age_ms = times.values[RULE_MAX_AGE];
    check->fall = (int)times.values[RULE_FALL];
    check->rise = (int)times.values[RULE_RISE];
    *ret = times;
}

/* How the value that counts is called where it was said. */
static const char *called(const struct draft *draft, const struct times *times, enum rule rule)
{
    return times->said[rule] ? rules[rule].name : rule_variable(draft->check->kind, rule);
}

static int refuse(const struct draft *draft, struct error *err, const char *sentence)
{
    return draft->entry != NULL ? node_refuse(&draft->entry->node, err, "%s", sentence)
                                : error_set(err, EINVAL, "%s", sentence);
}

/* A result must outlive the wait for the next one, or a healthy check would be stale in between;
 * and it may not outlive the patience of those who ask, or they would act on what is long over. */
static int judge_times(const struct draft *draft, const struct times *times, struct error *err)
{
    const struct check_config *check = draft->check;
    const char *interval = called(draft, times, RULE_INTERVAL);
    const char *timeout = called(draft, times, RULE_TIMEOUT);
    const char *age = called(draft, times, RULE_MAX_AGE);
    int64_t wait_ms = check->interval_ms + check->timeout_ms;
    char texts[4][VALUE_DURATION_BYTES];
    char sentence[200] = "";

    value_format_duration(check->interval_ms, texts[0]);
    value_format_duration(check->timeout_ms, texts[1]);
    value_format_duration(check->max_age_ms, texts[2]);
    value_format_duration(wait_ms, texts[3]);
    if (check->timeout_ms > check->interval_ms)
        (void)snprintf(sentence, sizeof(sentence),
                       "%s is %s, longer than %s, %s: shorten it, or ask less often", timeout,
                       texts[1], interval, texts[0]);
    else if (check->max_age_ms <= wait_ms)
        (void)snprintf(sentence, sizeof(sentence),
                       "%s is %s, but %s + %s is %s: every result would be stale before the next: "
                       "set %s above %s",
                       age, texts[2], interval, timeout, texts[3], age, texts[3]);
    if (sentence[0] == '\0' && check->critical
        && check->max_age_ms > draft->snapshot->patience_ms) {
        value_format_duration(draft->snapshot->patience_ms, texts[3]);
        (void)snprintf(
            sentence, sizeof(sentence),
            "%s is %s, longer than PROBITY_PROBER_PATIENCE, %s: whoever asks would go on "
            "believing for too long: shorten it, or raise the patience",
            age, texts[2], texts[3]);
    }
    return sentence[0] == '\0' ? 0 : refuse(draft, err, sentence);
}

/* --- the policy --- */

static bool parse_policy(struct check_config *check, const char *text)
{
    struct slice rest = slice_of(text);
    struct slice word = slice_cut(&rest, '=');

    check->policy = CHECK_POLICY_FAIL_AFTER;
    if (slice_equals_text(word, "fail_after"))
        return value_parse_duration(rest, &check->fail_after_ms) && check->fail_after_ms > 0;
    check->policy = CHECK_POLICY_FAIL;
    if (slice_equals_text(slice_of(text), "fail"))
        return true;
    check->policy = CHECK_POLICY_DEGRADE;
    return slice_equals_text(slice_of(text), "degrade");
}

static int fill_policy(const struct draft *draft, struct error *err)
{
    struct check_config *check = draft->check;
    bool is_app = draft->builtin == &builtins[BUILTIN_APP];
    const char *variable = draft->builtin == NULL ? "" : key_name(draft->builtin->policy);
    const char *text = "fail";
    char sentence[200];

    if (draft->builtin != NULL)
        text = text_at(draft->snapshot, draft->builtin->policy);
    if (draft->entry != NULL && draft->entry->policy != NULL) {
        variable = "policy";
        text = draft->entry->policy;
    }
    if (!parse_policy(check, text))
        (void)snprintf(sentence, sizeof(sentence), "%s=%.60s: use fail%s or fail_after=60s",
                       variable, text, is_app ? "" : ", degrade");
    else if (is_app && check->policy == CHECK_POLICY_DEGRADE)
        (void)snprintf(sentence, sizeof(sentence),
                       "%s=%.60s: the application is always critical: use fail or fail_after=60s",
                       variable, text);
    else
        sentence[0] = '\0';
    check->critical = check->policy != CHECK_POLICY_DEGRADE;
    return sentence[0] == '\0' ? 0 : refuse(draft, err, sentence);
}

/* --- what only one kind looks at --- */

/* Defaults of which nobody should be surprised: what is near its end, and none that a healthy
 * system reaches. */
static void fill_limits(struct check_config *check)
{
    check->limits = check_no_limits;
    check->limits.certificate_days = 14;
    check->limits.connections_percent = 90;
    check->limits.memory_percent = 90;
}

/* The variables speak of the workers of CELERY_BROKER_URL. */
static int list_queues(const struct snapshot *snapshot, struct check_celery *celery,
                       struct error *err)
{
    struct slice rest = slice_of(snapshot->celery_queues);

    for (struct slice word = value_cut_word(&rest); word.length > 0; word = value_cut_word(&rest)) {
        const char *copy;

        if (celery->queue_count == LIMIT_CELERY_QUEUES)
            return error_set(err, EINVAL, "PROBITY_CELERY_QUEUES: names more than %d queues",
                             LIMIT_CELERY_QUEUES);
        if (word.length > ENTRY_QUEUE_BYTES)
            return error_set(err, EINVAL, "PROBITY_CELERY_QUEUES: a name has at most %d bytes",
                             ENTRY_QUEUE_BYTES);
        copy = arena_copy(snapshot->arena, word);
        if (copy == NULL)
            return error_set(err, ENOMEM, "configuration: out of memory");
        celery->queues[celery->queue_count++] = copy;
    }
    return 0;
}

static int fill_celery(const struct draft *draft, struct error *err)
{
    const struct snapshot *snapshot = draft->snapshot;
    struct check_celery *celery = &draft->check->celery;

    if (draft->check->kind != CHECK_CELERY)
        return 0;
    *celery = (struct check_celery){
        .passive = snapshot->celery_passive != 0,
        .expected_workers = -1,
        .grace_ms = snapshot->celery_grace_ms,
        .key_prefix = "",
    };
    if (draft->builtin == NULL)
        return 0;
    celery->expected_workers = snapshot->celery_expected_workers;
    return list_queues(snapshot, celery, err);
}

/* What the application may open; -1: not said. */
static int64_t pool_size(const struct draft *draft)
{
    const struct snapshot *snapshot = draft->snapshot;

    if (draft->builtin != &builtins[BUILTIN_DATABASE] || snapshot->pool_size < 0)
        return -1;
    return snapshot->pool_size + (snapshot->max_overflow > 0 ? snapshot->max_overflow : 0);
}

static int refuse_foreign(const struct draft *draft, struct error *err)
{
    const struct check_entry *entry = draft->entry;

    if (entry->http.yaml != NULL && draft->check->kind != CHECK_HTTP)
        return node_refuse(&entry->http, err, "only a check of kind http has it");
    if (entry->celery.yaml != NULL && draft->check->kind != CHECK_CELERY)
        return node_refuse(&entry->celery, err, "only a check of kind celery has it");
    if (entry->token != NULL && draft->check->kind != CHECK_UPSTASH)
        return node_refuse(&entry->node, err, "token: only a check of kind upstash has it");
    return 0;
}

static int fill_parts(const struct draft *draft, struct error *err)
{
    struct check_config *check = draft->check;
    int code = fill_celery(draft, err);

    fill_limits(check);
    check->http.report =
        draft->builtin == &builtins[BUILTIN_APP] ? CHECK_REPORT_MERGE : CHECK_REPORT_IGNORE;
    check->pool_size = pool_size(draft);
    if (code != 0 || draft->entry == NULL)
        return code;
    code = refuse_foreign(draft, err);
    if (code == 0)
        code = entry_fill_limits(draft->snapshot, draft->entry, check, err);
    if (code == 0)
        code = entry_fill_http(draft->snapshot, draft->entry, &check->http, err);
    if (code == 0)
        code = entry_fill_celery(draft->snapshot, draft->entry, &check->celery, err);
    return code;
}

int rules_fill(struct draft *draft, struct error *err)
{
    struct times times;
    int code = fill_policy(draft, err);

    if (code != 0)
        return code;
    fill_times(draft, &times);
    code = judge_times(draft, &times, err);
    return code != 0 ? code : fill_parts(draft, err);
}
