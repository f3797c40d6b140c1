"""test_containers.py - the stand-in for an engine keeps Docker's promises on which our tests rely."""
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import urllib.request

import pytest

from container import ContainerError
from containers import BASE, Engine, supported
from process import REPOSITORY, free_port, is_running, wait_until

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("containers"),
              pytest.mark.skipif(not supported(), reason="needs root, buildah and mmdebstrap")]
DOCKERFILE = """\
FROM debian:bookworm-slim AS tree
RUN echo kept >/file && chmod 0660 /file
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends python3 \\
    && rm -rf /var/lib/apt/lists/* && install -d -m 0770 /var/lib/thing
COPY --from=tree /file /var/lib/thing/file
ENV COLOUR=green
USER 10001:0
HEALTHCHECK --interval=200ms --timeout=1s --retries=2 CMD test -e /tmp/well || { echo ill; exit 1; }
STOPSIGNAL SIGQUIT
ENTRYPOINT ["sh", "-c"]
CMD ["trap 'echo asked; exit 3' QUIT; echo started; while :; do sleep 0.05; done"]
"""
SERVE = ("import http.server as h, socket\n"
         "class S(h.HTTPServer): address_family = socket.AF_INET6\n"
         "S(('::', 8000), h.SimpleHTTPRequestHandler).serve_forever()")


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return engine.build(str(folder), "probity-test-harness")


@pytest.fixture
def run(engine, image):
    started = []

    def make(command=None, **options):
        started.append(engine.run(options.pop("image", image), command and [command], **options))
        return started[-1]
    yield make
    for container in started:
        container.remove(force=True)


def test_an_image_is_run_as_its_configuration_says(run):
    container = run()
    wait_until(lambda: "started" in container.logs())
    assert container.exec("sh", "-c", "id -u; id -g; echo $COLOUR $HOME; cat /proc/1/comm").stdout \
        == "10001\n0\ngreen /\nsh\n"
    assert container.stop() == 3 and "asked" in container.logs()


def test_who_does_not_end_in_time_is_killed(run):
    container = run("trap '' QUIT; echo deaf; while :; do sleep 0.05; done")
    wait_until(lambda: "deaf" in container.logs())
    pids = container.processes()
    assert container.stop(timeout=0.3) == 137
    wait_until(lambda: not any(map(is_running, pids)), 5)


def test_health_goes_from_starting_over_healthy_to_unhealthy(run):
    container = run()
    assert container.health == "starting"
    container.exec("touch", "/tmp/well")
    container.wait_healthy(10)
    container.exec("rm", "/tmp/well")
    wait_until(lambda: container.health == "unhealthy", 10)
    assert container.state["Health"]["Log"][-1]["Output"] == "ill\n"


def test_a_read_only_root_takes_writes_in_its_tmpfs_alone(run):
    container = run(read_only=True, tmpfs={"/var/lib/thing": "size=1m", "/tmp": ""})
    assert container.exec("touch", "/var/lib/thing/a", "/tmp/b").returncode == 0
    assert "Read-only file system" in container.exec("touch", "/a", user="0").stderr
    assert container.exec("stat", "-c", "%a %u", "/var/lib/thing").stdout == "770 0\n"
    assert container.exec("ls", "/var/lib/thing").stdout == "a\n"


def test_a_uid_that_nobody_knows_has_group_0(run):
    container = run("id; touch /var/lib/thing/mine && echo wrote", user="1234567890")
    assert container.wait(10) == 0
    assert "uid=1234567890 gid=0(root)" in container.logs() and "wrote" in container.logs()


def test_too_much_memory_is_the_end(run):
    # pylint: disable=consider-using-f-string
    container = run("exec python3 -c 'x = bytearray(%d)'" % (200 << 20), memory_bytes=64 << 20)
    assert container.wait(20) in (1, 137)
    assert container.state["OOMKilled"] or "MemoryError" in container.logs()


def test_with_ipv6_alone_there_is_no_other_address(run):
    container = run(f"exec python3 -c \"{SERVE}\"", network="ipv6")
    ask = "import socket; print(socket.create_connection(('{}', 8000), 1).getpeername()[0])"
    wait_until(lambda: container.exec("python3", "-c", ask.format("::1")).stdout == "::1\n", 10)
    assert "unreachable" in container.exec("python3", "-c", ask.format("127.0.0.1")).stderr


def test_containers_of_a_network_find_each_other_by_name(engine, run):
    engine.network("probity-test")
    port = free_port()
    server = run(f"cd /var/lib/thing; exec python3 -c \"{SERVE}\"", network="probity-test",
                 aliases=["shop"], ports=[("127.0.0.1", port, 8000)])
    wait_until(lambda: server.exec("python3", "-c", "import socket; "
               "socket.create_connection(('127.0.0.1', 8000), 1)").returncode == 0, 10)
    fetch = ("import urllib.request as u; "
             "print(u.urlopen('http://shop:8000/file', timeout=5).read().decode())")
    client = run(f"exec python3 -c \"{fetch}\"", network="probity-test")
    assert client.wait(10) == 0 and "kept" in client.logs()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/file", timeout=5) as answer:
        assert answer.read() == b"kept\n"
    server.stop(0)
    client = run(f"exec python3 -c \"{fetch}\"", network="probity-test")
    assert client.wait(20) != 0 and "not known" in client.logs()


def test_a_volume_begins_as_the_image_has_it_and_stays(engine, run):
    name = f"probity-{os.getpid()}"
    first = run("echo more >>/var/lib/thing/file", volumes=[(name, "/var/lib/thing", "rw")])
    assert first.wait(10) == 0
    second = run("cat /var/lib/thing/file", volumes=[(name, "/var/lib/thing", "rw")])
    assert second.wait(10) == 0 and second.logs() == "kept\nmore\n"
    subprocess.run(["rm", "-rf", engine.path("volumes", name)], check=True)


def test_one_that_fails_is_started_again_where_that_was_asked(run):
    container = run("sleep 0.1; exit 4", restart="on-failure:2")
    assert container.wait(10) == 4
    assert container.state["RestartCount"] == 2


def test_the_command_line_speaks_of_the_same_containers(engine, image, run):
    container = run(name="probity-seen")

    def docker(*words):
        return subprocess.run([os.path.join(REPOSITORY, "tests", "shims", "docker"), *words],
                              env={**os.environ, "PROBITY_CONTAINERS": engine.store},
                              capture_output=True, text=True, check=False)
    assert "probity-seen" in docker("ps").stdout
    assert json.loads(docker("inspect", "-f", "{{json .State}}", "probity-seen").stdout)["Running"]
    assert docker("exec", "probity-seen", "sh", "-c", "exit 7").returncode == 7
    assert docker("stop", "probity-seen").stdout == "probity-seen\n" and not container.alive()
    done = docker("run", "--rm", "-e", "A=b", image.name, "echo $A; echo bad >&2; exit 5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "b\n", "bad\n")
    refused = docker("swarm", "init")
    assert refused.returncode == 125 and "not known here" in refused.stderr


def test_an_image_that_cannot_be_fetched_is_refused_by_name(engine):
    assert engine.image(BASE)
    with pytest.raises(ContainerError, match="no image alpine:3"):
        engine.image("alpine:3")
