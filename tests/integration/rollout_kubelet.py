"""rollout_kubelet.py - a rolling deploy as Kubernetes does it, with the manifests of deploy/kubernetes.

kubelet.py runs the pods.  HAProxy stands where kube-proxy does: a connection stays where it once went,
and an endpoint that has left is heard of seconds late.
"""
# SPDX-License-Identifier: MIT
import os
import time

from kubelet import Image, Kubelet, change, container_of, find, kustomize
from process import PYTHON, REPOSITORY, wait_until
from rollout import APP, BAD, BAD_SECONDS, GOOD_SECONDS, complaints_in
from servers import build_path

LAG_SECONDS = 2.0
PORT = 8080  # of the manifests

# The manifests' own times, made short; what stands between them stays as it is: preStop is as much
# longer than drain and shutdown together, and the grace period as much longer than preStop.
# The version that falls over lives for a second, which is shorter than READY_AFTER here and there.
DRAIN_SECONDS, SHUTDOWN_SECONDS, MIN_READY_SECONDS, READY_AFTER = 3, 4, 2, 2


def settings_of(objects):
    return find(objects, "ConfigMap", None)["data"]


def shorten(objects):
    deployment = find(objects, "Deployment", "app")
    template, settings = deployment["spec"]["template"], settings_of(objects)
    hook = container_of(template, "app")["lifecycle"]["preStop"]["exec"]["command"]
    saved = (int(settings["PROBITY_DRAIN_SECONDS"]) + int(settings["PROBITY_SHUTDOWN_SECONDS"])
             - DRAIN_SECONDS - SHUTDOWN_SECONDS)
    settings["PROBITY_DRAIN_SECONDS"] = str(DRAIN_SECONDS)
    settings["PROBITY_SHUTDOWN_SECONDS"] = str(SHUTDOWN_SECONDS)
    assert float(settings["PROBITY_READY_AFTER"]) > READY_AFTER
    settings["PROBITY_READY_AFTER"] = str(READY_AFTER)
    hook[-1] = str(int(hook[-1]) - saved)
    template["spec"]["terminationGracePeriodSeconds"] -= saved
    # One replica: with it a mistake is the whole service's.
    deployment["spec"].update(replicas=1, minReadySeconds=MIN_READY_SECONDS)
    for container in template["spec"]["containers"]:
        for kind in ("startupProbe", "readinessProbe"):
            if kind in container:
                container[kind]["periodSeconds"] = 1
    return objects


def nothing_secret():
    """The Secret that the manifests want; the settings come with each version."""
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "app"}, "stringData": {}}


class Kube:
    name, mode = "kubelet", "tcp"

    def __init__(self, world, lag=LAG_SECONDS):
        self.world, self.lag = world, lag
        self.kubelet = self.deployment = None
        self.refused, self.pods, self.kills = [], {}, {}
        self.known, self.ever = set(), set()  # addresses

    def start(self, name="v0"):
        objects = shorten(kustomize(os.path.join(REPOSITORY, "deploy", "kubernetes", "base")))
        images = {"probity": Image([build_path("probity"), "serve"]), "app": Image([PYTHON, APP])}
        self.kubelet = Kubelet(os.path.join(self.world.folder, "pods"), images,
                               objects + [nothing_secret()], back_off=0.5)
        for server in (self.world.postgres, self.world.redis):
            self.kubelet.relay(server.port)
        self.world.host = self.kubelet.host_ip
        self.kubelet.service("app", lag=self.lag).on_change(self.route)
        deployment = find(objects, "Deployment", "app")
        self.template = deployment["spec"]["template"]
        deployment["spec"]["template"] = change(self.template, env=self.env(name))
        self.deployment = self.kubelet.deployment("app")
        self.note(name)
        self.deployment.wait_available(60)
        wait_until(lambda: self.known, 10, "the endpoint to be heard of")

    def env(self, name, bad=None):
        return {"ROLLOUT_NAME": name, **self.world.env(bad)}

    def note(self, name):
        """Whose pods the new ones are; the logs stay when they have gone."""
        for pod in self.kubelet.pods:
            if pod not in self.pods:
                self.pods[pod] = name
                self.world.log_folders[name] = pod.volumes["logs"]
            if pod.gone.is_set():
                self.world.balancer.forget((pod.ip, PORT))
        return [pod for pod, of in self.pods.items() if of == name]

    def deploy(self, name, bad=None):
        """One rollout; returns whether it was switched to, and what was seen."""
        began, before = time.monotonic(), self.deployment.template
        patience = BAD_SECONDS if bad else GOOD_SECONDS
        done = self.deployment.update(template=self.template, env=self.env(name, bad),
                                      timeout=patience)
        new = self.note(name)
        if done:
            ends = sum(pod.ending.is_set() and not pod.gone.is_set() for pod in self.pods)
            return True, f"available after {time.monotonic() - began:.1f} s, {ends} on their way out"
        self.refused = new
        self.deployment.update(template=before)
        restarts = sum(box.restarts for pod in new for box in pod.containers.values())
        return any((pod.ip, PORT) in self.ever for pod in new), \
            f"not available in {patience} s, {restarts} restarts; rolled back"

    def refused_log(self):
        return "".join(pod.log(name) for pod in self.refused for name in pod.containers)

    def excuses(self, _):
        return False

    def finish(self):
        self.deployment.scale(0)
        for pod in self.pods:
            pod.wait_gone(60)
        return f"{len(self.pods)} pods have ended"

    def troubles(self):
        """Nobody but a refused one may have had to be killed, or have ended by itself, or complain."""
        found = []
        for pod, name in self.pods.items():
            codes = {box.name: box.exit_codes for box in pod.containers.values()}
            if name not in BAD and (pod.said("KILL") or any(codes[box] != [0] for box in codes)):
                found.append(f"{name}: {codes}\n{pod.story()}")
            if name not in BAD:
                found += [line for box in pod.containers for line in complaints_in(pod.log(box))]
        return found

    def stop(self):
        if self.kubelet is not None:
            self.kubelet.stop()

    def route(self, addresses):
        """What kube-proxy does when it hears of it."""
        now = set(addresses)
        for address in now - self.known:
            self.world.balancer.add(address)
        for address in self.known - now:
            self.world.balancer.remove(address)
        self.known = now
        self.ever |= now
