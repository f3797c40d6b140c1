"""How probityd starts, is replaced, is told to end, and what a stuck or hostile surrounding does."""
# SPDX-License-Identifier: MIT
import collections
import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest

import fcgi
from process import REPOSITORY, plain_environment, wait_until
from servers import Probityd, build_path

sys.path.insert(0, os.path.join(REPOSITORY, "tests", "fakes"))

from fake_redis import FakeRedis  # noqa: E402

NO_CHECK = {"PROBITY_REQUIRE": "none"}
# A first round that takes longer than anybody waits for it.
LONG_LOOK = {"PROBITY_CHECK_INTERVAL": "20s", "PROBITY_CHECK_TIMEOUT": "20s",
             "PROBITY_CHECK_MAX_AGE": "50s", "PROBITY_PROBER_PATIENCE": "60s"}


def daemon(start, socket_path=None, wait=True, **env):
    """A probityd of its own, without servers around it; at another one's socket if that is named."""
    part = Probityd(start.subfolder(), {**NO_CHECK, **env})
    part.socket_path = socket_path or part.socket_path
    start.add(part, start=False)
    part.start() if wait else part.spawn()
    return part


def ask(socket_path, path="/health/ready", timeout=5):
    with fcgi.Client(socket_path, timeout) as client:
        return client.ask(path, keep=False)


def end_of(part, within):
    """Waits until it has ended; returns the seconds that it took, having looked at its code."""
    began = time.monotonic()
    wait_until(lambda: not part.alive(), within, f"{part.name} to end")
    assert part.child.returncode == 0, part.log_tail()
    return time.monotonic() - began


# Where it listens.

def run_at(path, program=None, **popen):
    with tempfile.TemporaryDirectory() as state:
        env = plain_environment({**NO_CHECK, "PROBITY_LISTEN": path, "LOG_FORMAT": "text",
                                 "PROBITY_STATE_DIR": state})
        done = subprocess.run([program or build_path("probityd")], env=env, timeout=30,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False, **popen)
    return done.returncode, [line for line in done.stderr.splitlines() if " error " in line]


WRONG_PATHS = {
    "a directory": ("there", "a directory is there, and no socket"),
    "a regular file": ("file", "a file is there, and no socket"),
    "a missing directory": ("missing/s", "create the directory"),
    "a path that is too long": ("x" * 120, "expected at most 90 bytes"),
}


@pytest.mark.parametrize("name, words", WRONG_PATHS.values(), ids=WRONG_PATHS.keys())
def test_a_path_that_can_be_no_socket_is_refused_in_one_line(folder, name, words):
    os.mkdir(os.path.join(folder, "there"))
    with open(os.path.join(folder, "file"), "w", encoding="ascii") as file:
        file.write("somebody's own")
    code, errors = run_at(os.path.join(folder, name))
    assert code == 1 and len(errors) == 1 and words in errors[0], errors
    with open(os.path.join(folder, "file"), encoding="ascii") as file:
        assert file.read() == "somebody's own"
    assert sorted(os.listdir(folder)) == ["file", "there"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_directory_that_may_not_be_written_is_named_in_one_line(folder):
    # A copy, because the tree may lie where nobody else may look, such as /root.
    program = shutil.copy(build_path("probityd"), folder)
    code, errors = run_at(os.path.join(folder, "s"), program, user=65534)
    assert code == 1 and len(errors) == 1 and "may not write to the directory" in errors[0], errors


def test_what_a_killed_process_left_behind_is_in_nobodys_way(start):
    first = daemon(start)
    first.kill9()
    second = daemon(start, first.socket_path)
    assert ask(second.socket_path)[0] == 200
    assert [name for name in os.listdir(first.folder) if name.startswith(".probity")] == []


# The service manager's sockets.

class Manager:
    """Holds a listening socket, as systemd or spawn-fcgi do, and starts probityd at it."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "manager.sock")
        self.own = os.path.join(folder, "own.sock")
        self.state = os.path.join(folder, "state")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.children = []
        self.env = NO_CHECK

    def run(self, descriptor, listen_pid="$$"):
        env = plain_environment({**self.env, "PROBITY_LISTEN": self.own,
                                 "LISTEN_FDS": "1" if descriptor else None,
                                 "PROBITY_DRAIN_SECONDS": "0", "PROBITY_STATE_DIR": self.state})
        given = self.listener.fileno()
        script = f"exec {descriptor}<&{given}; LISTEN_PID={listen_pid} exec {build_path('probityd')}"
        child = subprocess.Popen(["/bin/bash", "-c", script], env=env, pass_fds=[given],
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        return child

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()
        self.listener.close()


@pytest.fixture
def manager(start, folder):
    return start.add(Manager(folder), start=False)


@pytest.mark.parametrize("descriptor", [3, 0], ids=["LISTEN_FDS", "descriptor 0"])
def test_a_socket_that_was_handed_over_is_answered_at(manager, descriptor):
    child = manager.run(descriptor)
    assert ask(manager.path, timeout=20)[0] == 200
    assert not os.path.exists(manager.own)
    child.terminate()
    assert child.wait(10) == 0
    # Nobody is there now: the socket is the manager's, and the next one answers what has queued up.
    with fcgi.Client(manager.path, 20) as waiting:
        waiting.send(fcgi.request("/health"))
        manager.run(descriptor)
        assert waiting.answer()[0] == 200


def test_descriptors_that_were_meant_for_another_process_are_left_alone(manager):
    child = manager.run(3, listen_pid="1")
    wait_until(lambda: ask(manager.own)[0] == 200, 20)
    child.terminate()
    assert child.wait(10) == 0


# Being replaced.

def test_who_is_told_to_end_before_its_first_round_leaves_the_socket_alone(start):
    first = daemon(start)
    inode = os.stat(first.socket_path).st_ino
    hung = start.add(FakeRedis("hang"), start=False)
    second = daemon(start, first.socket_path, wait=False, PROBITY_REQUIRE="redis",
                    REDIS_URL=f"redis://127.0.0.1:{hung.port}/0", **LONG_LOOK)
    wait_until(lambda: hung.accepted, 20, "the first look")
    second.expected_end = True
    second.signal(signal.SIGTERM)
    assert end_of(second, 5) < 3
    assert os.stat(first.socket_path).st_ino == inode
    assert ask(first.socket_path)[0] == 200 and first.alive()


def test_a_draining_process_ends_as_soon_as_it_has_been_replaced(start):
    first = daemon(start, PROBITY_DRAIN_SECONDS="60")
    first.expected_end = True
    first.signal(signal.SIGTERM)
    wait_until(lambda: ask(first.socket_path)[0] == 503, 5)
    second = daemon(start, first.socket_path)
    assert end_of(first, 10) < 8
    assert ask(second.socket_path)[0] == 200


class Load(threading.Thread):
    """Asks without a pause until it is stopped, and keeps what it got."""

    def __init__(self, connect, once):
        super().__init__(daemon=True)
        self.connect, self.once = connect, once
        self.got, self.going = collections.Counter(), True

    def run(self):
        link = self.connect()
        while self.going:
            try:
                status, link = self.once(link, self.connect)
            except Exception as error:  # pylint: disable=broad-except
                status, link = repr(error), self.connect()
            self.got[status] += 1
            time.sleep(0.002)


def ask_kept(client, connect):
    """FastCGI on one connection as long as it is kept: closed behind an answer is no failure."""
    try:
        status = client.ask("/health/ready")[0]
    finally:
        client.socket.settimeout(0.002)
    try:
        closed = client.socket.recv(1) == b""
    except (TimeoutError, socket.timeout):
        closed = False
    client.socket.settimeout(5)
    if closed:
        client.socket.close()
    return status, connect() if closed else client


def ask_nginx(link, _):
    link.request("GET", "/health/ready")
    answer = link.getresponse()
    answer.read()
    return answer.status, link


def replace_under_load(start, times):
    part = daemon(start)
    os.chmod(part.socket_path, 0o666)
    nginx = start.nginx(part.socket_path)
    loads = [Load(lambda: fcgi.Client(part.socket_path), ask_kept) for _ in range(4)]
    loads += [Load(lambda: http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=5), ask_nginx)
              for _ in range(4)]
    for load in loads:
        load.start()
    old_mask = os.umask(0)  # nginx' workers may be another account's
    try:
        for _ in range(times):
            old, part = part, daemon(start, part.socket_path, wait=False,
                                     PROBITY_STATE_DIR=part.environment()["PROBITY_STATE_DIR"])
            inode = os.stat(part.socket_path).st_ino

            def replaced():
                return os.stat(part.socket_path).st_ino != inode
            wait_until(replaced, 20, "the new process to take over", every=0.001)
            os.chmod(part.socket_path, 0o666)
            old.expected_end = True
            end_of(old, 10)
            assert not old.said("draining")
    finally:
        os.umask(old_mask)
        for load in loads:
            load.going = False
        for load in loads:
            load.join(10)
    return [load.got for load in loads]


def test_replacements_under_load_lose_no_request(start):
    got = replace_under_load(start, 2)
    assert all(set(one) == {200} for one in got), got


@pytest.mark.long
def test_fifty_replacements_under_load_lose_no_request(start):
    got = replace_under_load(start, 50)
    assert all(set(one) == {200} for one in got), got


def test_restarts_at_a_handed_over_socket_lose_no_request(start, manager):
    manager.env = {"REDIS_URL": start.redis().url()}
    child = manager.run(3)
    assert ask(manager.path, timeout=20)[0] == 200
    loads = [Load(lambda: fcgi.Client(manager.path, 20), ask_kept) for _ in range(4)]
    for load in loads:
        load.start()
    for _ in range(2):
        child.terminate()
        assert child.wait(10) == 0
        child = manager.run(3)
        answered = sum(sum(load.got.values()) for load in loads)
        wait_until(lambda: sum(sum(load.got.values()) for load in loads) > answered + 50, 20)
    for load in loads:
        load.going = False
    for load in loads:
        load.join(20)
    assert all(set(load.got) == {200} for load in loads), [load.got for load in loads]


# Being told to end.

def test_draining_is_shortened_by_a_second_order_to_end_and_by_nothing_else(start):
    part = daemon(start, PROBITY_DRAIN_SECONDS="60")
    part.expected_end = True
    part.signal(signal.SIGTERM)
    wait_until(lambda: ask(part.socket_path)[0] == 503, 5)
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGSTOP, signal.SIGCONT):
        part.signal(number)
        time.sleep(0.1)
    assert ask(part.socket_path, "/health")[0] == 200
    time.sleep(0.7)
    status, _, body = ask(part.socket_path)
    assert status == 503 and b'"draining"' in body and part.alive()
    part.signal(signal.SIGTERM)
    assert end_of(part, 10) < 4


def test_it_can_drain_without_an_end_and_ends_with_what_is_left_of_the_time(start):
    part = daemon(start, PROBITY_DRAIN_SECONDS="1")
    part.expected_end = True
    part.signal(signal.SIGUSR1)
    drained = wait_until(lambda: ask(part.socket_path)[0] == 503 and time.monotonic(), 5)
    time.sleep(1.1)
    status, _, body = ask(part.socket_path)
    assert status == 503 and b'"draining"' in body and part.alive()
    part.signal(signal.SIGUSR1)
    part.signal(signal.SIGTERM)
    assert end_of(part, 10) < 0.9 and time.monotonic() - drained > 1
    assert len(part.said("draining until it is told to end")) == 1


def test_an_order_to_drain_that_comes_before_it_listens_is_not_lost(start):
    part = Probityd(start.subfolder(), NO_CHECK)
    start.add(part, start=False)
    # Blocked, as who starts it passes it on: else the first moment of the process would end it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        part.spawn()
        part.signal(signal.SIGUSR1)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    part.wait_ready()
    wait_until(lambda: b'"draining"' in ask(part.socket_path)[2], 5)


NAMELESS = """
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)host, (void)port, (void)hints, (void)found;
    for (;;)
        pause();
}
"""


@pytest.fixture(scope="module")
def hanging_resolver(shared):
    os.makedirs(shared.path, exist_ok=True)
    library = os.path.join(shared.path, "nameless.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"], input=NAMELESS,
                   text=True, check=True)
    return library


def test_look_ups_that_hang_make_stale_and_hold_up_no_end(start, hanging_resolver):
    # A sanitizer's runtime wants to be the first library; here it may be the second.
    options = {name: f"verify_asan_link_order=0:detect_leaks=0:log_path={start.path}/asan"
               for name in ("ASAN_OPTIONS",)}
    part = daemon(start, LD_PRELOAD=hanging_resolver, DATABASE_URL="postgresql://u:pw@db.test/d",
                  REDIS_URL="redis://redis.test/0", CELERY_BROKER_URL="redis://broker.test/0",
                  PROBITY_APP="http://app.test/", PROBITY_CHECK_MAX_AGE="2100ms",
                  PROBITY_CELERY_INTERVAL="1s", PROBITY_CELERY_TIMEOUT="1s",
                  PROBITY_CELERY_MAX_AGE="2100ms", PROBITY_ACCESS_LOG=start.path + "/access.log",
                  **{"PROBITY_REQUIRE": ""}, **options)
    wait_until(lambda: ask(part.socket_path)[2].count(b"stale: no result for") == 4, 10)
    began = time.monotonic()
    assert ask(part.socket_path)[0] == 503
    assert ask(part.socket_path, "/slo")[0] == 503
    assert time.monotonic() - began < 1
    part.expected_end = True
    part.signal(signal.SIGTERM)
    assert end_of(part, 20) < 4.5 + 2  # the accountant's look-up and the writer's; some to spare


def test_nobody_is_alarmed_by_threads_that_were_told_to_end(start):
    log = start.path + "/access.log"
    with open(log, "w", encoding="utf-8") as lines:
        lines.write("a line whose file the ledger is asked for until the time is up\n")
    part = daemon(start, DATABASE_URL="postgresql://u:pw@127.0.0.1:1/d", PROBITY_ACCESS_LOG=log)
    wait_until(lambda: "does not commit" in part.log(), 10)
    part.expected_end = True
    part.signal(signal.SIGTERM)
    assert end_of(part, 20) > 4  # else a stall would not have been noticed either
    assert "has stopped" not in part.log()


# Surroundings.

def test_a_log_that_nobody_reads_stops_nobody_and_what_it_drops_is_counted(start):
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    part = Probityd(start.subfolder(), NO_CHECK)
    misspelt = {f"PROBITY_CHEK_INTERVAL_{i}": "1" for i in range(400)}  # a line of the log each
    env = plain_environment({**part.environment(), **misspelt, "PROBITY_DRAIN_SECONDS": "1"})
    child = subprocess.Popen([build_path("probityd")], env=env, stdin=subprocess.DEVNULL,
                             stderr=write_end)
    os.close(write_end)
    try:
        wait_until(part.ready, 20)

        def dropped():
            body = ask(part.socket_path, "/metrics")[2].decode()
            line = [line for line in body.splitlines()
                    if line.startswith("probity_log_dropped_total ")][0]
            return int(line.split()[1]) > 0
        wait_until(dropped, 20, "lines to be dropped")
        assert ask(part.socket_path, timeout=1)[0] == 200
        child.terminate()
        began = time.monotonic()
        assert child.wait(15) == 0
        assert time.monotonic() - began < 7
    finally:
        child.kill()
        child.wait()
        os.close(read_end)


def test_a_process_without_standard_descriptors_keeps_its_log_out_of_its_sockets(start):
    part = Probityd(start.subfolder(), NO_CHECK)
    child = subprocess.Popen(["/bin/sh", "-c", f"exec {build_path('probityd')} <&- >&- 2>&-"],
                             env=plain_environment(part.environment()))
    try:
        wait_until(part.ready, 20)
        for number in range(3):
            assert os.readlink(f"/proc/{child.pid}/fd/{number}") == "/dev/null"
        assert ask(part.socket_path)[0] == 200
    finally:
        child.terminate()
        assert child.wait(15) == 0
