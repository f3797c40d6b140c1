"""`probity serve`: how nginx, probityd and an application start, go on and end together."""
# SPDX-License-Identifier: MIT
import http.client
import os
import signal
import socket
import subprocess
import threading
import time

import psycopg2
import pytest

from process import (PYTHON, REPOSITORY, children_of, free_port, plain_environment, port_answers,
                     wait_until)
from servers import Serve, build_path, is_running, run_tool
from stack import fetch

# The thread that looks names up, beside forks.
pytestmark = pytest.mark.threads

# An application that answers with what it was asked, and ends as it is told to.
APPLICATION = """\
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/exit":
            os._exit(7)
        body = (self.path + "\\n" + str(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"told to end\\n"), os._exit(0)))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
COMMAND = [PYTHON, "-c", APPLICATION]


def serve(start, command=None, wait=True, wrapper=(), **env):
    part = Serve(start.subfolder(), command=command, wrapper=wrapper)
    part.env = {"PROBITY_DRAIN_SECONDS": "0", **env}
    part.env = {name: value for name, value in part.env.items() if value is not None}
    start.add(part, start=False)
    part.start() if wait else part.spawn()
    return part


def with_app(start, **env):
    app_port = free_port()
    part = serve(start, COMMAND, PROBITY_UPSTREAM=f"127.0.0.1:{app_port}",
                 PROBITY_APP=f"http://127.0.0.1:{app_port}/", PROBITY_REQUIRE="", **env)
    ready = env.get("PROBITY_PATH_PREFIX", "").rstrip("/") + "/health/ready"
    wait_until(lambda: fetch(part.port, ready).json()["status"] == "ready", 10)
    return part


def end_of(part, within=15):
    part.expected_end = True
    wait_until(lambda: not part.alive(), within, f"{part.name} to end")
    return part.child.returncode


def errors_of(part):
    return [line["message"] for line in part.log_lines() if line.get("level") == "error"]


def counted(server):
    return server.sql("SELECT coalesce(sum(total), 0)::bigint FROM probity.route_minutes")[0][0]


# Starting, passing on, ending.

def test_everything_that_was_answered_is_in_the_ledger_when_it_has_ended(start, empty):
    part = with_app(start, PROBITY_DRAIN_SECONDS="1", PROBITY_LEDGER_URL=empty.url())
    assert any("applied 0001" in line for line in part.said("the ledger is migrated"))
    answered, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                answered.append(fetch(part.port, "/item").status)
            except OSError:
                return

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for one in asking:
        one.start()
    time.sleep(0.3)
    part.signal(signal.SIGTERM)
    draining = wait_until(lambda: fetch(part.port, "/health/ready").status == 503, 5)
    assert draining and fetch(part.port, "/item").status == 200  # the rest goes on meanwhile
    assert end_of(part) == 0
    stop.set()
    for one in asking:
        one.join()
    assert set(answered) == {200} and len(answered) > 20
    assert "told to end\n" in part.log()  # the application, behind nginx
    assert counted(empty) == len(answered) + 1
    assert errors_of(part) == []


def test_probes_from_the_first_moment_on_leave_no_complaint_in_the_log(start):
    part = serve(start, wait=False)
    wait_until(lambda: port_answers(part.port), 10, every=0.005)
    assert fetch(part.port, "/health/ready").status in (200, 503)
    os.kill(wait_until(lambda: part.part("probityd"), 10), signal.SIGKILL)
    wait_until(lambda: fetch(part.port, "/health/ready").json()["status"] == "down", 5)
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    assert [line for line in part.log().splitlines() if not line.startswith("{")] == []


def test_while_it_drains_clients_are_asked_to_come_back_on_a_new_connection(start):
    """A balancer of connections would leave them here until nginx closes them under their hands."""
    part = with_app(start, PROBITY_DRAIN_SECONDS="30")
    link = http.client.HTTPConnection("127.0.0.1", part.port, timeout=10)

    def ask(method="GET", body=None, path="/item"):
        link.request(method, path, body=body)
        answer = link.getresponse()
        return answer.status, answer.headers["Connection"], answer.read()

    assert ask()[:2] == (200, "keep-alive")
    part.signal(signal.SIGTERM)
    wait_until(lambda: fetch(part.port, "/health/ready").status == 503, 5)
    assert ask("POST", b"x" * 100000) == (201, "close", b"x" * 100000)
    assert ask()[:2] == (200, "close")
    part.kill9()
    part.start()  # in the same folders: what it left there is none of its own
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    assert ask()[:2] == (200, "keep-alive")
    part.kill9()  # nobody waits for its draining


def test_what_was_answered_is_in_the_log_whatever_is_killed(start):
    part = with_app(start)
    for number in range(1, 4):
        assert fetch(part.port, "/item").status == 200
        wait_until(lambda: log_of(part).count('"/item"') == number, 0.9)


def log_of(part):
    with open(part.access_log, encoding="utf-8") as file:
        return file.read()


def test_the_application_gets_what_a_proxy_owes_it(start):
    part = with_app(start)
    seen = fetch(part.port, "/a%20b?c=%2F", headers={"Host": "shop.test", "X-Request-Id": "mine"}).text
    assert seen.startswith("/a%20b?c=%2F\n")
    for header in ("Host: shop.test", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http",
                   "X-Forwarded-Host: shop.test", "X-Request-Id: mine"):
        assert header + "\n" in seen.replace("\r", ""), seen
    assert "Connection:" not in seen
    seen = fetch(part.port, "/", headers={"X-Forwarded-Proto": "https", "Upgrade": "websocket",
                                          "Connection": "upgrade"}).text.replace("\r", "")
    assert "X-Forwarded-Proto: https\n" in seen
    assert "X-Real-IP: 127.0.0.1\n" in seen
    for said, wanted in (("203.0.113.9", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"),
                         ("203.0.113.9, 10.0.0.1", "127.0.0.1"), ("me", "127.0.0.1")):
        told = fetch(part.port, "/", headers={"X-Real-IP": said}).text.replace("\r", "")
        assert f"X-Real-IP: {wanted}\n" in told
    assert "Upgrade: websocket\n" in seen and "Connection: upgrade\n" in seen
    body = b"x" * (3 << 20)  # more than nginx takes without a word
    answer = fetch(part.port, "/", method="POST", body=body)
    assert answer.status == 201 and answer.body == body


def test_without_an_application_only_probity_answers_and_at_both_kinds_of_addresses(start):
    part = serve(start)
    assert fetch(part.port, "/").status == 404
    assert "PROBITY_UPSTREAM" in fetch(part.port, "/").json()["error"]["message"]
    assert fetch(part.port, "/health/ready").status == 200
    with socket.create_connection(("::1", part.port), 5) as link:
        link.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert b" 200 " in link.recv(100)
    assert not os.path.exists(part.access_log) or os.path.getsize(part.access_log) == 0


def test_paths_stand_behind_their_prefix(start):
    part = with_app(start, PROBITY_PATH_PREFIX="/internal/")
    assert fetch(part.port, "/internal/health/ready").json()["checks"] == {"app": "ok"}
    assert fetch(part.port, "/health").text.startswith("/health\n")
    refused = fetch(part.port, "/internal/health", method="TRACE")
    assert refused.status == 405 and refused.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_command_that_ends_ends_everything_with_its_status(start):
    part = with_app(start, PROBITY_DRAIN_SECONDS="60")
    with pytest.raises(AssertionError):
        assert fetch(part.port, "/exit").status == 200
    assert end_of(part) == 7
    assert any("the command ended with 7" in line for line in errors_of(part))


def test_a_command_that_is_not_there_is_named(start):
    part = serve(start, ["no-such-program"], wait=False)
    assert end_of(part) == 127
    assert any("no-such-program: can't be executed" in line for line in part.log().splitlines())


def test_a_second_signal_ends_the_draining(start):
    part = serve(start, PROBITY_DRAIN_SECONDS="60")
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    part.signal(signal.SIGTERM)
    wait_until(lambda: fetch(part.port, "/health/ready").json()["status"] == "draining", 5)
    time.sleep(0.3)
    assert part.alive()
    part.signal(signal.SIGINT)
    assert end_of(part, 5) == 0 and errors_of(part) == []


def test_a_request_that_is_under_way_is_finished(start):
    part = with_app(start)
    with socket.create_connection(("127.0.0.1", part.port), 5) as link:
        link.sendall(b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.2)
        part.signal(signal.SIGTERM)
        wait_until(lambda: not port_answers(part.port), 5)
        link.sendall(b"cd")
        assert b" 201 " in link.recv(1000)
    assert end_of(part) == 0


def test_whoever_kills_it_leaves_nothing_behind(start):
    part = with_app(start)
    pids = [part.part(name) for name in ("probityd", "nginx", "python3")]
    assert None not in pids
    part.kill9()
    wait_until(lambda: not any(map(is_running, pids)), 10)
    assert not port_answers(part.port)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make process 1")
def test_it_can_be_process_1_and_buries_whom_it_does_not_know(start):
    wrapper = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    orphans = "for i in 1 2 3; do (sleep 0.1 &); done; exec sleep 100"
    part = serve(start, ["sh", "-c", orphans], wrapper=wrapper)
    first = children_of(part.pid)[0]
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    wait_until(lambda: len(children_of(first)) == 3, 5)  # the command, nginx, probityd
    os.kill(first, signal.SIGTERM)
    assert end_of(part) == 0


# Who ends by itself.

def test_a_probityd_that_is_killed_is_there_again_and_nginx_never_goes(start):
    part = serve(start)
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    nginx = part.part("nginx")
    os.kill(part.part("probityd"), signal.SIGKILL)
    wait_until(lambda: part.said("probityd ended with 137"), 5)
    wait_until(lambda: fetch(part.port, "/health/ready").status == 200, 10)
    assert part.part("nginx") == nginx and len(errors_of(part)) == 1


def test_an_nginx_that_is_killed_leaves_no_worker_at_the_port(start):
    part = serve(start)
    wait_until(lambda: fetch(part.port, "/health").status == 200, 10)
    first = part.part("nginx")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: part.part("nginx") not in (None, first), 10)
    wait_until(lambda: len(part.said("nginx listens")) == 2, 10)
    assert fetch(part.port, "/health").status == 200


def test_a_template_of_its_own_is_read_again_and_one_with_errors_is_not(start, folder):
    template = os.path.join(folder, "gateway.conf.template")
    with open(os.path.join(REPOSITORY, "nginx", "nginx.conf.template"), encoding="utf-8") as file:
        whole = file.read()

    def write(text):
        with open(template, "w", encoding="utf-8") as file:
            file.write(whole.replace("        location / {", text + "        location / {"))
    write("")
    for name in ("probity-http.conf", "probity-server.conf"):
        os.symlink(os.path.join(REPOSITORY, "nginx", name), os.path.join(folder, name))
    part = serve(start, PROBITY_NGINX_TEMPLATE=template)
    wait_until(lambda: part.said("nginx listens"), 5)
    write("        location = /new { return 200 \"${PORT}\"; }\n")
    part.signal(signal.SIGHUP)
    wait_until(lambda: fetch(part.port, "/new").text == str(part.port), 5)
    write("        location = /other { return 200 ${NOTHING}; }\n")
    part.signal(signal.SIGHUP)
    wait_until(lambda: part.said("NOTHING is nothing that can stand here"), 5)
    # A worker from before the first reload may still take a connection.
    wait_until(lambda: fetch(part.port, "/new").status == 200, 5)


# What can't be.

def refused(start, **env):
    part = serve(start, wait=False, **env)
    assert end_of(part) == 1
    errors = errors_of(part) or part.log().splitlines()
    assert len(errors) == 1, part.log()
    return errors[0]


def test_a_port_that_is_taken_is_said_in_one_line(start):
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert f"PORT={port}: another process listens there" in refused(start, PORT=str(port))


@pytest.mark.parametrize("env, words", [
    ({"PORT": "http"}, "PORT=http: expected a whole number"),
    ({"PROBITY_UPSTREAM": "8000"}, "PROBITY_UPSTREAM=8000: expected HOST:PORT"),
    ({"PORT": "18080", "PROBITY_APP": "http://localhost:18080/health"}, "that is nginx itself"),
    ({"PROBITY_PATH_PREFIX": "internal"}, "expected a path such as /internal"),
    ({"PROBITY_NGINX_TEMPLATE": "/nowhere/t"}, "PROBITY_NGINX_TEMPLATE=/nowhere/t: can't be read"),
    ({"PROBITY_LOG_DIR": "/proc/logs"}, "PROBITY_LOG_DIR: /proc/logs can't be written"),
    ({"PROBITY_LISTEN": "/proc/x/s"}, "PROBITY_LISTEN: /proc/x can't be written"),
    ({"PROBITY_LOG_KEEP": "0"}, "PROBITY_LOG_KEEP=0: expected a whole number"),
])
def test_what_can_not_be_is_said_in_one_line(start, env, words):
    assert words in refused(start, **env)


FOUR_ALONE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
int socket(int family, int type, int protocol)
{
    int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

    errno = EAFNOSUPPORT;
    return family == AF_INET6 ? -1 : real(family, type, protocol);
}
"""


def test_without_ipv6_it_listens_at_what_there_is(start, folder):
    library = os.path.join(folder, "four.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-", "-ldl"], text=True,
                   input=FOUR_ALONE, check=True)
    options = f"verify_asan_link_order=0:detect_leaks=0:log_path={folder}/asan"
    part = serve(start, LD_PRELOAD=library, ASAN_OPTIONS=options)
    wait_until(lambda: part.said(f"nginx listens at port {part.port}, IPv4\""), 5)
    with open(os.path.join(part.folder, "nginx.conf"), encoding="utf-8") as conf:
        assert "[::]" not in conf.read()
    assert fetch(part.port, "/health").status == 200


def test_arguments_that_make_no_sense_start_nothing():
    for words in (["serve", "app"], ["serve", "--port", "80"]):
        done = subprocess.run([build_path("probity"), *words], capture_output=True, text=True,
                              env=plain_environment(), timeout=20, check=False)
        assert done.returncode == 2 and done.stderr.count("\n") == 1


# The ledger.

def test_a_migration_that_is_refused_is_never_ready(start, empty):
    empty.sql("CREATE SCHEMA probity")
    empty.sql("CREATE TABLE probity.route_minutes (other integer)")
    part = serve(start, wait=False, PROBITY_LEDGER_URL=empty.url())
    assert end_of(part) == 1
    errors = errors_of(part)
    assert len(errors) == 1 and "the ledger's migration is refused: everything ends" in errors[0]
    assert "route_minutes" in errors[0] and empty.password not in part.log()


def test_a_ledger_that_is_late_is_migrated_once_it_is_there(start, empty):
    proxy = start.proxy(empty.port)
    proxy.cut()
    part = serve(start, PROBITY_LEDGER_URL=empty.url(port=proxy.port))
    assert fetch(part.port, "/health/ready").status == 200
    assert len(part.said("can't be migrated yet")) == 1
    proxy.resume()
    wait_until(lambda: part.said("the ledger is migrated: applied 0001"), 10)


def test_an_order_to_end_during_a_migration_ends_it_too(start, empty):
    proxy = start.proxy(empty.port)
    proxy.hold()
    part = serve(start, wait=False, PROBITY_LEDGER_URL=empty.url(port=proxy.port))
    wait_until(lambda: port_answers(part.port), 10)
    assert fetch(part.port, "/health/ready").json()["status"] == "down"
    part.signal(signal.SIGTERM)
    assert end_of(part, 3) == 0 and errors_of(part) == []


def test_a_schema_of_a_newer_program_is_left_alone(start, empty):
    run_tool("migrate", "upgrade", env={"DATABASE_URL": empty.url()})
    empty.sql("INSERT INTO probity.schema_migrations VALUES (9000, 'later', 'x', '99.0.0')")
    part = serve(start, PROBITY_LEDGER_URL=empty.url())
    assert len(part.said("the ledger is left as it is: migrate: the schema is at revision 9000")) == 1


@pytest.mark.long
def test_a_ledger_that_is_busy_holds_up_nobody(start, empty):
    with psycopg2.connect(empty.url()) as rival, rival.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(31651020109608057)")
        part = serve(start, PROBITY_LEDGER_URL=empty.url())
        assert len(part.said("can't be migrated yet")) == 1
        assert fetch(part.port, "/health/ready").status == 200
    rival.close()
    wait_until(lambda: part.said("the ledger is migrated"), 10)


# Names.

class Hosts:
    """An /etc/hosts of one process and what it starts."""

    def __init__(self, folder):
        self.path, servers = os.path.join(folder, "hosts"), os.path.join(folder, "resolv.conf")
        self.name("other.test")
        with open(servers, "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        bound = (f"mount --bind {self.path} /etc/hosts && mount --bind {servers} /etc/resolv.conf "
                 "&& exec \"$@\"")
        self.wrapper = ["unshare", "-m", "sh", "-c", bound, "sh"]

    def name(self, host, address="127.0.0.1"):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(f"{address} {host}\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have another /etc/hosts")
def test_an_application_whose_name_nobody_knows_yet_is_followed(start, folder):
    hosts, app = Hosts(folder), start.app()
    part = serve(start, wrapper=hosts.wrapper, PROBITY_UPSTREAM=f"shop.test:{app.port}")
    down = fetch(part.port, "/")
    assert down.status == 502 and down.json()["error"]["code"] == "application_down"
    assert fetch(part.port, "/health/ready").status == 200
    hosts.name("shop.test")
    wait_until(lambda: fetch(part.port, "/").status == 200, 10)
    assert part.said(f"shop.test:{app.port} is 127.0.0.1:{app.port}")


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have another /etc/hosts")
def test_no_name_is_looked_up_while_nobody_asks_for_anything(start, folder):
    hosts, app = Hosts(folder), start.app()
    hosts.name("shop.test", "127.0.0.9")
    part = serve(start, wrapper=hosts.wrapper, PROBITY_UPSTREAM=f"shop.test:{app.port}",
                 PROBITY_IDLE="pause", PROBITY_IDLE_AFTER="4s", PROBITY_PROBER_PATIENCE="2s",
                 PROBITY_CHECK_INTERVAL="200ms", PROBITY_CHECK_TIMEOUT="100ms",
                 PROBITY_CHECK_MAX_AGE="1s", PROBITY_CELERY_INTERVAL="1s",
                 PROBITY_CELERY_TIMEOUT="100ms", PROBITY_CELERY_MAX_AGE="2s")
    time.sleep(5.5)
    hosts.name("shop.test")
    time.sleep(7)
    assert len(part.said("shop.test:")) == 0
    assert fetch(part.port, "/").status == 502
    wait_until(lambda: fetch(part.port, "/").status == 200, 10)


# Logs.

@pytest.mark.long
def test_a_log_that_has_grown_is_renamed_and_loses_no_line(start, empty):
    part = with_app(start, PROBITY_LOG_MAX_MIB="1", PROBITY_LEDGER_URL=empty.url())
    path = "/" + "x" * 7000
    count = 320  # twice the bound

    def ask(times):
        assert all(fetch(part.port, path).status == 200 for _ in range(times))

    asking = [threading.Thread(target=ask, args=(count // 4,)) for _ in range(4)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    wait_until(lambda: os.path.exists(part.access_log + ".1"), 5)
    part.signal(signal.SIGTERM)
    assert end_of(part) == 0
    assert counted(empty) == count
    assert errors_of(part) == []
