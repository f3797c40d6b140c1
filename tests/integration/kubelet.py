"""kubelet.py - a small honest kubelet: it reads pods from manifests and runs them as processes.

What is real: processes in namespaces of their own, one network address for each pod, the probes'
semantics, the order and the times of an end.  What is not: images (see Image), the scheduler,
resource limits, volumes other than emptyDir, ConfigMap and Secret.

    with Kubelet(folder, images, kustomize("example")) as kubelet:
        service = kubelet.service("app", lag=2.0)
        rollout = kubelet.deployment("app")
        rollout.wait_available()
        assert rollout.update(image={"app": "app:v2"})
"""
# SPDX-License-Identifier: MIT
import os
import shutil
import signal
import threading
import time

from kube_network import Network
from kube_objects import (Data, change, container_of, environment_of, expand, find, kustomize, load,
                          template_of)
from kube_probes import Prober, act
from kube_rolling import Deployment, Service
from kube_sandbox import Image, Sandbox
from process import wait_until

__all__ = ["Deployment", "Image", "Kubelet", "Pod", "Service", "change", "container_of", "find",
           "kustomize", "load", "template_of"]

TICK = 0.02
BACK_OFF_SECONDS = 10
BACK_OFF_MAX_SECONDS = 300
LEAST_GRACE_SECONDS = 2  # what is left to end in when a preStop hook has used up everything
GRACE_SECONDS = 30


class Container:
    """A container of a pod, through all its runs."""

    def __init__(self, pod, spec):
        self.pod, self.spec, self.name = pod, spec, spec["name"]
        self.folder = os.path.join(pod.folder, self.name)
        self.log_path = os.path.join(pod.folder, f"{self.name}.log")
        self.image = pod.kubelet.image_of(spec["image"])
        self.sandbox = None
        self.probes = {}
        self.gate = threading.Event()  # started, once the startup probe has passed
        self.restarts = 0
        self.crashes = 0
        self.exit_codes = []
        self.kill_reason = None  # a probe's, until it is done
        self.is_over = threading.Event()
        self.thread = None

    # What is known of it.
    @property
    def running(self):
        return self.sandbox is not None and self.sandbox.exit_code() is None

    @property
    def started(self):
        return self.running and self.gate.is_set()

    @property
    def ready(self):
        probe = self.probes.get("readiness")
        return self.started and (probe is None or probe.passing)

    @property
    def pid(self):
        return self.sandbox.pid() if self.sandbox else None

    def exec(self, command, timeout=10):
        """Runs a command inside: (exit code, or None when it took too long; text)."""
        return self.sandbox.run(command, timeout) if self.running else (126, "it is not running")

    def signal(self, number):
        """To its process number 1."""
        self.sandbox.signal(number)

    def judged(self, prober, okay):
        """A probe has come to a verdict."""
        if prober.kind == "startup" and okay:
            self.gate.set()
        elif prober.kind == "readiness":
            self.pod.say(f"{self.name}: {'ready' if okay else 'not ready'}")
        elif not okay and self.kill_reason is None and not self.pod.ending.is_set():
            self.kill_reason = prober.kind

    # Its life.
    def start(self):
        pod, kubelet = self.pod, self.pod.kubelet
        env = {**self.image.env, **environment_of(self.spec, pod.object(), kubelet.data),
               **kubelet.env}
        env.setdefault("HOSTNAME", pod.name)
        spec = dict(self.spec)
        for key in ("command", "args"):
            if spec.get(key):
                spec[key] = [expand(word, env) for word in spec[key]]
        root = os.path.join(self.folder, f"root.{self.restarts}")
        self.kill_reason, self.probes, self.gate = None, {}, threading.Event()
        self.sandbox = Sandbox(root, self.image, spec, pod.spec, pod.mounts_of(self.spec),
                               pod.network.path)
        with open(self.log_path, "ab", buffering=0) as log:
            self.sandbox.start(pod.name, env, log)
        pod.say(f"{self.name}: started")
        for kind in ("startup", "readiness", "liveness"):
            if f"{kind}Probe" in self.spec:
                gate = self.gate if kind != "startup" else _open
                self.probes[kind] = Prober(kind, self, self.spec[f"{kind}Probe"], gate)
        if "startupProbe" not in self.spec:
            self.gate.set()

    def begin(self):
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()

    def live(self):
        try:
            while not self.pod.ending.is_set():
                begun = time.monotonic()
                self.run_once()
                if not self.restarts_after(self.exit_codes[-1]):
                    break
                self.back_off(time.monotonic() - begun)
        except Exception as error:  # pylint: disable=broad-except
            self.pod.say(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self.is_over.set()

    def run_once(self):
        """From its start to its end, whatever ends it."""
        self.start()
        while self.running and self.kill_reason is None and not self.pod.ending.is_set():
            time.sleep(TICK)
        if self.running:
            self.kill()
        for probe in self.probes.values():
            probe.stop()
        self.exit_codes.append(self.sandbox.exit_code())
        self.pod.say(f"{self.name}: ended with {self.exit_codes[-1]}")

    def grace(self):
        """Seconds to end in; a liveness or startup probe may have its own."""
        if self.pod.ending.is_set():
            return max(0, self.pod.end_deadline - time.monotonic())
        own = self.spec[f"{self.kill_reason}Probe"].get("terminationGracePeriodSeconds")
        return self.pod.grace if own is None else own

    def kill(self):
        """preStop, TERM, and KILL for what is left when the grace period is over."""
        grace = self.grace()
        deadline = time.monotonic() + grace
        for kind in ("startup", "liveness"):
            if kind in self.probes:
                self.probes[kind].stop()
        self.pod.say(f"{self.name}: told to end within {grace:.1f} s"
                     + (f" ({self.kill_reason} probe)" if self.kill_reason else ""))
        hook = (self.spec.get("lifecycle") or {}).get("preStop")
        if hook and grace > 0:
            okay, why = act(hook, self, grace)
            if not okay:
                self.pod.say(f"{self.name}: preStop failed: {why}")
        left = max(deadline - time.monotonic(), LEAST_GRACE_SECONDS if grace > 0 else 0)
        self.pod.say(f"{self.name}: TERM")
        self.sandbox.signal(signal.SIGTERM)
        deadline = time.monotonic() + left
        while self.running and time.monotonic() < deadline:
            time.sleep(TICK)
        if self.running:
            self.pod.say(f"{self.name}: KILL")
            self.sandbox.signal(signal.SIGKILL)
            wait_until(lambda: not self.running, 10, f"{self.name} to be dead")

    def restarts_after(self, code):
        policy = self.pod.spec.get("restartPolicy", "Always")
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    def back_off(self, lasted):
        """The first restart is immediate; who ran for long enough has a clean slate."""
        first = self.pod.kubelet.back_off
        if lasted > 2 * BACK_OFF_MAX_SECONDS:
            self.crashes = 0
        delay = 0 if self.crashes == 0 else min(first * 2 ** (self.crashes - 1),
                                                BACK_OFF_MAX_SECONDS)
        self.crashes += 1
        self.pod.ending.wait(delay)
        self.restarts += 1


_open = threading.Event()
_open.set()


class Pod:
    """A pod: its address, its volumes, its containers."""

    def __init__(self, kubelet, template, name):
        self.kubelet, self.name = kubelet, name
        self.metadata, self.spec = template.get("metadata") or {}, template["spec"]
        self.labels = self.metadata.get("labels") or {}
        self.folder = os.path.join(kubelet.folder, name)
        os.makedirs(self.folder)
        self.network = kubelet.network.add_pod()
        self.ip = self.network.ip
        self.born = time.monotonic()
        self.events = []
        self.ready_since = None
        self.grace = self.spec.get("terminationGracePeriodSeconds", GRACE_SECONDS)
        self.ending = threading.Event()
        self.end_deadline = None
        self.gone = threading.Event()
        self.failed = False
        self.volumes = {row["name"]: self.make_volume(row)
                        for row in self.spec.get("volumes") or []}
        self.names = self.make_names()
        self.inits = [Container(self, spec) for spec in self.spec.get("initContainers") or []]
        self.containers = {spec["name"]: Container(self, spec) for spec in self.spec["containers"]}
        threading.Thread(target=self.live, daemon=True).start()

    def say(self, text):
        self.events.append((round(time.monotonic() - self.born, 2), text))

    def said(self, text):
        return [line for _, line in self.events if text in line]

    def object(self):
        return {"metadata": {**self.metadata, "name": self.name}, "spec": self.spec,
                "status": {"podIP": self.ip, "hostIP": self.kubelet.network.host_ip}}

    def make_volume(self, row):
        path = os.path.join(self.folder, "volumes", row["name"])
        os.makedirs(path)
        if "emptyDir" in row:
            os.chmod(path, 0o777)
            return path
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if key not in row:
                continue
            held = self.kubelet.data.of(kind, row[key])
            names = {item["key"]: item["path"] for item in row[key].get("items") or []}
            for name, text in held.items():
                if not names or name in names:
                    with open(os.path.join(path, names.get(name, name)), "w",
                              encoding="utf-8") as file:
                        file.write(text)
            return path
        raise KeyError(f"volume {row['name']}: only emptyDir, configMap and secret are known here")

    def make_names(self):
        """/etc/hosts with the pod's own name and those of the cluster; no other name is known, and
        that is said at once."""
        rows = {"hosts": f"127.0.0.1 localhost\n::1 localhost\n{self.ip} {self.name}\n" + "".join(
            f"{ip} {name}\n" for name, ip in self.kubelet.hosts.items()),
                "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"}
        for name, text in rows.items():
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                file.write(text)
        return [(os.path.join(self.folder, name), f"/etc/{name}", True) for name in rows
                if os.path.isfile(f"/etc/{name}") and not os.path.islink(f"/etc/{name}")]

    def mounts_of(self, spec):
        found = list(self.names)
        for row in spec.get("volumeMounts") or []:
            path = self.volumes[row["name"]]
            if row.get("subPath"):
                path = os.path.join(path, row["subPath"])
            found.append((path, row["mountPath"], bool(row.get("readOnly"))))
        return sorted(found, key=lambda mount: mount[1])

    # Its life.
    def live(self):
        for container in self.inits:
            if not self.run_init(container):
                break
        else:
            for container in self.containers.values():
                if not self.ending.is_set():
                    container.begin()
            for container in self.containers.values():
                if container.thread:
                    container.is_over.wait()
        for container in self.containers.values():
            container.is_over.set()
        if self.ending.is_set():
            self.leave()

    def run_init(self, container):
        """Until it has succeeded once; whether it has."""
        while not self.ending.is_set():
            container.run_once()
            if container.exit_codes[-1] == 0:
                return True
            if self.spec.get("restartPolicy", "Always") == "Never":
                self.failed = True
                return False
            container.back_off(0)
        return False

    @property
    def ready(self):
        """Ready as the endpoints see it: not while it ends, whatever its probes say."""
        is_ready = not self.ending.is_set() and all(c.ready for c in self.containers.values())
        if not is_ready:
            self.ready_since = None
        elif self.ready_since is None:
            self.ready_since = time.monotonic()
        return is_ready

    @property
    def phase(self):
        codes = [container.exit_codes[-1] for container in self.containers.values()
                 if container.is_over.is_set() and container.exit_codes]
        if self.failed or (len(codes) == len(self.containers) and any(codes)):
            return "Failed"
        if len(codes) == len(self.containers):
            return "Succeeded"
        return "Running" if any(c.running or c.restarts for c in self.containers.values()) \
            else "Pending"

    def log(self, name):
        try:
            with open(os.path.join(self.folder, f"{name}.log"), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_ready(self, timeout=30):
        wait_until(lambda: self.ready, timeout, f"pod {self.name} to be ready: {self.story()}")
        return self

    def story(self):
        return "\n".join(f"{seconds:8.2f} {text}" for seconds, text in self.events)

    # Its end.
    def delete(self, grace=None):
        """What `kubectl delete pod` sets off; returns at once."""
        if self.ending.is_set():
            return self
        over = all(c.is_over.is_set() for c in self.containers.values())
        self.end_deadline = time.monotonic() + (self.grace if grace is None else grace)
        self.say("deleted")
        self.ending.set()
        if over:
            self.leave()
        return self

    def leave(self):
        if not self.gone.is_set():
            self.network.remove()
            self.say("gone")
            self.gone.set()

    def wait_gone(self, timeout=90):
        if not self.gone.wait(timeout):
            raise AssertionError(f"pod {self.name} is not gone after {timeout} s:\n{self.story()}")
        return self


class Kubelet:
    """Runs pods.  `images` by name: "name:tag" wins over "name", both without the registry; `env`
    is given to every container, whatever its manifest says; `hosts` are names that pods know, with
    an address, or None for this machine's."""

    def __init__(self, folder, images, objects=(), env=None, back_off=BACK_OFF_SECONDS, hosts=None):
        self.folder = str(folder)
        self.images = images
        self.objects = list(objects)
        self.data = Data(self.objects)
        self.env = {name: str(value) for name, value in (env or {}).items()}
        self.back_off = back_off
        self.network = Network()
        self.host_ip = self.network.host_ip
        self.hosts = {name: ip or self.host_ip for name, ip in (hosts or {}).items()}
        self.pods = []
        self.services = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def image_of(self, name):
        short = name.rpartition("/")[2].partition("@")[0]
        for key in (name, short, short.partition(":")[0]):
            if key in self.images:
                return self.images[key]
        raise KeyError(f"no image {name}")

    def relay(self, port):
        return self.network.relay(port)

    def run(self, template, name):
        """Starts a pod of that template; returns at once."""
        pod = Pod(self, template, name)
        self.pods.append(pod)
        return pod

    def deployment(self, name=None):
        return Deployment(self, find(self.objects, "Deployment", name))

    def service(self, name=None, lag=2.0):
        made = Service(self, find(self.objects, "Service", name), lag)
        self.services.append(made)
        return made

    def stop(self):
        for service in self.services:
            service.stop()
        for pod in self.pods:
            pod.delete(grace=0)
        for pod in self.pods:
            pod.wait_gone(30)
            for container in [*pod.inits, *pod.containers.values()]:
                shutil.rmtree(container.folder, ignore_errors=True)
        self.network.stop()
