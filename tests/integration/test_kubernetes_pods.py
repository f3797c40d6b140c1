"""test_kubernetes_pods.py - pods of the manifests: who is restarted, gets traffic, how they end."""
# SPDX-License-Identifier: MIT
import contextlib
import http.client
import json
import os
import shutil
import signal
import threading
import time

import pytest

import containers
from kubelet import Image, Kubelet
from kube_objects import build, change, find, kustomize, template_of
from process import REPOSITORY, children_of, wait_until
from servers import build_path

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.geteuid() != 0,
                                                   reason="namespaces are root's to make")]

# It ends as uvicorn does: no new connections at once, what is under way is finished.
APP = """
import http.server, os, signal, socketserver, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        while os.path.exists("/tmp/hangs"):
            time.sleep(0.1)
        body = os.environ["VERSION"].encode()
        self.send_response(503 if os.path.exists("/tmp/sick") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
time.sleep(float(os.environ.get("SLOW_START", "0")))
server = Server(("0.0.0.0", 8000), Handler)
def end(*_):
    server.socket.close()
    time.sleep(0.2)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
server.serve_forever()
"""


def images():
    sidecar = {build_path(name): f"/opt/probity/bin/{name}" for name in ("probity", "probityd")}
    sidecar[os.path.join(REPOSITORY, "nginx")] = "/opt/probity/share/probity/nginx"
    found = {"probity": Image(["/opt/probity/bin/probity", "serve"], mounts=sidecar,
                              env={"LOG_FORMAT": "text"})}
    for number in (1, 2):
        found[f"app:v{number}"] = Image(["/usr/bin/python3", "-c", APP], env={"VERSION": number},
                                        mounts=sidecar)
    found["app"] = found["app:v1"]
    return found


class Cluster:
    """A kubelet with the base's objects, and servers that pods reach as `db` and `redis`."""

    def __init__(self, folder, postgres, redis, objects=None, env=None, secret=None):
        objects = build("base") if objects is None else objects
        self.postgres, self.redis = postgres, redis
        secret = {"DATABASE_URL": postgres.url().replace("127.0.0.1", "db"),
                  "REDIS_URL": redis.url().replace("127.0.0.1", "redis"), **(secret or {})}
        objects = objects + [{"kind": "Secret", "metadata": {"name": "app"}, "stringData": secret}]
        self.kubelet = Kubelet(folder, images(), objects, env=env, back_off=0.5,
                               hosts={"db": None, "redis": None})
        self.template = template_of(find(objects, "Deployment"))
        for port in (postgres.port, redis.port):
            self.kubelet.relay(port)

    def pod(self, name="a", wait=True, **changes):
        pod = self.kubelet.run(change(self.template, **changes), name)
        return pod.wait_ready(60) if wait else pod


@pytest.fixture(scope="module")
def postgres(shared):
    return shared.postgres()


@pytest.fixture(scope="module")
def redis(shared):
    return shared.redis()


@pytest.fixture
def cluster(folder, postgres, redis):
    postgres.sql("DROP SCHEMA IF EXISTS probity CASCADE")
    made = []

    def cluster(**options):
        made.append(Cluster(os.path.join(folder, str(len(made))), postgres, redis, **options))
        os.makedirs(made[-1].kubelet.folder, exist_ok=True)
        return made[-1]
    yield cluster
    for each in made:
        each.kubelet.stop()


def ask(pod, path, port=8080, timeout=5):
    link = http.client.HTTPConnection(pod.ip, port, timeout=timeout)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    finally:
        link.close()


def touch(pod, name):
    assert pod.containers["app"].exec(["touch", f"/tmp/{name}"]) == (0, "")


def restarts(pod):
    return {name: container.restarts for name, container in pod.containers.items()}


def processes(pod, name):
    """The processes below a container's first one, by their names."""
    found, todo = {}, [pod.containers[name].pid]
    while todo:
        pid = todo.pop()
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            found.setdefault(file.read().strip(), []).append(pid)
        todo += children_of(pid)
    return found


def test_a_pod_of_the_base_becomes_ready_and_serves(cluster):
    pod = cluster().pod()
    assert ask(pod, "/anything") == (200, "1")
    status, body = ask(pod, "/health/ready")
    assert status == 200 and set(json.loads(body)["checks"]) == {"app", "database", "redis"}
    assert json.loads(ask(pod, "/health/sidecar")[1])["checks"] == {"nginx": "ok"}
    assert restarts(pod) == {"app": 0, "probity": 0}
    # What the manifest mounts is all that is written.
    assert {name for name in os.listdir(pod.volumes["logs"])} >= {"access.log"}


def test_a_dead_dependency_takes_the_pod_out_and_restarts_nobody(cluster):
    made = cluster()
    pod = made.pod()
    made.redis.sigstop()
    try:
        wait_until(lambda: not pod.ready, 15)
        time.sleep(12)  # longer than liveness is patient, for the sidecar
        assert ask(pod, "/health")[0] == 200 and restarts(pod) == {"app": 0, "probity": 0}
    finally:
        made.redis.sigcont()
    pod.wait_ready(15)


def test_a_failing_application_is_restarted_and_the_sidecar_is_not(cluster):
    pod = cluster().pod()
    touch(pod, "sick")
    wait_until(lambda: not pod.ready, 12)
    wait_until(lambda: ask(pod, "/health")[0] == 503, 12)  # for a single container's liveness
    assert ask(pod, "/health/sidecar")[0] == 200
    wait_until(lambda: restarts(pod)["app"] == 1, 90)
    assert pod.containers["app"].exec(["rm", "/tmp/sick"]) == (0, "")
    pod.wait_ready(30)
    assert restarts(pod) == {"app": 1, "probity": 0}


def test_a_hung_probityd_costs_the_sidecar_its_life_and_not_the_application(cluster):
    pod = cluster().pod()
    daemon, = processes(pod, "probity")["probityd"]
    os.kill(daemon, signal.SIGSTOP)
    wait_until(lambda: not pod.ready, 12)
    assert ask(pod, "/anything") == (200, "1")  # meanwhile nginx goes on
    wait_until(lambda: restarts(pod)["probity"] == 1, 60)
    pod.wait_ready(30)
    assert restarts(pod) == {"app": 0, "probity": 1}


def test_a_slow_application_is_waited_for(cluster):
    pod = cluster().pod(wait=False, env={"SLOW_START": "25"})
    wait_until(lambda: pod.containers["probity"].started, 15)
    assert ask(pod, "/health/ready")[0] == 503 and not pod.ready
    pod.wait_ready(60)
    assert restarts(pod) == {"app": 0, "probity": 0}


class Load:
    """Clients of a Service: each keeps its connection as long as it can, to an address that the
    endpoints named when it was opened."""

    def __init__(self, service, clients=6):
        self.service, self.ended = service, threading.Event()
        self.good, self.bad = [0] * clients, []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        while not self.ended.is_set():
            addresses = self.service.addresses()
            link = http.client.HTTPConnection(*addresses[number % len(addresses)], timeout=20)
            try:
                for _ in range(10):
                    link.request("GET", f"/item/{number}")
                    answer = link.getresponse()
                    answer.read()
                    if answer.status != 200:
                        self.bad.append((time.monotonic(), answer.status))
                    else:
                        self.good[number] += 1
                    if answer.will_close:
                        break
                    time.sleep(0.01)
            except (OSError, http.client.HTTPException) as error:
                self.bad.append((time.monotonic(), repr(error)))
            finally:
                link.close()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        return sum(self.good), self.bad


def count(postgres):
    rows = postgres.sql("SELECT coalesce(sum(total), 0)::bigint FROM probity.route_minutes")
    return rows[0][0]


def test_a_rolling_update_fails_no_request_and_loses_no_event(cluster):
    """Three replicas that all migrate at once, and endpoints that hear of an end 3 s late."""
    made = cluster()
    rollout = made.kubelet.deployment("app")
    rollout.scale(3)
    service = made.kubelet.service("app", lag=3.0)
    rollout.wait_available(90)
    wait_until(lambda: len(service.addresses()) == 3, 10)
    assert sum("applied 0001" in pod.log("probity") for pod in rollout.pods) == 1
    load = Load(service)
    old = list(rollout.pods)
    assert rollout.update(image={"app": "app:v2"}, timeout=90)
    time.sleep(2)
    good, bad = load.stop()
    assert bad == [] and good > 500
    for pod in old + rollout.pods:
        pod.delete().wait_gone(60)
        assert not pod.said("KILL"), pod.story()
        assert pod.containers["probity"].exit_codes == [0]
    assert count(made.postgres) == good


def test_the_application_outlives_the_drain_because_of_its_hook(cluster):
    made = cluster()
    pods = [made.pod("a", wait=False), made.pod("b", wait=False)]
    for pod in pods:
        pod.wait_ready(60)
    del pods[1].containers["app"].spec["lifecycle"]
    for pod in pods:
        pod.delete()
    time.sleep(3)
    assert json.loads(ask(pods[0], "/health/ready")[1])["status"] == "draining"
    assert [ask(pod, "/anything")[0] for pod in pods] == [200, 502]


def test_a_version_whose_migration_is_refused_never_gets_traffic(cluster):
    made = cluster()
    made.postgres.sql("CREATE SCHEMA probity")
    made.postgres.sql("CREATE TABLE probity.schema_migrations (wrong int)")
    pod = made.pod(wait=False)
    wait_until(lambda: restarts(pod)["probity"] >= 2, 60)
    assert set(pod.containers["probity"].exit_codes) == {1} and not pod.said("probity: ready")
    assert restarts(pod)["app"] == 0


class Services:
    """Two applications behind a gateway, with its manifests leading to their ports."""

    def __init__(self, start):
        self.apps = {"orders": start.app(), "users": start.app()}
        self.objects = build("gateway")
        for item in self.objects:
            for key, text in item.get("data", {}).items():
                for name, app in self.apps.items():
                    text = text.replace(f"server {name}.shop.svc:80;",
                                        f"server {name}.shop.svc:{app.port};")
                    text = text.replace(f"http://{name}.shop.svc/",
                                        f"http://{name}.shop.svc:{app.port}/")
                item["data"][key] = text

    def let_in(self, kubelet):
        for name, app in self.apps.items():
            kubelet.hosts[f"{name}.shop.svc"] = kubelet.host_ip
            kubelet.relay(app.port)


def test_a_gateway_is_ready_whatever_its_services_are_and_knows_each(cluster, start, postgres):
    services = Services(start)
    ledger = postgres.url().replace("127.0.0.1", "db")
    made = cluster(objects=services.objects, env={"PROBITY_LEDGER_URL": ledger})
    services.let_in(made.kubelet)
    pod = made.pod()
    assert [ask(pod, path)[0] for path in ("/orders/1", "/users/1", "/users/2", "/")] == \
        [200, 200, 200, 404]
    services.apps["orders"].status = 503
    wait_until(lambda: ask(pod, "/health/orders")[0] == 503, 10)
    assert ask(pod, "/health/users")[0] == 200 and ask(pod, "/orders/1")[0] == 503
    assert pod.ready and ask(pod, "/health")[0] == 200
    pod.delete()
    time.sleep(1)
    assert ask(pod, "/users/3")[0] == 200  # it serves on while it drains
    pod.wait_gone(60)
    rows = postgres.sql("SELECT service, sum(total)::int, sum(errors)::int "
                        "FROM probity.route_minutes GROUP BY 1 ORDER BY 1")
    assert rows == [("orders", 2, 1), ("users", 3, 0)]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_in_the_image_one_container_is_restarted_with_its_application(cluster):
    objects = kustomize("in-image")
    container, = template_of(find(objects, "Deployment"))["spec"]["containers"]
    assert container["command"] == ["/opt/probity/bin/probity", "serve", "--"]
    container["args"] = ["/usr/bin/python3", "-c", APP]
    made = cluster(objects=objects, env={"SLOW_START": "8"})
    pod = made.pod()
    assert ask(pod, "/anything") == (200, "1") and restarts(pod) == {"probity": 0}
    pod.containers["probity"].exec(["touch", "/tmp/sick"])
    wait_until(lambda: restarts(pod) == {"probity": 1}, 90)
    pod.containers["probity"].exec(["rm", "/tmp/sick"])
    pod.wait_ready(60).delete().wait_gone(60)
    assert pod.containers["probity"].exit_codes[-1] == 0 and not pod.said("KILL"), pod.story()


@pytest.fixture
def code(folder):
    """An application's image as far as a worker needs it."""
    path = os.path.join(folder, "code", "app")
    os.makedirs(path)
    with open(os.path.join(path, "worker.py"), "w", encoding="ascii") as file:
        file.write("import celery, os\n"
                   "app = celery.Celery(broker=os.environ['CELERY_BROKER_URL'])\n"
                   "app.conf.broker_connection_retry_on_startup = True\n")
    return os.path.dirname(path)


def test_a_worker_is_ready_when_it_answers_and_no_dead_broker_restarts_it(cluster, redis, code):
    broker = redis.url(3).replace("127.0.0.1", "redis")
    made = cluster(objects=build("worker"), secret={"CELERY_BROKER_URL": broker})
    made.kubelet.images["app"] = Image(["celery"], mounts={code: "/code"},
                                       env={"PYTHONPATH": "/code", "HOME": "/tmp"})
    probes = made.template["spec"]["containers"][0]
    probes["readinessProbe"]["periodSeconds"] = 2
    probes["livenessProbe"].update(periodSeconds=3, failureThreshold=3)  # not for ten minutes
    pod = made.pod()
    worker = pod.containers["worker"]
    code, text = worker.exec(worker.spec["readinessProbe"]["exec"]["command"])
    assert code == 0 and text.startswith(f"celery@{pod.name}: ok"), text
    made.kubelet.relay(redis.port).cut()
    wait_until(lambda: not pod.ready, 20)
    time.sleep(15)  # more than three failures
    assert worker.restarts == 0
    made.kubelet.relay(redis.port).resume()
    pod.wait_ready(60)  # Celery takes its time to come back


@pytest.mark.xdist_group("containers")
@pytest.mark.skipif(not containers.supported(), reason="needs root, buildah and mmdebstrap")
def test_the_image_and_the_demo_run_as_the_manifests_say(cluster):
    """With nothing of this machine: a read-only root, an account that the image does not know."""
    engine = containers.Engine()
    dockerfile = os.path.join(REPOSITORY, "deploy", "docker", "Dockerfile")
    with contextlib.ExitStack() as held:
        held.callback(engine.close)
        made = cluster()
        for name, tag, target in (("probity", "probity", None), ("app", "probity-demo", "demo")):
            image = engine.build(REPOSITORY, tag, dockerfile, target=target)
            root = held.enter_context(image.mounted())
            made.kubelet.images[name] = Image.of(image.config, root)
        health = "/internal/health"
        made.kubelet.env["PROBITY_APP"] = f"http://127.0.0.1:8000{health}"
        for kind in ("startupProbe", "livenessProbe"):
            made.template["spec"]["containers"][0][kind]["httpGet"]["path"] = health
        pod = made.pod()
        assert restarts(pod) == {"app": 0, "probity": 0}
        assert ask(pod, "/health/sidecar")[0] == 200
        code, text = pod.containers["probity"].exec(["probity", "doctor"], 20)
        assert code == 0, text
        pod.delete().wait_gone(60)
        assert pod.containers["probity"].exit_codes == [0] and not pod.said("KILL"), pod.story()


def resident_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def test_the_sidecar_needs_what_it_asks_for(cluster):
    """Under load, with everything that it does; a sanitised build needs more, and is only shown."""
    made = cluster()
    pod = made.pod()
    service = made.kubelet.service("app", lag=0.1)
    wait_until(service.addresses, 5)
    load = Load(service, clients=8)
    time.sleep(10)
    good, bad = load.stop()
    parts = {name: sum(map(resident_kib, pids))
             for name, pids in processes(pod, "probity").items()}
    print(f"{good} requests, KiB: {parts}, in all {sum(parts.values())}")
    asked = made.template["spec"]["containers"][1]["resources"]
    assert bad == [] and asked["requests"]["memory"] == "48Mi"
    if not is_sanitised():
        assert sum(parts.values()) < 48 * 1024 * 3 // 4


def is_sanitised():
    with open(build_path("probityd"), "rb") as file:
        return b"libasan" in file.read(1 << 20) or b"libtsan" in file.read(1 << 20)
