"""What is in the log is in the ledger, to the event, whatever dies in between."""
# SPDX-License-Identifier: MIT
import glob
import http.client
import json
import os
import shutil
import threading
import time

import pytest

from process import wait_until
from recount import recount
from servers import Probityd

SLO_ENV = {"PROBITY_REQUIRE": "none", "PROBITY_APP": None, "REDIS_URL": None}


class Load:
    """Requests over kept connections until it is told to stop."""

    def __init__(self, port, threads=2, pause=0.0005):
        self.port, self.pause, self.running, self.sent = port, pause, True, 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for number in range(10 ** 9):
            if not self.running:
                break
            path = ("/ok", "/ok", "/missing", "/ok", "/fail")[number % 5]
            link.request("GET", f"{path}?{number}")
            link.getresponse().read()
            self.sent += 1
            time.sleep(self.pause)
        link.close()

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join(10)
        return self.sent


def figures(stack):
    """What /slo says, in recount's form."""
    answer = stack.get("/slo")
    slos = answer.json().get("slos", []) if answer.status == 200 else []
    return {slo["name"]: [slo["total_events"], slo["bad_events"]] for slo in slos}


def logs(stack):
    return sorted(glob.glob(stack.nginx.access_log + "*"))


def assert_agrees(stack, timeout=20.0):
    """Waits until the ledger has caught up, then holds it against the recount once more: a figure
    that goes on growing has counted something again."""
    time.sleep(0.1)  # nginx writes its line when the client has its answer already
    try:
        wait_until(lambda: figures(stack) == recount(logs(stack)), timeout,
                   "the ledger to equal the log")
    except AssertionError as error:
        raise AssertionError(f"{error}\nlog:    {recount(logs(stack))}\nledger: {figures(stack)}\n"
                             + stack.probityd.log_tail(20)) from None
    time.sleep(1.5)
    assert figures(stack) == recount(logs(stack))


@pytest.fixture
def counted(start):
    """A stack whose only check is none: these tests are about the ledger."""
    return start.stack(redis=False, app=None, env=SLO_ENV)


def test_a_logged_line_is_in_slo_within_3_s(counted):
    wait_until(lambda: counted.get("/slo").status == 200, 10, "/slo to answer")
    for path in ("/ok", "/ok", "/fail"):
        counted.get(path)
    logged = time.monotonic()
    wait_until(lambda: figures(counted).get("app-availability") == [3, 1], 3, "the events in /slo")
    assert time.monotonic() - logged < 3


@pytest.mark.threads
def test_probityd_killed_in_a_loop_under_load_counts_every_event_once(counted):
    load = Load(counted.nginx.port)
    for _ in range(8):
        time.sleep(0.8)
        counted.probityd.kill9()
        counted.probityd.start()
    assert load.stop() > 1000
    assert_agrees(counted)


def test_postgres_killed_and_stopped_under_load_loses_and_repeats_nothing(counted):
    load = Load(counted.nginx.port)
    for harm in (counted.postgres.kill9, counted.postgres.stop, counted.postgres.kill9):
        time.sleep(1.5)
        harm()
        time.sleep(1.0)
        counted.postgres.restart()
    load.stop()
    assert_agrees(counted)


@pytest.mark.long
def test_postgres_stopped_for_a_minute_is_caught_up_with(counted):
    load = Load(counted.nginx.port)
    time.sleep(2)
    counted.postgres.stop()
    time.sleep(60)
    counted.postgres.restart()
    load.stop()
    assert_agrees(counted, 60)


@pytest.mark.long
def test_postgres_and_probityd_killed_at_random_moments_agree_in_the_end(counted):
    load = Load(counted.nginx.port)
    for number in range(20):
        time.sleep(0.3 + (number * 37 % 100) / 100)
        if number % 3 == 0:
            counted.postgres.kill9()
            counted.postgres.restart()
        elif number % 3 == 1:
            counted.probityd.kill9()
            counted.probityd.start()
        else:
            counted.nginx.rotate(number)
    load.stop()
    assert_agrees(counted, 60)


def test_a_postgres_that_hangs_in_the_middle_of_a_commit_counts_once(counted):
    load = Load(counted.nginx.port)
    for _ in range(3):
        time.sleep(1.0)
        counted.postgres.freeze_backends()
        time.sleep(1.0)
        counted.postgres.kill9()
        counted.postgres.restart()
    load.stop()
    assert_agrees(counted, 30)


def test_rotation_by_rename_under_load_is_exact(counted):
    load = Load(counted.nginx.port)
    for number in range(1, 5):
        time.sleep(0.7)
        counted.nginx.rotate(number)
    load.stop()
    assert_agrees(counted)


def test_a_rotation_while_probityd_is_dead_loses_nothing(counted):
    for _ in range(20):
        counted.get("/ok")
    assert_agrees(counted)
    counted.probityd.kill9()
    for _ in range(5):
        counted.get("/fail")
    counted.nginx.rotate()
    for _ in range(7):
        counted.get("/ok")
    counted.probityd.start()
    assert_agrees(counted)


def test_copytruncate_counts_every_surviving_line_once(counted):
    for number in range(3):
        counted.get("/ok")
        assert_agrees(counted)  # a file is known once its first line has been read
        for _ in range(30):
            counted.get("/ok")
        counted.get("/fail")  # what is unread now survives in the copy alone
        shutil.copyfile(counted.nginx.access_log, f"{counted.nginx.access_log}.{number}")
        os.truncate(counted.nginx.access_log, 0)
    counted.get("/ok")
    assert_agrees(counted)


def test_a_log_that_moves_to_another_disk_and_back_counts_once(counted):
    for _ in range(10):
        counted.get("/ok")
    assert_agrees(counted)
    counted.probityd.stop()
    counted.nginx.stop()
    path = counted.nginx.access_log
    shutil.copyfile(path, path + ".copy")  # another inode, the same lines
    os.unlink(path)
    os.rename(path + ".copy", path)
    counted.nginx.start()
    counted.probityd.start()
    counted.get("/fail")
    assert_agrees(counted)


def test_a_clean_restart_counts_nothing_again(counted):
    for _ in range(10):
        counted.get("/ok")
    for _ in range(3):
        counted.probityd.restart()
        counted.get("/fail")
    assert_agrees(counted)


def test_two_probityds_on_one_log_count_once(counted, folder):
    second = Probityd(folder, env=counted.probityd.env)
    second.start()
    try:
        load = Load(counted.nginx.port)
        time.sleep(3)
        counted.probityd.kill9()
        time.sleep(1.5)
        counted.probityd.start()
        load.stop()
        assert_agrees(counted)
    finally:
        second.stop()
    assert second.troubles() == []


# A log that the test writes by itself.
def line(**changes):
    event = {"time": round(time.time(), 3), "request_id": os.urandom(16).hex(), "service": "",
             "method": "GET", "path": "/v1/items", "status": 200, "request_time": 0.012,
             "bytes": 321, "upstream_time": "0.011", **changes}
    return (json.dumps(event) + "\n").encode()


BAD_LINES = {
    "not JSON": b"hello, this is no JSON\n",
    "cut": line()[:60] + b"\n",
    "a negative time": line(time=-5.0),
    "a status of 999": line(status=999),
    "a year of 1970": line(time=12.0),
    "a year of 2100": line(time=4102444800.0),
    "a negative duration": line(request_time=-1.0),
    "no status": line().replace(b'"status"', b'"state"'),
    "no number": line().replace(b"0.012", b'"soon"'),
    "a NaN": line().replace(b"0.012", b"NaN"),
    "1 MiB without a newline": b"x" * (1 << 20) + b"\n",
    "nothing but braces": b"{" * 5000 + b"\n",
    "NUL bytes": b"\0" * 300 + b"\n",
    "an empty line": b"\n",
}
GOOD_LINES = {
    "plain": line(),
    "an empty upstream time": line(upstream_time=""),
    "a dash as upstream time": line(upstream_time="-"),
    "a listed upstream time": line(upstream_time="0.001, 0.002 : 0.003"),
    "bytes that are no UTF-8": line().replace(b"/v1/items", b"/v1/\xff\xfe\xc0items"),
    "an unknown member": line(colour="blue"),
    "a nested unknown member": line(nested={"a": [1, 2, {"b": "}\""}]}),
    "an escaped path": line(path="/v1/\"quoted\"\\\u00e9"),
}


@pytest.fixture
def written(start):
    """A stack that follows a file of the test's own; `append(bytes)` writes to it."""
    stack = start.stack(redis=False, app=None, env=SLO_ENV, start=False)
    path = os.path.join(stack.folder, "own.log")
    stack.probityd.env["PROBITY_ACCESS_LOG"] = path
    stack.start()

    def append(data):
        with open(path, "ab", buffering=0) as log:
            log.write(data)
    stack.append, stack.own_log = append, path
    return stack


def total(stack):
    return figures(stack).get("app-availability", [None])[0]


def test_bad_lines_are_counted_named_and_stop_nothing(written):
    written.append(b"".join(GOOD_LINES.values()))
    written.append(b"".join(BAD_LINES.values()))
    written.append(line() + line(status=503))
    wanted = len(GOOD_LINES) + 2
    wait_until(lambda: total(written) == wanted, 10, f"{wanted} events")
    time.sleep(1)
    assert total(written) == wanted
    rejected = sum(float(text.rsplit(" ", 1)[1])
                   for text in written.get("/metrics").text.splitlines()
                   if text.startswith("probity_ingest_rejected_total{"))
    assert len(BAD_LINES) - 1 <= rejected <= len(BAD_LINES)  # an empty line may be no line
    named = written.probityd.said("at byte")
    assert 1 <= len(named) < len(BAD_LINES), named  # the first few, and not every one
    assert all("own.log at byte" in text for text in named)


@pytest.mark.parametrize("name", sorted(GOOD_LINES))
def test_an_odd_line_is_an_event(written, name):
    written.append(GOOD_LINES[name])
    wait_until(lambda: total(written) == 1, 5, f"{name} to be counted")


def test_a_line_counts_once_it_is_whole(written):
    whole = line()
    written.append(line() + whole[:50])
    wait_until(lambda: total(written) == 1, 5, "the whole line")
    written.append(whole[50:])
    wait_until(lambda: total(written) == 2, 5, "the rest of the second")


def test_what_is_no_event_of_the_service_is_not_counted(written):
    written.append(line() + line(method="OPTIONS") + line(status=101) + line(path="/health/ready")
                   + line(path="/metrics") + line(service="other") + line(status=499)
                   + line(path="/healthy") + line(service="app"))
    wait_until(lambda: total(written) == 3, 5, "three events")
    time.sleep(1)
    assert total(written) == 3


def test_latency_is_good_strictly_below_its_threshold_and_only_without_5xx(written):
    for seconds in (0.1, 0.499, 0.5, 0.501, 1.999, 2.0, 5.0):
        written.append(line(request_time=seconds))
    written.append(line(request_time=9.0, status=502))
    wait_until(lambda: total(written) == 8, 5, "eight events")
    assert figures(written)["app-latency-p95"] == [7, 5]
    assert figures(written)["app-latency-p99"] == [7, 2]


def test_a_missing_log_directory_is_waited_for_and_said_once(start):
    stack = start.stack(redis=False, app=None, env=SLO_ENV, start=False)
    path = os.path.join(stack.folder, "later", "access.log")
    stack.probityd.env["PROBITY_ACCESS_LOG"] = path
    stack.start()
    time.sleep(3)
    assert len(stack.probityd.said("later")) == 1
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as log:
        log.write(line())
    wait_until(lambda: total(stack) == 1, 5, "the log that appeared")
