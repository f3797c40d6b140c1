"""deploy/railway: the real SDK understands the file, and what it makes of it fits together."""
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from lonely import lonely_network
from process import PYTHON, REPOSITORY, plain_environment, wait_until
from servers import Postgres, Serve, build_path

pytestmark = pytest.mark.long
FILE = os.path.join(REPOSITORY, "deploy", "railway", "railway.ts")
PACKAGES = ("railway@3.11.0", "typescript@5.9.3")
EVALUATE = """\
import { createRailwayContext, validateGraph } from "railway/iac";
const program = (await import("./out/railway.js")).default;
process.stdout.write(JSON.stringify(
    await program(createRailwayContext({ environment: process.argv[2] }))));
"""
APPLICATION = [PYTHON, "-m", "http.server", "--bind", "127.0.0.1", "8000"]


def run(*command, cwd, **options):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """A folder with Railway's package and the compiler, from the npm registry."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so railway.ts is not compiled")
    path = tmp_path_factory.mktemp("railway")
    (path / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="ascii")
    (path / "evaluate.js").write_text(EVALUATE, encoding="ascii")
    try:
        done = run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                   "--fetch-retries=0", *PACKAGES, cwd=path, timeout=120)
        trouble = done.returncode and done.stderr.strip()[-300:]
    except subprocess.TimeoutExpired:
        trouble = "no answer within two minutes"
    if trouble:
        pytest.skip(f"the npm registry can't be reached, so railway.ts is not compiled: {trouble}")
    shutil.copy(FILE, path / "railway.ts")
    return path


@pytest.fixture(scope="module")
def compiled(sdk):
    done = run(sdk / "node_modules" / ".bin" / "tsc", "--strict", "--module", "nodenext", "--target",
               "es2022", "--outDir", "out", "railway.ts", cwd=sdk)
    assert done.returncode == 0, done.stdout
    return sdk


def project(compiled, environment):
    done = run("node", "evaluate.js", environment, cwd=compiled)
    assert done.returncode == 0, done.stderr
    return {one["address"]: one for one in json.loads(done.stdout)["resources"]}


def test_what_probity_init_leaves_out_is_missed_by_nothing(sdk, tmp_path):
    """For an application without Redis, Celery and a worker."""
    folder = shutil.copytree(os.path.join(REPOSITORY, "tests", "data", "init", "node-railway",
                                          "folder"), tmp_path / "app")
    assert run(build_path("probity"), "init", "--write", cwd=folder).returncode == 0
    shutil.copy(folder / ".railway" / "railway.ts", sdk / "slim.ts")
    done = run(sdk / "node_modules" / ".bin" / "tsc", "--strict", "--module", "nodenext", "--target",
               "es2022", "--noUnusedLocals", "--noEmit", "slim.ts", cwd=sdk)
    assert done.returncode == 0, done.stdout


def test_the_types_refuse_what_railway_does_not_know(compiled):
    text = (compiled / "railway.ts").read_text(encoding="utf-8")
    (compiled / "wrong.ts").write_text(text.replace("overlapSeconds:", "overlap:"),
                                       encoding="utf-8")
    done = run(compiled / "node_modules" / ".bin" / "tsc", "--strict", "--module", "nodenext",
               "--target", "es2022", "--noEmit", "wrong.ts", cwd=compiled)
    assert done.returncode != 0 and "overlap" in done.stdout


def known_keys():
    path = os.path.join(REPOSITORY, "module", "config", "keys.c")
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r'[({] ?"([A-Z_]{4,})"', file.read()))


def seconds(text):
    return float(re.fullmatch(r"([0-9.]+)s?", text).group(1))


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_graph_is_what_a_deployment_needs(compiled, environment):
    graph = project(compiled, environment)
    assert set(graph) == {"database.Postgres", "database.Redis", "service.web", "service.worker"}
    web, deploy = graph["service.web"], graph["service.web"]["deploy"]
    env = {name: one.get("value") for name, one in web["variables"].items()}
    assert web["source"]["type"] == "github" and web["build"]["builder"] == "DOCKERFILE"
    assert deploy["healthcheckPath"] == "/health/ready"
    assert deploy["startCommand"].startswith("probity serve -- ")
    assert "probity migrate upgrade" in deploy["preDeployCommand"][0]
    assert not web.get("volumeMounts") and not web.get("volumeAttachments")
    drain, shutdown = (float(env[f"PROBITY_{name}_SECONDS"]) for name in ("DRAIN", "SHUTDOWN"))
    assert deploy["drainingSeconds"] >= drain + 2 * shutdown + 3
    assert deploy["healthcheckTimeout"] > 10 * seconds(env["PROBITY_READY_AFTER"]) > 0
    assert deploy["restartPolicyType"] == "ON_FAILURE"
    assert set(env) <= known_keys()
    assert {name: one["resource"] for name, one in web["variables"].items()
            if one["type"] == "reference"} == {
                "DATABASE_URL": "database.Postgres", "REDIS_URL": "database.Redis",
                "CELERY_BROKER_URL": "database.Redis"}
    assert web["variables"]["PROBITY_ADMIN_TOKEN"] == {"type": "preserve"}  # no secret in a file
    sleeps = environment != "production"
    assert deploy["sleepApplication"] is sleeps
    assert env["PROBITY_IDLE"] == ("pause" if sleeps else "never")


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_railways_check_gets_its_200_over_either_family(folder, postgres_template, family):
    """As Railway asks: its own Host, on PORT, and nothing but an exact 200 will do."""
    with lonely_network():
        postgres = Postgres(folder, template=postgres_template)
        serve = Serve(folder, command=APPLICATION)
        serve.env = {"PROBITY_UPSTREAM": "127.0.0.1:8000", "PROBITY_APP": "http://127.0.0.1:8000/",
                     "DATABASE_URL": postgres.url(), "PROBITY_REQUIRE": "database",
                     "PROBITY_DRAIN_SECONDS": "0", "PROBITY_READY_AFTER": "1s",
                     "PROBITY_IDLE": "pause"}
        try:
            serve.spawn()

            def status():
                url = f"http://{'[::1]' if family == '-6' else '127.0.0.1'}:{serve.port}/health/ready"
                done = run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                           "Host: healthcheck.railway.app", family, url, cwd=folder,
                           env=plain_environment())
                return done.stdout
            wait_until(lambda: status() == "503", 10, "an answer while there is no database")
            postgres.start()
            wait_until(lambda: status() == "200", 20, "the 200 that switches")
            serve.expected_end = True
            serve.signal(signal.SIGTERM)
            assert serve.child.wait(15) == 0
        finally:
            serve.stop()
            postgres.stop()
