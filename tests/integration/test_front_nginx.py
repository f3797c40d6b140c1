"""The front behind a real nginx: kept connections, replacement, and nginx's own refusals."""
# SPDX-License-Identifier: MIT
import collections
import http.client
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from process import REPOSITORY, wait_until
from test_front_peers import Trial


@pytest.fixture(scope="module")
def pair(shared):
    front = shared.add(Trial(shared.subfolder()))
    return front, shared.nginx(front.socket_path)


class Clients:
    """Keeps connections busy and counts for each what it got and how long it waited."""

    def __init__(self, port, count, path="/health/ready"):
        self.port, self.path = port, path
        self.stopping = threading.Event()
        self.answers = [collections.Counter() for _ in range(count)]
        self.slowest = [0.0] * count
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(count)]

    def run(self, i):
        connection = None
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, 10)
                connection.request("GET", self.path)
                response = connection.getresponse()
                response.read()
                self.answers[i][response.status] += 1
            except OSError:
                self.answers[i]["lost"] += 1
                connection = None
            self.slowest[i] = max(self.slowest[i], time.monotonic() - began)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def ask(port, data):
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(data)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        head = "".join(f"{name}: {value}\n" for name, value in answer.getheaders())
        return answer.status, head.lower(), answer.read()


def test_two_hundred_kept_connections_are_all_answered(pair):
    _, nginx = pair
    with Clients(nginx.port, 200) as clients:
        time.sleep(4)
    total = sum(clients.answers, collections.Counter())
    assert set(total) == {200}, total
    assert min(answers[200] for answers in clients.answers) > 0
    assert max(clients.slowest) < 3  # 200 threads of Python on two cores; a starved one waits for ever


def test_a_new_process_takes_the_socket_over_and_no_request_is_lost(start):
    front = start.add(Trial(start.subfolder()))
    nginx = start.nginx(front.socket_path)
    with Clients(nginx.port, 16) as clients:
        for _ in range(4):
            time.sleep(0.4)
            old, front = front, start.add(Trial(start.subfolder(),
                                                socket_path=front.socket_path))
            wait_until(lambda: not old.alive(), 5, "the old process to end by itself")
            assert old.child.returncode == 0, old.log_tail()
    total = sum(clients.answers, collections.Counter())
    assert set(total) == {200} and total[200] > 100, total


def test_a_dead_process_is_said_to_be_down_at_once_and_a_hanging_one_within_two_seconds(start):
    front = start.add(Trial(start.subfolder()))
    nginx = start.nginx(front.socket_path)
    get = b"GET /health/ready HTTP/1.0\r\n\r\n"
    assert ask(nginx.port, get)[0] == 200
    front.sigstop()
    began = time.monotonic()
    status, head, body = ask(nginx.port, get)
    assert (status, json.loads(body)["status"]) == (503, "down")
    assert time.monotonic() - began < 2
    assert "retry-after: " in head and "cache-control: no-store" in head
    front.sigcont()
    front.kill9()
    began = time.monotonic()
    status, _, body = ask(nginx.port, get)
    assert (status, json.loads(body)["status"]) == (503, "down")
    assert time.monotonic() - began < 0.5


REFUSALS = {
    "no HTTP": (400, b"GARBAGE\r\n\r\n"),
    "no host": (400, b"GET /health HTTP/1.1\r\n\r\n"),
    "a path of 64 KiB": (414, b"GET /" + b"a" * 65536 + b" HTTP/1.0\r\n\r\n"),
    "a header of a mebibyte":
        (400, b"GET /health HTTP/1.0\r\nAuthorization: Bearer " + b"a" * 30000 + b"\r\n\r\n"),
    "a method nginx refuses": (405, b"TRACE /health HTTP/1.0\r\n\r\n"),
    "a method we refuse": (405, b"DELETE /health HTTP/1.0\r\n\r\n"),
    "a body that is announced as too large":
        (413, b"POST /slo HTTP/1.0\r\nContent-Length: 9999999\r\n\r\n"),
}


@pytest.mark.parametrize("want, data", REFUSALS.values(), ids=REFUSALS.keys())
def test_every_refusal_is_json(pair, want, data):
    _, nginx = pair
    status, head, body = ask(nginx.port, data)
    assert status == want
    assert "content-type: application/json" in head
    assert set(json.loads(body)["error"]) == {"code", "message", "request_id"}


def test_the_files_can_be_included_as_they_are(folder):
    main = os.path.join(folder, "nginx.conf")
    with open(main, "w", encoding="utf-8") as file:
        file.write(f"""pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    include {REPOSITORY}/nginx/probity-http.conf;
    access_log {folder}/access.log probity buffer=64k flush=1s;
    server {{ listen 127.0.0.1:1; set $probity_service api;
              include {REPOSITORY}/nginx/probity-server.conf; }}
}}
""")
    if not os.access("/var/log/nginx", os.W_OK):
        pytest.skip("nginx -t opens the log, and /var/log/nginx is not writable")
    subprocess.run(["nginx", "-t", "-q", "-e", "stderr", "-c", main], check=True)


def test_probes_that_succeed_leave_no_line_and_those_that_fail_one(start):
    front = start.add(Trial(start.subfolder()))
    nginx = start.nginx(front.socket_path)
    own = os.path.join(nginx.folder, "log", "probity.log")
    ask(nginx.port, b"GET /health HTTP/1.0\r\n\r\n")
    ask(nginx.port, b"GET /health/detailed HTTP/1.0\r\nX-Request-Id: mine-1\r\n\r\n")
    wait_until(lambda: os.path.getsize(own) > 0, 5)
    with open(own, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert [(line["path"], line["status"], line["request_id"]) for line in lines] \
        == [("/health/detailed", 401, "mine-1")]


def test_under_a_prefix_the_endpoints_are_the_same(start):
    front = start.add(Trial(start.subfolder()))
    nginx = start.nginx(front.socket_path)
    path = os.path.join(nginx.folder, "nginx", "probity-server.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    command = next(line[1:].strip() for line in text.splitlines() if line.startswith("#   sed "))
    changed = subprocess.run(command.replace("probity-server.conf", path), shell=True, check=True,
                             capture_output=True, text=True).stdout
    assert changed != text
    with open(path, "w", encoding="utf-8") as file:
        file.write(changed)
    nginx.signal(1)
    wait_until(lambda: ask(nginx.port, b"GET /internal/health/ready HTTP/1.0\r\n\r\n")[0] == 200, 5)
