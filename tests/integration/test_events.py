"""What is posted and answered with 202 is counted once, whatever dies in between."""
# SPDX-License-Identifier: MIT
import http.client
import json
import os
import subprocess
import threading
import time

import pytest

from process import wait_until
from servers import Probityd
from stack import fetch, make_token

TOKEN = "the-ingest-token-of-this-test-stack-0123"


def settings(folder, **more):
    return {"PROBITY_REQUIRE": "none", "PROBITY_APP": None, "REDIS_URL": None,
            "PROBITY_ACCESS_LOG": None, "PROBITY_INGEST_TOKEN": TOKEN,
            **more}


def event(**changes):
    return {"time": round(time.time(), 3), "route": "/v1/jobs/{id}", "method": "GET", "status": 200,
            "duration_ms": 12.5, **changes}


def lines(count, **changes):
    return "\n".join(json.dumps(event(**changes)) for _ in range(count))


def post(port, body, key=None, token=TOKEN, timeout=10):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if key:
        headers["Idempotency-Key"] = key
    return fetch(port, "/slo/events", method="POST", body=body, headers=headers, timeout=timeout)


def figures(stack, objective="app-availability"):
    answer = stack.get("/slo")
    slos = answer.json().get("slos", []) if answer.status == 200 else []
    return next(([slo["total_events"], slo["bad_events"]] for slo in slos
                 if slo["name"] == objective), None)


def metric(stack, name):
    """The value of a sample, 0 while it is not there."""
    for line in stack.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return 0


@pytest.fixture
def posted(start):
    """A stack without an access log: all that is counted is posted."""
    stack = start.stack(start=False, redis=False, app=None)
    stack.probityd.env.update(settings(stack.folder))
    return stack.start()


@pytest.fixture
def neighbour(posted, start):
    """A second instance on the same ledger, with a disk of its own."""
    folder = start.subfolder()
    second = start.add(Probityd(folder, {**posted.probityd.env, **settings(folder)}))
    return start.nginx(second.socket_path)


def wait_counted(stack, want, timeout=10.0):
    try:
        wait_until(lambda: figures(stack) == want, timeout, f"{want} in /slo")
    except AssertionError as error:
        raise AssertionError(f"{error}; it has {figures(stack)}\n"
                             + stack.probityd.log_tail(20)) from None


def assert_stays(stack, want):
    """A figure that goes on growing has counted something again."""
    wait_counted(stack, want, 20)
    time.sleep(1.5)
    assert figures(stack) == want


def test_posted_events_are_in_slo_within_2_s(posted):
    wait_until(lambda: posted.get("/slo").status == 200, 10, "/slo to answer")
    assert post(posted.nginx.port, lines(1)).status == 202
    wait_counted(posted, [1, 0])
    body = json.dumps([event(), event(status=503), event(duration_ms=500), event(status=404)])
    answer = post(posted.nginx.port, body)
    told = time.monotonic()
    assert (answer.status, answer.json()) == (202, {"accepted": 4})
    wait_until(lambda: figures(posted) == [5, 1], 2, "the events in /slo")
    assert time.monotonic() - told < 2
    assert figures(posted, "app-latency-p95") == [4, 1]
    assert post(posted.nginx.port, lines(1), token=make_token()).status == 202
    assert_stays(posted, [6, 1])
    routes = posted.get("/slo/app-availability").json()["routes"]
    assert [route["route"] for route in routes] == ["/v1/jobs/{id}"]


def test_what_is_wrong_is_named_and_nothing_of_it_is_taken(posted):
    port = posted.nginx.port
    for body, status, words in (
            (lines(3) + "\n" + json.dumps(event(status=99)), 400, "line 4: status: is no"),
            (json.dumps([event(), event(time=1)]), 400, "event 2: time: is older"),
            (lines(1, service="nobody"), 400, "line 1: service: is none"),
            ("", 400, "the body is empty"),
            (lines(10001, route="/"), 413, "more than 10000 events"),
            ("x" * (1024 * 1024 + 1), 413, "larger")):
        answer = post(port, body)
        assert (answer.status, words in answer.text) == (status, True), answer
    for token, status in ((None, 401), ("x" * 40, 401), (make_token(role="user"), 403)):
        assert post(port, lines(1), token=token).status == status
    answer = post(port, lines(1), key="k" * 256)
    assert answer.status == 400 and "Idempotency-Key" in answer.text
    answer = posted.get("/slo/events")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert post(port, lines(2)).status == 202
    assert_stays(posted, [2, 0])
    assert metric(posted, 'probity_ingest_batches_total{result="bad"}') == 5
    assert metric(posted, 'probity_ingest_batches_total{result="accepted"}') == 1


def test_ten_thousand_events_of_as_many_routes_and_minutes_are_counted(posted):
    now = int(time.time())
    body = "\n".join(json.dumps(event(time=now - 60 * (i // 100), route=f"/{i % 100}"))
                     for i in range(8000))
    assert post(posted.nginx.port, body).json() == {"accepted": 8000}
    assert post(posted.nginx.port, body, key="a").json() == {"accepted": 8000}
    assert_stays(posted, [16000, 0])


class Poster(threading.Thread):
    """Posts batches until it is told to stop, and remembers what was taken."""

    def __init__(self, port, events):
        super().__init__(daemon=True)
        self.port, self.events, self.running, self.taken = port, events, True, 0
        self.doubt = 0  # batches that nobody answered for
        self.start()

    def run(self):
        while self.running:
            try:
                answer = post(self.port, lines(self.events, status=500))
            except (OSError, http.client.HTTPException):
                self.doubt += 1
                continue
            if answer.status == 202:
                self.taken += self.events
            elif answer.text.startswith('{"status": "down"'):
                self.doubt += 1  # nginx lost probityd before it had its answer
            time.sleep(0.005)

    def stop(self):
        self.running = False
        self.join(15)


@pytest.mark.threads
def test_every_batch_taken_counts_once_however_often_probityd_is_killed(posted):
    posters = [Poster(posted.nginx.port, events) for events in (1, 7, 100)]
    for _ in range(8):
        time.sleep(0.6)
        posted.probityd.kill9()
        posted.probityd.start()
    time.sleep(0.5)
    for poster in posters:
        poster.stop()
    taken = sum(poster.taken for poster in posters)
    most = taken + sum(poster.doubt * poster.events for poster in posters)
    assert taken > 1000
    wait_until(lambda: (figures(posted) or [0])[0] >= taken, 20, "what was taken in /slo")
    time.sleep(1.5)
    counted = figures(posted)
    assert taken <= counted[0] <= most and counted[0] == counted[1]
    assert metric(posted, "probity_journal_failures_total") == 0


def test_what_is_taken_without_the_ledger_is_counted_when_it_is_back(posted):
    assert post(posted.nginx.port, lines(10)).status == 202
    wait_counted(posted, [10, 0])
    posted.postgres.stop()
    assert post(posted.nginx.port, lines(10)).status == 202
    assert post(posted.nginx.port, lines(10), key="k").status == 202
    posted.probityd.kill9()
    posted.probityd.start()
    assert post(posted.nginx.port, lines(10)).status == 202
    posted.postgres.restart()
    assert_stays(posted, [40, 0])


def test_charts_that_wait_for_a_ledger_that_hangs_keep_no_events_waiting(posted):
    posted.wait_for("/slo", 200)
    posted.postgres.freeze_all()
    try:
        charts = [threading.Thread(target=posted.get, args=("/slo/app-availability/history",))
                  for _ in range(8)]
        for chart in charts:
            chart.start()
        time.sleep(0.3)
        for key in (None, "k"):
            answer = post(posted.nginx.port, lines(10), key=key)
            assert answer.status == 202 and answer.seconds < 1.5, answer
        for chart in charts:
            chart.join()
    finally:
        posted.postgres.sigcont()
    assert_stays(posted, [20, 0])


def test_a_key_counts_once_whichever_instance_takes_it(posted, neighbour):
    body, other = lines(20), lines(30)
    ports = [posted.nginx.port, neighbour.port]
    for _ in range(2):
        for port in ports:
            assert post(port, body, key="first").json() == {"accepted": 20}
    wait_counted(posted, [20, 0])
    for port in ports:
        answer = post(port, other, key="first")
        assert (answer.status, answer.json()["error"]["code"]) == (409, "conflict")
    # At the same moment on both: the ledger decides.
    threads = [threading.Thread(target=post, args=(port, body, "second")) for port in ports * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_counted(posted, [40, 0])
    posted.probityd.kill9()
    posted.probityd.start()
    for port in ports:
        assert post(port, body, key="second").status == 202
        assert post(port, lines(1)).status == 202
    assert_stays(posted, [42, 0])


def test_bodies_that_contradict_each_other_unseen_count_once_and_are_said(posted, neighbour):
    posted.postgres.stop()
    assert post(posted.nginx.port, lines(20), key="k").status == 202
    assert post(neighbour.port, lines(30), key="k").status == 202
    posted.postgres.restart()
    wait_until(lambda: figures(posted) in ([20, 0], [30, 0]), 15, "one of the two in /slo")
    time.sleep(1.5)
    assert figures(posted) in ([20, 0], [30, 0])
    spoiled = "probity_ledger_batches_contradicted_total"
    wait_until(lambda: metric(posted, spoiled) + sum(
        float(line.split()[1]) for line in fetch(neighbour.port, "/metrics").text.splitlines()
        if line.startswith(spoiled + " ")) == 1, 5, "the batch that was dropped in /metrics")


@pytest.fixture
def small_disk(start):
    """A file system of 2 MiB."""
    path = start.subfolder()
    os.makedirs(path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("only an administrator may mount a small disk")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_takes_nothing_of_a_batch_and_says_when_to_come_back(posted, small_disk):
    posted.probityd.stop()
    posted.probityd.env["PROBITY_STATE_DIR"] = small_disk
    posted.probityd.start()
    taken = 0
    assert post(posted.nginx.port, lines(5)).status == 202
    with open(os.path.join(small_disk, "filler"), "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096) > 0:
                pass
        except OSError:
            pass
    for _ in range(40):
        answer = post(posted.nginx.port, lines(100))
        taken += 100 if answer.status == 202 else 0
    assert answer.status == 503 and "the disk is full" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert posted.get("/health/ready").status == 200
    assert_stays(posted, [5 + taken, 0])
    os.unlink(os.path.join(small_disk, "filler"))
    assert post(posted.nginx.port, lines(100)).status == 202
    assert_stays(posted, [105 + taken, 0])
    posted.probityd.stop()


def test_without_a_place_for_them_events_are_refused_and_the_place_is_named(posted):
    posted.probityd.stop()
    posted.probityd.env["PROBITY_STATE_DIR"] = "/proc/nowhere"
    posted.probityd.start()
    answer = post(posted.nginx.port, lines(1))
    assert answer.status == 503 and "/proc/nowhere/journal/app" in answer.text
    assert answer.headers["Retry-After"]
    posted.wait_ready()


def test_without_a_token_posting_is_closed(posted):
    posted.probityd.stop()
    posted.probityd.env["PROBITY_INGEST_TOKEN"] = None
    posted.probityd.start()
    answer = post(posted.nginx.port, lines(1), token=make_token())
    assert answer.status == 503
    assert answer.json()["error"]["code"] == "auth_not_configured"
    assert "PROBITY_INGEST_TOKEN" in answer.text
