"""ledger_driver.py - drives the ledger's writer and reader through tests/integration/ledger_driver.c."""
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import time

from servers import build_path


def probity(url, *arguments, check=True):
    """Runs `probity ARGUMENTS` against a ledger; returns what it printed."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PROBITY_REQUIRE": "none"}
    done = subprocess.run([build_path("probity"), *arguments], env=environment, timeout=60,
                          capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def this_minute():
    return int(time.time()) // 60


class Driver:
    def __init__(self, url, service="app"):
        self.child = subprocess.Popen([build_path("tests/integration/ledger_driver"), url, service],
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


def expected(base, end):
    """What the ledger holds once the events of offsets 0 to end are counted: the recount."""
    minutes = {}
    for k in range(end):
        minute = base + k // 100
        error, slow = k % 10 == 0, (k % 3000 >= 500, k % 3000 >= 2000)
        row = minutes.setdefault(minute, [[0, 0] for _ in range(4)])
        for objective in (0, 1):
            row[objective][0] += 1
            row[objective][1] += error
        for objective, bad in ((2, slow[0]), (3, slow[1])):
            if not error:
                row[objective][0] += 1
                row[objective][1] += bad
    return {(objective, minute): tuple(sums) for minute, row in minutes.items()
            for objective, sums in enumerate(row) if sums[0]}


def counted(postgres, service="app"):
    rows = postgres.sql(
        "SELECT objective_id - 1, minute, sum(total)::bigint, sum(bad)::bigint "
        "FROM probity.objective_minutes WHERE service = %s GROUP BY 1, 2", (service,))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def route_totals(postgres):
    return postgres.sql("SELECT coalesce(sum(total), 0)::bigint, coalesce(sum(errors), 0)::bigint "
                        "FROM probity.route_minutes")[0]
