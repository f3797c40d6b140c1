"""scripts/run as a person uses it: it starts everything, keeps it alive, and leaves nothing."""
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from process import REPOSITORY, free_port, plain_environment, wait_until
from stack import fetch

NAMES = ("postgres", "redis", "celery", "app", "nginx", "probityd")


class Run:
    """scripts/run in a tree, as if for the first time but that it is built already."""

    def __init__(self, tree):
        self.tree = tree
        self.port = free_port()
        self.child = None
        shutil.rmtree(self.path(".run"), ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.tree, *parts)

    def start(self, wait=True, **env):
        self.output = self.path("output")
        env = {"DEMO_TRAFFIC": "0", "PORT": self.port, "PROBITY_DRAIN_SECONDS": "0", **env}
        with open(self.output, "wb") as output:
            self.child = subprocess.Popen([self.path("scripts", "run")], stdout=output,
                                          stderr=output, env=plain_environment(env))
        if wait:
            wait_until(self.is_up, 240, "the stack to answer", every=0.1)
        return self

    def is_up(self):
        if self.child.poll() is not None:
            raise RuntimeError(f"scripts/run ended with {self.child.returncode}: {self.said()}")
        return "Ctrl-C" in self.said() and self.get("/health").status == 200

    def said(self):
        with open(self.output, encoding="utf-8") as output:
            return output.read()

    def get(self, path, **options):
        return fetch(self.port, path, **options)

    def pid(self, name):
        with open(self.path(".run", name + ".pid"), encoding="ascii") as file:
            return int(file.read())

    def stop(self, number=signal.SIGTERM):
        if self.child and self.child.poll() is None:
            self.child.send_signal(number)
            self.child.wait(30)

    def left_over(self):
        """Processes whose command line names this copy of the tree."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    command = file.read().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if self.tree in command and int(entry) != os.getpid():
                found.append(command)
        return found


def slo_events(run):
    return run.get("/slo").json()["slos"][0]["total_events"]


@pytest.fixture(scope="module")
def tree(shared):
    """A copy of the tree with a build of its own, so that a stack that runs here is left alone."""
    folder = shared.subfolder()
    listed = subprocess.run(["git", "-C", REPOSITORY, "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(REPOSITORY, name), target)
    return folder


@pytest.fixture
def run(tree):
    started = Run(tree)
    yield started
    started.stop()
    if started.child:
        wait_until(lambda: not started.left_over(), 10, "every process to end")


@pytest.mark.long
def test_the_stack_runs_restarts_probityd_keeps_the_ledger_and_leaves_nothing(run):
    run.start()
    wait_until(lambda: run.get("/health/ready").status == 200, 20, "readiness")
    assert set(run.get("/health/ready").json()["checks"]) == {"app", "database", "redis", "celery"}
    for name in NAMES:
        os.kill(run.pid(name), 0)
    assert run.get("/health/shop").json()["checks"] == {"items": "ok"}

    with open(run.path(".run", "env"), encoding="utf-8") as env:
        token = re.search(r"^TOKEN=(\S+)$", env.read(), re.MULTILINE).group(1)
    assert run.get("/health/detailed", headers={"Authorization": f"Bearer {token}"}).status == 200

    for _ in range(3):  # for ever, not three times: but three tell the two apart
        old = run.pid("probityd")
        os.kill(old, signal.SIGKILL)
        killed = time.monotonic()
        wait_until(lambda: run.pid("probityd") != old and run.get("/health").status == 200, 3,
                   "a new probityd")
        assert time.monotonic() - killed < 2.5

    for number in range(10):
        run.get(f"/v1/items/{number + 1}")
    wait_until(lambda: slo_events(run) == 10, 10, "ten events")
    with open(run.path(".run", "log", "access.log"), encoding="utf-8") as log:
        assert len([json.loads(line) for line in log]) == 10

    second = subprocess.run([run.path("scripts", "run")], capture_output=True, text=True,
                            env=plain_environment({"PORT": run.port}), check=False)
    assert second.returncode != 0 and len(second.stderr.splitlines()) == 1

    run.child.send_signal(signal.SIGTERM)
    run.stop(signal.SIGINT)
    assert run.child.returncode == 0
    assert "race condition" not in run.said()
    assert not run.left_over()
    assert not [name for name in os.listdir(run.path(".run")) if name.endswith(".pid")]

    run.start()
    wait_until(lambda: slo_events(run) == 10, 10, "the ledger of the first run")
    run.child.kill()  # not even time to say goodbye: the kernel ends the rest
    run.child.wait()
    wait_until(lambda: not run.left_over(), 10, "every process to end")


@pytest.mark.long
def test_the_demo_traffic_reaches_the_ledger_by_itself(run):
    run.start(DEMO_TRAFFIC="20")
    wait_until(lambda: slo_events(run) > 20, 20, "events by themselves")
    assert len(run.get("/slo").json()["slos"]) == 4

    def in_shell(command):
        done = subprocess.run(["/bin/sh", "-c", f". {run.path('.run', 'env')} && {command}"],
                              cwd=run.path(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "all is well" in in_shell("probity doctor")  # .run/env is all that the daemon has
    in_shell("probity slo apply .run/objectives.yaml --author demo")
    in_shell("probity backfill --format combined .run/log/yesterday.log.gz")
    wait_until(lambda: [slo["name"] for slo in run.get("/slo").json()["slos"]] == [
        "shop-answers", "shop-lucky", "shop-orders-fast"], 60, "what was applied")
    wait_until(lambda: slo_events(run) > 20000, 60, "the day before")
    assert "applied   demo" in in_shell("probity slo list")
    in_shell(f"probity gate --url http://127.0.0.1:{run.port} --slo shop-answers")


def check_only(env):
    return subprocess.run(["/usr/bin/python3", os.path.join(REPOSITORY, "scripts/demo/run.py"),
                           "--check"], env=plain_environment(env), capture_output=True, text=True,
                          check=False)


def test_a_taken_port_is_said_in_one_line():
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        done = check_only({"PORT": port})
    assert done.returncode != 0
    assert done.stderr.splitlines() == [
        f"scripts/run: port {port} can't be used (address already in use): "
        "choose another with PORT=…"]


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_what_is_no_port_is_said_in_one_line(port):
    done = check_only({"PORT": port})
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1 and f"PORT={port}" in done.stderr


def test_a_missing_tool_is_said_in_one_line(folder):
    done = check_only({"PORT": free_port(), "PATH": folder})
    if done.returncode == 0:
        pytest.skip("every tool is in /usr/sbin or /sbin here")
    assert len(done.stderr.splitlines()) == 1 and "is missing" in done.stderr
