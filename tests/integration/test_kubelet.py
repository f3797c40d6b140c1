"""test_kubelet.py - the kubelet that other tests rely on does what the real one is known to do."""
# SPDX-License-Identifier: MIT
import copy
import http.client
import os
import socket
import subprocess
import time

import pytest

from kubelet import Image, Kubelet
from process import wait_until
from stack import fetch

pytestmark = [pytest.mark.long,
              pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's to make")]

APP = """
import http.server, os, signal, socketserver, sys, time
def end(*_):
    time.sleep(float(os.environ.get("SLOW_END", "0")))
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sick = os.path.exists("/data" + self.path)
        self.send_response(503 if sick else 200)
        self.end_headers()
        self.wfile.write((os.environ["VERSION"] + " " + os.uname().nodename).encode())
    def log_message(self, *_):
        pass
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
time.sleep(float(os.environ.get("SLOW_START", "0")))
Server(("0.0.0.0", 8000), Handler).serve_forever()
"""


def get(path):
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1}


def pod(**changes):
    spec = {"name": "app", "image": "example.com/app:v1",
            "ports": [{"name": "http", "containerPort": 8000}],
            "securityContext": {"readOnlyRootFilesystem": True},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            "startupProbe": {**get("/start"), "failureThreshold": 10},
            "livenessProbe": {**get("/live"), "failureThreshold": 2},
            "readinessProbe": {**get("/ready"), "failureThreshold": 2}}
    spec.update(changes)
    return {"metadata": {"labels": {"app": "a"}},
            "spec": {"terminationGracePeriodSeconds": 4, "containers": [spec],
                     "securityContext": {"runAsNonRoot": True, "runAsUser": 10001},
                     "volumes": [{"name": "data", "emptyDir": {}}]}}


@pytest.fixture
def start(tmp_path_factory):
    made = []

    def start(*objects, images=None, **options):
        folder = tmp_path_factory.mktemp("kubelet")
        images = images or {f"app:v{number}": Image(["/usr/bin/python3", "-c", APP],
                                                    env={"VERSION": number}) for number in (1, 2)}
        images["app:bad"] = Image(["/bin/false"])
        made.append(Kubelet(folder, images, objects, back_off=0.5, **options))
        return made[-1]
    yield start
    for kubelet in made:
        kubelet.stop()
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert f"prbt{os.getpid()}p" not in left.stdout


def touch(found, name):
    assert found.containers["app"].exec(["touch", f"/data/{name}"]) == (0, "")


def test_the_startup_probe_holds_the_others_back(start):
    found = start(env={"SLOW_START": "3"}).run(pod(), "a").wait_ready(15)
    app = found.containers["app"]
    assert app.restarts == 0 and found.said("startup probe failed")
    assert not found.said("liveness probe failed") and not found.said("readiness probe failed")


def test_liveness_restarts_and_readiness_does_not(start):
    found = start().run(pod(), "a").wait_ready(15)
    touch(found, "ready")
    wait_until(lambda: not found.ready, 5)
    assert found.containers["app"].restarts == 0
    touch(found, "live")
    wait_until(lambda: found.containers["app"].restarts == 1, 8)
    assert found.containers["app"].exit_codes == [0]


def test_a_probe_that_takes_over_a_second_has_failed(start):
    slow = {"exec": {"command": ["sh", "-c", "test ! -e /data/slow || sleep 1.3"]},
            "periodSeconds": 1, "failureThreshold": 1}
    found = start().run(pod(readinessProbe=slow), "a").wait_ready(15)
    touch(found, "slow")
    wait_until(lambda: not found.ready, 6)
    assert found.said("readiness probe failed: no answer in time")


def test_an_end_is_prestop_then_term_then_kill(start):
    hook = {"preStop": {"exec": {"command": ["sleep", "1"]}}}
    kubelet = start(env={"SLOW_END": "60"})
    found = kubelet.run(pod(lifecycle=hook), "a").wait_ready(15)
    begun = time.monotonic()
    found.delete()
    assert not found.ready and fetch_from(found) == "1 a"  # no more traffic, and it answers on
    found.wait_gone(15)
    assert 3.5 < time.monotonic() - begun < 9
    story = [text for _, text in found.events if "probe failed" not in text]
    assert [text for text in story if text != "app: not ready"][-4:] == [
        "app: TERM", "app: KILL", "app: ended with 137", "gone"]
    when = {text: seconds for seconds, text in found.events}
    assert when["app: TERM"] - when["deleted"] >= 1


def fetch_from(found):
    link = http.client.HTTPConnection(found.ip, 8000, timeout=5)
    link.request("GET", "/")
    return link.getresponse().read().decode()


def test_a_pod_has_its_own_address_and_reaches_what_is_let_in(start):
    kubelet = start(hosts={"db": None})
    first, second = kubelet.run(pod(), "a").wait_ready(15), kubelet.run(pod(), "b").wait_ready(15)
    assert (fetch_from(first), fetch_from(second)) == ("1 a", "1 b") and first.ip != second.ip
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        kubelet.relay(port)
        ask = f"import socket; socket.create_connection(('db', {port}), 3)"
        assert first.containers["app"].exec(["python3", "-c", ask])[0] == 0
    with pytest.raises(OSError):
        fetch(8000, "/", timeout=1)


def test_init_containers_come_first_and_a_failing_one_starts_nothing(start):
    template = pod()
    template["spec"]["initContainers"] = [
        {"name": "first", "image": "app:v1", "command": ["sh", "-c", "touch /data/made"],
         "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
    kubelet = start()
    found = kubelet.run(template, "a").wait_ready(15)
    assert found.containers["app"].exec(["test", "-e", "/data/made"])[0] == 0
    template = copy.deepcopy(template)
    template["spec"]["initContainers"][0]["image"] = "app:bad"
    template["spec"]["initContainers"][0].pop("command")
    template["spec"]["restartPolicy"] = "Never"
    failed = kubelet.run(template, "b")
    wait_until(lambda: failed.phase == "Failed", 8)
    assert not failed.said("app: started")


def test_a_deployment_never_loses_an_available_pod_to_a_bad_version(start):
    deployment = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {
        "replicas": 2, "template": pod(),
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}}
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {
        "selector": {"app": "a"}, "ports": [{"port": 80, "targetPort": "http"}]}}
    kubelet = start(deployment, service)
    endpoints = kubelet.service("a", lag=1.5)
    rollout = kubelet.deployment("a").wait_available(20)
    wait_until(lambda: len(endpoints.addresses()) == 2, 5)
    least = []
    endpoints.on_change(lambda addresses: least.append(len(addresses)))
    old = list(rollout.pods)
    assert rollout.update(image={"app": "app:v2"}, timeout=20)
    # The endpoints are late: for a while they name a pod that is told to end already.
    assert {found.ip for found in old} & {address for address, _ in endpoints.addresses()}
    for found in old:
        found.wait_gone()
    assert {fetch_from(found).split()[0] for found in rollout.pods} == {"2"}
    assert not rollout.update(image={"app": "app:bad"}, timeout=4)
    assert rollout.count_available(revision=2) == 2
    assert rollout.update(image={"app": "app:v2"}, timeout=10)
    wait_until(lambda: len(endpoints.addresses()) == 2, 5)
    assert min(least) >= 2
