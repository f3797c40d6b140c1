"""The check of Celery's workers: who answers, what waits, and that nothing of ours stays behind."""
# SPDX-License-Identifier: MIT
import os
import time

import pytest

from certificates import Authority
from process import free_port, wait_until
from proxy import Proxy

# Kombu's own bindings stay as long as there are workers; these are what a round of ours makes.
OURS = ("*.reply.celery.pidbox", "_kombu.binding.reply.celery.pidbox")


def component(stack):
    return stack.get("/health/detailed", token=True).json()["components"]["celery"]


def wait_for_component(stack, timeout=15.0, **wanted):
    last = []

    def is_so():
        last[:] = [component(stack)]
        return all(last[0].get(name) == value for name, value in wanted.items())
    try:
        wait_until(is_so, timeout, f"celery to show {wanted}", every=0.05)
    except AssertionError as error:
        raise AssertionError(f"{error}; it shows {last}") from None
    return last[0]


def word(stack):
    return stack.get("/health/ready").json()["checks"]["celery"]


def wait_for_word(stack, wanted, timeout=15.0):
    wait_until(lambda: word(stack) == wanted, timeout, f"celery to say {wanted!r}", every=0.02)


def left_behind(redis):
    client = redis.client()
    return [key for pattern in OURS for key in client.keys(pattern)]


def quick_stack(start, broker, env=None):
    stack = start.stack(app=None, postgres=False, redis=False, env={
        "CELERY_BROKER_URL": broker, "PROBITY_CELERY_INTERVAL": "1s",
        "PROBITY_CELERY_TIMEOUT": "1s", **(env or {})})
    return stack


@pytest.fixture
def redis(start):
    return start.redis()


class Broker:
    def __init__(self, start):
        self.redis = start.redis()
        self.url = self.redis.url()
        self.worker = start.celery(self.url, queues="celery,solar")


@pytest.fixture(scope="module")
def broker(shared):
    """A broker and its worker, for tests that leave them as they found them."""
    return Broker(shared)


def test_workers_queues_and_tasks_are_what_they_are(start, broker):
    stack = quick_stack(start, broker.url, {"PROBITY_CELERY_EXPECTED_WORKERS": "1"})
    shown = wait_for_component(stack, status="ok", active_workers=1, active_tasks=0)
    assert shown["expected_workers"] == 1
    assert shown["queues"] == {"celery": 0, "solar": 0}
    assert shown["queued_tasks"] == 0


def test_what_waits_is_counted_over_all_priorities_and_missed_by_nobody(start, redis):
    client = redis.client()
    client.lpush("mail", "1", "2")
    client.lpush("mail\x06\x169", "3")
    worker = start.celery(redis.url())
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_QUEUES": "mail,celery"})
    shown = wait_for_component(stack, status="degraded", error="a queue has no consumer",
                               queued_tasks=3)
    assert shown["queues"] == {"mail": 3, "celery": 0}
    assert shown["queue_details"]["mail"] == {"depth": 3, "consumers": 0, "growing_since": None}
    client.lpush("mail", "4")
    wait_until(lambda: component(stack)["queue_details"]["mail"]["growing_since"], 5)
    client.delete("mail", "mail\x06\x169")
    worker.control("add_consumer", "mail")
    wait_for_component(stack, status="ok", queues={"mail": 0, "celery": 0})


def test_a_queue_whose_last_worker_went_is_missed_once_tasks_wait_in_it(start, redis):
    start.celery(redis.url(), node="first")
    second = start.celery(redis.url(), node="second", queues="solar")
    stack = quick_stack(start, redis.url())
    wait_for_component(stack, status="ok", queues={"celery": 0, "solar": 0})
    second.stop()
    wait_for_component(stack, status="ok", active_workers=1, queues={"celery": 0, "solar": 0})
    redis.client().lpush("solar", "a task")
    wait_for_component(stack, status="degraded", error="a queue has no consumer")


def test_nothing_is_left_on_the_broker(start, broker):
    before = set(broker.redis.client().keys("*"))
    stack = quick_stack(start, broker.url)
    wait_for_component(stack, status="ok")
    time.sleep(2.5)
    stack.probityd.stop()
    assert left_behind(broker.redis) == []
    assert set(broker.redis.client().keys("*")) == before


def test_nothing_is_left_when_stopped_while_a_worker_is_silent(start, broker):
    stack = quick_stack(start, broker.url, {"PROBITY_CELERY_INTERVAL": "3s",
                                            "PROBITY_CELERY_TIMEOUT": "3s"})
    wait_for_component(stack, status="ok")
    broker.worker.sigstop()
    try:
        wait_until(lambda: left_behind(broker.redis), 10, "a question to be open", every=0.01)
        started = time.monotonic()
        stack.probityd.stop()
        assert time.monotonic() - started < 3
        assert left_behind(broker.redis) == []
    finally:
        broker.worker.sigcont()


def test_no_worker_is_degraded_for_the_grace_and_then_an_error(start, redis):
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_GRACE": "3s"})
    started = time.monotonic()
    wait_for_word(stack, "degraded: no workers")
    assert stack.get("/health/ready").status == 200
    wait_for_word(stack, "error: no workers")
    assert 2 < time.monotonic() - started < 8
    assert stack.get("/health/ready").status == 503
    start.celery(redis.url())
    wait_for_word(stack, "ok", 5)


def test_silent_workers_are_busy_and_never_an_error(start, broker):
    stack = quick_stack(start, broker.url)
    wait_for_component(stack, status="ok")
    broker.worker.sigstop()
    try:
        wait_for_word(stack, "degraded: busy")
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert stack.get("/health/ready").status == 200
            time.sleep(0.1)
        # The sum of nobody's heartbeats is not 0 tasks.
        wait_for_component(stack, active_tasks=None)
    finally:
        broker.worker.sigcont()
    wait_for_word(stack, "ok")


def test_one_silent_worker_of_two_and_one_worker_too_few(start, redis):
    first = start.celery(redis.url(), node="first")
    start.celery(redis.url(), node="second")
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_EXPECTED_WORKERS": "2"})
    wait_for_component(stack, status="ok", active_workers=2)
    first.sigstop()
    wait_for_word(stack, "degraded: some workers busy")
    first.kill9()
    wait_for_word(stack, "degraded: fewer workers than expected")


def test_a_dead_broker_shows_at_once(start, redis):
    start.celery(redis.url())
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_INTERVAL": "10s"})
    wait_for_component(stack, status="ok")
    redis.kill9()
    started = time.monotonic()
    wait_for_word(stack, "error: connection refused", 5)
    assert time.monotonic() - started < 0.25 + 1


def test_a_broker_that_closes_idle_connections_is_noticed_by_nobody(start, redis):
    start.celery(redis.url())
    redis.config_set("timeout", 1)
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_INTERVAL": "10s"})
    wait_for_component(stack, status="ok", active_workers=1)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        assert word(stack) == "ok"
        time.sleep(0.02)


class Nat(Proxy):
    """A proxy that can forget the connections that there are, without a word to anybody."""

    def __init__(self, target_port):
        self.forgotten = set()
        super().__init__(target_port)

    def forget(self):
        self.forgotten.update(self.pairs)

    def _forward(self, end):
        if end not in self.forgotten:
            super()._forward(end)
        elif not end.recv(65536):
            self._close(end)


def test_brokers_of_all_kinds_are_looked_at_by_one_daemon(start, redis, folder):
    """A role with few rights, a key prefix, TLS, another database, and nobody there."""
    authority = Authority(os.path.join(folder, "authority"))
    certificate, secure = authority.issue(), free_port()
    client = redis.client()
    client.config_set("tls-cert-file", certificate.path)
    client.config_set("tls-key-file", certificate.key)
    client.config_set("tls-auth-clients", "no")
    client.config_set("tls-port", secure)
    client.execute_command(
        "ACL", "SETUSER", "probe", "on", ">pw", "resetkeys", "resetchannels", "&/0.celery.pidbox",
        "~_kombu.binding.reply.celery.pidbox", "~*.reply.celery.pidbox", "~unacked*", "-@all",
        "+ping", "+publish", "+sadd", "+srem", "+del", "+brpop", "+llen", "+hlen", "+multi",
        "+exec")
    client.set("user", "data")
    start.celery(redis.url(), node="plain")
    start.celery(redis.url(1), node="prefixed", key_prefix='my"app:', queues="mail")
    few = redis.url().replace("//", "//probe:pw@")
    tls = redis.url(1, port=secure).replace("redis://", "rediss://")
    before = {number: set(redis.client(number).keys("*")) for number in (0, 1, 2)}
    rows = {"few": (few, "{}"), "tls": (tls, "{key_prefix: 'my\"app:', queues: [mail]}"),
            "few-passive": (few, "{mode: passive}"), "nobody": (redis.url(2), "{grace: 0s}")}
    stack = start.stack(app=None, postgres=False, redis=False, env={
        "PROBITY_TLS_CA": authority.path,
        "PROBITY_CHECKS": "".join(
            f"- {{name: {name}, kind: celery, url: '{url}', interval: 1s, timeout: 1s, "
            f"celery: {more}}}\n" for name, (url, more) in rows.items())})

    def words():
        return stack.get("/health/ready").json()["checks"]
    wanted = {"few": "ok", "tls": "ok", "few-passive": "error: permission denied",
              "nobody": "error: no workers"}
    wait_until(lambda: words() == wanted, 10, f"{wanted}")
    shown = stack.get("/health/detailed", token=True).json()["components"]
    assert shown["tls"]["queues"] == {"mail": 0} and shown["tls"]["active_workers"] == 1
    assert shown["tls"]["queue_details"]["mail"]["consumers"] == 1
    # What the role may not do is not known, and no fault.
    assert shown["few"]["active_workers"] == 1 and shown["few"]["active_tasks"] is None
    assert shown["few"]["queues"] == {"celery": None} and shown["few"]["queued_tasks"] is None
    assert shown["few"]["unacked_tasks"] == 0
    stack.probityd.stop()
    assert before == {number: set(redis.client(number).keys("*")) for number in (0, 1, 2)}


@pytest.mark.long
def test_a_solo_worker_in_a_long_task_is_busy(start, redis):
    worker = start.celery(redis.url(), pool="solo")
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_GRACE": "1s"})
    wait_for_component(stack, status="ok", active_workers=1)
    worker.send("demo.report", 6)
    wait_for_word(stack, "degraded: busy")
    assert component(stack)["unacked_tasks"] == 1
    wait_for_word(stack, "ok")


@pytest.mark.long
def test_a_worker_that_lost_the_broker_and_only_sends_heartbeats_is_no_worker(start, redis):
    """Kombu 5.2 with prefork: after the broker's restart it is never subscribed again."""
    worker = start.celery(redis.url(), pool="prefork")
    stack = quick_stack(start, redis.url(), {"PROBITY_CELERY_GRACE": "20s"})
    wait_for_component(stack, status="ok", active_workers=1)
    redis.kill9()
    # One that finds the broker again at its first try goes on as before.
    wait_until(lambda: "Trying again" in worker.log(), 10, "the worker to miss the broker")
    redis.start()
    wait_for_word(stack, "degraded: no workers")
    wait_for_word(stack, "degraded: workers alive but not consuming", 19)
    wait_for_word(stack, "error: workers alive but not consuming", 20)
    worker.stop()
    worker.start()
    wait_for_word(stack, "ok")


@pytest.mark.long
def test_heartbeats_are_heard_again_after_a_nat_forgot_the_connection(start, redis):
    start.celery(redis.url())
    nat = start.add(Nat(redis.port), start=False)
    stack = quick_stack(start, redis.url(port=nat.port), {"PROBITY_CELERY_MODE": "passive"})
    wait_for_component(stack, status="ok", active_workers=1)
    nat.forget()
    wait_for_word(stack, "degraded: no workers", 20)
    until = time.monotonic() + 45
    while word(stack) != "ok":
        assert time.monotonic() < until and not word(stack).startswith("error: no workers")
        time.sleep(0.1)


def test_passive_mode_never_publishes(start, broker):
    client = broker.redis.client()
    client.config_resetstat()
    stack = quick_stack(start, broker.url, {"PROBITY_CELERY_MODE": "passive"})
    shown = wait_for_component(stack, status="ok", active_workers=1)
    assert shown["active_tasks"] == 0
    assert left_behind(broker.redis) == []
    used = client.info("commandstats")
    assert "cmdstat_sadd" not in used, "a reply list was bound"


def test_three_lasting_connections_at_most(start, broker):
    stack = quick_stack(start, broker.url, {"REDIS_URL": broker.url,
                                            "PROBITY_CHECK_FRESH_INTERVAL": "1s"})
    wait_for_component(stack, status="ok")
    client = broker.redis.client()
    until = time.monotonic() + 3
    counts = []
    while time.monotonic() < until:
        counts.append(sum(link["name"] == "probity" for link in client.client_list()))
        time.sleep(0.01)
    assert max(counts) <= 5
    assert sorted(counts)[len(counts) // 2] <= 3
