"""test_notify.py - what a service manager is told: ready, in words, reloading, stopping, still turning."""
# SPDX-License-Identifier: MIT
import os
import signal
import socket
import time

import pytest

from freezer import frozen
from process import wait_until
from servers import Probityd

QUICK = {"PROBITY_CHECK_INTERVAL": "200ms", "PROBITY_CHECK_TIMEOUT": "200ms"}


class Manager:
    """Reads what it is told, as systemd does; its socket is a path or an abstract name."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1))
        self.socket.setblocking(False)
        self.told = []

    def hear(self):
        """Everything so far: one dictionary for each message."""
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.told
            self.told.append(dict(line.split("=", 1) for line in text.splitlines()))

    def heard(self, name):
        return [message[name] for message in self.hear() if name in message]

    def wait_for(self, name, value=None, timeout=20):
        wait_until(lambda: [one for one in self.heard(name) if value is None or one == value],
                   timeout, f"{name}={value or ''}, among {self.told}")

    def stop(self):
        self.socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, start, folder):
    name = folder + "/notify" if request.param == "path" else f"@probity-{os.path.basename(folder)}"
    return start.add(Manager(name), start=False)


def daemon(start, manager, **env):
    part = Probityd(start.subfolder(), {"NOTIFY_SOCKET": manager.name, "PROBITY_REQUIRE": "none",
                                        **QUICK, **env})
    return start.add(part)


def test_a_manager_hears_of_a_whole_life(start, manager):
    redis = start.redis()
    part = daemon(start, manager, REDIS_URL=redis.url(), PROBITY_DRAIN_SECONDS="1")
    manager.wait_for("READY", "1")
    manager.wait_for("STATUS", "ready")
    redis.kill9()
    manager.wait_for("STATUS", "not_ready; redis: connection refused")
    part.signal(signal.SIGHUP)
    wait_until(lambda: len(manager.heard("READY")) == 2)
    part.expected_end = True
    part.signal(signal.SIGTERM)
    manager.wait_for("STATUS", "draining: told to end (SIGTERM); redis: connection refused")
    told = manager.hear()
    names = [name for message in told for name in message if name != "STATUS"]
    assert names == ["READY", "RELOADING", "MONOTONIC_USEC", "READY", "STOPPING"]
    assert 0 < time.monotonic() - int(manager.heard("MONOTONIC_USEC")[0]) / 1e6 < 60
    words = manager.heard("STATUS")
    assert all(one != next_one for one, next_one in zip(words, words[1:])), words


def test_a_front_that_has_not_answered_is_not_ready(start, folder):
    manager = start.add(Manager(folder + "/notify"), start=False)
    with socket.socket(socket.AF_UNIX) as other:  # a file at the path is why it can't start
        part = Probityd(start.subfolder(), {"NOTIFY_SOCKET": manager.name})
        os.mkdir(part.socket_path)
        start.add(part, start=False)
        part.spawn()
        part.expected_end = True
        wait_until(lambda: not part.alive(), 20)
    assert manager.hear() == []


@pytest.fixture
def fed(start, folder):
    """A manager that bears 4 s of silence, and the daemon that feeds it."""
    manager = start.add(Manager(folder + "/notify"), start=False)
    part = daemon(start, manager, WATCHDOG_USEC="4000000")
    wait_until(lambda: len(manager.heard("WATCHDOG")) >= 2)
    return manager, part


@pytest.mark.parametrize("thread, words", [
    pytest.param("front", "answers requests", marks=pytest.mark.long),
    ("monitor", "judges health")])
def test_a_thread_that_hangs_ends_the_feeding(fed, thread, words):
    manager, part = fed
    with frozen(part.pid, thread):
        wait_until(lambda: part.said(f"the thread that {words} has stopped"), 10)
        count = len(manager.heard("WATCHDOG"))
        time.sleep(1.6)
        assert len(manager.heard("WATCHDOG")) == count
    wait_until(lambda: len(manager.heard("WATCHDOG")) > count, 10)
    assert len(part.said("turn again: the service manager is told so")) == 1


def test_who_was_stopped_feeds_at_once_and_blames_nobody(fed):
    manager, part = fed
    part.sigstop()
    time.sleep(3.6)
    count = len(manager.heard("WATCHDOG"))
    part.sigcont()
    wait_until(lambda: len(manager.heard("WATCHDOG")) > count, 0.9)
    time.sleep(1.5)
    assert not part.said("service manager")


def test_a_watchdog_of_another_process_is_not_fed(start, folder):
    manager = start.add(Manager(folder + "/notify"), start=False)
    daemon(start, manager, WATCHDOG_USEC="1000000", WATCHDOG_PID="1")
    manager.wait_for("READY", "1")
    time.sleep(1.2)
    assert manager.heard("WATCHDOG") == []
