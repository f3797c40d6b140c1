/* doctor_check.c - a dependency, step by step, with the means of the daemon's own check. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "base/clock.h"
#include "probe/kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESSES_SHOWN = 4, SECONDS_PER_DAY = 86400, WORDS_BYTES = 200 };

/* --- name --- */

static void free_addresses(struct addrinfo **found)
{
    if (*found != NULL)
        freeaddrinfo(*found);
    *found = NULL;
}

static void list_addresses(const struct addrinfo *found, char text[WORDS_BYTES])
{
    size_t used = 0;
    int shown = 0;

    text[0] = '\0';
    for (const struct addrinfo *at = found; at != NULL && shown < ADDRESSES_SHOWN;
         at = at->ai_next) {
        char address[NI_MAXHOST] = "?";

        (void)getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof(address), NULL, 0,
                          NI_NUMERICHOST);
        used += (size_t)snprintf(text + used, WORDS_BYTES - used, "%s%.46s",
                                 shown++ == 0 ? "" : ", ", address);
    }
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

bool doctor_resolve(struct doctor_visit *visit, const char *host)
{
    const struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    AUTO(free_addresses) struct addrinfo *found = NULL;
    char words[WORDS_BYTES];
    int code;

    if (is_address(host))
        return true;
    doctor_begin(visit, "name");
    code = getaddrinfo(host, NULL, &want, &found);
    if (code != 0) {
        (void)snprintf(words, sizeof(words), "%.100s: %s", host, gai_strerror(code));
        doctor_fail_with(visit, HEALTH_REASON_NAME_NOT_RESOLVED, 0, words);
        return false;
    }
    list_addresses(found, words);
    doctor_pass(visit, "%.100s is %s", host, words);
    return true;
}

/* --- connection and TLS --- */

/* What a failed step has to say, in the phrases of the pages. */
static void fail_by(struct doctor_visit *visit, const struct outcome *outcome)
{
    if (outcome->reason == HEALTH_REASON_NONE)
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = "not tried: trouble of our own",
                                                     .said = outcome->detail });
    else
        doctor_fail_with(visit, outcome->reason, outcome->number, outcome->detail);
}

static bool try_connect(struct doctor_visit *visit, const struct probe *probe)
{
    const struct check_target *target = &probe->check.target;
    const struct stream_address address = { .host = target->host,
                                            .socket_path = target->socket_path,
                                            .port = target->port,
                                            .cancel_fd = -1 };
    AUTO(stream_close) struct stream *stream = NULL;
    struct outcome outcome = { .status = OUTCOME_OK };
    struct error err = { 0 };
    int code;

    doctor_begin(visit, "connect");
    code = stream_open(&address, visit->deadline_ms, &stream, &err);
    if (code != 0) {
        (void)probe_judge_failure(probe, code, &err, &outcome);
        fail_by(visit, &outcome);
        return false;
    }
    if (target->socket_path != NULL)
        doctor_pass(visit, "%s", target->socket_path);
    else
        doctor_pass(visit, "%s, port %u", target->host, (unsigned)target->port);
    return true;
}

static bool try_tls(struct doctor_visit *visit, const struct probe *probe)
{
    AUTO(stream_close) struct stream *stream = NULL;
    struct outcome outcome = { .status = OUTCOME_OK };
    int64_t left_s;

    if (!probe->check.target.tls.wanted)
        return true;
    doctor_begin(visit, "TLS");
    if (probe_connect(probe, visit->deadline_ms, &stream, &outcome) != PROBE_KEEP) {
        fail_by(visit, &outcome);
        return false;
    }
    left_s = outcome.tls.expires_at_s - clock_wall_ms() / 1000;
    doctor_pass(visit, "%s, the certificate holds for %" PRId64 " more days", outcome.tls.protocol,
                left_s / SECONDS_PER_DAY);
    return true;
}

/* --- login and question --- */

static void sum_up(const struct probe *probe, const struct outcome *outcome, char text[WORDS_BYTES])
{
    const struct database_facts *database = &outcome->facts.database;
    const struct redis_facts *redis = &outcome->facts.redis;
    const struct celery_facts *celery = &outcome->facts.celery;

    text[0] = '\0';
    if (!outcome->has_facts)
        return;
    switch (probe->check.kind) {
    case CHECK_HTTP:
        (void)snprintf(text, WORDS_BYTES, "http status %d", outcome->facts.http.http_status);
        return;
    case CHECK_POSTGRES:
        (void)snprintf(
            text, WORDS_BYTES, "PostgreSQL %s, %" PRId64 " of %" PRId64 " connections used%s",
            database->server_version, database->server_connections,
            database->server_max_connections, database->in_recovery == 1 ? ", a replica" : "");
        return;
    case CHECK_REDIS:
    case CHECK_UPSTASH:
        (void)snprintf(text, WORDS_BYTES, "%s, %" PRId64 " clients", redis->role,
                       redis->connected_clients);
        return;
    case CHECK_CELERY:
        (void)snprintf(text, WORDS_BYTES,
                       "workers that answer: %" PRId64 ", tasks that wait: %" PRId64,
                       celery->active_workers, celery->queued_tasks);
        return;
    case CHECK_TCP:
    case CHECK_TLS:
        return;
    }
}

/* The daemon knows its own question when it comes back; we only see whose page this is. */
static bool is_probitys_page(const struct probe *probe, const struct outcome *outcome)
{
    return probe->check.kind == CHECK_HTTP && strcmp(probe->check.name, "app") == 0
           && strstr(outcome->facts.http.reported, "\"probity_version\":") != NULL;
}

static void tell_answer(struct doctor_visit *visit, const struct probe *probe,
                        const struct outcome *outcome)
{
    char words[WORDS_BYTES];
    char phrase[REASON_TEXT_BYTES];

    sum_up(probe, outcome, words);
    if (is_probitys_page(probe, outcome)) {
        if (outcome->status == OUTCOME_ERROR)
            doctor_fail_with(visit, HEALTH_REASON_ANSWERED_BY_US, 0, words);
        else
            doctor_note(visit, "%s, from a Probity; if it is this one: %s", words,
                        reason_hint(HEALTH_REASON_ANSWERED_BY_US));
    } else if (outcome->status == OUTCOME_ERROR) {
        fail_by(visit, outcome);
    } else if (outcome->status == OUTCOME_DEGRADED) {
        reason_text(outcome->reason, outcome->number, phrase);
        doctor_note(visit, "degraded: %s: %s", phrase, reason_hint(outcome->reason));
    } else {
        doctor_pass(visit, "%s", words[0] != '\0' ? words : "it answers");
    }
}

/* What the answer does not tell because the role may not know it. */
static void tell_rights(struct doctor_visit *visit, const struct probe *probe,
                        const struct outcome *outcome)
{
    if (probe->check.kind != CHECK_POSTGRES || !outcome->has_facts
        || outcome->facts.database.may_see_queries)
        return;
    doctor_begin(visit, "rights");
    doctor_note(visit, "long queries and replicas are not seen: GRANT pg_monitor TO this role");
}

/* We are patient, so that we hear what is said in the end; the daemon is not. */
static bool is_in_time(struct doctor_visit *visit, int64_t started_ms)
{
    int64_t took_ms = clock_boot_ms() - started_ms;
    int64_t timeout_ms = visit->check->timeout_ms;
    char said[WORDS_BYTES];

    if (took_ms < timeout_ms)
        return true;
    (void)snprintf(said, sizeof(said), "login and answer took %" PRId64 " ms", took_ms);
    doctor_fail_with(visit, HEALTH_REASON_TIMEOUT, timeout_ms, said);
    return false;
}

static void ask(struct doctor_visit *visit, struct probe *probe, const struct probe_kind *kind)
{
    struct outcome outcome = { .check = probe->check.id };
    int64_t started_ms = clock_boot_ms();
    enum check_kind is = probe->check.kind;
    bool logs_in =
        is == CHECK_REDIS || is == CHECK_CELERY; /* the way to a Postgres ended with it */
    void *link = NULL;

    doctor_begin(visit, logs_in ? "authenticate" : "query");
    if (kind->open(probe, visit->deadline_ms, &link, &outcome) != PROBE_KEEP) {
        fail_by(visit, &outcome);
        return;
    }
    if (logs_in) {
        doctor_pass(visit, "database %d", probe->check.target.database);
        doctor_begin(visit, "query");
    }
    if (kind->look(probe, link, visit->deadline_ms, &outcome) == PROBE_OURS)
        outcome.status = OUTCOME_ERROR;
    probe_judge_limits(&probe->check.limits, clock_wall_ms(), &outcome);
    kind->close(probe, link);
    if (outcome.status == OUTCOME_ERROR || is_in_time(visit, started_ms))
        tell_answer(visit, probe, &outcome);
    tell_rights(visit, probe, &outcome);
}

static void visit_kind(struct doctor_visit *visit, struct probe *probe)
{
    const struct probe_kind *kind = probe_kind_of(probe->check.kind);
    const struct check_target *target = &probe->check.target;
    struct error err = { 0 };

    if (target->conninfo != NULL) {
        if (!doctor_walk_to_postgres(visit, target->conninfo))
            return;
    } else if ((target->host != NULL && !doctor_resolve(visit, target->host))
               || !try_connect(visit, probe) || !try_tls(visit, probe)) {
        return;
    }
    if (kind->prepare != NULL && kind->prepare(probe, visit->config, &err) != 0) {
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = err.text });
        return;
    }
    ask(visit, probe, kind);
    if (kind->forget != NULL)
        kind->forget(probe);
}

void doctor_visit_check(struct doctor_visit *visit)
{
    struct probe probe = { .check = *visit->check, .cancel_fd = -1 };

    doctor_begin(visit, "configure");
    if (visit->check->not_configured) {
        doctor_fail(visit, &(struct doctor_trouble){
                               .phrase = "not configured",
                               .advice = "PROBITY_REQUIRE names it and nothing sets it: give it "
                                         "its address, or take the name out" });
        return;
    }
    if (visit->check->misconfigured != NULL) {
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = "misconfigured",
                                                     .advice = visit->check->misconfigured });
        return;
    }
    probe.check.timeout_ms = visit->timeout_ms;
    probe.check.celery.grace_ms = 0; /* who asks now wants to know of workers now */
    visit_kind(visit, &probe);
}
