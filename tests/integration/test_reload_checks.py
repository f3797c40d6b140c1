"""SIGHUP: checks that change under a process that is asked all the time, and those that do not."""
# SPDX-License-Identifier: MIT
import glob
import json
import os
import signal
import threading
import time

import pytest

import fcgi
from faults import compile_resolver
from process import wait_until
from servers import Probityd

QUIET = {"PROBITY_CHECK_INTERVAL": "200ms", "PROBITY_CHECK_TIMEOUT": "200ms",
         "PROBITY_CHECK_FRESH_INTERVAL": "1h"}  # so that no connection changes by itself


class Asker:
    """Asks without a pause, on one connection that is kept, and keeps what was odd."""

    def __init__(self, socket_path, path):
        self.path, self.count, self.odd, self.going = path, 0, [], True
        self.client = fcgi.Client(socket_path)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.going:
            status, _, body = self.client.ask(self.path)
            self.count += 1
            if status != 200:
                self.odd.append((status, body))
            time.sleep(0.001)

    def stop(self):
        self.going = False
        self.thread.join(5)
        self.client.socket.close()
        assert self.odd == [] and self.count > 5, (self.count, self.odd[:1])


class Place:
    """A daemon whose checks are those of a file."""

    def __init__(self, start, rows, servers=True, **env):
        self.stack = start.stack(app=None, postgres=servers, redis=servers, start=False)
        self.probityd, self.redis, self.postgres = (
            self.stack.probityd, self.stack.redis, self.stack.postgres)
        self.path = os.path.join(self.stack.folder, "probity.yaml")
        self.probityd.env.update({**QUIET, "PROBITY_CONFIG": self.path, **env})
        self.write(rows)
        self.stack.start()

    def write(self, rows):
        """`rows` are checks by name, or the file's text."""
        text = rows if isinstance(rows, str) else json.dumps(
            {"checks": [{"name": name, **row} for name, row in rows.items()]}, indent=1)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def hang_up(self, rows):
        """Reloads, and returns the line of the log in which that ended."""
        self.write(rows)
        said = ("checks loaded", "the configuration stays as it was")
        before = sum(len(self.probityd.said(words)) for words in said)
        self.probityd.signal(signal.SIGHUP)

        def lines():
            return [line for words in said for line in self.probityd.said(words)]
        wait_until(lambda: len(lines()) > before, 5, "the reload")
        ended = [line for line in self.probityd.log_lines()
                 if line["message"].startswith(said)]
        return ended[-1]["message"]

    def ask(self, path="/health/ready"):
        with fcgi.Client(self.probityd.socket_path) as client:
            status, _, body = client.ask(path, keep=False)
        return status, json.loads(body)

    def checks(self):
        return self.ask()[1]["checks"]

    def wait_ok(self, *names):
        wait_until(lambda: self.checks() == {name: "ok" for name in names}, 5,
                   f"{names} to be ok; {self.checks()}")

    def detailed(self, name):
        return self.stack.get(f"/health/detailed/{name}", token=True).json()

    # What the servers see.
    def backend(self, database):
        return self.postgres.superuser_sql(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'probity' "
            "AND datname = %s AND usename = 'app'", (database,))

    def clients(self, database):
        return [link["id"] for link in self.redis.client().client_list()
                if link["name"] == "probity" and link["db"] == str(database)]

    def threads(self):
        names = []
        for path in glob.glob(f"/proc/{self.probityd.pid}/task/*/comm"):
            with open(path, encoding="ascii") as file:
                names.append(file.read().strip())
        return sorted(name for name in names if name.startswith("check-"))


def rows_of(stack, **changes):
    rows = {"orders": {"url": stack.postgres.url(database="template1")},
            "cache": {"url": stack.redis.url(1)},
            "door": {"kind": "tcp", "url": f"tcp://127.0.0.1:{stack.redis.port}"}}
    rows.update(changes)
    return {name: row for name, row in rows.items() if row is not None}


@pytest.fixture(scope="module")
def place(shared):
    return Place(shared, {})


def test_what_changed_starts_over_and_what_did_not_goes_on(place):
    rows = rows_of(place.stack)
    place.hang_up(rows)
    place.wait_ok("database", "redis", "orders", "cache", "door")
    before = place.backend("template1"), place.clients(0), place.clients(1)
    assert [len(one) for one in before] == [1, 1, 1]
    since = place.detailed("orders")["since"]
    askers = [Asker(place.probityd.socket_path, path) for path in ("/health/ready", "/health")]
    said = place.hang_up(rows_of(place.stack, door=None, gate=rows["door"],
                                 cache={**rows["cache"], "interval": "300ms"}))
    assert said == "checks loaded: added: gate; changed: cache; removed: door"
    place.wait_ok("database", "redis", "orders", "cache", "gate")
    wait_until(lambda: len(place.clients(1)) == 1 and place.clients(1) != before[2], 3,
               "a new connection of the changed check alone")
    assert (place.backend("template1"), place.clients(0)) == before[:2]
    assert place.detailed("orders")["since"] == since
    time.sleep(0.5)
    for asker in askers:
        asker.stop()
    # The other side had no reason to start over.
    assert place.probityd.said("objectives and logs are the same as before")
    assert not place.probityd.said("objectives loaded")


BAD = {
    "no YAML": ("checks:\n  - name: [\n", ":3:1: not YAML"),
    "an unknown key": ("checks:\n  - name: cache\n    url: redis://127.0.0.1/1\n    intervall: 1s\n",
                       ":4"),
    "a time that can't be": ("checks:\n  - name: cache\n    url: redis://127.0.0.1/1\n"
                             "    interval: 1s\n    timeout: 5s\n", "timeout"),
    "two of a name": ("checks:\n  - name: a\n    url: redis://127.0.0.1/1\n  - name: a\n"
                      "    url: redis://127.0.0.1/2\n", ":4"),
}


@pytest.mark.parametrize("text, where", BAD.values(), ids=BAD)
def test_a_bad_file_changes_nothing_and_says_where(place, text, where):
    place.hang_up(rows_of(place.stack))
    place.wait_ok("database", "redis", "orders", "cache", "door")
    before = place.backend("template1"), place.clients(0), place.clients(1)
    asker = Asker(place.probityd.socket_path, "/health/ready")
    said = place.hang_up(text)
    assert said.startswith("the configuration stays as it was: ")
    assert "probity.yaml" in said and where in said
    time.sleep(0.3)
    asker.stop()
    place.wait_ok("database", "redis", "orders", "cache", "door")
    assert (place.backend("template1"), place.clients(0), place.clients(1)) == before


def test_a_file_that_is_gone_changes_nothing(place):
    place.hang_up(rows_of(place.stack))
    os.unlink(place.path)
    place.probityd.signal(signal.SIGHUP)
    wait_until(lambda: place.probityd.said("No such file"), 5, "the log to say why")
    place.wait_ok("database", "redis", "orders", "cache", "door")


def test_a_check_that_fails_goes_on_failing_under_another_rule(place):
    # Who edits a file must not get a moment of "ready" out of it.
    down = {"kind": "tcp", "url": "tcp://127.0.0.1:9"}
    place.hang_up(rows_of(place.stack, gate=down))
    wait_until(lambda: place.ask()[0] == 503, 5)
    assert place.checks()["gate"] == "error: connection refused"
    place.hang_up(rows_of(place.stack, gate={**down, "interval": "300ms"}))
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert place.ask()[0] == 503
    place.hang_up(rows_of(place.stack))
    wait_until(lambda: place.ask()[0] == 200, 5)


@pytest.mark.threads
def test_a_storm_of_signals_does_no_harm(place):
    rows = rows_of(place.stack)
    others = rows_of(place.stack, cache={**rows["cache"], "interval": "300ms"})
    place.hang_up(rows)
    place.wait_ok("database", "redis", "orders", "cache", "door")
    before = place.backend("template1"), place.clients(0)
    askers = [Asker(place.probityd.socket_path, path) for path in ("/health/ready", "/health")]
    for number in range(60):
        place.write((rows, others)[number % 2])
        for _ in range(10):
            place.probityd.signal(signal.SIGHUP)
        time.sleep(0.02)
    assert place.hang_up(rows).startswith("checks loaded: ")
    place.wait_ok("database", "redis", "orders", "cache", "door")
    for asker in askers:
        asker.stop()
    assert (place.backend("template1"), place.clients(0)) == before
    wait_until(lambda: place.threads() == ["check-cache", "check-database", "check-door",
                                           "check-orders", "check-redis"], 5,
               f"one thread for each check: {place.threads()}")
    wait_until(lambda: len(place.clients(1)) == 1, 3)
    assert not place.probityd.said("takes no orders")


def test_a_check_that_hangs_in_a_look_up_holds_up_no_reload(start):
    os.makedirs(start.path, exist_ok=True)
    hanging = os.path.join(start.path, "names-hang")
    options = Probityd(start.subfolder()).environment()["ASAN_OPTIONS"]
    target = start.redis()
    lost = {"lost": {"url": f"redis://localhost:{target.port}/0", "max_age": "900ms"}}
    door = {"door": {"kind": "tcp", "url": f"tcp://127.0.0.1:{target.port}"}}
    with open(hanging, "w", encoding="ascii"):
        pass
    place = Place(start, lost, servers=False, LD_PRELOAD=compile_resolver(start.path),
                  HANGING_NAMES=hanging, ASAN_OPTIONS=options + ":verify_asan_link_order=0")
    wait_until(lambda: place.checks()["lost"].startswith("stale"), 10)
    assert place.hang_up(door) == "checks loaded: added: door; removed: lost"
    place.wait_ok("door")
    assert place.threads() == ["check-door", "check-lost"]
    # The same again: it waits beside the first one, and neither keeps what it can't reach.
    place.hang_up({**door, **lost})
    wait_until(lambda: place.threads().count("check-lost") == 2, 5)
    os.unlink(hanging)
    place.wait_ok("door", "lost")
    wait_until(lambda: place.threads() == ["check-door", "check-lost"], 5, "the first to end")
    began = time.monotonic()
    place.probityd.stop()
    assert time.monotonic() - began < 4
