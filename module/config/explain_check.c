/* explain_check.c - one check for people: where it looks, its rules, and who said so. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/explain.h"

#include "config/dsn.h"
#include "config/entry.h"
#include "config/rules.h"
#include "config/url.h"
#include "config/value.h"

#include <string.h>

static const char *const kind_names[] = {
    [CHECK_HTTP] = "http",     [CHECK_POSTGRES] = "postgres", [CHECK_REDIS] = "redis",
    [CHECK_CELERY] = "celery", [CHECK_UPSTASH] = "upstash",   [CHECK_TCP] = "tcp",
    [CHECK_TLS] = "tls",
};

const char *check_kind_text(enum check_kind kind)
{
    return kind_names[kind];
}

/* --- where it looks --- */

static void show_tls(struct buf *buf, const struct check_tls *tls)
{
    if (!tls->wanted)
        return;
    buf_append_text(buf, tls->unverified ? " with TLS, whose certificate is not verified"
                         : tls->any_name ? " with TLS, whose certificate may have any name"
                                         : " with TLS");
    if (tls->server_name != NULL)
        buf_printf(buf, ", as %s", tls->server_name);
}

void check_show_target(const struct check_config *check, struct buf *buf)
{
    const struct check_target *target = &check->target;
    bool is_redis = check->kind == CHECK_REDIS || check->kind == CHECK_CELERY;
    bool bracketed = target->host != NULL && strchr(target->host, ':') != NULL;

    if (target->conninfo != NULL) {
        dsn_show(buf, target->conninfo);
        return;
    }
    if (target->socket_path != NULL)
        buf_printf(buf, "unix:%s", target->socket_path);
    else
        buf_printf(buf, "%s%s%s:%u", bracketed ? "[" : "", target->host, bracketed ? "]" : "",
                   target->port);
    if (is_redis)
        buf_printf(buf, "%s%d", target->socket_path == NULL ? "/" : ", database ",
                   target->database);
    if (!is_redis && target->path != NULL) {
        buf_append_text(buf, target->socket_path == NULL ? "" : ":");
        url_show_path(buf, slice_of(target->path));
    }
    show_tls(buf, &target->tls);
}

/* --- who said so --- */

struct row {
    const struct snapshot *snapshot;
    const struct check_config *check;
    const struct yaml_node *said; /* NULL: the YAML says nothing of it */
};

/* "(probity.yaml:7:10)", or false where the YAML does not say it. */
static bool put_place(const struct yaml_node *node, struct buf *buf)
{
    if (node != NULL)
        buf_printf(buf, "  (%s:%d:%d)\n", node->file, node->line, node->column);
    return node != NULL;
}

static void put_rule(const struct row *row, enum rule rule, struct buf *buf)
{
    const struct check_config *check = row->check;
    int64_t value = rule_value(check, rule);
    char text[VALUE_DURATION_BYTES];

    value_format_duration(value, text);
    if (rule_is_duration(rule))
        buf_printf(buf, "  %-25s %s", rule_name(rule), text);
    else
        buf_printf(buf, "  %-25s %lld", rule_name(rule), (long long)value);
    if (put_place(yaml_get(row->said, rule_name(rule)), buf))
        return;
    if (value != rule_general(row->snapshot, check->kind, rule))
        buf_append_text(buf, "  (derived from interval and timeout)\n");
    else if (rule_is_set(row->snapshot, check->kind, rule))
        buf_printf(buf, "  (%s)\n", rule_variable(check->kind, rule));
    else
        buf_append_text(buf, "  (default)\n");
}

static void put_policy(const struct row *row, struct buf *buf)
{
    static const char *const words[] = { "fail", "degrade", "fail_after=" };
    const struct builtin *builtin = builtin_of(row->check->name);
    const char *variable = builtin == NULL ? NULL : snapshot_source(row->snapshot, builtin->policy);
    char after[VALUE_DURATION_BYTES] = "";

    if (row->check->policy == CHECK_POLICY_FAIL_AFTER)
        value_format_duration(row->check->fail_after_ms, after);
    buf_printf(buf, "  %-25s %s%s", "policy", words[row->check->policy], after);
    if (!put_place(yaml_get(row->said, "policy"), buf))
        buf_printf(buf, "  (%s)\n", variable == NULL ? "default" : variable);
}

static void put_groups(const struct row *row, struct buf *buf)
{
    const struct config *config = &row->snapshot->config;
    const char *separator = "";

    buf_printf(buf, "  %-25s ", "groups");
    for (int i = 0; i < config->group_count; i++) {
        if ((row->check->groups & 1U << i) == 0)
            continue;
        buf_printf(buf, "%s%s", separator, config->groups[i]);
        separator = ", ";
    }
    if (!put_place(yaml_get(row->said, "groups"), buf))
        buf_append_text(buf, "  (default)\n");
}

/* libpq alone knows whether it speaks TLS. */
static bool shows_certificate(const struct check_config *check)
{
    return check->target.tls.wanted || check->kind == CHECK_POSTGRES;
}

static void put_limits(const struct row *row, struct buf *buf)
{
    const struct yaml_node *said = yaml_get(row->said, "degraded");

    for (int i = 0; entry_limit_keys[i].name != NULL; i++) {
        const struct node_key *key = &entry_limit_keys[i];
        char text[VALUE_DURATION_BYTES];
        int64_t value;

        memcpy(&value, (const char *)&row->check->limits + key->offset, sizeof(value));
        if (value < 0 || !entry_limit_applies(i, row->check->kind)
            || (key->offset == offsetof(struct check_limits, certificate_days)
                && !shows_certificate(row->check)))
            continue;
        value_format_duration(value, text);
        if (key->kind == NODE_DURATION)
            buf_printf(buf, "  degraded.%-16s %s", key->name, text);
        else
            buf_printf(buf, "  degraded.%-16s %lld", key->name, (long long)value);
        if (!put_place(yaml_get(said, key->name), buf))
            buf_append_text(buf, "  (default)\n");
    }
}

static void put_files(const struct row *row, struct buf *buf)
{
    const struct check_tls *tls = &row->check->target.tls;
    const bool is_general = tls->ca_file != NULL && row->snapshot->tls_ca != NULL
                            && strcmp(tls->ca_file, row->snapshot->tls_ca) == 0;

    if (!tls->wanted)
        return;
    buf_printf(buf, "  %-25s %s", "tls.ca", tls->ca_file == NULL ? "the system's" : tls->ca_file);
    if (!put_place(yaml_get(yaml_get(row->said, "tls"), "ca"), buf))
        buf_printf(buf, "  (%s)\n",
                   tls->ca_file == NULL ? "default"
                   : is_general         ? "PROBITY_TLS_CA"
                                        : "its address");
}

void config_explain_check(const struct config *config, int index, struct buf *buf)
{
    const struct snapshot *snapshot = snapshot_of(config);
    const struct row row = { snapshot, &config->checks[index], snapshot->said[index] };

    buf_printf(buf, "check %s: %s at ", row.check->name, check_kind_text(row.check->kind));
    check_show_target(row.check, buf);
    buf_printf(buf, "  (%s)\n", snapshot->origins[index]);
    put_groups(&row, buf);
    put_policy(&row, buf);
    for (int i = 0; i < RULES; i++)
        put_rule(&row, (enum rule)i, buf);
    put_limits(&row, buf);
    put_files(&row, buf);
}
