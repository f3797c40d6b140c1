"""PROBITY_IDLE=pause: who isn't asked sends nothing, and who is asked again soon tells the truth."""
# SPDX-License-Identifier: MIT
import signal
import time

import pytest

from lonely import connections, lonely_network, packets
from process import wait_until
from stack import Stack

QUICK = {"PROBITY_IDLE": "pause", "PROBITY_IDLE_AFTER": "3s", "PROBITY_PROBER_PATIENCE": "1500ms",
         "PROBITY_CHECK_INTERVAL": "200ms", "PROBITY_CHECK_TIMEOUT": "200ms",
         "PROBITY_CHECK_MAX_AGE": "1s", "PROBITY_CELERY_INTERVAL": "1s",
         "PROBITY_CELERY_TIMEOUT": "200ms", "PROBITY_CELERY_MAX_AGE": "1500ms"}
SETTLED = 1.6  # the ledger's last commit, the end of its connection, and of the others'
AWAKE_WITHIN = 1.5


@pytest.fixture
def alone(folder, postgres_template):
    """Makes a stack in a network where nobody else sends anything."""
    stacks = []

    def make(env=None, **parts):
        stack = Stack(folder, template=postgres_template, env={**QUICK, **(env or {})}, **parts)
        stacks.append(stack)
        stack.start()
        stack.wait_ready()
        return stack
    with lonely_network():
        yield make
        for stack in stacks:
            troubles = stack.stop()
            assert not troubles, "\n".join(troubles)


def said(stack, text):
    return len(stack.probityd.said(text))


def wait_paused(stack, times=1, timeout=8.0):
    wait_until(lambda: said(stack, "-> paused") >= times, timeout, "a pause")


def assert_silent(seconds):
    before = packets()
    time.sleep(seconds)
    assert packets() == before, connections()
    assert connections() == []


def first_truth(stack):
    """Asks until the answer is no longer `paused`; returns it, and the answer before all others."""
    first = stack.get("/health/ready")
    started = time.monotonic()
    while True:
        answer = stack.get("/health/ready")
        if answer.json()["status"] != "paused":
            assert time.monotonic() - started < AWAKE_WITHIN
            return first, answer
        assert answer.status == 503
        time.sleep(0.01)


@pytest.mark.threads
def test_no_packet_while_nobody_asks_and_then_the_truth(alone):
    stack = alone()
    assert stack.get("/ok").status == 200
    wait_paused(stack)
    time.sleep(SETTLED)
    assert_silent(1.5)
    stack.redis.kill9()
    assert_silent(0.2)
    first, truth = first_truth(stack)
    assert first.status == 503 and first.headers["Retry-After"] == "1"
    page = first.json()
    assert page["status"] == "paused" and page["since"] < page["timestamp"]
    assert page["checks"] == {"app": "paused", "database": "paused", "redis": "paused"}
    assert page["reason"].startswith("nobody had asked for 3 s")
    assert truth.status == 503 and truth.json()["status"] == "not_ready"
    assert truth.json()["checks"]["redis"] == "error: connection refused"
    assert stack.get("/health").status == 200
    stack.wait_for("/slo", 200)


@pytest.mark.long
def test_what_came_back_in_a_pause_is_well_at_the_first_look(alone):
    stack = alone(env={"PROBITY_CHECK_RISE": "50"})
    stack.redis.kill9()
    stack.wait_for("/health/ready", 503)
    wait_paused(stack)
    stack.redis.start()
    first, truth = first_truth(stack)
    assert first.json()["status"] == "paused"
    assert truth.status == 200, truth
    assert said(stack, "check redis: error -> ok") == 1
    assert said(stack, "check database") == 1  # starting -> ok: a pause is no news of each check


@pytest.mark.long
def test_a_request_for_the_application_wakes_as_well(alone):
    stack = alone()
    wait_paused(stack)
    time.sleep(SETTLED)
    assert stack.get("/ok").status == 200
    wait_until(lambda: said(stack, "paused -> ready"), AWAKE_WITHIN, "the log's line to wake it")


def span(stack):
    return stack.postgres.sql("SELECT extract(epoch FROM watched_from)::float8,"
                              " extract(epoch FROM watched_until)::float8, lines"
                              " FROM probity.positions")


@pytest.mark.long
def test_a_pause_is_watched_up_to_its_beginning_and_covered_once_it_is_over(alone):
    stack = alone()
    for _ in range(3):
        stack.get("/ok")
    wait_paused(stack)
    began = time.time()
    time.sleep(SETTLED)
    [(since, until, lines)] = span(stack)
    assert began - 2 < until < began + 0.5
    time.sleep(3)
    assert span(stack) == [(since, until, lines)]
    stack.get("/ok")
    wait_until(lambda: span(stack)[0][1] > began + SETTLED + 3, 15, "coverage of the pause")
    [(since_now, _, lines_now)] = span(stack)
    assert since_now == since and lines_now > lines


@pytest.mark.long
def test_figures_grow_old_in_a_pause_and_say_why(alone):
    stack = alone(env={"PROBITY_SLO_MAX_AGE": "1s"})
    stack.wait_for("/slo", 200)
    wait_paused(stack)
    time.sleep(SETTLED)
    answer = stack.get("/slo")
    assert answer.status == 503 and answer.json()["stale"] is True
    assert "nobody had asked for a while" in answer.json()["reason"]
    stack.wait_for("/slo", 200, timeout=2 * AWAKE_WITHIN)
    metrics = stack.get("/metrics").text
    assert "probity_pauses_total 1\n" in metrics and "probity_paused 0\n" in metrics
    assert 'probity_publication_stale{owner="accountant"} 0\n' in metrics


@pytest.mark.long
def test_every_shape_says_paused_and_keeps_the_order(alone):
    stack = alone(env={"PROBITY_ADMIN_TOKEN": "a" * 40})
    looks = [("/health/ready", {"Accept": "text/plain"}, "[-]redis paused"),
             ("/health/ready?verbose", {}, "nobody has asked, so nobody has looked"),
             ("/health/ready", {"Accept": "application/health+json"}, '"description": "paused"'),
             ("/health/detailed", {"Authorization": "Bearer " + "a" * 40}, '"status": "paused"'),
             ("/health/detailed/redis", {"Authorization": "Bearer " + "a" * 40},
              '"hint": "asking has woken it: ask again"')]
    for i, (path, headers, words) in enumerate(looks):
        wait_paused(stack, i + 1)
        answer = stack.get(path, headers=headers)
        assert answer.status == 503 and words in answer.text, answer
        assert answer.headers["Retry-After"] == "1"
    wait_paused(stack, len(looks) + 1)
    assert stack.get("/health/startup").status == 200
    wait_paused(stack, len(looks) + 2)
    assert stack.get("/health").json()["status"] == "ok"


@pytest.mark.long
def test_a_reload_ends_a_pause_and_new_checks_are_looked_at(alone, folder):
    path = f"{folder}/checks.yaml"
    with open(path, "w", encoding="ascii") as file:
        file.write("checks: []\n")
    stack = alone(env={"PROBITY_CONFIG": path})
    wait_paused(stack)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"checks: [{{name: door, kind: tcp, url: 'tcp://127.0.0.1:{stack.app.port}'}}]\n")
    stack.probityd.signal(signal.SIGHUP)
    wait_until(lambda: said(stack, "check door: starting -> ok"), 3, "the new check's result")
    assert stack.wait_ready().json()["checks"]["door"] == "ok"


@pytest.mark.long
def test_told_to_end_in_a_pause_it_drains_and_ends(alone):
    stack = alone(env={"PROBITY_DRAIN_SECONDS": "1"})
    wait_paused(stack)
    time.sleep(SETTLED)
    started = time.monotonic()
    stack.probityd.expected_end = True
    stack.probityd.child.terminate()
    time.sleep(0.3)
    answer = stack.get("/health/ready")
    assert answer.status == 503 and answer.json()["status"] == "draining"
    assert stack.probityd.child.wait(10) == 0
    assert time.monotonic() - started < 5


@pytest.mark.long
def test_workers_and_a_hidden_ledger_are_left_in_peace_too(alone):
    stack = alone(celery=True)
    wait_paused(stack, timeout=12)
    time.sleep(SETTLED + 0.5)
    ours = [pair for pair in connections() if stack.postgres.port in pair]
    assert ours == []
    stack.celery.stop()
    first, truth = first_truth(stack)
    assert first.json()["checks"]["celery"] == "paused"
    assert truth.json()["checks"]["celery"].startswith(("degraded: no workers", "error"))


@pytest.mark.long
def test_without_it_nothing_ever_rests(alone):
    stack = alone(env={"PROBITY_IDLE": "never"})
    time.sleep(4)
    before = packets()
    time.sleep(1)
    assert packets() - before > 20
    assert stack.get("/health/ready").status == 200
