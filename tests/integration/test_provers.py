"""Whoever asks: platforms, load balancers and probers, each in its own words and by its own rules."""
# SPDX-License-Identifier: MIT
import collections
import http.client
import os
import re
import signal
import socket
import threading
import time

import pytest

from process import REPOSITORY, free_port, wait_until
from provers import Blackbox, Haproxy

SMALL = 1024  # GCP looks for its text in so much of the body; kubelet reads 10 KB


@pytest.fixture(scope="module")
def well(shared):
    """An instance with a check that passes, behind the port that the platform has chosen: PORT is
    nginx's, and probityd takes no notice of it."""
    port = free_port()
    whole = shared.stack(app=None, postgres=False, nginx={"port": port}, env={"PORT": str(port)})
    whole.wait_ready()
    return whole


@pytest.fixture(scope="module")
def ill(shared):
    """One whose Redis is not there."""
    whole = shared.stack(app=None, postgres=False, redis=False,
                         env={"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})
    wait_until(lambda: "refused" in whole.get("/health/ready").text, 10, "the check to fail")
    return whole


class Heard:
    """A whole answer as it came over the wire, up to the end of the connection."""

    def __init__(self, data, seconds):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.protocol, self.status = lines[0].split()[0], int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, value in
                        (line.split(": ", 1) for line in lines[1:])}
        self.seconds = seconds


def say(port, text, timeout):
    """Sends a request word for word on a connection of its own, as provers do."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout) as link:
        link.settimeout(timeout)
        link.sendall(text.replace("\n", "\r\n").encode())
        data = b""
        while part := link.recv(65536):
            data += part
    return Heard(data, time.monotonic() - began)


# What each sends (with HTTP/1.1 it would keep the connection, which `say` reads to its end), how long
# it waits, what it takes for healthy, and where it is pointed.
PROVERS = {
    "railway": ("GET {path} HTTP/1.1\nHost: healthcheck.railway.app\nUser-Agent: "
                "RailwayHealthCheck/1.0\nConnection: close\n\n", 5, range(200, 201),
                ["/health/ready"]),
    "kubernetes": ("GET {path} HTTP/1.1\nHost: 10.42.0.17:8080\nUser-Agent: kube-probe/1.31\n"
                   "Accept: */*\nConnection: close\n\n", 1, range(200, 400),
                   ["/health/ready", "/readyz", "/health/ready/"]),
    "aws alb": ("GET {path} HTTP/1.1\nHost: 10.0.3.7:8080\nConnection: close\nUser-Agent: "
                "ELB-HealthChecker/2.0\nAccept-Encoding: gzip, compressed\n\n", 5, range(200, 201),
                ["/health/ready"]),
    "gcp": ("GET {path} HTTP/1.1\nHost: 10.132.0.9\nUser-Agent: GoogleHC/1.0\n"
            "Connection: close\n\n", 5, range(200, 201), ["/health/ready"]),
    "haproxy": ("OPTIONS {path} HTTP/1.0\n\n", 2, range(200, 400), ["/health/ready"]),
    "haproxy, with a host": ("GET {path} HTTP/1.1\nhost: backend\nConnection: close\n\n", 2,
                             range(200, 400), ["/health/ready"]),
    "envoy": ("GET {path} HTTP/1.1\nhost: cluster_of_ours\nuser-agent: Envoy/HC\n"
              "x-envoy-expected-rq-timeout-ms: 1000\nConnection: close\n\n", 1, range(200, 201),
              ["/health/ready"]),
    "consul": ("GET {path} HTTP/1.1\nHost: 10.0.0.4:8080\nUser-Agent: Consul Health Check\n"
               "Accept: text/plain, text/*, */*\nAccept-Encoding: gzip\nConnection: close\n\n", 10,
               range(200, 300), ["/health/ready"]),
    "fly": ("GET {path} HTTP/1.1\nHost: 172.19.0.2:8080\nUser-Agent: Consul Health Check\n"
            "X-Forwarded-Proto: https\nConnection: close\n\n", 2, range(200, 300),
            ["/health/ready"]),
    "traefik": ("GET {path} HTTP/1.1\nHost: web.internal\nUser-Agent: Go-http-client/1.1\n"
                "Accept-Encoding: gzip\nConnection: close\n\n", 5, range(200, 400),
                ["/health/ready"]),
    "docker": ("GET {path} HTTP/1.1\nHost: localhost\nUser-Agent: curl/7.88.1\nAccept: */*\n"
               "Connection: close\n\n", 30, range(200, 300), ["/health/ready"]),
    "prometheus": ("GET {path} HTTP/1.1\nHost: x\nUser-Agent: Blackbox Exporter/0.23.0\n"
                   "Accept-Encoding: gzip\nConnection: close\n\n", 5, range(200, 300),
                   ["/health/ready"]),
}


@pytest.mark.parametrize("name", PROVERS)
def test_each_prover_takes_what_is_ready_and_leaves_what_is_not(well, ill, name):
    text, timeout, healthy, paths = PROVERS[name]
    for path in paths:
        good = say(well.nginx.port, text.format(path=path), timeout)
        assert good.status in healthy and good.status == 200, (path, vars(good))
        bad = say(ill.nginx.port, text.format(path=path), timeout)
        assert bad.status not in healthy and bad.status == 503, (path, vars(bad))
        for heard in (good, bad):
            assert heard.seconds < min(timeout, 1)
            assert "location" not in heard.headers and "content-encoding" not in heard.headers
            assert heard.headers["cache-control"] == "no-store"
            assert len(heard.body) == int(heard.headers["content-length"]) <= SMALL
            assert b"127.0.0.1" not in heard.body


@pytest.mark.parametrize("path", ["/health", "/health/live", "/livez", "/healthz",
                                  "/health/startup"])
def test_a_dependency_that_is_down_restarts_no_container(ill, path):
    text, timeout, healthy, _ = PROVERS["kubernetes"]
    assert say(ill.nginx.port, text.format(path=path), timeout).status in healthy


@pytest.mark.parametrize("path", ("nginx/nginx.conf.template", "deploy/docker/gateway.conf.template",
                                  "deploy/kubernetes/gateway/nginx.conf.template"))
def test_a_balancer_closes_its_connections_before_we_do(path):
    """Google's keeps them for 600 s, and what it sends on one that we are closing is lost."""
    with open(os.path.join(REPOSITORY, path), encoding="utf-8") as file:
        towards_clients = re.search(r"^    keepalive_timeout (\d+)s;", file.read(), re.MULTILINE)
    assert int(towards_clients[1]) > 600


def test_a_prover_that_keeps_its_connection_hears_every_change(well):
    # Envoy reuses it: what it hears must be today's answer, and the connection must last.
    link = http.client.HTTPConnection("127.0.0.1", well.nginx.port, timeout=1)
    link.connect()
    port = link.sock.getsockname()[1]

    def status():
        link.request("GET", "/health/ready", headers={"User-Agent": "Envoy/HC"})
        answer = link.getresponse()
        answer.read()
        return answer.status
    assert status() == 200
    well.redis.kill9()
    try:
        wait_until(lambda: status() == 503, 3)
    finally:
        well.redis.start()
    wait_until(lambda: status() == 200, 5)
    assert link.sock.getsockname()[1] == port
    link.close()


# Debian's haproxy.

SERVERS = """\
frontend in
    bind 127.0.0.1:{port}
    default_backend pair
backend pair
    option httpchk /health/ready
    http-reuse always
    server one 127.0.0.1:%d check
    server two 127.0.0.1:%d check
backend default_check
    option httpchk /health/ready
    server well 127.0.0.1:%d check
    server ill 127.0.0.1:%d check
backend strict_check
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host probity
    http-check expect status 200
    server well 127.0.0.1:%d check
    server ill 127.0.0.1:%d check
"""


class Client(threading.Thread):
    """Asks the load balancer without a pause, and counts what it gets."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.got, self.going = port, collections.Counter(), True
        self.start()

    def run(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while self.going:
            try:
                link.request("GET", "/ok")
                answer = link.getresponse()
                self.got[answer.status, answer.read()] += 1
            except (OSError, http.client.HTTPException) as error:
                self.got[repr(error)] += 1
                link.close()
            time.sleep(0.001)


@pytest.fixture(scope="module")
def pair(shared):
    """Two instances, nothing to check, that drain for two seconds."""
    made = [shared.stack(app=None, postgres=False, redis=False, env={
        "PROBITY_REQUIRE": "none", "PROBITY_DRAIN_SECONDS": "2"}) for _ in range(2)]
    yield made
    for stack in made:
        stack.probityd.kill9()  # nobody is left who would wait for it to drain


@pytest.fixture(scope="module")
def haproxy(shared, pair, well, ill):
    ports = [stack.nginx.port for stack in (*pair, well, ill, well, ill)]
    return shared.add(Haproxy(shared.subfolder(), SERVERS % tuple(ports)))


def state(haproxy, backend, name):
    row = haproxy.server(backend, name)
    return row["status"], row["check_status"], row["check_code"]


@pytest.mark.parametrize("backend", ["default_check", "strict_check"])
def test_haproxy_sees_who_is_ready(haproxy, backend):
    wait_until(lambda: state(haproxy, backend, "well") == ("UP", "L7OK", "200"), 5)
    wait_until(lambda: state(haproxy, backend, "ill") == ("DOWN", "L7STS", "503"), 5)


def test_haproxy_routes_around_an_instance_that_drains_and_no_request_fails(haproxy, pair):
    for name in ("one", "two"):
        wait_until(lambda: state(haproxy, "pair", name)[:2] == ("UP", "L7OK"), 5)
    clients = [Client(haproxy.port) for _ in range(4)]
    first = pair[0]
    wait_until(lambda: int(haproxy.server("pair", "one")["stot"]) > 20, 5)
    first.probityd.expected_end = True
    first.probityd.signal(signal.SIGTERM)
    wait_until(lambda: state(haproxy, "pair", "one")[:2] == ("DOWN", "L7STS"), 2)
    assert first.probityd.alive()  # it is out of the way while it still answers
    wait_until(lambda: not first.probityd.alive(), 10, "the drained instance to end")
    first.nginx.stop()
    before = int(haproxy.server("pair", "one")["stot"])
    time.sleep(0.3)
    for client in clients:
        client.going = False
    for client in clients:
        client.join(5)
    got = sum((client.got for client in clients), collections.Counter())
    assert set(got) == {(200, b"ok")}, got
    assert got[200, b"ok"] > 200
    assert int(haproxy.server("pair", "one")["stot"]) == before
    # It comes back as any new instance does.
    first.nginx.start()
    first.probityd.start()
    wait_until(lambda: state(haproxy, "pair", "one")[:2] == ("UP", "L7OK"), 5)


# Debian's blackbox_exporter.

@pytest.fixture(scope="module")
def blackbox(shared):
    return shared.add(Blackbox(shared.subfolder()))


@pytest.mark.parametrize("module", ["http_2xx", "ready"])
def test_blackbox_exporter_tells_ready_from_not_ready(blackbox, well, ill, module):
    for stack, success, status in ((well, 1, 200), (ill, 0, 503)):
        seen = blackbox.probe(f"http://127.0.0.1:{stack.nginx.port}/health/ready", module)
        assert seen["probe_success"] == success and seen["probe_http_status_code"] == status
        assert seen["probe_http_redirects"] == 0 and seen["probe_http_content_length"] > 0
        assert seen["probe_duration_seconds"] < 1
