"""`probity serve` is told to end at any moment: while it starts, migrates, drains; twice, or by KILL.

Whatever the moment: it ends soon, nothing of it stays behind, the schema is whole, and the next start
goes on from there.
"""
# SPDX-License-Identifier: MIT
import glob
import http.client
import os
import signal
import threading
import time

import pytest

from process import PYTHON, children_of, free_port, wait_until
from rollout import APP
from servers import Serve, run_tool
from stack import fetch

AS_FIRST_PROCESS = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
MOMENTS_MS = (0, 2, 5, 10, 20, 30, 50, 75, 100, 130, 180, 250, 320, 400, 500, 700, 1000)


@pytest.fixture(scope="module")
def ledger(shared):
    return shared.postgres()


@pytest.fixture
def empty(ledger):
    ledger.superuser_sql("DROP EVENT TRIGGER IF EXISTS slow")
    ledger.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    yield ledger
    ledger.superuser_sql("DROP EVENT TRIGGER IF EXISTS slow")


def serve(start, ledger, first=False, **env):
    """With an application whose slow answers take as long as they are asked to."""
    app_port = free_port()
    part = Serve(start.subfolder(), command=[PYTHON, APP],
                 wrapper=AS_FIRST_PROCESS if first else ())
    part.env = {"PROBITY_UPSTREAM": f"127.0.0.1:{app_port}", "DATABASE_URL": ledger.url(),
                "PROBITY_APP": f"http://127.0.0.1:{app_port}/", "PROBITY_REQUIRE": "app,database",
                "PROBITY_DRAIN_SECONDS": "0", **env}
    part.first = first
    start.add(part, start=False)
    return part


def tell(part, number=signal.SIGTERM):
    """The signal goes to serve, also where that is process 1 of a namespace."""
    for pid in children_of(part.pid) if part.first else [part.pid]:
        os.kill(pid, number)


def end_of(part, within=12):
    part.expected_end = True
    wait_until(lambda: not part.alive(), within, f"{part.name} to end: {part.log_tail()}")
    return part.child.returncode


def is_ready(part):
    return fetch(part.port, "/health/ready").status == 200


def left_of(part):
    """What still runs of it, by its folder in a command line or an environment."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        pid = int(path.split("/")[2])
        try:
            with open(path, "rb") as file:
                words = file.read()
            with open(f"/proc/{pid}/environ", "rb") as file:
                words += file.read()
        except OSError:
            continue
        if part.folder.encode() + b"/" in words and pid != os.getpid():
            found.append(pid)
    return found


def exists(ledger):
    """Whether any part of the schema is there."""
    return ledger.sql("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                      "WHERE nspname = 'probity'")[0][0] > 0


def blocks_signals(part):
    """Whether serve has begun: before that, a process 1 hears of no signal at all."""
    for pid in children_of(part.pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            blocked = [line for line in status if line.startswith("SigBlk")][0].split()[1]
        return int(blocked, 16) >> (signal.SIGTERM - 1) & 1
    return False


def assert_whole(part, ledger):
    """Nothing of it is left, and the schema is all there or not at all; then it starts again."""
    wait_until(lambda: left_of(part) == [], 5, "everything to be gone")
    current = run_tool("migrate", "current", env=part.env)
    assert current.returncode == 0 and ("(head)" in current.stdout or not exists(ledger)), current
    part.spawn()
    wait_until(lambda: is_ready(part), 20, "the next start: " + part.log_tail())
    assert "(head)" in run_tool("migrate", "current", env=part.env).stdout
    tell(part)
    tell(part)
    assert end_of(part) == 0


def end_while_starting(start, ledger, first, moments_ms):
    for moment_ms in moments_ms:
        ledger.sql("DROP SCHEMA IF EXISTS probity CASCADE")
        part = serve(start, ledger, first, PROBITY_DRAIN_SECONDS="1")
        part.spawn()
        if first:
            wait_until(lambda: blocks_signals(part), 5, every=0.001)
        time.sleep(moment_ms / 1000)
        tell(part)
        code = end_of(part)
        # In its very first instant, before it could block the signal, it dies of it.
        assert code == 0 or (code == -signal.SIGTERM and part.log() == ""), (moment_ms, code)
        assert [line for line in part.log_lines() if line.get("level") == "error"] == []
        assert_whole(part, ledger)


def test_a_signal_while_it_starts_ends_it_in_order(start, empty):
    end_while_starting(start, empty, False, (0, 150))


@pytest.mark.long
@pytest.mark.parametrize("first", [False, pytest.param(True, marks=pytest.mark.skipif(
    os.geteuid() != 0, reason="namespaces are root's to make"))], ids=["a process", "process 1"])
def test_a_signal_at_any_moment_of_the_start_ends_it_in_order(start, empty, first):
    end_while_starting(start, empty, first, MOMENTS_MS)


# A migration that takes its time.

@pytest.fixture
def slow(empty):
    """Every table that is made takes a fifth of a second more."""
    empty.superuser_sql("CREATE OR REPLACE FUNCTION public.wait() RETURNS event_trigger LANGUAGE plpgsql "
                        "AS $$ BEGIN PERFORM pg_sleep(0.2); END $$")
    empty.superuser_sql("CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
                        "EXECUTE FUNCTION public.wait()")
    return empty


def is_migrating(ledger):
    return ledger.superuser_sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' "
                                "AND wait_event = 'PgSleep'")[0][0] > 0


@pytest.mark.long
@pytest.mark.parametrize("signals", [
    [signal.SIGTERM], [signal.SIGTERM, signal.SIGTERM], [signal.SIGKILL]],
    ids=["TERM", "TERM TERM", "KILL"])
def test_a_migration_that_is_interrupted_leaves_the_schema_whole(start, slow, signals):
    part = serve(start, slow, PROBITY_DRAIN_SECONDS="5")
    part.spawn()
    wait_until(lambda: is_migrating(slow), 10)
    asked = fetch(part.port, "/health/ready")
    assert asked.status == 503 and asked.json()["status"] == "down"  # and not yet ready
    for number in signals:
        tell(part, number)
    code = end_of(part, 4)  # there is nothing to drain
    assert code == (-signal.SIGKILL if signals == [signal.SIGKILL] else 0)
    wait_until(lambda: not is_migrating(slow), 5, "Postgres to roll back")
    assert not exists(slow)
    slow.superuser_sql("DROP EVENT TRIGGER slow")
    assert_whole(part, slow)


# Twice, three times, and at once.

class Slow(threading.Thread):
    """A request that takes that long, and what becomes of it."""

    def __init__(self, part, seconds):
        super().__init__(daemon=True)
        self.part, self.seconds, self.end = part, seconds, None
        self.start()

    def run(self):
        try:
            self.end = fetch(self.part.port, f"/slow?seconds={self.seconds}").status
        except (OSError, http.client.HTTPException) as error:
            self.end = error

    def wait(self):
        self.join(15)
        return self.end


def test_a_second_signal_ends_the_draining_and_no_request(start, empty):
    part = serve(start, empty, PROBITY_DRAIN_SECONDS="60")
    part.start()
    wait_until(lambda: is_ready(part), 10)
    slow = Slow(part, 2)
    time.sleep(0.3)
    tell(part)
    wait_until(lambda: not is_ready(part), 5)
    assert fetch(part.port, "/").status == 200  # it drains: all else goes on
    began = time.monotonic()
    tell(part)
    assert end_of(part) == 0 and time.monotonic() - began < 8
    assert slow.wait() == 200
    assert_counted(part, empty, 2)


@pytest.mark.long
def test_a_third_signal_gives_up_what_is_under_way_and_a_fourth_whoever_is_left(start, empty):
    part = serve(start, empty, PROBITY_DRAIN_SECONDS="60", PROBITY_SHUTDOWN_SECONDS="30")
    part.start()
    wait_until(lambda: is_ready(part), 10)
    slow = Slow(part, 20)
    time.sleep(0.3)
    for _ in range(3):
        tell(part)
        time.sleep(0.3)
    assert slow.wait() != 200
    assert len(part.said("requests that are under way are given up")) == 1
    assert part.alive()  # the application doesn't know, and has PROBITY_SHUTDOWN_SECONDS for it
    tell(part)
    assert end_of(part, 5) == 0


def assert_counted(part, ledger, count):
    got = ledger.sql("SELECT coalesce(sum(total), 0)::bigint FROM probity.route_minutes")[0][0]
    assert got == count, (got, count, part.log_tail())


@pytest.mark.long
def test_who_is_killed_takes_all_with_it_and_the_next_start_counts_the_rest(start, empty):
    """KILL goes to serve alone, as a process manager without cgroups has it."""
    part = serve(start, empty)
    for _ in range(3):
        part.spawn()
        wait_until(lambda: is_ready(part), 15, "a start: " + part.log_tail())
        for _ in range(20):
            assert fetch(part.port, "/").status == 200
        part.expected_end = True
        os.kill(part.pid, signal.SIGKILL)
        part.child.wait()
    wait_until(lambda: left_of(part) == [], 15, "nginx, probityd and the application to go")
    part.spawn()
    wait_until(lambda: is_ready(part), 15)
    tell(part)
    assert end_of(part) == 0
    assert_counted(part, empty, 60)


@pytest.mark.long
def test_a_probityd_that_is_started_again_does_not_wait_for_its_first_200_again(start, empty):
    """Its instance would leave the traffic for so long, and only the monitor has ended."""
    part = serve(start, empty, PROBITY_READY_AFTER="1s")
    part.spawn()
    wait_until(lambda: is_ready(part), 15)
    for lived, waits in ((0, True), (1.1, False)):
        time.sleep(lived)
        os.kill(part.part("probityd"), signal.SIGKILL)
        wait_until(lambda: not is_ready(part), 5)
        began = time.monotonic()
        wait_until(lambda: is_ready(part), 15)
        assert (time.monotonic() - began >= 0.9) == waits
