"""deploy/fly: every key is Fly's own, times have units, and what the file promises holds."""
# SPDX-License-Identifier: MIT
import http.client
import os
import re
import shlex
import signal
import time
import tomllib

import pytest

from lonely import lonely_network
from process import PYTHON, REPOSITORY, wait_until
from servers import Postgres, Serve, build_path

FILE = os.path.join(REPOSITORY, "deploy", "fly", "fly.toml")

# The keys of fly.toml by section, from "Fly Launch configuration (fly.toml)" of Fly's documentation
# (reference/configuration): those that this file may want.  "[]" stands for an array of tables.
KEYS = {
    "": {"app", "primary_region", "kill_signal", "kill_timeout", "swap_size_mb", "build", "deploy",
         "env", "http_service", "metrics", "mounts", "vm", "processes", "checks"},
    "build": {"dockerfile", "image", "ignorefile", "build-target", "args"},
    "deploy": {"release_command", "release_command_timeout", "strategy", "max_unavailable",
               "wait_timeout"},
    "http_service": {"processes", "internal_port", "force_https", "auto_stop_machines",
                     "auto_start_machines", "min_machines_running", "concurrency", "checks",
                     "http_options", "tls_options"},
    "http_service.concurrency": {"type", "soft_limit", "hard_limit"},
    "http_service.checks[]": {"grace_period", "interval", "timeout", "method", "path", "protocol",
                              "tls_server_name", "tls_skip_verify", "headers"},
    "metrics": {"port", "path", "processes"},
    "mounts": {"source", "destination", "processes", "initial_size", "auto_extend_size_threshold",
               "auto_extend_size_increment", "auto_extend_size_limit"},
    "vm[]": {"size", "memory", "cpus", "cpu_kind", "processes"},
}
# A number is read as milliseconds by checks and as seconds by kill_timeout: so neither is a number.
TIMES = {"kill_timeout", "grace_period", "interval", "timeout", "release_command_timeout",
         "wait_timeout"}
UNITS = {"ms": 0.001, "s": 1, "m": 60}
APPLICATION = [PYTHON, "-m", "http.server", "--bind", "127.0.0.1", "8000"]


@pytest.fixture(scope="module")
def fly():
    with open(FILE, "rb") as file:
        return tomllib.load(file)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * UNITS[unit]


def walk(table, place=""):
    """Every (section, key, value) that is no table itself."""
    for key, value in table.items():
        below = f"{place}.{key}" if place else key
        if isinstance(value, dict):
            yield place, key, None
            yield from walk(value, below)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield place, key, None
            for one in value:
                yield from walk(one, below + "[]")
        else:
            yield place, key, value


def test_every_key_is_one_of_flys(fly):
    for place, key, _ in walk({name: one for name, one in fly.items() if name != "env"}):
        assert key in KEYS[place], f"[{place}] {key}"


def test_every_time_has_its_unit(fly):
    found = [(key, value) for _, key, value in walk(fly) if key in TIMES]
    assert len(found) >= 5
    for key, value in found:
        assert isinstance(value, str) and seconds(value) > 0, key


def test_the_end_has_the_time_that_it_needs(fly):
    env = fly["env"]
    drain, shutdown = (float(env[f"PROBITY_{name}_SECONDS"]) for name in ("DRAIN", "SHUTDOWN"))
    assert fly["kill_signal"] == "SIGTERM"
    assert 300 >= seconds(fly["kill_timeout"]) >= drain + 2 * shutdown + 3
    [check] = fly["http_service"]["checks"]
    assert 0 < seconds(env["PROBITY_READY_AFTER"]) < 60
    # The proxy hears of it before anything is refused.
    assert drain >= seconds(check["interval"]) + seconds(check["timeout"])


def test_everybody_asks_on_the_port_that_nginx_listens_on(fly):
    port = int(fly["env"]["PORT"])
    assert fly["http_service"]["internal_port"] == port == fly["metrics"]["port"]


def test_variables_are_known_and_folders_on_the_volume(fly):
    with open(os.path.join(REPOSITORY, "module", "config", "keys.c"), encoding="utf-8") as file:
        known = set(re.findall(r'[({] ?"([A-Z_]{4,})"', file.read()))
    assert set(fly["env"]) <= known
    assert all(isinstance(value, str) for value in fly["env"].values())
    volume = fly["mounts"]["destination"]
    state = fly["env"].get("PROBITY_STATE_DIR", "/var/lib/probity")
    for folder in (state, fly["env"]["PROBITY_LOG_DIR"]):
        assert folder == volume or folder.startswith(volume + "/")


@pytest.mark.long
def test_what_the_file_says_holds_over_ipv6(fly, folder, postgres_template):
    """The Machine as its checks and Fly's metrics see it, and the release command before it."""
    release = shlex.split(fly["deploy"]["release_command"])
    assert release[:2] == ["sh", "-c"] and "alembic upgrade head" in release[2]
    with lonely_network():
        postgres = Postgres(folder, template=postgres_template)
        postgres.start()
        port = int(fly["env"]["PORT"])
        env = {**fly["env"], "DATABASE_URL": postgres.url(), "PROBITY_REQUIRE": "database",
               "PROBITY_APP": "http://127.0.0.1:8000/", "PROBITY_DRAIN_SECONDS": "0",
               "PROBITY_STATE_DIR": os.path.join(folder, "data"),
               "PROBITY_LOG_DIR": os.path.join(folder, "data", "log"),
               "PATH": os.path.dirname(build_path("probity")) + ":" + os.environ["PATH"]}
        try:
            for wanted in (3, 0):
                started = time.monotonic()
                script = release[2].replace("alembic upgrade head", f"exit {wanted}")
                assert end_of(folder, env, port, ["sh", "-c", script]) == wanted
                assert time.monotonic() - started < 20
            assert postgres.sql("SELECT to_regclass('probity.positions') IS NOT NULL") == [(True,)]
            serve = Serve(os.path.join(folder, "machine"), command=APPLICATION)
            serve.env, serve.port = env, port
            serve.spawn()
            [check] = fly["http_service"]["checks"]

            def status(path):
                link = http.client.HTTPConnection("::1", port, timeout=5)
                try:
                    link.request("GET", path)
                    return link.getresponse().status
                finally:
                    link.close()
            wait_until(lambda: status(check["path"]) == 200, seconds(check["grace_period"]))
            assert status(fly["metrics"]["path"]) == 200
            serve.expected_end = True
            serve.signal(getattr(signal, fly["kill_signal"]))
            assert serve.child.wait(seconds(fly["kill_timeout"])) == 0
            serve.stop()
        finally:
            postgres.stop()


def end_of(folder, env, port, command):
    """As Fly runs a release command: in the place of CMD, and so behind the image's ENTRYPOINT."""
    serve = Serve(os.path.join(folder, "release"), command=command)
    serve.env, serve.port = {**env, "RELEASE_COMMAND": "1"}, port
    serve.expected_end = True
    serve.spawn()
    code = serve.child.wait(60)
    serve.stop()
    return code
