"""`probity probe celery`: the exit code, one line, and nothing left behind on the broker."""
# SPDX-License-Identifier: MIT
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from process import free_port, plain_environment, wait_until
from servers import build_path, run_tool

HOST = socket.gethostname()


class Workers:
    """A broker with two workers, which every test leaves as it found them."""

    def __init__(self, start):
        self.redis = start.redis()
        self.url = self.redis.url()
        self.one = start.celery(self.url, node="one")
        self.two = start.celery(self.url, node="two")
        self.keys = self.look()

    def look(self):
        """All keys but what Celery's own ping leaves, whose names are UUIDs of version 3."""
        return {key for key in self.redis.client().keys("*")
                if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f-]+\.reply\.celery\.pidbox",
                                    key)}

    def wait_awake(self):
        wait_until(lambda: self.probe("--node", f"one@{HOST}")[1].startswith(f"one@{HOST}: ok"),
                   10, "the worker to answer again")

    def probe(self, *arguments, timeout="2s", **env):
        """Runs it; returns its exit code, its line, and how long it took."""
        started = time.monotonic()
        done = run_tool("probe", "celery", "--timeout", timeout, *arguments,
                        env={"CELERY_BROKER_URL": self.url, **env})
        seconds = time.monotonic() - started
        text = done.stdout + done.stderr
        assert text.count("\n") == 1, text
        return done.returncode, text.rstrip("\n"), seconds


@pytest.fixture(scope="module")
def workers(shared):
    return Workers(shared)


def test_a_worker_that_answers_is_well(workers):
    for node, name in ((f"one@{HOST}", f"one@{HOST}"), (f"two@{HOST}", f"two@{HOST}"),
                       (f"@{HOST}", rf"(one|two)@{HOST}"), (None, rf"(one|two)@{HOST}")):
        code, line, _ = workers.probe(*(["--node", node] if node else []))
        assert code == 0 and re.fullmatch(rf"{name}: ok \d+ ms", line), line
    assert workers.look() == workers.keys


def test_one_that_is_not_there_is_not_well(workers):
    assert workers.probe("--node", f"three@{HOST}")[:2] == (1, f"three@{HOST}: not subscribed")
    assert workers.probe("--url", workers.redis.url(7))[:2] == (1, "celery: no workers")
    assert workers.probe("--key-prefix", "my:")[:2] == (1, "celery: no workers")
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    assert workers.probe("--url", nobody)[:2] == (1, "celery: connection refused")
    wrong = workers.url.replace("//", "//:wrong@")
    assert workers.probe("--url", wrong)[:2] == (1, "celery: authentication failed")


def test_who_restarts_workers_does_not_do_it_for_a_broker(workers):
    """--broker-down-ok is about the broker alone: a worker that is not there is not well."""
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    words = "celery: connection refused (the broker; nobody can tell about the worker)"
    assert workers.probe("--url", nobody, "--broker-down-ok")[:2] == (0, words)
    assert workers.probe("--node", f"three@{HOST}", "--broker-down-ok")[:2] == \
        (1, f"three@{HOST}: not subscribed")
    assert workers.probe("--node", f"one@{HOST}", "--broker-down-ok")[0] == 0


MISUSES = [(["--node", "one"], "like celery@host"), (["--timeout", "soon"], "--timeout"),
           (["--url", "amqp://rabbit"], "RabbitMQ"), (["everything"], "options alone"),
           (["--key-prefix", "x" * 64], "63 bytes"), (["--nod"], "help probe")]


@pytest.mark.parametrize("arguments,words", MISUSES, ids=[row[0][0] for row in MISUSES])
def test_misuse_is_told_apart(arguments, words):
    done = run_tool("probe", "celery", *arguments, env={"CELERY_BROKER_URL": "redis://127.0.0.1"})
    assert done.returncode == 2 and words in done.stderr and not done.stdout


def test_without_a_broker_there_is_nothing_to_ask():
    done = run_tool("probe", "celery", env={"REDIS_URL": "redis://127.0.0.1"})
    assert done.returncode == 2 and "CELERY_BROKER_URL" in done.stderr


def test_a_silent_worker_is_busy_and_the_others_are_well(workers):
    workers.one.sigstop()
    try:
        code, line, seconds = workers.probe("--node", f"one@{HOST}", timeout="2s")
        assert code == 0 and line.startswith(f"one@{HOST}: busy: subscribed")
        assert seconds < 2 + 1
        assert workers.probe("--node", f"two@{HOST}")[0] == 0
        assert workers.probe("--node", f"three@{HOST}", timeout="2s")[:2] == \
            (1, f"three@{HOST}: no answer")
        # A killed worker's binding stays: then nobody can tell which of the two is silent.
        binding = f"\x06\x16\x06\x16ghost@{HOST}.celery.pidbox"
        workers.redis.client().sadd("_kombu.binding.celery.pidbox", binding)
        assert workers.probe("--node", f"one@{HOST}", timeout="2s")[:2] == \
            (1, f"one@{HOST}: no answer")
        workers.redis.client().srem("_kombu.binding.celery.pidbox", binding)
    finally:
        workers.one.sigcont()
    workers.wait_awake()
    assert workers.look() == workers.keys


def test_a_broker_that_hangs_costs_no_more_than_the_timeout(workers):
    workers.redis.sigstop()
    try:
        code, line, seconds = workers.probe(timeout="600ms")
        patient = workers.probe("--broker-down-ok", timeout="600ms")[0]
    finally:
        workers.redis.sigcont()
    assert (code, line) == (1, "celery: timeout after 600 ms")
    assert seconds < 0.6 + 0.4 and patient == 0


def test_a_role_with_few_rights_is_enough(workers):
    client = workers.redis.client()
    client.execute_command(
        "ACL", "SETUSER", "probe", "on", ">pw", "resetkeys", "resetchannels", "&/0.celery.pidbox",
        "~_kombu.binding.reply.celery.pidbox", "~*.reply.celery.pidbox", "-@all", "+ping",
        "+publish", "+sadd", "+srem", "+del", "+brpop", "+multi", "+exec")
    url = workers.url.replace("//", "//probe:pw@")
    assert workers.probe("--url", url, "--node", f"one@{HOST}")[0] == 0
    client.execute_command("ACL", "SETUSER", "probe", "-publish")
    assert workers.probe("--url", url)[:2] == (1, "celery: permission denied")
    client.execute_command("ACL", "DELUSER", "probe")
    assert workers.look() == workers.keys


def rounds(workers, count, at_once):
    """Probes, some of which are killed in the middle of their question."""
    def one(number):
        if number % 10 != 9:
            return workers.probe("--node", f"two@{HOST}", timeout="5s")[0]
        child = subprocess.Popen(
            [build_path("probity"), "probe", "celery", "--node", f"one@{HOST}"],
            env=plain_environment({"CELERY_BROKER_URL": workers.url}), stdout=subprocess.DEVNULL)
        time.sleep(0.02 + number % 7 * 0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        return 0
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, range(count)))


def leaves_nothing(workers, count, at_once):
    assert sum(rounds(workers, count, at_once)) == 0
    workers.one.sigstop()
    try:
        assert sum(rounds(workers, 10, at_once)) == 0
    finally:
        workers.one.sigcont()
    assert sum(rounds(workers, count, at_once)) == 0
    workers.wait_awake()
    # What a killed one left is taken away by the next ones of the same name.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: workers.probe(), range(16)))
    assert workers.look() == workers.keys


def test_fifty_rounds_leave_nothing_on_the_broker(workers):
    leaves_nothing(workers, 20, 2)


@pytest.mark.long
def test_a_thousand_rounds_leave_nothing_on_the_broker(workers):
    leaves_nothing(workers, 500, 4)
