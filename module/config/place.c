/* place.c - from the address to the kind and the target of a check. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/place.h"

#include "config/dsn.h"

#include <errno.h>
#include <string.h>

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* --- the kind --- */

/* What the scheme of an address tells; a driver behind a plus is of no matter. */
static const struct {
    const char *scheme;
    enum check_kind kind;
} schemes[] = {
    { "http", CHECK_HTTP },           { "https", CHECK_HTTP },  { "postgres", CHECK_POSTGRES },
    { "postgresql", CHECK_POSTGRES }, { "redis", CHECK_REDIS }, { "rediss", CHECK_REDIS },
    { "redis+socket", CHECK_REDIS },  { "tcp", CHECK_TCP },     { "tls", CHECK_TLS },
};

static bool tells_kind(const char *url, enum check_kind *ret)
{
    const char *mark = strstr(url, "://");
    struct slice whole = { url, mark == NULL ? 0 : (size_t)(mark - url) };
    struct slice rest = whole;
    struct slice base = slice_cut(&rest, '+');

    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        struct slice scheme = slice_of(schemes[i].scheme);
        bool driver = schemes[i].kind == CHECK_POSTGRES;

        if (slice_equals_nocase(driver ? base : whole, scheme)) {
            *ret = schemes[i].kind;
            return true;
        }
    }
    return false;
}

/* One of the four is of the kind that its name says; `redis` may be asked in two ways. */
static int builtin_kind(struct draft *draft, struct error *err)
{
    const struct check_entry *entry = draft->entry;
    struct check_config *check = draft->check;
    enum check_kind told = check->kind;

    if (entry == NULL || entry->unset != NULL)
        return 0;
    if (check->kind == CHECK_REDIS && entry->kind == ENTRY_KIND_UNSAID && entry->url != NULL
        && tells_kind(entry->url, &told) && told == CHECK_HTTP)
        check->kind = CHECK_UPSTASH;
    if (entry->kind == ENTRY_KIND_UNSAID || entry->kind == (int)check->kind)
        return 0;
    if (check->kind == CHECK_REDIS && entry->kind == CHECK_UPSTASH) {
        check->kind = CHECK_UPSTASH;
        return 0;
    }
    return node_refuse(&entry->node, err,
                       "kind: %s is the check of that name that the environment makes, and of "
                       "another kind: choose another name",
                       check->name);
}

/* Until its variable is set, only what else is said of it can tell. */
static enum check_kind guess_kind(const struct check_entry *entry)
{
    if (entry->http.yaml != NULL)
        return CHECK_HTTP;
    if (entry->celery.yaml != NULL)
        return CHECK_CELERY;
    return entry->token != NULL ? CHECK_UPSTASH : CHECK_TCP;
}

int place_kind(struct draft *draft, struct error *err)
{
    const struct check_entry *entry = draft->entry;
    struct check_config *check = draft->check;

    if (draft->builtin != NULL)
        return builtin_kind(draft, err);
    if (entry == NULL)
        return 0;
    if (entry->url == NULL)
        return node_refuse(&entry->node, err, "url is missing");
    if (entry->kind != ENTRY_KIND_UNSAID) {
        check->kind = (enum check_kind)entry->kind;
        return 0;
    }
    if (tells_kind(entry->url, &check->kind))
        return 0;
    if (entry->unset != NULL) {
        check->kind = guess_kind(entry);
        return 0;
    }
    return node_refuse(&entry->node, err,
                       "kind is missing, and the address does not tell it: http, postgres, redis, "
                       "upstash, celery, tcp or tls");
}

/* --- the target --- */

static int take_upstash(struct draft *draft, struct address *address)
{
    const struct check_entry *entry = draft->entry;
    struct address_rest rest = { entry->url, entry->token, "token" };

    if (rest.token == NULL && draft->builtin != NULL) {
        rest.token = draft->snapshot->upstash_token;
        rest.token_variable = "token or UPSTASH_REDIS_REST_TOKEN";
    }
    return address_upstash(address, &rest);
}

static int take_url(struct draft *draft, struct address *address)
{
    const char *url = draft->entry->url;

    switch (draft->check->kind) {
    case CHECK_HTTP:
        return address_http(address, url);
    case CHECK_POSTGRES:
        return dsn_from_url(address, url);
    case CHECK_REDIS:
    case CHECK_CELERY:
        return address_redis(address, url);
    case CHECK_UPSTASH:
        return take_upstash(draft, address);
    case CHECK_TCP:
        return address_tcp(address, url);
    case CHECK_TLS:
        return address_tls(address, url);
    }
    return 0;
}

/* Whether the environment has an address for it as well. */
static int warn_of_variable(struct draft *draft)
{
    struct snapshot *snapshot = draft->snapshot;
    struct address unused = { .snapshot = snapshot };
    enum check_kind kind = draft->check->kind;
    int notes = snapshot->note_count;
    int code = draft->builtin->find(&unused, &kind);

    snapshot->note_count = notes;
    if (code != 0 || unused.variable == NULL)
        return code;
    return snapshot_note(snapshot, LOG_LEVEL_WARNING,
                         "check %s looks where its url in the YAML says; %s is set too and not "
                         "used for it",
                         draft->check->name, unused.variable);
}

static int find_by_yaml(struct draft *draft, struct address *address)
{
    struct check_entry *entry = draft->entry;

    address->variable = entry_place(draft->snapshot, entry, "url");
    if (address->variable == NULL || (draft->builtin != NULL && warn_of_variable(draft) != 0))
        return -ENOMEM;
    return entry->unset == NULL ? take_url(draft, address) : 0;
}

/* How TLS is to be spoken, where the address says that it is. */
static int take_tls(struct draft *draft, struct address *address, struct error *err)
{
    struct check_entry *entry = draft->entry;
    struct check_tls *tls = &address->target.tls;
    int code = 0;

    if (entry != NULL && entry->tls.yaml != NULL) {
        code = entry_fill_tls(draft->snapshot, entry, tls, err);
        if (code == 0 && address->trouble == NULL && draft->check->kind == CHECK_POSTGRES)
            code = address_refuse(address, "has tls beside it, which is for libpq to know: write "
                                           "sslmode=verify-full and sslrootcert into the address");
        else if (code == 0 && address->trouble == NULL && !tls->wanted && entry->unset == NULL)
            code = address_refuse(address, "has tls beside it, but speaks none: write https://, "
                                           "rediss:// or tls://");
        if (code == -ENOMEM)
            return out_of_memory(err);
    }
    if (code == 0 && tls->wanted && tls->ca_file == NULL)
        tls->ca_file = draft->snapshot->tls_ca;
    return code;
}

int place_find(struct draft *draft, struct address *address, struct error *err)
{
    struct check_config *check = draft->check;
    bool by_yaml = draft->entry != NULL && draft->entry->url != NULL;
    int code = 0;

    if (by_yaml)
        code = find_by_yaml(draft, address);
    else if (draft->builtin != NULL)
        code = draft->builtin->find(address, &check->kind);
    if (code != 0)
        return out_of_memory(err);
    code = take_tls(draft, address, err);
    if (draft->entry != NULL && draft->entry->unset != NULL)
        address->trouble = draft->entry->unset;
    /* What can't be used is not kept: half of an address would look like one. */
    if (address->trouble == NULL)
        check->target = address->target;
    check->misconfigured = address->trouble;
    return code;
}
