/* trouble.c - the closed set of phrases about a ledger that can't be read. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/trouble.h"

#include "base/auto.h"

#include <errno.h>
#include <stddef.h>

static const char unreachable[] = "ledger_unreachable";

static const struct trouble troubles[] = {
    { ENODATA, "ledger_schema_missing",
      "the ledger has no schema yet: run `probity migrate upgrade`" },
    { ESTALE, "ledger_schema_older",
      "the ledger's schema is older than this program: run `probity migrate upgrade`" },
    { ENOTSUP, "ledger_schema_newer",
      "the ledger's schema is newer than this program: install the newer probity, or run the newer "
      "one's `probity migrate downgrade`" },
    { ETIMEDOUT, unreachable, "the ledger does not answer in time: look at its server's load" },
    { ECONNREFUSED, unreachable,
      "the ledger refuses connections: is its server running, and are host and port right in "
      "PROBITY_LEDGER_URL or DATABASE_URL?" },
    { ECONNRESET, unreachable, "the connection to the ledger was lost: trying again" },
    { EHOSTUNREACH, unreachable,
      "the ledger's host name is not resolved: check it in PROBITY_LEDGER_URL or DATABASE_URL" },
    { EACCES, unreachable,
      "the ledger refuses the login: check user, password and GRANTs of PROBITY_LEDGER_URL or "
      "DATABASE_URL" },
    { ENOENT, unreachable,
      "the ledger's database does not exist: check its name in PROBITY_LEDGER_URL or "
      "DATABASE_URL" },
    { EAGAIN, unreachable,
      "the ledger's server has no connection to spare, or is starting or stopping: trying again" },
    { EPROTO, unreachable, "the ledger refused a query: its words are in probityd's log" },
    { ENOMEM, unreachable, "probityd is out of memory: the figures can't be read" },
};

/* For every errno that has no row. */
static const struct trouble other = {
    EIO,
    unreachable,
    "the ledger can't be read: the cause is in probityd's log",
};

const struct trouble *trouble_of(int number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(troubles); i++) {
        if (troubles[i].number == number)
            return &troubles[i];
    }
    return &other;
}

const struct trouble *trouble_paused(void)
{
    static const struct trouble paused = {
        0,
        "paused",
        "nobody had asked for a while, so nobody has read the ledger since: asking has woken it, "
        "ask again",
    };

    return &paused;
}

const struct trouble *trouble_starting(void)
{
    static const struct trouble starting = {
        0,
        "starting",
        "the ledger has not been read yet: ask again in a moment",
    };

    return &starting;
}
