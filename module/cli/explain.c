/* explain.c - `probity explain`: what a phrase of the health pages means, and what to do.  The
 * table of docs/health.md is printed from here. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/command.h"

#include "base/auto.h"
#include "base/slice.h"
#include "health/reason.h"

#include <stdio.h>
#include <string.h>

static const struct phrase {
    const char *text; /* may hold one %lld */
    const char *hint;
} phrases[] = {
#define X(name, phrase, hint) { phrase, hint },
    FOR_EACH_REASON(X)
#undef X
};

static const char number_mark[] = "%lld";

/* The words before the phrases, and those that stand alone. */
static const struct {
    const char *word;
    const char *hint;
} states[] = {
    { "ok", "the last look found it well" },
    { "degraded",
      "it works, and somebody should look: what follows says why; no group fails by it" },
    { "error", "it fails: what follows says why" },
    { "stale",
      "its last result is too old to be believed (max_age): the check hangs, or the process "
      "was stopped: probity doctor NAME tries it anew" },
    { "starting",
      "no look has ended yet: wait a moment; where it stays, probity doctor NAME tries it" },
    { "not configured", "PROBITY_REQUIRE names it and nothing sets it: did a variable get lost?" },
    { "ready", "every member of the group passes" },
    { "not_ready", "a member of the group fails, or has not been looked at yet: see its checks" },
    { "draining",
      "somebody has taken this instance out of the traffic, see its reason: nothing but "
      "a restart makes it ready again" },
    { "maintenance", "operators work on the service, see its reason: it ends at its until, or by "
                     "probity maintenance off" },
    { "down", "nginx says so: probityd is dead or hangs: look at its log, and restart it" },
};

/* For people: "timeout after N ms". */
static void print_phrase(const char *text)
{
    const char *mark = strstr(text, number_mark);

    if (mark == NULL)
        printf("%s", text);
    else
        printf("%.*sN%s", (int)(mark - text), text, mark + sizeof(number_mark) - 1);
}

/* As it stands in an answer, with a number of its own or with N. */
static bool is_meant(const char *text, struct slice words)
{
    const char *mark = strstr(text, number_mark);
    struct slice before = { text, mark == NULL ? 0 : (size_t)(mark - text) };

    if (mark == NULL)
        return slice_equals_nocase(words, slice_of(text));
    if (!slice_starts_with(words, before))
        return false;
    words.data += before.length;
    words.length -= before.length;
    while (words.length > 0 && strchr("-0123456789N", words.data[0]) != NULL) {
        words.data++;
        words.length--;
    }
    return slice_equals_text(words, mark + sizeof(number_mark) - 1);
}

/* "error: connection refused" is how /health/ready has it, and `probity probe` writes "not_ready:
 * redis error: connection refused; celery …". */
static struct slice without_status(const char *words)
{
    static const char *const statuses[] = { "error: ", "degraded: " };

    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
        const char *status = strstr(words, statuses[i]);

        if (status != NULL && (status == words || status[-1] == ' ')) {
            words = status + strlen(statuses[i]);
            break;
        }
    }
    return (struct slice){ words, strcspn(words, ";") };
}

/* "stale: no result for 12 s", "draining: new disk". */
static bool explain_state(const char *words, bool has_phrase)
{
    struct slice word = { words, has_phrase ? strlen(words) : strcspn(words, ":") };

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        if (slice_equals_nocase(word, slice_of(states[i].word))) {
            printf("%s\n", states[i].hint);
            return true;
        }
    }
    return false;
}

static int explain(const char *words)
{
    struct slice wanted = without_status(words);
    bool found = false;

    for (size_t i = 1; i < ARRAY_LENGTH(phrases); i++) {
        if (is_meant(phrases[i].text, wanted)) {
            printf("%s\n", phrases[i].hint);
            found = true;
        }
    }
    /* Behind "error: " a phrase must follow that there is. */
    if (found || explain_state(words, wanted.data != words))
        return COMMAND_DONE;
    return command_fail(COMMAND_FAILED, "explain",
                        "no check says this: probity explain lists all phrases");
}

static int list(bool markdown)
{
    if (markdown)
        printf("| phrase | what to do |\n|---|---|\n");
    for (size_t i = 0; !markdown && i < ARRAY_LENGTH(states); i++)
        printf("%s\n    %s\n", states[i].word, states[i].hint);
    for (size_t i = 1; i < ARRAY_LENGTH(phrases); i++) {
        printf("%s", markdown ? "| `" : "");
        print_phrase(phrases[i].text);
        printf("%s%s%s\n", markdown ? "` | " : "\n    ", phrases[i].hint, markdown ? " |" : "");
    }
    return COMMAND_DONE;
}

int command_explain(int argc, char **argv)
{
    if (argc == 1)
        return list(false);
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0)
        return list(true);
    if (argc == 2 && argv[1][0] != '-')
        return explain(argv[1]);
    return command_fail(COMMAND_MISUSED, "explain",
                        "say one phrase, in quotes: run probity help "
                        "explain");
}
