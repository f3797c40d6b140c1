"""ledger_driver.py - drives the ledger's writer and reader through tests/integration/ledger_driver.c."""
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import time

from servers import build_path


def probity(url, *arguments, check=True):
    """Runs `probity ARGUMENTS` against a ledger, to which a file of checks that is not there is nothing."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PROBITY_REQUIRE": "none",
                   "PROBITY_CONFIG": "/nonexistent"}
    done = subprocess.run([build_path("probity"), *arguments], env=environment, timeout=60,
                          capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def this_minute():
    return int(time.time()) // 60


class Driver:
    def __init__(self, url, service="app", catalogue="built-in"):
        self.child = subprocess.Popen([build_path("tests/integration/ledger_driver"), url, service,
                                       catalogue],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.child.stdin.close()
        self.child.stdout.close()
        try:
            self.child.wait(20)
        finally:
            self.child.kill()
        if reason[0] is None:
            assert self.child.returncode == 0

    def say(self, *words):
        self.child.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.child.stdin.flush()

    def hear(self):
        line = self.child.stdout.readline()
        assert line, "the driver has ended"
        return json.loads(line)

    def do(self, *words):
        self.say(*words)
        return self.hear()

    def wait_trouble(self, words, timeout=10):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            counters = self.do("counters")
            if (words in counters["trouble"]) if words else not counters["trouble"]:
                return counters
            time.sleep(0.05)
        raise AssertionError(f"no trouble \"{words}\": {counters}")


# What the driver's events come to, by the definition of an indicator: whether it looks at the k-th
# event, and whether that is bad.  An independent recount.
RECOUNT = {
    "total{} bad{status=500-599}": lambda k: (True, k % 10 == 0),
    "total{status=100-499} bad{duration=500-}": lambda k: (k % 10 != 0, k % 3000 >= 500),
    "total{status=100-499} bad{duration=2000-}": lambda k: (k % 10 != 0, k % 3000 >= 2000),
    "total{status=100-499} bad{duration=1003-}": lambda k: (k % 10 != 0, k % 3000 >= 1003),
    "total{} bad{status=404}": lambda k: (True, k % 10 == 7),
    "total{route=/r1;method=POST} bad{status=500-599}":
        lambda k: (k % 3 == 1 and k % 5 == 0, k % 10 == 0),
    "total{} good{status=200-299}": lambda k: (True, k % 10 in (0, 7)),
}
BUILT_IN = list(RECOUNT)[:3]


def expected(base, end, definitions=None, events=None):
    """What the ledger holds once the events of offsets 0 to end are counted: the recount."""
    minutes = {}
    for k in events or range(end):
        for definition in definitions or BUILT_IN:
            looked_at, bad = RECOUNT[definition](k)
            if looked_at:
                row = minutes.setdefault((definition, base + k // 100), [0, 0])
                row[0] += 1
                row[1] += bad
    return {key: tuple(row) for key, row in minutes.items()}


def counted(postgres, service="app", definitions=None):
    """The same as the ledger has it."""
    rows = postgres.sql(
        "SELECT i.definition, m.minute, sum(m.total)::bigint, sum(m.bad)::bigint "
        "FROM probity.indicator_minutes m JOIN probity.indicators i "
        "ON i.service = m.service AND i.id = m.indicator_id WHERE m.service = %s GROUP BY 1, 2",
        (service,))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows
            if definitions is None or row[0] in definitions}


def rolled_up(postgres, service="app"):
    """What differs between minutes and the sums that are kept of them: nothing."""
    return postgres.sql(
        "WITH m AS (SELECT * FROM probity.indicator_minutes WHERE service = %(service)s) "
        "(SELECT 'quarter', indicator_id, minute / 15, file_id, sum(total), sum(bad) FROM m "
        "GROUP BY 2, 3, 4 EXCEPT SELECT 'quarter', indicator_id, quarter, file_id, total, bad "
        "FROM probity.indicator_quarters WHERE service = %(service)s) UNION ALL "
        "(SELECT 'day', indicator_id, minute / 1440, file_id, sum(total), sum(bad) FROM m "
        "GROUP BY 2, 3, 4 EXCEPT SELECT 'day', indicator_id, day, file_id, total, bad "
        "FROM probity.indicator_days WHERE service = %(service)s) UNION ALL "
        "(SELECT 'slice', s.indicator_id, s.slice, s.file_id, sum(m.total), sum(m.bad) "
        "FROM probity.slices s JOIN m ON m.indicator_id = s.indicator_id AND m.file_id = s.file_id "
        "AND m.minute - m.minute %% s.slice_minutes = s.slice WHERE s.service = %(service)s "
        "GROUP BY 2, 3, 4, s.slice_minutes EXCEPT SELECT 'slice', indicator_id, slice, file_id, "
        "total, bad FROM probity.slices WHERE service = %(service)s)", {"service": service})


def route_totals(postgres):
    return postgres.sql("SELECT coalesce(sum(total), 0)::bigint, coalesce(sum(errors), 0)::bigint "
                        "FROM probity.route_minutes")[0]


def track(answer, definition, service="app", slice_minutes=0):
    """What the reader holds of one indicator."""
    for row in answer["tracks"]:
        if (row["service"], row["definition"], row["slice_minutes"]) == (service, definition,
                                                                         slice_minutes):
            return row
    raise AssertionError(f"no track {service} {definition}")


def newest(answer, service="app"):
    """The minutes that the reader holds as such, in the shape of expected()."""
    return {(row["definition"], minute): (total, bad) for row in answer["tracks"]
            for minute, total, bad in row["minutes"]
            if row["service"] == service and row["slice_minutes"] == 0}


def quarters_of(minutes):
    """The same by quarter hour, [quarter, total, bad] by definition."""
    sums = {}
    for (definition, minute), (total, bad) in minutes.items():
        row = sums.setdefault(definition, {}).setdefault(minute // 15, [0, 0])
        row[0] += total
        row[1] += bad
    return {definition: [[quarter, *row[quarter]] for quarter in sorted(row)]
            for definition, row in sums.items()}


def held(answer, service="app"):
    """The quarter hours that the reader holds, in the shape of quarters_of()."""
    return {row["definition"]: row["quarters"] for row in answer["tracks"]
            if row["service"] == service and row["slice_minutes"] == 0 and row["quarters"]}
