"""probity probe: one exit code and one sentence for everything that a prober can meet."""
# SPDX-License-Identifier: MIT
import contextlib
import json
import os
import signal
import socket
import threading
import time

import pytest

from process import wait_until
from servers import run_tool


@pytest.fixture(scope="module")
def house(shared):
    """A daemon with one check, which a test may break, behind nginx."""
    stack = shared.stack(app=None, postgres=False, env={"PROBITY_DRAIN_SECONDS": "3"})
    stack.wait_ready()
    return stack


def probe(*arguments, env=None, within=2.5):
    started = time.monotonic()
    done = run_tool("probe", *arguments, env=env)
    assert time.monotonic() - started < within, done
    assert len(done.stdout) + len(done.stderr) < 4096
    return done.returncode, done.stdout, done.stderr


def ask(house, *arguments, **options):
    return probe(*arguments, "--socket", house.probityd.socket_path, **options)


@contextlib.contextmanager
def listener(path, answer=None):
    """A unix socket that takes nobody, or everybody and says `answer`, and never closes."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(0 if answer is None else 8)
    kept = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                link, _ = server.accept()
                kept.append(link)
                link.recv(4096)
                link.sendall(answer)
                if not answer:
                    link.shutdown(socket.SHUT_RDWR)
    if answer is not None:
        threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
        for link in kept:
            link.close()


@pytest.mark.parametrize("name, word", [
    ("ready", "ready"), ("readiness", "ready"), ("live", "ok"), ("liveness", "ok"),
    ("startup", "started"),
])
def test_all_is_well(house, name, word):
    url = f"http://127.0.0.1:{house.nginx.port}"
    assert ask(house, name) == (0, word + "\n", "")
    assert probe(name, "--url", url) == (0, word + "\n", "")
    assert probe("--timeout=1s", name, env={"PROBITY_LISTEN": house.probityd.socket_path}) \
        == (0, word + "\n", "")
    assert ask(house, name, "-q") == (0, "", "")


def test_verbose_has_a_line_for_every_check(house):
    assert ask(house, "ready", "--verbose") == (0, "ready\n  redis ok\n", "")


def test_what_fails_is_named_and_liveness_does_not_care(house):
    house.redis.sigstop()
    try:
        wait_until(lambda: ask(house, "ready")[0] == 1, 6, "the hung Redis to show")
        assert ask(house, "ready") == (1, "not_ready: redis error: timeout after 1000 ms\n", "")
        assert ask(house, "ready", "-q") == (1, "", "")
        assert ask(house, "live")[0] == 0
    finally:
        house.redis.sigcont()
    house.wait_ready()


def test_a_daemon_that_hangs_is_waited_for_no_longer_than_told(house):
    house.probityd.sigstop()
    try:
        code, out, said = ask(house, "ready", "--timeout", "300ms", within=1.5)
        assert (code, out) == (1, "") and "no answer within 300 ms" in said
        assert ask(house, "live", "-q", "--timeout", "100ms", within=1.5) == (1, "", "")
    finally:
        house.probityd.sigcont()
    house.wait_ready()


@pytest.mark.parametrize("arguments, words", [
    ((), "say what to ask"),
    (("ready", "live"), "say what to ask"),
    (("../slo",), "say what to ask"),
    (("ready", "--sock"), "no option"),
    (("ready", "--fast"), "no option"),
    (("ready", "--timeout", "soon"), "--timeout is a duration"),
    (("ready", "--timeout", "0"), "--timeout is a duration"),
    (("ready", "--url", "http://a", "--socket", "b"), "not both"),
    (("ready", "--url", "https://example.org"), "curl -f"),
    (("ready", "--url", "http://user:secret-word@example.org"), "more than http://HOST:PORT"),
])
def test_misuse_is_two(arguments, words):
    code, out, said = probe(*arguments)
    assert (code, out) == (2, "") and words in said and "secret-word" not in said


def test_a_group_that_nobody_named_is_misuse(house):
    code, _, said = ask(house, "orders")
    assert code == 2 and "no group has the name orders" in said


def test_nobody_answers(folder):
    with open(os.path.join(folder, "file"), "w", encoding="ascii"):
        pass
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(os.path.join(folder, "gone"))
    for name, words in (("file", "this is no socket"), ("gone", "connection refused"),
                        ("missing", "there is no socket"), ("x" * 120, "too long")):
        code, out, said = probe("ready", "--socket", os.path.join(folder, name))
        assert (code, out) == (1, "") and words in said, said
    code, _, said = probe("ready", "--url", "http://127.0.0.1:1/")
    assert code == 1 and "is nginx running" in said
    code, _, said = probe("ready", "--url", "http://no.such.host.invalid", within=5)
    assert code == 1 and ("has no address" in said or "no answer within" in said)


def test_a_full_queue_is_told_apart(folder):
    path = os.path.join(folder, "full")
    with listener(path), socket.socket(socket.AF_UNIX) as first:
        first.connect(path)
        code, _, said = probe("ready", "--socket", path, "--timeout", "200ms", within=1.5)
    assert code == 1 and "queue is full" in said


@pytest.mark.parametrize("answer, words", [
    (b"", "closed without an answer"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "no probityd"),
    (b"\1\6\0\1\0\10\0\0nonsense\1\3\0\1\0\10\0\0" + bytes(8), "no probityd"),
    (b"\1\6\0\1\377\377\0\0Status: 200", "no answer within"),
])
def test_other_servers_at_the_socket(folder, answer, words):
    path = os.path.join(folder, "other")
    with listener(path, answer):
        code, out, said = probe("ready", "--socket", path, "--timeout", "500ms", within=1.5)
    assert (code, out) == (1, "") and words in said, said


def test_a_web_server_that_says_200_to_everything_is_not_well(house, start):
    other = start.app()
    other.body = b"<html>welcome</html>"
    url = f"http://127.0.0.1:{other.port}"
    code, _, said = probe("ready", "--url", url)
    assert code == 1 and "no probityd (http status 200)" in said
    other.body, other.status = json.dumps({"status": "up\x1b[2J"}).encode(), 500
    code, out, said = probe("ready", "--url", url)
    assert code == 1 and "no probityd (http status 500)" in said and "\x1b" not in out + said
    code, _, said = probe("ready", "--url", f"http://127.0.0.1:{house.nginx.port}/missing")
    assert code == 1 and "no probityd (http status 404)" in said


def test_draining_and_gone(house):
    """The last of this module: the daemon ends."""
    house.probityd.expected_end = True
    house.probityd.signal(signal.SIGTERM)
    wait_until(lambda: ask(house, "ready")[0] == 1, 2, "readiness to fail")
    assert ask(house, "ready")[1].startswith("draining")
    assert ask(house, "live") == (0, "ok\n", "")
    house.probityd.child.wait(10)
    code, _, said = ask(house, "live")
    assert code == 1 and ("there is no socket" in said or "connection refused" in said)
    code, out, _ = probe("live", "--url", f"http://127.0.0.1:{house.nginx.port}", within=5)
    assert (code, out) == (1, "down: probityd does not answer\n")
