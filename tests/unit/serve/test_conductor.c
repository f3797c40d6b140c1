/* test_conductor.c - module/serve/conductor.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/conductor.h"

#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Shorter words for the tables. */
#define BEGIN     CONDUCTOR_BEGIN
#define ENDED     CONDUCTOR_ENDED
#define UP        CONDUCTOR_UP
#define END       CONDUCTOR_END
#define RELOAD    CONDUCTOR_RELOAD
#define TIME      CONDUCTOR_TIME
#define COMMAND   CHILD_COMMAND
#define MIGRATION CHILD_MIGRATION
#define PROBITYD  CHILD_PROBITYD
#define NGINX     CHILD_NGINX

struct step {
    int64_t at_ms;
    enum conductor_event_kind kind;
    enum conductor_child child;
    int status;
    const char *want; /* the actions: "start nginx, TERM probityd"; what is said: "error", … */
};

#define LAST_STEP         \
    {                     \
        -1, 0, 0, 0, NULL \
    }

static void append(char *text, const char *words)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, 400 - used, "%s%s", used == 0 ? "" : ", ", words);
}

static const char *signal_name(int number)
{
    switch (number) {
    case SIGTERM:
        return "TERM";
    case SIGINT:
        return "INT";
    case SIGQUIT:
        return "QUIT";
    case SIGHUP:
        return "HUP";
    case SIGUSR1:
        return "USR1";
    default:
        return "?";
    }
}

static void describe(const struct conductor_actions *actions, char text[400])
{
    static const char *const children[] = { "command", "migration", "probityd", "nginx" };
    static const char *const levels[] = { "debug", "info", "warning", "error" };
    char words[40];

    text[0] = '\0';
    for (int i = 0; i < actions->count; i++) {
        const struct conductor_action *action = &actions->list[i];

        switch (action->kind) {
        case CONDUCTOR_START:
            (void)snprintf(words, sizeof(words), "start %s", children[action->child]);
            break;
        case CONDUCTOR_SIGNAL:
            (void)snprintf(words, sizeof(words), "%s %s", signal_name(action->number),
                           children[action->child]);
            break;
        case CONDUCTOR_KILL:
            (void)snprintf(words, sizeof(words), "kill %s", children[action->child]);
            break;
        case CONDUCTOR_MARK:
            (void)snprintf(words, sizeof(words), "mark");
            break;
        case CONDUCTOR_SAY:
            (void)snprintf(words, sizeof(words), "%s", levels[action->level]);
            break;
        case CONDUCTOR_FINISH:
            (void)snprintf(words, sizeof(words), "exit %d", action->number);
            break;
        }
        append(text, words);
    }
}

static const struct conductor_settings plain = { .drain_ms = 5000, .shutdown_ms = 10000 };
static const struct conductor_settings migrating = { .migrates = true,
                                                     .drain_ms = 5000,
                                                     .shutdown_ms = 10000 };
static const struct conductor_settings whole = {
    .has_command = true, .migrates = true, .drain_ms = 5000, .shutdown_ms = 10000
};

static struct conductor play(const struct conductor_settings *settings, const struct step *steps)
{
    struct conductor conductor;
    struct conductor_actions actions;
    char got[400];

    conductor_init(&conductor, settings);
    for (; steps->want != NULL; steps++) {
        conductor_take(&conductor,
                       &(struct conductor_event){ steps->kind, steps->child, steps->status, "words",
                                                  steps->at_ms },
                       &actions);
        describe(&actions, got);
        ck_assert_msg(strcmp(got, steps->want) == 0, "at %lld ms: got \"%s\" and not \"%s\"",
                      (long long)steps->at_ms, got, steps->want);
    }
    return conductor;
}

START_TEST(conductor_starts_the_command_then_nginx_and_probityd_behind_the_migration)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 40, UP, 0, 0, "" },
        { 9999, TIME, 0, 0, "" },
        { 10000, TIME, 0, 0, "info" }, /* that it goes on */
        { 20000, TIME, 0, 0, "" },
        { 30000, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_ends_in_the_order_in_which_nothing_is_lost)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 1, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        { 40, UP, 0, 0, "" },
        { 20000, END, 0, 0, "info, mark, USR1 probityd" },
        { 24999, TIME, 0, 0, "" },
        { 25000, TIME, 0, 0, "QUIT nginx" },
        { 26000, TIME, 0, 0, "" },
        { 26001, ENDED, NGINX, 0, "TERM command, TERM probityd, INT probityd" },
        { 26002, ENDED, COMMAND, 143, "" },
        { 26300, ENDED, PROBITYD, 0, "exit 0" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_takes_each_further_signal_as_the_next_step)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, END, 0, 0, "info, mark, USR1 probityd" },
        { 1100, END, 0, 0, "info, QUIT nginx" },
        { 1200, END, 0, 0, "warning, TERM nginx" },
        { 1300, ENDED, NGINX, 0, "TERM probityd, INT probityd" },
        { 1400, END, 0, 0, "warning, kill probityd" },
        { 1500, ENDED, PROBITYD, 137, "exit 0" },
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_kills_who_does_not_end_in_time_and_leaves_who_can_not_be_killed)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 1, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, END, 0, 0, "info, mark, USR1 probityd" },
        { 6000, TIME, 0, 0, "QUIT nginx" },
        { 17999, TIME, 0, 0, "" }, /* its own time-out, and 2 s */
        { 18000, TIME, 0, 0, "warning, kill nginx" },
        { 18010, ENDED, NGINX, 137, "TERM command, TERM probityd, INT probityd" },
        { 28009, TIME, 0, 0, "" },
        { 28010, TIME, 0, 0, "warning, kill command, warning, kill probityd" },
        { 28020, ENDED, PROBITYD, 137, "" },
        { 33010, TIME, 0, 0, "error, exit 0" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_does_not_drain_what_was_never_ready)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start migration" },
        { 40, UP, 0, 0, "" },
        { 500, END, 0, 0, "info, TERM migration, QUIT nginx" },
        { 510, ENDED, MIGRATION, 143, "" },
        { 520, ENDED, NGINX, 0, "exit 0" },
        LAST_STEP,
    };

    (void)play(&migrating, steps);
}
END_TEST

START_TEST(conductor_ends_when_the_command_ends_and_with_its_status)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 1, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, ENDED, COMMAND, 3, "error, QUIT nginx" },
        { 1010, ENDED, NGINX, 0, "TERM probityd, INT probityd" },
        { 1020, ENDED, PROBITYD, 0, "exit 3" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_keeps_the_status_of_who_was_told_to_end_first)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 1, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, END, 0, 0, "info, mark, USR1 probityd" },
        { 2000, ENDED, COMMAND, 3, "error, QUIT nginx" },
        { 2010, ENDED, NGINX, 0, "TERM probityd, INT probityd" },
        { 2020, ENDED, PROBITYD, 0, "exit 0" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_wants_to_hear_of_the_time_when_a_migration_is_slow)
{
    struct conductor conductor =
        play(&whole, (const struct step[]){
                         { 7, BEGIN, 0, 0, "start command, start nginx, start migration" },
                         LAST_STEP,
                     });
    struct conductor_actions actions;

    ck_assert_int_eq(conductor_next_ms(&conductor), 10007);
    conductor_take(&conductor, &(struct conductor_event){ TIME, 0, 0, "", 10007 }, &actions);
    ck_assert_int_eq(actions.count, 1);
    ck_assert_int_eq(conductor_next_ms(&conductor), INT64_MAX);
}
END_TEST

START_TEST(conductor_promises_nothing_of_a_migration_that_is_told_to_end)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 9000, END, 0, 0, "info, TERM migration, QUIT nginx" },
        { 11000, TIME, 0, 0, "" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_is_never_ready_with_a_migration_that_is_refused)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 100, ENDED, MIGRATION, MIGRATION_REFUSED, "error, QUIT nginx" },
        { 110, ENDED, NGINX, 0, "TERM command" },
        { 120, ENDED, COMMAND, 0, "exit 1" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

START_TEST(conductor_goes_on_without_the_ledger_and_migrates_it_later)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start migration" },
        { 100, ENDED, MIGRATION, MIGRATION_LATER, "warning, start probityd" },
        { 1100, TIME, 0, 0, "start migration" },
        { 1200, ENDED, MIGRATION, MIGRATION_LATER, "" },
        { 3199, TIME, 0, 0, "" },
        { 3200, TIME, 0, 0, "start migration" },
        { 3300, ENDED, MIGRATION, 139, "" },
        { 7300, TIME, 0, 0, "start migration" },
        { 7400, ENDED, MIGRATION, MIGRATION_DONE, "info" },
        { 100000, TIME, 0, 0, "" },
        LAST_STEP,
    };

    (void)play(&migrating, steps);
}
END_TEST

START_TEST(conductor_ends_nothing_for_a_migration_that_is_refused_while_it_serves)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start migration" },
        { 100, ENDED, MIGRATION, MIGRATION_LATER, "warning, start probityd" },
        { 1100, TIME, 0, 0, "start migration" },
        { 1200, ENDED, MIGRATION, MIGRATION_REFUSED, "error" },
        { 100000, TIME, 0, 0, "" },
        LAST_STEP,
    };

    (void)play(&migrating, steps);
}
END_TEST

START_TEST(conductor_serves_with_a_schema_of_a_newer_program)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start migration" },
        { 100, ENDED, MIGRATION, MIGRATION_NEWER, "warning, start probityd" },
        { 100000, TIME, 0, 0, "" },
        LAST_STEP,
    };

    (void)play(&migrating, steps);
}
END_TEST

START_TEST(conductor_starts_probityd_again_at_ever_longer_pauses_and_says_so_rarely)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, ENDED, PROBITYD, 139, "error" },
        { 1099, TIME, 0, 0, "" },
        { 1100, TIME, 0, 0, "start probityd" },
        { 1200, ENDED, PROBITYD, 139, "" },
        { 1399, TIME, 0, 0, "" },
        { 1400, TIME, 0, 0, "start probityd" },
        { 61100, ENDED, PROBITYD, 139, "error" }, /* it had run for a minute: from the beginning */
        { 61200, TIME, 0, 0, "start probityd" },
        { 71200, TIME, 0, 0, "info" }, /* it runs again */
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_pauses_five_seconds_at_most_and_counts)
{
    struct conductor conductor = play(&plain, (const struct step[]){
                                                  { 0, BEGIN, 0, 0, "start nginx, start probityd" },
                                                  LAST_STEP,
                                              });
    struct conductor_actions actions;
    int64_t now_ms = 0;
    int said = 0;

    for (int i = 0; i < 30; i++) {
        conductor_take(&conductor,
                       &(struct conductor_event){ ENDED, PROBITYD, 1, "", now_ms += 10 }, &actions);
        said += actions.count;
        now_ms = conductor_next_ms(&conductor);
        conductor_take(&conductor, &(struct conductor_event){ TIME, 0, 0, "", now_ms }, &actions);
        ck_assert_int_eq(actions.count, 1);
    }
    ck_assert_int_eq(conductor.parts[PROBITYD].pause_ms, 5000);
    ck_assert_int_eq(conductor.parts[PROBITYD].ends, 30);
    ck_assert_int_eq(said, 3); /* at once, and twice in the two minutes that it took */
}
END_TEST

START_TEST(conductor_drains_a_probityd_that_died_while_it_drained)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, UP, 0, 0, "" },
        { 1000, END, 0, 0, "info, mark, USR1 probityd" },
        { 2000, ENDED, PROBITYD, 139, "error" },
        { 2100, TIME, 0, 0, "start probityd, USR1 probityd" },
        { 6000, TIME, 0, 0, "QUIT nginx" },
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_ends_when_nginx_never_came_up)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, ENDED, NGINX, 1, "error, TERM probityd, INT probityd" },
        { 100, ENDED, PROBITYD, 0, "exit 1" },
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_starts_nginx_again_but_not_for_the_fifth_time_within_a_minute)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, UP, 0, 0, "" },
        { 20000, ENDED, NGINX, 137, "error" },
        { 20100, TIME, 0, 0, "start nginx" },
        { 20200, ENDED, NGINX, 137, "" },
        { 20400, TIME, 0, 0, "start nginx" },
        { 20500, ENDED, NGINX, 137, "" },
        { 20900, TIME, 0, 0, "start nginx" },
        { 21000, ENDED, NGINX, 137, "" },
        { 21800, TIME, 0, 0, "start nginx" },
        { 79999, ENDED, NGINX, 137, "error, TERM probityd, INT probityd" },
        { 80100, ENDED, PROBITYD, 0, "exit 1" },
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_forgives_nginx_what_was_more_than_a_minute_ago)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start nginx, start probityd" },
        { 40, UP, 0, 0, "" },
        { 20000, ENDED, NGINX, 137, "error" },
        { 20100, TIME, 0, 0, "start nginx" },
        { 40000, ENDED, NGINX, 137, "error" },
        { 40100, TIME, 0, 0, "start nginx" },
        { 60000, ENDED, NGINX, 137, "error" },
        { 60100, TIME, 0, 0, "start nginx" },
        { 80000, ENDED, NGINX, 137, "error" },
        { 80100, TIME, 0, 0, "start nginx" },
        { 100000, ENDED, NGINX, 137, "error" },
        { 100100, TIME, 0, 0, "start nginx" },
        LAST_STEP,
    };

    (void)play(&plain, steps);
}
END_TEST

START_TEST(conductor_passes_a_hangup_on_to_those_that_reload)
{
    static const struct step steps[] = {
        { 0, BEGIN, 0, 0, "start command, start nginx, start migration" },
        { 10, RELOAD, 0, 0, "HUP nginx" },
        { 20, ENDED, MIGRATION, MIGRATION_DONE, "info, start probityd" },
        { 30, RELOAD, 0, 0, "HUP probityd, HUP nginx" },
        LAST_STEP,
    };

    (void)play(&whole, steps);
}
END_TEST

TCase *conductor_cases(void)
{
    TCase *cases = tcase_create("conductor");

    tcase_add_test(cases,
                   conductor_starts_the_command_then_nginx_and_probityd_behind_the_migration);
    tcase_add_test(cases, conductor_ends_in_the_order_in_which_nothing_is_lost);
    tcase_add_test(cases, conductor_takes_each_further_signal_as_the_next_step);
    tcase_add_test(cases,
                   conductor_kills_who_does_not_end_in_time_and_leaves_who_can_not_be_killed);
    tcase_add_test(cases, conductor_does_not_drain_what_was_never_ready);
    tcase_add_test(cases, conductor_ends_when_the_command_ends_and_with_its_status);
    tcase_add_test(cases, conductor_keeps_the_status_of_who_was_told_to_end_first);
    tcase_add_test(cases, conductor_wants_to_hear_of_the_time_when_a_migration_is_slow);
    tcase_add_test(cases, conductor_promises_nothing_of_a_migration_that_is_told_to_end);
    tcase_add_test(cases, conductor_is_never_ready_with_a_migration_that_is_refused);
    tcase_add_test(cases, conductor_goes_on_without_the_ledger_and_migrates_it_later);
    tcase_add_test(cases, conductor_ends_nothing_for_a_migration_that_is_refused_while_it_serves);
    tcase_add_test(cases, conductor_serves_with_a_schema_of_a_newer_program);
    tcase_add_test(cases, conductor_starts_probityd_again_at_ever_longer_pauses_and_says_so_rarely);
    tcase_add_test(cases, conductor_pauses_five_seconds_at_most_and_counts);
    tcase_add_test(cases, conductor_drains_a_probityd_that_died_while_it_drained);
    tcase_add_test(cases, conductor_ends_when_nginx_never_came_up);
    tcase_add_test(cases, conductor_starts_nginx_again_but_not_for_the_fifth_time_within_a_minute);
    tcase_add_test(cases, conductor_forgives_nginx_what_was_more_than_a_minute_ago);
    tcase_add_test(cases, conductor_passes_a_hangup_on_to_those_that_reload);
    return cases;
}
