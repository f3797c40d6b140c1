"""kube_rolling.py - what stands around pods: endpoints that are seen late, and rolling updates."""
# SPDX-License-Identifier: MIT
import math
import threading
import time

from kube_objects import change, matches

TICK = 0.02


class Service:
    """The addresses behind a Service, as somebody sees them who hears of changes `lag` s late."""

    def __init__(self, kubelet, item, lag):
        self.kubelet, self.lag = kubelet, lag
        self.selector = item["spec"]["selector"]
        self.ports = item["spec"]["ports"]
        self.seen = []       # what has arrived
        self.under_way = []  # [(when it arrives, addresses)]
        self.latest = []
        self.callbacks = []
        self.ended = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def addresses(self):
        return list(self.seen)

    def on_change(self, callback):
        self.callbacks.append(callback)
        callback(self.addresses())

    def port_of(self, pod):
        port = self.ports[0].get("targetPort", self.ports[0]["port"])
        if isinstance(port, int):
            return port
        for container in pod.spec["containers"]:
            for row in container.get("ports") or []:
                if row.get("name") == port:
                    return row["containerPort"]
        raise KeyError(f"pod {pod.name} has no port {port}")

    def now(self):
        return [(pod.ip, self.port_of(pod)) for pod in self.kubelet.pods
                if matches(pod.labels, self.selector) and pod.ready]

    def run(self):
        while not self.ended.is_set():
            now = self.now()
            if now != self.latest:
                self.latest = now
                self.under_way.append((time.monotonic() + self.lag, now))
            while self.under_way and self.under_way[0][0] <= time.monotonic():
                self.seen = self.under_way.pop(0)[1]
                for callback in self.callbacks:
                    callback(list(self.seen))
            time.sleep(TICK)

    def stop(self):
        self.ended.set()


def share(value, replicas, rounding):
    """maxSurge and maxUnavailable: a number, or a percentage of the replicas."""
    if isinstance(value, str):
        return rounding(int(value.rstrip("%")) * replicas / 100)
    return value


class Deployment:
    """Its pods; updated as the controller does it, RollingUpdate or Recreate."""

    def __init__(self, kubelet, item):
        self.kubelet, self.item, self.spec = kubelet, item, item["spec"]
        self.name = item["metadata"]["name"]
        self.template = self.spec["template"]
        self.replicas = self.spec.get("replicas", 1)
        self.revision, self.made = 1, 0
        self.revisions = [self.template]  # a template that was there before is not a new one
        self.pods = []  # those that are wanted; who has been deleted is out at once
        for _ in range(self.replicas):
            self.add()

    def add(self):
        self.made += 1
        pod = self.kubelet.run(self.template, f"{self.name}-{self.revision}-{self.made}")
        pod.revision = self.revision
        self.pods.append(pod)
        return pod

    def remove(self, pod):
        self.pods.remove(pod)
        pod.delete()

    def is_available(self, pod):
        return (pod.ready and time.monotonic() - (pod.ready_since or time.monotonic())
                >= self.spec.get("minReadySeconds", 0))

    def count_available(self, revision=None):
        return sum(self.is_available(pod) for pod in self.pods
                   if revision in (None, pod.revision))

    def wait_available(self, timeout=60):
        deadline = time.monotonic() + timeout
        while self.count_available() < self.replicas:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {self.count_available()} of {self.replicas} "
                                     f"pods are available after {timeout} s:\n{self.story()}")
            time.sleep(TICK)
        return self

    def story(self):
        return "\n".join(f"{pod.name}:\n{pod.story()}" for pod in self.pods)

    def scale(self, replicas):
        self.replicas = replicas
        while len(self.pods) < replicas:
            self.add()
        for pod in sorted(self.pods, key=lambda pod: pod.ready)[:len(self.pods) - replicas]:
            self.remove(pod)

    def update(self, image=None, env=None, template=None, timeout=None):
        """Rolls to another template: True when all replicas are available with it, False when it
        has made no progress for `timeout` (progressDeadlineSeconds): then nothing is undone."""
        self.template = change(template or self.template, image, env)
        if self.template not in self.revisions:
            self.revisions.append(self.template)
        self.revision = self.revisions.index(self.template) + 1
        patience = timeout or self.spec.get("progressDeadlineSeconds", 600)
        deadline, progress = time.monotonic() + patience, None
        while self.count_available(self.revision) < self.replicas \
                or len(self.pods) > self.replicas:
            self.step()
            state = (self.count_available(self.revision), self.made, len(self.pods))
            if state != progress:
                deadline, progress = time.monotonic() + patience, state
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK)
        return True

    def step(self):
        strategy = self.spec.get("strategy") or {}
        rolling = strategy.get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge", "25%"), self.replicas, math.ceil)
        missing = share(rolling.get("maxUnavailable", "25%"), self.replicas, math.floor)
        old = [pod for pod in self.pods if pod.revision != self.revision]
        new = len(self.pods) - len(old)
        if strategy.get("type") == "Recreate":
            for pod in old:
                self.remove(pod)
            if any(not pod.gone.is_set() for pod in self.kubelet.pods if pod.ending.is_set()):
                return
            surge, missing, old = 0, self.replicas, []
        # As the controller counts: new pods that are not available yet may not cost an old one.
        least = self.replicas - missing
        waiting = new - self.count_available(self.revision)
        spare = len(self.pods) - least - waiting
        for pod in sorted(old, key=self.is_available):
            if spare > 0 and (not self.is_available(pod) or self.count_available() > least):
                self.remove(pod)
                spare -= 1
        while new < self.replicas and len(self.pods) < self.replicas + surge:
            self.add()
            new += 1
