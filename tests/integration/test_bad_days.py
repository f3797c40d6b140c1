"""Bad days: surroundings that are not what they should be.  Each time the right answer throughout,
one line in the log, and nothing lost."""
# SPDX-License-Identifier: MIT
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from process import PYTHON, REPOSITORY, free_port, wait_until
from servers import Postgres, Serve, build_path
from stack import SECRET, fetch
from surroundings import NameServer, bare, own_network

sys.path.insert(0, os.path.join(REPOSITORY, "tests", "fakes"))
from fake_postgres import FakePostgres  # noqa: E402  pylint: disable=wrong-import-position

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces want root")


def counted(stack):
    answer = stack.get("/slo")
    return answer.json()["slos"][0]["total_events"] if answer.status == 200 else None


def metric(stack, name):
    for line in stack.get("/metrics").text.splitlines():
        if line.startswith(name + "{") or line.startswith(name + " "):
            return float(line.split()[-1])
    return None


def loud(stack):
    """Lines of the log that are no news of what is well."""
    return [line["message"] for line in stack.probityd.log_lines()
            if line.get("level") in ("warning", "error")]


def program_within_reach(stack):
    """The build may lie where nobody else may look, such as below /root."""
    return shutil.copy(build_path("probityd"), stack.folder)


@needs_root
def test_an_unknown_account_on_a_read_only_root_without_home_proc_and_tmp(start):
    stack = start.stack(start=False)
    program = program_within_reach(stack)
    os.chmod(stack.folder, 0o777)
    # All that it has is its own folder; not even a descriptor.
    stack.probityd.wrap = [*bare(stack.folder, "/proc", "/var", "/home"), "sh", "-c",
                           f"exec {program} <&- >&- 2>&-"]
    stack.start()
    stack.wait_ready()
    for _ in range(5):
        stack.get("/ok")
    wait_until(lambda: counted(stack) == 5, 10, "the events")
    assert stack.get("/health/detailed", token=True).status == 200
    assert metric(stack, "probity_build_info") == 1
    assert os.listdir(os.path.join(stack.folder, "state", "history")) == ["app"]


def is_sanitised():
    with open(build_path("probityd"), "rb") as program:
        return b"__asan_init" in program.read()


@pytest.mark.long
def test_64_mib_are_more_than_enough(start):
    if is_sanitised():
        pytest.skip("a sanitizer wants terabytes of addresses: run this with another build")
    stack = start.stack(start=False)
    stack.probityd.wrap = ["prlimit", f"--as={64 << 20}:{64 << 20}"]
    stack.start()
    stack.wait_ready()
    stack.wait_for("/slo", 200)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: stack.get(
            ("/ok", "/metrics", "/slo", "/health/detailed")[number % 4], token=True).status,
            range(2000)))
    assert set(answers) == {200}
    wait_until(lambda: counted(stack) == 500, 10, "the events")
    assert stack.probityd.status("VmPeak") < 48 << 10
    assert not loud(stack)


# `probity serve`: what runs in a container.

APPLICATION = """\
import http.server, os, socketserver, sys, time
time.sleep(float(sys.argv[1]))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.daemon_threads = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def serving(start, delay=0, **env):
    """A container's processes, not started yet: serve, nginx, probityd and an application."""
    app_port = free_port()
    part = start.add(Serve(start.subfolder(), command=[PYTHON, "-c", APPLICATION, str(delay)]),
                     start=False)
    part.env = {"PROBITY_UPSTREAM": f"127.0.0.1:{app_port}", "PROBITY_REQUIRE": "",
                "JWT_SECRET_KEY": SECRET,
                "PROBITY_APP": f"http://127.0.0.1:{app_port}/", **env}
    return part


def installed(part):
    """The programs and nginx's files within its folder, as an image has them."""
    tree = os.path.join(part.folder, "tree")
    os.makedirs(os.path.join(tree, "bin"))
    for name in ("probity", "probityd"):
        shutil.copy(build_path(name), os.path.join(tree, "bin"))
    shutil.copytree(os.path.join(REPOSITORY, "nginx"), os.path.join(tree, "share/probity/nginx"))
    part.program = os.path.join(tree, "bin", "probity")
    part.env["PROBITY_NGINX_TEMPLATE"] = None
    os.chmod(part.folder, 0o777)
    return part


def status_of(part, path):
    return fetch(part.port, path).status


def complaints(part):
    """What is no news of what is well; that a test has given it no ledger is none of its bad days."""
    said = [line.get("message", line.get("raw")) for line in part.log_lines()
            if line.get("level") not in ("info", "debug")]
    return [text for text in said if not text.startswith("there is no ledger")]


@needs_root
@pytest.mark.parametrize("closed", ["", "<&- >&- 2>&-"], ids=["open", "closed"])
def test_a_container_with_an_unknown_account_on_a_read_only_root(start, postgres_template, closed):
    server = start.postgres(template=postgres_template)
    part = installed(serving(start, DATABASE_URL=server.url(), PROBITY_DRAIN_SECONDS="0"))
    part.wrap = [*bare(part.folder, "/var", "/home", "/run"), "sh", "-c",
                 f'exec "$@" {closed}', "sh"]
    part.start()
    wait_until(lambda: status_of(part, "/health/ready") == 200, 15)
    assert status_of(part, "/anything") == 200
    part.expected_end = True
    part.signal(signal.SIGTERM)
    assert part.child.wait(15) == 0
    assert server.sql("SELECT sum(total)::int FROM probity.route_minutes") == [(1,)]
    assert complaints(part) == []


@needs_root
@pytest.mark.parametrize("setting, path", [
    ("PROBITY_LISTEN", "/srv/run/s"), ("PROBITY_LOG_DIR", "/srv/logs")])
def test_a_container_whose_folders_cant_be_written_says_which_in_one_line(start, setting, path):
    part = installed(serving(start, **{setting: path}))
    part.wrap = bare(part.folder)
    part.expected_end = True
    part.spawn()
    assert part.child.wait(15) == 1
    assert len(complaints(part)) == 1
    assert setting in complaints(part)[0] and "mount" in complaints(part)[0], complaints(part)


@needs_root
def test_a_container_without_a_place_for_state_serves_and_says_it_once(start):
    part = installed(serving(start, PROBITY_STATE_DIR="/srv/state"))
    part.wrap = bare(part.folder)
    part.start()
    wait_until(lambda: status_of(part, "/health/ready") == 200, 15)
    time.sleep(2)
    # The application may come up after the first look at it.
    said = [line for line in complaints(part) if not line.startswith("check app: starting")]
    assert all("PROBITY_STATE_DIR" in line for line in said) and 0 < len(said) <= 2, said


def test_a_container_whose_application_starts_slowly_is_starting_all_along(start):
    part = serving(start, delay=4)
    part.start()
    words = {"/health": "starting", "/health/startup": "starting", "/health/ready": "not_ready"}
    while fetch(part.port, "/health/ready").status == 503:
        for path, word in words.items():
            answer = fetch(part.port, path)
            assert answer.status == 200 or answer.json()["status"] == word, (path, answer)
        time.sleep(0.1)
    assert {status_of(part, path) for path in words} == {200}
    assert len(complaints(part)) == len(set(complaints(part))) <= 2, complaints(part)


@needs_root
@pytest.mark.long
def test_a_container_whose_database_appears_late_migrates_it_then_and_loses_nothing(start, network):
    server = start.add(Postgres(start.subfolder(), settings={
        "listen_addresses": f"127.0.0.1,{AAAA}"}), start=False)
    server.create()
    admit_version_6(server)
    part = installed(serving(start, DATABASE_URL=server.url().replace("127.0.0.1", "db.internal")))
    os.chmod(part.folder, 0o755)
    part.wrap = network.wrap()
    part.start()
    asked = 0

    def is_told(word):
        nonlocal asked
        for _ in range(10):
            asked += 1
            assert status_of(part, "/anything") == 200
        wait_until(lambda: fetch(part.port, "/health/ready").json()["checks"]["database"] == word, 30,
                   word)
        for _ in range(30):
            assert status_of(part, "/health") == 200
            assert fetch(part.port, "/health/ready").json()["checks"]["database"] == word
            time.sleep(0.2)
    wait_until(lambda: status_of(part, "/health") == 200, 10)
    is_told("error: name not resolved")
    network.tell({"db.internal": AAAA})
    is_told("error: connection refused")
    fake = FakePostgres(mode="starting", port=server.port, host=AAAA)
    is_told("error: server starting up")
    fake.stop()
    server.start()
    wait_until(lambda: status_of(part, "/health/ready") == 200, 30)
    wait_until(lambda: part.said("the ledger is migrated: applied 0001"), 30)
    wait_until(lambda: server.sql("SELECT sum(total)::int FROM probity.route_minutes") == [(asked,)],
               30, "every event")
    assert len(part.said("can't be migrated yet")) == 1
    assert len(complaints(part)) == len(set(complaints(part))) <= 12, complaints(part)


@needs_root
@pytest.mark.long
def test_a_container_of_64_mib_holds_all_of_it(start):
    group = f"/sys/fs/cgroup/memory/probity-{os.getpid()}"
    if is_sanitised():
        pytest.skip("a sanitizer's shadows are large: run this with another build")
    try:
        os.mkdir(group)
        with open(f"{group}/memory.limit_in_bytes", "w", encoding="ascii") as limit:
            limit.write(str(64 << 20))
    except OSError as error:
        pytest.skip(f"no memory controller to be used: {error}")
    try:
        part = serving(start)
        part.wrap = ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]
        part.start()
        wait_until(lambda: status_of(part, "/health/ready") == 200, 15)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: status_of(part, "/anything"), range(2000))) == {200}
        with open(f"{group}/memory.failcnt", encoding="ascii") as failures:
            assert failures.read() == "0\n"
        part.stop()
    finally:
        os.rmdir(group)


# A volume that is full.

@pytest.fixture
def small_disk(folder):
    """A tmpfs of 1 MiB; .fill() and .empty() it."""
    class Disk:
        path = os.path.join(folder, "small")
        ballast = os.path.join(path, "ballast")

        def fill(self):
            with contextlib.suppress(OSError), open(self.ballast, "ab", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass

        def empty(self):
            os.unlink(self.ballast)
    os.mkdir(Disk.path)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", Disk.path],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield Disk()
    subprocess.run(["umount", "-l", Disk.path], check=True)


def coverage(stack):
    return stack.get("/slo/app-availability").json()["coverage"]


@pytest.mark.long
def test_time_in_which_the_log_could_not_be_written_is_unwatched_and_said_once(start, small_disk):
    stack = start.stack(start=False)
    stack.nginx.access_log = os.path.join(small_disk.path, "access.log")
    stack.probityd.env["PROBITY_ACCESS_LOG"] = stack.nginx.access_log
    stack.start()
    for _ in range(5):
        stack.get("/ok")
    wait_until(lambda: counted(stack) == 5, 10, "the events")
    assert metric(stack, "probity_ingest_source_unwritable") == 0

    small_disk.fill()
    stack.wait_ready()
    wait_until(lambda: metric(stack, "probity_ingest_source_unwritable") == 1, 5)
    blind = wait_until(lambda: stack.probityd.said("its volume is full"), 5)
    for _ in range(40):  # a line has about 250 bytes, and the last page of the file has some room
        assert stack.get("/ok").status == 200
    dark_since = coverage(stack)["watched_until"]
    time.sleep(75)
    assert coverage(stack)["watched_until"] == dark_since
    assert coverage(stack)["unwatched_minutes"] >= 1 and coverage(stack)["ratio"] < 1
    assert stack.get("/health/ready").status == 200

    small_disk.empty()
    wait_until(lambda: stack.probityd.said("takes lines again"), 10)
    wait_until(lambda: coverage(stack)["watched_until"] > dark_since, 20)
    before = counted(stack)
    for _ in range(5):
        stack.get("/ok")
    # The first one stands behind half a line, which is all that the volume had taken.
    wait_until(lambda: counted(stack) - before == 5, 10, "the events after it")
    assert coverage(stack)["ratio"] < 1 and coverage(stack)["unwatched_minutes"] >= 1
    assert len(blind) == 1 and len(stack.probityd.said("its volume is full")) == 1


# Names.

AAAA = "fd00::10"


@pytest.fixture
def network(folder):
    """A network in which names have addresses of version 6 alone, with its name server."""
    with own_network(f"{AAAA}/128"):
        server = NameServer(folder)
        server.start()
        yield server
        server.stop()


def admit_version_6(server):
    with open(os.path.join(server.data, "pg_hba.conf"), "a", encoding="ascii") as file:
        file.write("host all all fd00::/8 scram-sha-256\n")


def listen_on_version_6(stack):
    stack.postgres.settings["listen_addresses"] = f"127.0.0.1,{AAAA}"
    stack.postgres.create()
    admit_version_6(stack.postgres)
    stack.redis.settings["bind"] = f"127.0.0.1 {AAAA}"
    stack.redis.settings["protected-mode"] = "no"
    stack.probityd.env["DATABASE_URL"] = stack.postgres.url().replace("127.0.0.1", "db.internal")
    stack.probityd.env["REDIS_URL"] = stack.redis.url().replace("127.0.0.1", "cache.internal")


@needs_root
def test_names_that_have_addresses_of_version_6_alone_are_reached(start, network):
    network.tell({"db.internal": AAAA, "cache.internal": AAAA})
    stack = start.stack(start=False, migrate=False)
    listen_on_version_6(stack)
    stack.probityd.wrap = network.wrap()
    stack.start()
    stack.tool("migrate", "upgrade", check=True, env={"DATABASE_URL": stack.postgres.url()})
    stack.wait_ready()
    stack.get("/ok")
    wait_until(lambda: counted(stack) == 1, 15, "the event")
    assert AAAA in subprocess.run(["ss", "-Htn"], capture_output=True, text=True, check=True).stdout
    stack.stop()
    start.started.remove(stack)


def database_word(stack):
    return stack.get("/health/ready").json()["checks"]["database"]


@needs_root
@pytest.mark.long
def test_a_database_that_appears_late_is_named_by_what_it_lacks_and_nothing_is_lost(start, network):
    stack = start.stack(start=False, migrate=False, redis=False)
    stack.redis = None
    stack.postgres.settings["listen_addresses"] = f"127.0.0.1,{AAAA}"
    stack.postgres.create()
    admit_version_6(stack.postgres)
    stack.probityd.env["DATABASE_URL"] = stack.postgres.url().replace("127.0.0.1", "db.internal")
    stack.probityd.wrap = network.wrap()
    stack.nginx.start()
    stack.probityd.start()

    def is_told(word, seconds=8):
        for _ in range(10):
            stack.get("/ok")
        wait_until(lambda: database_word(stack) == word, 30, word)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert stack.get("/health").status == 200
            answer = stack.get("/health/ready")
            assert answer.status == 503 and answer.json()["checks"]["database"] == word
            time.sleep(0.2)
    is_told("error: name not resolved")
    network.tell({"db.internal": AAAA})
    is_told("error: connection refused")
    fake = FakePostgres(mode="starting", port=stack.postgres.port, host=AAAA)
    is_told("error: server starting up")
    fake.stop()
    stack.postgres.start()
    wait_until(lambda: database_word(stack) == "ok", 30)
    stack.wait_ready()
    stack.tool("migrate", "upgrade", check=True, env={"DATABASE_URL": stack.postgres.url()})
    wait_until(lambda: counted(stack) == 30, 30, "every event")
    # The check says each word once, and so does the ledger's writer; its reader says the first.  On
    # a busy machine they also see that nobody listens between the two servers, and no schema yet.
    assert len(loud(stack)) == len(set(loud(stack))) <= 10, loud(stack)


# An application that takes its time.

@pytest.mark.long
def test_an_application_that_starts_slowly_is_starting_all_along(start):
    port = start.port()
    stack = start.stack(app=None, postgres=False, redis=False,
                        env={"PROBITY_APP": f"http://127.0.0.1:{port}/internal/health"})
    for _ in range(8):
        for path, word in (("/health", "starting"), ("/health/startup", "starting"),
                           ("/health/ready", "not_ready")):
            answer = stack.get(path)
            assert answer.status == 503 and answer.json()["status"] == word, (path, answer)
        time.sleep(0.2)
    assert stack.get("/health/ready").json()["checks"] == {"app": "error: connection refused"}
    said = loud(stack)
    assert len(said) == len(set(said)) <= 2, said
    start.app(port=port)
    for path in ("/health", "/health/startup", "/health/ready"):
        stack.wait_for(path, 200, 5)
