/* checks.c - which checks there are, in which order, and where they look. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/checks.h"

#include "config/builtin.h"
#include "config/dsn.h"
#include "config/entry.h"
#include "config/groups.h"
#include "config/place.h"
#include "config/rules.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* --- what there must be --- */

/* Whether PROBITY_REQUIRE names the check. */
static bool is_required(const struct snapshot *snapshot, const char *name)
{
    struct slice rest = slice_of(snapshot->require);

    for (struct slice word = value_cut_word(&rest); word.length > 0; word = value_cut_word(&rest)) {
        if (slice_equals_text(word, name))
            return true;
    }
    return false;
}

static int judge_required(struct snapshot *snapshot, struct error *err)
{
    struct slice rest = slice_of(snapshot->require);

    if (slice_equals_text(slice_trim(rest), "none")) {
        snapshot->config.require_none = true;
        return 0;
    }
    for (struct slice word = value_cut_word(&rest); word.length > 0; word = value_cut_word(&rest)) {
        const char *fault = entry_judge_name(word);

        if (slice_equals_text(word, "none"))
            fault = "means no check at all, and stands alone";
        if (fault != NULL)
            return error_set(err, EINVAL, "PROBITY_REQUIRE: %.*s %s",
                             word.length > 60 ? 60 : (int)word.length, word.data, fault);
    }
    return 0;
}

/* --- one row --- */

/* The next row, empty; NULL with `err` when all are taken. */
static struct check_config *next_row(struct snapshot *snapshot, struct error *err)
{
    struct config *config = &snapshot->config;

    if (config->check_count == LIMIT_CHECKS) {
        (void)error_set(err, EINVAL,
                        "configuration: there are more than %d checks, those of the environment "
                        "among them",
                        LIMIT_CHECKS);
        return NULL;
    }
    return &config->checks[config->check_count];
}

static void keep_row(struct draft *draft, const char *origin)
{
    struct snapshot *snapshot = draft->snapshot;

    snapshot->origins[snapshot->config.check_count] = origin;
    if (draft->entry != NULL)
        snapshot->said[snapshot->config.check_count] = draft->entry->node.yaml;
    snapshot->config.check_count++;
}

/* A required check that nothing configures stays, as such. */
static int note_missing(struct draft *draft, struct error *err)
{
    const struct draft *it = draft;
    const char *variables = it->builtin == NULL ? NULL : it->builtin->variables;
    int code;

    draft->check->not_configured = true;
    if (draft->entry != NULL)
        code = snapshot_note(draft->snapshot, LOG_LEVEL_ERROR,
                             "check %s has no url, and nothing else configures it: set %s",
                             draft->check->name, variables);
    else
        code =
            snapshot_note(draft->snapshot, LOG_LEVEL_ERROR,
                          "PROBITY_REQUIRE names %s, but nothing configures it: %s%s",
                          draft->check->name, variables == NULL ? "" : "set ",
                          variables == NULL ? "name it under checks (docs/checks.md)" : variables);
    return code == 0 ? 0 : out_of_memory(err);
}

static int add_check(struct draft *draft, struct error *err)
{
    struct address address = { .snapshot = draft->snapshot };
    bool required = is_required(draft->snapshot, draft->check->name) || draft->entry != NULL;
    int code = place_kind(draft, err);

    if (code == 0)
        code = rules_fill(draft, err);
    if (code == 0)
        code = groups_fill(draft, err);
    if (code == 0)
        code = place_find(draft, &address, err);
    if (code != 0)
        return code;
    if (address.variable == NULL) {
        if (required)
            code = note_missing(draft, err);
        else
            *draft->check = (struct check_config){ .name = NULL };
    }
    if (code == 0 && (required || address.variable != NULL))
        keep_row(draft, address.variable);
    return code;
}

/* --- all of them --- */

static int add_builtins(struct snapshot *snapshot, struct check_entries *entries, struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < BUILTIN_COUNT; i++) {
        struct draft draft = {
            .snapshot = snapshot,
            .builtin = &builtins[i],
            .entry = entry_find(entries, builtins[i].name),
            .check = next_row(snapshot, err),
        };

        if (draft.check == NULL)
            return -EINVAL;
        draft.check->name = builtins[i].name;
        draft.check->kind = builtins[i].kind;
        code = add_check(&draft, err);
    }
    return code;
}

static int add_entries(struct snapshot *snapshot, struct check_entries *entries, struct error *err)
{
    int code = 0;

    for (int i = 0; code == 0 && i < entries->count; i++) {
        struct draft draft = { .snapshot = snapshot, .entry = &entries->items[i] };

        if (builtin_of(draft.entry->name) != NULL)
            continue;
        draft.check = next_row(snapshot, err);
        if (draft.check == NULL)
            return -EINVAL;
        draft.check->name = draft.entry->name;
        code = add_check(&draft, err);
    }
    return code;
}

static int add_required(struct snapshot *snapshot, struct error *err)
{
    struct slice rest = slice_of(snapshot->require);
    int code = 0;

    if (snapshot->config.require_none)
        return 0;
    for (struct slice word = value_cut_word(&rest); code == 0 && word.length > 0;
         word = value_cut_word(&rest)) {
        struct draft draft = { .snapshot = snapshot };
        const char *name = arena_copy(snapshot->arena, word);

        if (name == NULL)
            return out_of_memory(err);
        if (config_check(&snapshot->config, name) != NULL)
            continue;
        draft.check = next_row(snapshot, err);
        if (draft.check == NULL)
            return -EINVAL;
        draft.check->name = name;
        draft.check->kind = CHECK_TCP; /* of no meaning: it is never run */
        code = add_check(&draft, err);
    }
    return code;
}

/* The ledger's own address, else what the environment calls the application's database. */
static int find_ledger(struct snapshot *snapshot)
{
    struct config *config = &snapshot->config;
    struct address address = { .snapshot = snapshot, .variable = "PROBITY_LEDGER_URL" };
    enum check_kind kind = CHECK_POSTGRES;
    int notes = snapshot->note_count;
    int code;

    if (snapshot->ledger_url != NULL) {
        code = dsn_from_url(&address, snapshot->ledger_url);
    } else {
        address.variable = NULL;
        code = builtins[BUILTIN_DATABASE].find(&address, &kind);
        snapshot->note_count = notes; /* the check has said it all */
    }
    if (code != 0)
        return code;
    snapshot->ledger_origin = address.variable;
    config->ledger_conninfo = address.target.conninfo;
    config->ledger_misconfigured = address.trouble;
    if (address.variable == NULL)
        config->ledger_misconfigured =
            "there is no ledger: set DATABASE_URL or PROBITY_LEDGER_URL to a PostgreSQL address";
    return 0;
}

int checks_build(struct snapshot *snapshot, const struct config_parts *parts, struct error *err)
{
    struct check_entries entries = { .items = NULL };
    int code = judge_required(snapshot, err);

    groups_begin(&snapshot->config);
    if (code == 0 && parts->checks.yaml != NULL)
        code = entries_read(snapshot, &parts->checks, &entries, err);
    if (code == 0 && parts->listed.yaml != NULL)
        code = entries_read(snapshot, &parts->listed, &entries, err);
    if (code == 0)
        code = add_builtins(snapshot, &entries, err);
    if (code == 0)
        code = add_entries(snapshot, &entries, err);
    if (code == 0)
        code = add_required(snapshot, err);
    if (code == 0 && find_ledger(snapshot) != 0)
        code = out_of_memory(err);
    return code;
}
