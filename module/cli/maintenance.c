/* maintenance.c - `probity maintenance`: tells every instance, through the ledger, that operators
 * work on a service. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "config/value.h"
#include "ledger/exclusions.h"
#include "ledger/maintenance.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ASK_MS = 10 * 1000,
    MINUTE_MS = 60 * 1000,
    /* What is longer ago is excluded as such: by POST /slo/NAME/exclusions. */
    PAST_MS = 24 * 60 * MINUTE_MS,
    HOST_BYTES = 65,
    PASSWD_BYTES = 4096,
    WHEN_BYTES = CLOCK_TEXT_BYTES,
    SECONDS_END = 19, /* of "2026-11-21T12:04:04.123Z" */
};

static const int64_t longest_ms = (int64_t)366 * 24 * 60 * MINUTE_MS;

struct maintenance_options {
    const char *reason;
    const char *from;
    const char *until;
    const char *by;
    const char *service;
    const char *id;
    bool drain;
    bool replace;
    bool all;
};

/* One visit to the ledger, about one service. */
struct errand {
    const struct maintenance_options *given;
    const char *service;
    char who[ORDER_WHO_BYTES];
    struct desk_visit visit;
    int64_t now_wall_ms; /* by the ledger's clock */
};

/* --- words --- */

static const char *when(int64_t wall_ms, char text[WHEN_BYTES])
{
    clock_format(wall_ms, text);
    (void)snprintf(text + SECONDS_END, WHEN_BYTES - SECONDS_END, "Z");
    return text;
}

static const char *how_long(int64_t duration_ms, char text[VALUE_DURATION_BYTES])
{
    int64_t unit_ms = duration_ms < 2 * MINUTE_MS ? 1000 : MINUTE_MS;

    value_format_duration((duration_ms + unit_ms - 1) / unit_ms * unit_ms, text);
    return text;
}

static int64_t end_of(const struct maintenance_row *row)
{
    return row->ended_at_ms != 0 && row->ended_at_ms < row->of.until_wall_ms
               ? row->ended_at_ms
               : row->of.until_wall_ms;
}

static void print_row(const struct errand *errand, const struct maintenance_row *row)
{
    char since[WHEN_BYTES];
    char until[WHEN_BYTES];
    char length[VALUE_DURATION_BYTES];

    (void)when(row->of.since_wall_ms, since);
    (void)when(end_of(row), until);
    if (end_of(row) <= row->of.since_wall_ms)
        printf("%s: called off, was to begin %s", row->service, since);
    else if (end_of(row) <= errand->now_wall_ms)
        printf("%s: over, from %s to %s (%s)", row->service, since, until,
               how_long(end_of(row) - row->of.since_wall_ms, length));
    else if (row->of.since_wall_ms > errand->now_wall_ms)
        printf("%s: to come, from %s to %s (%s)", row->service, since, until,
               how_long(row->of.until_wall_ms - row->of.since_wall_ms, length));
    else
        printf("%s: in maintenance since %s, until %s (%s left)", row->service, since, until,
               how_long(row->of.until_wall_ms - errand->now_wall_ms, length));
    printf(": %s\n  %s, by %s%s", row->of.reason, row->of.id, row->of.who,
           row->of.drain ? ", instances not ready" : "");
    if (row->ended_at_ms != 0)
        printf(", ended by %s", row->ended_by);
    printf("\n");
}

/* What could not be asked, nobody has heard. */
static int say_unheard(const struct errand *errand)
{
    return command_fail(
        COMMAND_MISUSED, "maintenance",
        "nothing was done, and no instance can have heard of it: %s: `probity doctor "
        "ledger` says why",
        errand->visit.words);
}

static int commit(struct errand *errand)
{
    if (desk_commit(&errand->visit) == 0)
        return COMMAND_DONE;
    return command_fail(COMMAND_MISUSED, "maintenance",
                        "it is not known whether that was booked (%s): look with `probity "
                        "maintenance show`",
                        errand->visit.words);
}

/* --- what is given --- */

/* One line for people, of text that the ledger takes. */
static const char *check_text(const char *text, size_t bytes)
{
    size_t length = strlen(text);

    if (length == 0 || length >= bytes)
        return "is empty or too long";
    if (!utf8_valid(slice_of(text)))
        return "is not UTF-8";
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
            return "holds control characters";
    }
    return NULL;
}

/* RFC 3339, or so long after `base_ms`: with its unit, because minutes and seconds are easily
 * mistaken for each other. */
static bool read_time(const char *text, int64_t base_ms, int64_t *ret_ms)
{
    size_t length = strlen(text);
    int64_t duration_ms;

    if (clock_parse(slice_of(text), ret_ms))
        return true;
    if (length == 0 || (text[length - 1] >= '0' && text[length - 1] <= '9')
        || !value_parse_duration(slice_of(text), &duration_ms))
        return false;
    *ret_ms = base_ms + duration_ms;
    return true;
}

/* Returns NULL, or what is wrong. */
static const char *read_times(const struct errand *errand, struct maintenance *ret)
{
    ret->since_wall_ms = errand->now_wall_ms;
    if (errand->given->from != NULL
        && !read_time(errand->given->from, errand->now_wall_ms, &ret->since_wall_ms))
        return "--from takes a time such as 2026-12-01T00:00:00Z, or how long from now: 30m, 2h";
    if (!read_time(errand->given->until, ret->since_wall_ms, &ret->until_wall_ms))
        return "--until takes a time such as 2026-12-01T00:00:00Z, or how long it lasts: 30m, 2h";
    if (ret->until_wall_ms <= errand->now_wall_ms || ret->until_wall_ms <= ret->since_wall_ms)
        return "it would be over before it began: look at --until";
    if (ret->since_wall_ms < errand->now_wall_ms - PAST_MS)
        return "--from is more than a day ago: exclude that time by POST /slo/NAME/exclusions";
    if (ret->until_wall_ms - errand->now_wall_ms > longest_ms)
        return "--until is more than 366 days ahead";
    return NULL;
}

static void find_who(const char *given, char who[ORDER_WHO_BYTES])
{
    char host[HOST_BYTES] = "";
    char space[PASSWD_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;

    (void)gethostname(host, sizeof(host) - 1);
    if (given != NULL)
        (void)snprintf(who, ORDER_WHO_BYTES, "%s", given);
    else if (getpwuid_r(getuid(), &entry, space, sizeof(space), &found) == 0 && found != NULL)
        (void)snprintf(who, ORDER_WHO_BYTES, "%s@%s", found->pw_name, host);
    else
        (void)snprintf(who, ORDER_WHO_BYTES, "uid %ld@%s", (long)getuid(), host);
}

/* --- on --- */

/* What would be in force at the same time ends, or nothing is done. */
static int add(struct errand *errand, struct maintenance_row *row)
{
    struct maintenance_row clash;
    bool room = false;
    int code;

    if (exclusions_room(&errand->visit, errand->service, &room) != 0)
        return say_unheard(errand);
    if (!room)
        return command_fail(COMMAND_FAILED, "maintenance",
                            "1,024 exclusions and maintenances of a service within its longest "
                            "window are the most: withdraw exclusions that a longer one covers");
    while ((code = maintenance_add(&errand->visit, row, &clash)) == -EEXIST) {
        if (!errand->given->replace) {
            print_row(errand, &clash);
            (void)fflush(stdout);
            return command_fail(COMMAND_FAILED, "maintenance",
                                "that would be two at a time: end the other one with `probity "
                                "maintenance off %s`, or say --replace",
                                clash.of.id);
        }
        if (maintenance_end(&errand->visit, errand->service, clash.of.id, errand->who, &clash) != 0)
            return say_unheard(errand);
        printf("replaced: ");
        print_row(errand, &clash);
    }
    return code == 0 ? COMMAND_DONE : say_unheard(errand);
}

static int run_on(struct errand *errand)
{
    struct maintenance_row row = { .of = { .on = true, .drain = errand->given->drain } };
    const char *trouble = read_times(errand, &row.of);
    int code;

    if (trouble != NULL)
        return command_fail(COMMAND_MISUSED, "maintenance", "%s", trouble);
    (void)snprintf(row.service, sizeof(row.service), "%s", errand->service);
    (void)snprintf(row.of.reason, sizeof(row.of.reason), "%s", errand->given->reason);
    (void)snprintf(row.of.who, sizeof(row.of.who), "%s", errand->who);
    code = add(errand, &row);
    if (code == COMMAND_DONE)
        code = commit(errand);
    if (code != COMMAND_DONE)
        return code;
    print_row(errand, &row);
    printf("Instances that reach the ledger hear of it within 5 s. While it lasts alerts are "
           "silent, and\nits minutes count against no objective%s.\n",
           row.of.drain ? "; readiness is 503, liveness stays 200" : "; traffic goes on");
    return COMMAND_DONE;
}

/* --- off, show --- */

static void count_row(void *context, const struct maintenance_row *row)
{
    int *count = context;

    (void)row;
    ++*count;
}

static int refuse_off(struct errand *errand, int code, const struct maintenance_row *row)
{
    int count = 0;

    if (code == -EALREADY) {
        print_row(errand, row);
        (void)fflush(stdout);
        return command_fail(COMMAND_FAILED, "maintenance", "it is over already");
    }
    if (code != -ENOENT
        || maintenance_list(&errand->visit, errand->service, false, count_row, &count) != 0)
        return say_unheard(errand);
    if (errand->given->id != NULL)
        return command_fail(COMMAND_FAILED, "maintenance",
                            "service %s has none of this id: look with `probity maintenance show "
                            "--all`",
                            errand->service);
    return command_fail(COMMAND_FAILED, "maintenance", "service %s is not in maintenance%s",
                        errand->service,
                        count > 0 ? ": what is to come is called off by its id, which `probity "
                                    "maintenance show` shows"
                                  : "");
}

static int run_off(struct errand *errand)
{
    struct maintenance_row row;
    int code =
        maintenance_end(&errand->visit, errand->service, errand->given->id, errand->who, &row);

    if (code != 0)
        return refuse_off(errand, code, &row);
    code = commit(errand);
    errand->now_wall_ms = row.ended_at_ms;
    if (code == COMMAND_DONE)
        print_row(errand, &row);
    return code;
}

struct printing {
    const struct errand *errand;
    int count;
};

static void print_listed(void *context, const struct maintenance_row *row)
{
    struct printing *printing = context;

    print_row(printing->errand, row);
    printing->count++;
}

static int run_show(struct errand *errand)
{
    struct printing printing = { .errand = errand };

    if (maintenance_list(&errand->visit, errand->service, errand->given->all, print_listed,
                         &printing)
        != 0)
        return command_fail(COMMAND_MISUSED, "maintenance", "%s", errand->visit.words);
    if (printing.count == 0)
        printf("%s: not in maintenance%s\n", errand->service,
               errand->given->all ? ", and never was" : "");
    return COMMAND_DONE;
}

/* --- the visit --- */

/* Which of them takes an option. */
enum topic { ON = 1, OFF = 2, SHOW = 4 };

static const struct action {
    const char *name;
    int (*run)(struct errand *errand);
    enum topic topic;
    bool takes_id;
    bool changes;
} actions[] = {
    { "on", run_on, ON, false, true },
    { "off", run_off, OFF, true, true },
    { "show", run_show, SHOW, false, false },
};

#define PLACE(member) offsetof(struct maintenance_options, member)
static const struct option_row option_rows[] = {
    { "--reason", PLACE(reason), OPTION_TEXT, 0, ON },
    { "--from", PLACE(from), OPTION_TEXT, 0, ON },
    { "--until", PLACE(until), OPTION_TEXT, 0, ON },
    { "--by", PLACE(by), OPTION_TEXT, 0, ON | OFF },
    { "--service", PLACE(service), OPTION_TEXT, 0, ON | OFF | SHOW },
    { "--drain", PLACE(drain), OPTION_FLAG, 0, ON },
    { "--replace", PLACE(replace), OPTION_FLAG, 0, ON },
    { "--all", PLACE(all), OPTION_FLAG, 0, SHOW },
    { .name = NULL },
};
#undef PLACE

/* A name that nobody has would be told to nobody. */
static int check_service(struct errand *errand)
{
    bool known = true;

    if (errand->given->service != NULL
        && maintenance_knows(&errand->visit, errand->service, &known) != 0)
        return say_unheard(errand);
    if (known)
        return COMMAND_DONE;
    return command_fail(COMMAND_FAILED, "maintenance",
                        "nothing has been counted for a service %s: `probity slo list` shows "
                        "those that are known",
                        errand->service);
}

static int visit(const struct action *action, struct errand *errand, struct desk *desk)
{
    int code = desk_enter(desk, action->changes ? DESK_WRITE : DESK_READ, clock_boot_ms() + ASK_MS,
                          &errand->visit);

    if (code == 0 && action->changes)
        code = maintenance_lock(&errand->visit, errand->service);
    if (code == 0)
        code = maintenance_clock(&errand->visit, &errand->now_wall_ms);
    if (code != 0)
        return action->changes
                   ? say_unheard(errand)
                   : command_fail(COMMAND_MISUSED, "maintenance",
                                  "the ledger can't be asked: %s: `probity doctor ledger` says why",
                                  errand->visit.words);
    code = check_service(errand);
    return code == COMMAND_DONE ? action->run(errand) : code;
}

static int run(const struct action *action, const struct maintenance_options *given)
{
    AUTO(config_release) const struct config *config = NULL;
    AUTO(desk_free) struct desk *desk = NULL;
    struct errand errand = { .given = given };
    struct error err = { 0 };
    int code;

    if (config_load(command_lookup_plain, NULL, &config, &err) != 0)
        return command_fail(COMMAND_MISUSED, "maintenance", "%s", err.text);
    config_hide_secrets(config);
    if (config->ledger_conninfo == NULL)
        return command_fail(COMMAND_MISUSED, "maintenance", "%s", config->ledger_misconfigured);
    errand.service = given->service != NULL ? given->service : config->service;
    find_who(given->by, errand.who);
    desk = desk_new(config->ledger_conninfo);
    if (desk == NULL)
        return command_fail(COMMAND_MISUSED, "maintenance", "out of memory");
    code = visit(action, &errand, desk);
    desk_leave(&errand.visit);
    return code;
}

/* --- arguments --- */

static int check(const struct action *action, const struct maintenance_options *given)
{
    const struct {
        const char *option;
        const char *value;
        size_t bytes;
    } texts[] = {
        { "--reason", given->reason, ORDER_TEXT_BYTES },
        { "--by", given->by, ORDER_WHO_BYTES },
        { "--service", given->service, MAINTENANCE_SERVICE_BYTES },
        { "the id", given->id, ORDER_ID_BYTES },
    };

    if (action->run == run_on && (given->reason == NULL || given->until == NULL))
        return command_fail(COMMAND_MISUSED, "maintenance",
                            "on needs --reason, for whoever wonders, and --until, so that one that "
                            "is forgotten ends by itself");
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        const char *trouble =
            texts[i].value == NULL ? NULL : check_text(texts[i].value, texts[i].bytes);

        if (trouble != NULL)
            return command_fail(COMMAND_MISUSED, "maintenance", "%s %s (at most %zu bytes)",
                                texts[i].option, trouble, texts[i].bytes - 1);
    }
    return COMMAND_DONE;
}

int command_maintenance(int argc, char **argv)
{
    struct maintenance_options given = { 0 };
    const struct action *action = NULL;
    int words;
    int code;

    for (size_t i = 0; i < ARRAY_LENGTH(actions) && argc > 1; i++) {
        if (strcmp(actions[i].name, argv[1]) == 0)
            action = &actions[i];
    }
    if (action == NULL)
        return command_fail(COMMAND_MISUSED, "maintenance", "say one of on, off, show");
    words = command_read("maintenance", &(struct option_table){ option_rows, action->topic },
                         argv + 2, &given);
    if (words < 0)
        return COMMAND_MISUSED;
    if (words > (action->takes_id ? 1 : 0))
        return command_fail(COMMAND_MISUSED, "maintenance",
                            "too many arguments: run probity help maintenance");
    given.id = words == 1 ? argv[2] : NULL;
    code = check(action, &given);
    return code == COMMAND_DONE ? run(action, &given) : code;
}
