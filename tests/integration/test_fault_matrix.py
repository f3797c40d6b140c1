"""The fault matrix: what can befall a dependency, for each kind of them: the word within its stated
bound, the status, and the recovery.  CELLS is the matrix; NO_CELL says why a place is empty.

All cells of one fault are tried at the same time, over servers that all tests share.  The quick ones
run always, the whole matrix with `-m long`.
"""
# SPDX-License-Identifier: MIT
import re
import time

import pytest

from process import wait_until
from faults import (FRESH, INTERVAL, MAX_AGE, NAMES, TIMEOUT, Ground, both, crowd_comes, crowd_goes,
                    follow, load_quickly, load_slowly, method, names_hang, postgres_password,
                    postgres_set, proxy, redis_call, redis_set, revive_worker, show_certificate,
                    start_as_primary, start_as_standby_that_waits)

# Sanitised builds on a busy machine are slower than what they promise; scripts/bench-hung measures.
SLACK = 1.0
AT_ONCE = 0.25                              # the end of a kept connection, two refused reconnects
SEEN = INTERVAL + 0.1                       # a look, and the second one
HUNG = INTERVAL + TIMEOUT + 0.1 + TIMEOUT   # the same, and nobody answers
FRESH_ONE = FRESH + 2 * TIMEOUT             # what only a fresh connection shows
CELERY_SEEN, CELERY_HUNG = 1 + 0.1, 1 + 1 + 0.1 + 1
STALE = FRESH + TIMEOUT + MAX_AGE + 1       # its last look hangs, the result grows old, a tick
RECOVERY = 2.5                              # `rise` looks, whose pauses are 1.2 s at most

FAULTS = ["killed", "stopped", "acceptor stopped", "swallowed", "limit reached",
          "password rotated", "certificate expired", "disk full", "names hang", "loading",
          "read-only", "idle closed"]
TIMED_OUT = f"error: timeout after {TIMEOUT * 1000:.0f} ms"
QUIET = "ok"  # nobody is to notice


class Cell:
    def __init__(self, fault, kind, hurt, heal, word, within, **more):
        self.fault, self.kind, self.hurt, self.heal = fault, kind, hurt, heal
        self.word, self.within = word, within
        self.way = more.get("way", "direct")
        self.is_long = more.get("long", False)
        self.recovery = more.get("recovery", RECOVERY)

    @property
    def check(self):
        return NAMES[self.kind]

    def says(self, checks):
        return re.fullmatch(self.word, checks[self.check]) is not None


LONG = {"long": True}
# A worker that has lost its broker may never come back (Celery's own trouble, which the check would
# call by its name): it is started anew, and that takes its time.
WORKER = {"long": True, "recovery": 6}
CELLS = [
    # While a server is dead its check is asked often; its return shows with the next look.
    Cell("killed", "postgres", method("postgres", "kill9"), method("postgres", "start"),
         "error: connection refused", AT_ONCE),
    Cell("killed", "redis", method("redis", "kill9"), method("redis", "start"),
         "error: connection refused", AT_ONCE),
    Cell("killed", "celery", method("broker", "kill9"),
         both(method("broker", "start"), revive_worker), "error: connection refused", AT_ONCE,
         **WORKER),
    Cell("killed", "http", method("http", "kill9"), method("http", "start"),
         "error: connection refused", AT_ONCE),

    Cell("stopped", "postgres", method("postgres", "freeze_all"), method("postgres", "thaw"),
         TIMED_OUT, HUNG),
    Cell("stopped", "redis", method("redis", "sigstop"), method("redis", "thaw"), TIMED_OUT, HUNG),
    # Who answers for Celery is a worker, and one that is silent may have a long task.
    Cell("stopped", "celery", method("worker", "sigstop"), method("worker", "thaw"),
         "degraded: busy", CELERY_HUNG),
    Cell("stopped", "http", method("http", "sigstop"), method("http", "thaw"), TIMED_OUT, HUNG),

    Cell("acceptor stopped", "postgres", method("postgres", "freeze_postmaster"),
         method("postgres", "thaw"), TIMED_OUT, FRESH_ONE),
    Cell("acceptor stopped", "celery", method("broker", "sigstop"), method("broker", "thaw"),
         "error: timeout after 1000 ms", CELERY_HUNG, **WORKER),

    *(Cell("swallowed", kind, proxy(kind, "swallow"), proxy(kind, "resume"),
           "error: timeout after 1000 ms" if kind == "celery" else TIMED_OUT,
           CELERY_HUNG if kind == "celery" else HUNG, way="proxied", recovery=RECOVERY + 1,
           long=kind == "celery") for kind in NAMES),

    Cell("limit reached", "postgres", crowd_comes, crowd_goes, "error: too many connections",
         FRESH_ONE),
    Cell("limit reached", "redis", redis_set("redis", maxclients=1),
         redis_set("redis", maxclients=10000), "error: too many connections", FRESH_ONE),
    Cell("limit reached", "celery", redis_set("broker", maxclients=1),
         redis_set("broker", maxclients=10000), "error: too many connections", FRESH_ONE + 2),
    Cell("limit reached", "http", method("http", "answer", 503), method("http", "answer", 200),
         "error: http status 503", SEEN),

    Cell("password rotated", "postgres", postgres_password("another"),
         postgres_password("app-password"), "error: authentication failed", FRESH_ONE),
    Cell("password rotated", "redis", redis_set("redis", requirepass="another"),
         redis_set("redis", requirepass="redis-password"), "error: authentication failed",
         FRESH_ONE),
    Cell("password rotated", "celery", redis_set("broker", requirepass="another"),
         redis_set("broker", requirepass="broker-password"), "error: authentication failed",
         FRESH_ONE + 2),
    Cell("password rotated", "http", method("http", "answer", 401), method("http", "answer", 200),
         "error: http status 401", SEEN),

    *(Cell("certificate expired", kind, show_certificate(server, True),
           show_certificate(server, False), "error: tls: certificate expired",
           FRESH_ONE + (2 if kind == "celery" else 0), way="encrypted", **LONG)
      for kind, server in (("postgres", "postgres"), ("redis", "redis"), ("celery", "broker"),
                           ("http", "https"))),

    Cell("disk full", "redis", method("disk", "fill", "redis"), method("disk", "free", "redis"),
         "error: persistence failing", 3, **LONG),
    Cell("disk full", "celery", method("disk", "fill", "broker"),
         both(method("disk", "free", "broker"), revive_worker), "error: persistence failing", 3,
         **WORKER),

    *(Cell("names hang", kind, names_hang(True), names_hang(False), r"stale: no result for \d+ s",
           STALE + (3.5 if kind == "celery" else 0), way="named", **LONG) for kind in NAMES),

    Cell("loading", "postgres", start_as_standby_that_waits, start_as_primary,
         "error: server starting up", 3, **LONG),
    Cell("loading", "redis", load_slowly("redis"), load_quickly("redis"), "error: loading", 3,
         **LONG),
    Cell("loading", "celery", load_slowly("broker"),
         both(load_quickly("broker"), revive_worker), "error: loading", 3, **WORKER),
    Cell("loading", "http", method("http", "answer", 503), method("http", "answer", 200),
         "error: http status 503", SEEN),

    Cell("read-only", "postgres", postgres_set("default_transaction_read_only", "on"),
         postgres_set("default_transaction_read_only", "off"), "error: read-only", SEEN),
    Cell("read-only", "redis", follow("redis", "broker"),
         redis_call("redis", "REPLICAOF", "NO", "ONE"), "error: read-only", SEEN + 2),
    Cell("read-only", "celery", follow("broker", "redis"),
         both(redis_call("broker", "REPLICAOF", "NO", "ONE"), revive_worker), "error: read-only",
         CELERY_SEEN + 3, **WORKER),

    *(Cell("idle closed", kind, proxy(kind, "drop"), both(), QUIET, 0, way="proxied")
      for kind in NAMES),
]

NO_CELL = {
    ("acceptor stopped", "redis"): "one thread accepts and answers: it is `stopped`",
    ("acceptor stopped", "http"): "of an application we know one address: it is `stopped`",
    ("disk full", "postgres"): "the check writes nothing. A server that says so is in test_checks "
                               "(query:53100), one that dies of it is `killed`",
    ("disk full", "http"): "the application's own health answer has to say so: a 503 is in `loading`",
    ("read-only", "http"): "HTTP has no such state: a 503 is in `loading`",
}


def test_every_place_of_the_matrix_has_a_cell_or_a_reason():
    there = {(cell.fault, cell.kind) for cell in CELLS}
    assert there | set(NO_CELL) == {(fault, kind) for fault in FAULTS for kind in NAMES}
    assert not there & set(NO_CELL)


@pytest.fixture(scope="module")
def ground(shared):
    return Ground(shared)


def wait_for_words(ground, way, cells, began, limit):
    """Returns the seconds after which each of the cells said its word."""
    seconds, checks = {}, {}
    while len(seconds) < len(cells):
        checks = ground.checks(way)
        now = time.monotonic() - began
        for cell in cells:
            if cell.kind not in seconds and cell.says(checks):
                seconds[cell.kind] = now
        if now > limit:
            late = {cell.kind: checks[cell.check] for cell in cells if cell.kind not in seconds}
            raise AssertionError(f"after {now:.1f} s these say something else: {late}; "
                                 f"log: {ground.way(way).log_path}")
        time.sleep(0.01)
    return seconds


def look_at_answer(ground, way, cells):
    """The status that the words ask for, and nothing of anybody's own words."""
    status, body = ground.ask(way)
    text = str(body)
    assert "127.0.0.1" not in text and "localhost" not in text and "password '" not in text
    wanted = 503 if any(not cell.word.startswith(("degraded", "ok")) for cell in cells) else 200
    assert status == wanted, body


def stays_ok(ground, way, cells):
    until = time.monotonic() + FRESH + INTERVAL
    while time.monotonic() < until:
        checks = ground.checks(way)
        assert all(checks[cell.check] == "ok" for cell in cells), checks
        time.sleep(0.01)


def try_fault(ground, cells):
    way = cells[0].way
    assert all(cell.way == way for cell in cells)
    ground.way(way)
    wait_until(lambda: set(ground.checks(way).values()) == {"ok"}, 15, "all to be well")
    began = {}
    try:
        for cell in cells:
            began[cell.kind] = time.monotonic()
            cell.hurt(ground)
        if cells[0].word == QUIET:
            stays_ok(ground, way, cells)
            return
        first = min(began.values())
        slowest = max(cell.within for cell in cells)
        seconds = wait_for_words(ground, way, cells, first, slowest + SLACK + 5)
        for cell in cells:
            took = seconds[cell.kind] - (began[cell.kind] - first)
            assert took < cell.within + SLACK, f"{cell.kind}: {took:.2f} s, not {cell.within} s"
        look_at_answer(ground, way, cells)
    finally:
        for cell in cells:
            if cell.kind in began:
                cell.heal(ground)
    healed = time.monotonic()
    back = [Cell("", cell.kind, None, None, QUIET, 0) for cell in cells]
    seconds = wait_for_words(ground, way, back, healed, 30)
    for cell in cells:
        assert seconds[cell.kind] < cell.recovery + SLACK, (cell.kind, seconds)
    assert ground.status(way) == 200


def cells_of(is_long):
    """The cells of each fault, where it has some."""
    found = {}
    for cell in CELLS:
        if cell.is_long == is_long:
            found.setdefault(cell.fault, []).append(cell)
    return found


QUICK, SLOW = cells_of(False), cells_of(True)


@pytest.mark.parametrize("fault", QUICK)
def test_each_fault_shows_within_its_bound_and_so_does_its_end(ground, fault):
    try_fault(ground, QUICK[fault])


@pytest.mark.long
@pytest.mark.parametrize("fault", SLOW)
def test_each_fault_that_takes_longer_shows_and_so_does_its_end(ground, fault):
    if fault != "disk full":
        try_fault(ground, SLOW[fault])
    elif not ground.disk.can_be_had():
        pytest.skip("only root may mount a small disk")
    else:
        with ground.disk:
            try_fault(ground, SLOW[fault])
