"""test_deploy_docker.py - deploy/docker as it stands: the image is really built, run, broken, ended."""
# SPDX-License-Identifier: MIT
import json
import os
import re
import subprocess
import threading
import time

import pytest
import yaml

from containers import BASE, Engine, supported
from process import REPOSITORY, free_port, wait_until
from servers import run_tool
from stack import fetch

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("containers"),
              pytest.mark.skipif(not supported(), reason="needs root, buildah and mmdebstrap")]
DOCKER = os.path.join(REPOSITORY, "deploy", "docker")
DOCKERFILE = os.path.join(DOCKER, "Dockerfile")
COMPOSE = os.path.join(DOCKER, "docker-compose.prod.yml")
SHIM = os.path.join(REPOSITORY, "tests", "shims", "docker")
SIZE_MIB = 40  # above the base
FOLDERS = ("/run/probity", "/var/lib/probity", "/var/log/probity")
TMPFS = {folder: "size=32m" for folder in FOLDERS}
# An application of an image that is made FROM ours: it says who it is, and ends when it is told to.
SHOP = """\
import http.server, os, signal, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/exit":
            os._exit(7)
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
signal.signal(signal.SIGTERM, lambda *_: (print("told to end", flush=True), os._exit(0)))
Server(("::", int(os.environ["PORT"])), Handler).serve_forever()
"""
BASED_ON_IT = """\
FROM probity
USER 0
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 \\
    && rm -rf /var/lib/apt/lists/*
COPY shop.py /app/
USER 10001:0
ENV PROBITY_UPSTREAM=[::1]:8000 PROBITY_APP=http://[::1]:8000/
CMD ["python3", "/app/shop.py", "shop"]
"""


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image(engine):
    return engine.build(REPOSITORY, "probity", DOCKERFILE)


@pytest.fixture(scope="module")
def based(engine, image, tmp_path_factory):
    assert image
    folder = tmp_path_factory.mktemp("based")
    (folder / "shop.py").write_text(SHOP)
    (folder / "Dockerfile").write_text(BASED_ON_IT)
    return engine.build(str(folder), "probity-test-shop")


class Running:
    """A container of the image on the machine's own loopback, as its tests ask it."""

    def __init__(self, container, port):
        self.container, self.port = container, port

    def get(self, path, **options):
        return fetch(self.port, path, **options)

    def is_ready(self):
        return self.container.exec("probity", "probe", "ready").returncode == 0

    def wait_for(self, path, status, timeout=20):
        def asked():
            if not self.container.alive():
                raise RuntimeError(f"it ended with {self.container.exit_code}")
            return self.get(path).status == status
        try:
            wait_until(asked, timeout, f"{path} to answer {status}")
        except (AssertionError, RuntimeError) as error:
            raise AssertionError(f"{error}\n{self.container.logs()[-3000:]}") from None
        return self.get(path)

    def wait_ready(self):
        return self.wait_for("/health/ready", 200)

    def errors(self):
        return [line for line in self.container.logs().splitlines()
                if '"level": "error"' in line or "[emerg]" in line or "[alert]" in line]


@pytest.fixture
def run(engine, image):
    started = []

    def make(command=None, which=None, **options):
        port = free_port()
        env = {"PORT": port, "PROBITY_DRAIN_SECONDS": "0", **options.pop("env", {})}
        container = engine.run(which or image, command, env=env, **options)
        started.append(container)
        return Running(container, port)
    yield make
    for container in started:
        container.remove(force=True)


def with_app(start, run, postgres, **options):
    app = start.app()
    env = {"DATABASE_URL": postgres.url(), "PROBITY_APP": app.health_url,
           "PROBITY_UPSTREAM": f"127.0.0.1:{app.port}", **options.pop("env", {})}
    part = run(env=env, **options)
    part.wait_ready()
    return part


def counted(server, service="app"):
    return server.sql("SELECT coalesce(sum(total), 0)::bigint FROM probity.route_minutes "
                      "WHERE service = %s", (service,))[0][0]


# The image.

def files_of(root):
    """Every file with what tells whether it was changed."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            found[os.path.relpath(os.path.join(folder, name), root)] = (status.st_size,
                                                                        status.st_mtime_ns)
    return found


def test_the_image_adds_at_most_40_mib_to_its_base(engine, image):
    with engine.image(BASE).mounted() as root:
        base = files_of(root)
    with image.mounted() as root:
        added = {name: entry[0] for name, entry in files_of(root).items()
                 if base.get(name) != entry}
    largest = sorted(added.items(), key=lambda entry: -entry[1])[:10]
    assert 0 < sum(added.values()) <= SIZE_MIB << 20, largest


def test_the_image_says_what_it_is_and_is_nobody(image):
    with open(os.path.join(REPOSITORY, "configure.ac"), encoding="utf-8") as file:
        version = re.search(r"AC_INIT\(\[probity\], \[(.+?)\]\)", file.read())[1]
    assert image.labels["org.opencontainers.image.version"] == version
    assert image.labels["org.opencontainers.image.licenses"] == "MIT"
    assert image.config["User"] == "10001:0" and image.config["StopSignal"] == "SIGTERM"
    assert image.health()["test"] == ["probity", "probe", "live"]
    assert not image.config.get("Volumes")  # an anonymous volume for everybody who only tries it


def test_the_tree_alone_is_complete_where_it_is_copied_to(engine, image, tmp_path):
    assert image
    tree = engine.build(REPOSITORY, "probity-tree", DOCKERFILE, target="tree")
    with tree.mounted() as root:
        assert os.listdir(root) == ["opt"] and os.listdir(f"{root}/opt") == ["probity"]
    (tmp_path / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\nCOPY --from=probity-tree /opt/probity /srv/probity\n"
        "RUN /srv/probity/bin/probity --version && /srv/probity/bin/probityd --version\n")
    engine.build(str(tmp_path), "probity-test-tree")


# Running.

def test_it_is_ready_with_its_dependencies_and_not_without_them(start, run):
    postgres = start.postgres()
    part = with_app(start, run, postgres)
    part.container.wait_healthy(20)
    assert part.get("/anything").status == 200
    postgres.stop()
    answer = part.wait_for("/health/ready", 503)
    assert answer.json()["checks"]["database"].startswith("error: ")
    assert part.get("/anything").status == 200 and part.get("/health").status == 200
    time.sleep(6)  # longer than the interval of the HEALTHCHECK
    assert part.container.health == "healthy", "a dead database must not restart the fleet"
    postgres.start()
    part.wait_ready()


SURROUNDINGS = {
    "the image's own account": {},
    "a read-only root": {"read_only": True, "tmpfs": TMPFS},
    "any account": {"user": "1000660000"},
    "any account, a read-only root": {"user": "1000660000", "read_only": True, "tmpfs": TMPFS},
    "root": {"user": "0"},
    "no capability": {"capabilities": [], "no_new_privileges": True, "read_only": True,
                      "tmpfs": TMPFS},
    "64 MiB of memory": {"memory_bytes": 64 << 20, "read_only": True,
                         "tmpfs": {name: "size=8m" for name in FOLDERS}},
}


@pytest.mark.parametrize("options", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_it_lives_with_what_a_platform_gives(start, run, empty, options):
    part = with_app(start, run, empty, **options)
    for number in range(200):
        assert part.get(f"/item/{number}").status == 200
    assert part.errors() == []
    assert part.container.stop(30) == 0, part.container.logs()
    assert not part.container.state["OOMKilled"]
    assert counted(empty) == 200


def test_a_folder_that_cannot_be_written_is_one_clear_line(run):
    part = run(read_only=True, env={"PROBITY_REQUIRE": "none"})
    assert part.container.wait(20) == 1
    lines = part.container.logs().splitlines()
    assert len(lines) == 1 and "/run/probity" in lines[0] and "mount" in lines[0]


def test_volumes_are_taken_over_by_who_comes_next(engine, start, run, empty):
    names = {f"probity-test-{os.getpid()}-{number}": folder
             for number, folder in enumerate(FOLDERS[1:])}
    volumes = [(name, folder, "rw") for name, folder in names.items()]
    first = with_app(start, run, empty, volumes=volumes)
    for _ in range(50):
        assert first.get("/item").status == 200
    first.container.kill()  # what it had read and not written is still in the log
    second = with_app(start, run, empty, volumes=volumes)
    wait_until(lambda: counted(empty) == 50, 20)
    assert second.container.stop(30) == 0
    for name in names:
        subprocess.run(["rm", "-rf", engine.path("volumes", name)], check=True)


def test_with_ipv6_alone_it_serves_its_loopback(run, based):
    part = run(which=based, network="ipv6", env={"PORT": "8080"})
    probe = ["probity", "probe", "ready", "--url", "http://[::1]:8080"]
    wait_until(lambda: part.container.exec(*probe).returncode == 0, 20,
               f"it to be ready: {part.container.logs()}")
    assert "IPv6" in part.container.logs() and part.errors() == []
    assert part.container.stop(30) == 0


def test_the_log_is_rotated_at_its_size_and_nothing_of_it_is_lost(start, run, empty):
    part = with_app(start, run, empty, env={"PROBITY_LOG_MAX_MIB": "1", "PROBITY_LOG_KEEP": "2"})
    path, sent = "/" + "x" * 6000, 0
    logs = os.path.join(part.container.root, "var/log/probity")
    while sent < 600:
        assert part.get(path).status == 200
        sent += 1
    wait_until(lambda: os.path.exists(f"{logs}/access.log.1"), 15)
    for _ in range(20):
        assert part.get("/after").status == 200
    assert sum(os.path.getsize(os.path.join(logs, name)) for name in os.listdir(logs)) < 6 << 20
    assert part.container.stop(30) == 0
    assert counted(empty) == sent + 20


def test_the_last_requests_before_sigterm_are_in_the_ledger(start, run, empty):
    part = with_app(start, run, empty, env={"PROBITY_DRAIN_SECONDS": "1"})
    answered = []

    def ask():
        while True:
            try:
                answered.append(part.get("/item").status)
            except OSError:
                return
    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    time.sleep(0.5)
    assert part.container.stop(30) == 0, part.container.logs()
    for one in asking:
        one.join()
    assert set(answered) == {200} and len(answered) > 50
    assert counted(empty) == len(answered)


# Base, sidecar, gateway.

def test_a_cmd_is_the_application_of_an_image_made_from_it(run, based):
    part = run(which=based)
    part.wait_ready()
    assert part.get("/").text == "shop"
    assert part.container.stop(30) == 0 and "told to end" in part.container.logs()
    again = run(which=based)
    again.wait_ready()
    assert again.get("/exit").status == 502
    assert again.container.wait(20) == 7


def test_a_sidecar_shares_the_application_s_network(engine, run, based):
    engine.network("probity-test-pod")
    port = free_port()
    app = run(["/app/shop.py", "pod"], which=based, entrypoint=["python3"], health={},
              network="probity-test-pod", ports=[("127.0.0.1", port, 8080)],
              env={"PORT": "8000"})
    sidecar = run(network=f"container:{app.container.id}", read_only=True, tmpfs=TMPFS,
                  env={"PORT": "8080", "PROBITY_APP": "http://127.0.0.1:8000/"})
    sidecar.port = port
    sidecar.wait_ready()
    assert sidecar.get("/").text == "pod"
    app.container.kill()
    wait_until(lambda: not sidecar.is_ready(), 10)


def test_a_gateway_knows_its_services_apart_and_their_new_addresses(engine, run, based):
    network, port = "probity-test-gateway", free_port()
    engine.network(network)

    def service(name, text):
        return run(["/app/shop.py", text], which=based, entrypoint=["python3"], health={},
                   network=network, aliases=[name], env={"PORT": "8000"}).container
    orders, users = service("orders", "orders 1"), service("users", "users 1")
    gateway = run(network=network, ports=[("127.0.0.1", port, 8080)], read_only=True, tmpfs=TMPFS,
                  binds=[(os.path.join(DOCKER, "gateway.conf.template"),
                          "/etc/probity/gateway.conf.template", "ro")],
                  env={"PORT": "8080", "PROBITY_REQUIRE": "none",
                       "PROBITY_NGINX_TEMPLATE": "/etc/probity/gateway.conf.template"})
    gateway.port = port
    gateway.wait_ready()
    wait_until(lambda: gateway.get("/orders/1").text == "orders 1", 10)
    assert gateway.get("/users/1").text == "users 1" and gateway.get("/").status == 404

    def services():
        path = f"{gateway.container.root}/var/log/probity/access.log"
        with open(path, encoding="utf-8") as file:
            seen = [json.loads(line) for line in file if line.endswith("\n")]
        return {line["path"]: line["service"] for line in seen}
    wait_until(lambda: {"/orders/1": "orders", "/users/1": "users"}.items() <= services().items(), 5)
    old = orders.state["Networks"][network]["IPAddress"]
    orders.kill()
    service("other", "somebody else with the old address")
    moved = service("orders", "orders 2")
    assert moved.state["Networks"][network]["IPAddress"] != old
    wait_until(lambda: gateway.get("/orders/1").text == "orders 2", 15)
    assert users.alive()


# Compose.

@pytest.fixture(scope="module")
def env_file(tmp_path_factory):
    """The example with its secrets filled in."""
    with open(os.path.join(DOCKER, "env.example"), encoding="utf-8") as file:
        text = re.sub(r"(?m)^(\w+)=$", r"\1=" + "0123456789abcdef" * 3, file.read())
    path = tmp_path_factory.mktemp("env") / "env"
    path.write_text(text)
    return str(path)


def compose(*words, env_file, port=8080, engine=None, check=True):
    env = {**os.environ, "PORT": str(port), "COMPOSE_PROJECT_NAME": "probity-test"}
    if engine:
        env["PROBITY_CONTAINERS"] = engine.store
    tool = [SHIM, "compose"] if engine else ["docker-compose"]
    done = subprocess.run([*tool, "--env-file", env_file, "-f", COMPOSE, *words], env=env,
                          capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0 or not check, done.stderr[-3000:]
    return done


def test_the_compose_file_is_accepted_and_wants_its_secrets(env_file):
    model = yaml.safe_load(compose("config", env_file=env_file).stdout)
    example = os.path.join(DOCKER, "env.example")
    refused = compose("config", env_file=example, check=False)
    assert refused.returncode != 0 and "env.example" in refused.stderr
    for name, service in model["services"].items():
        assert service["healthcheck"]["test"] and service["stop_grace_period"], name
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service.get("user") not in ("root", "0"), name


def test_every_variable_of_the_compose_file_is_one_that_probity_knows(env_file):
    model = yaml.safe_load(compose("config", env_file=env_file).stdout)
    probity = model["services"]["probity"]
    done = run_tool("check-config", env=probity["environment"])
    assert done.returncode == 0, done.stderr + done.stdout
    known = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    for name in probity["environment"]:
        assert name in known, f"{name} is not one of Probity's"
        assert "(default)" not in known[name] and "warning" not in known[name].lower()
    assert "warning" not in done.stderr.lower(), done.stderr
    environment = probity["environment"]
    drain, shutdown = (int(environment[f"PROBITY_{name}_SECONDS"]) for name in ("DRAIN", "SHUTDOWN"))
    assert int(probity["stop_grace_period"].removesuffix("s")) >= drain + 2 * shutdown + 3


def test_the_whole_of_it_comes_up_breaks_heals_and_ends(engine, image, env_file):
    assert image
    port = free_port()

    def run(*words, **options):
        return compose(*words, env_file=env_file, port=port, engine=engine, **options)

    def container(name):
        return engine.container(f"probity-test-{name}-1")
    run("down", "-v", check=False)
    try:
        run("up", "-d", "--wait")
        answer = fetch(port, "/health/ready")
        assert answer.json()["checks"] == {"app": "ok", "database": "ok", "redis": "ok",
                                           "celery": "ok"}
        assert fetch(port, "/v1/items/3").json()["id"] == 3
        assert fetch(port, "/v1/report").status == 202  # by way of the worker
        run("stop", "-t", "5", "redis")
        wait_until(lambda: fetch(port, "/health/ready").status == 503, 10)
        assert fetch(port, "/v1/items/3").status == 200
        run("start", "redis")
        wait_until(lambda: fetch(port, "/health/ready").status == 200, 40)
        # Another version of the API, at another address.
        container("api").remove(force=True)
        wait_until(lambda: fetch(port, "/health/ready").status == 503, 10)
        run("up", "-d", "api")
        wait_until(lambda: fetch(port, "/health/ready").status == 200, 40)
        wait_until(lambda: fetch(port, "/v1/items/3").status == 200, 15)
        for name in ("probity", "api", "worker", "postgres", "redis"):
            part = container(name)
            assert part.account()[0] != 0, f"{name} runs as root"
            part.wait_healthy(60)
        run("stop")
        assert [container(name).exit_code for name in ("probity", "worker", "postgres", "redis")] \
            == [0, 0, 0, 0]
    finally:
        run("down", "-v", check=False)
