"""kube_network.py - a network for pods: a bridge, and a namespace with an address for each."""
# SPDX-License-Identifier: MIT
import os
import random
import re
import subprocess

from proxy import Proxy

PREFIX = "prbt"  # then the owner's process id: what a killed run left behind is told by it


def ip(*arguments, check=True):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def is_abandoned(name):
    match = re.fullmatch(PREFIX + r"(\d+)[a-z]\d*", name)
    return bool(match) and not os.path.exists(f"/proc/{match[1]}")


def sweep():
    """Removes what belongs to processes that are no more."""
    for line in ip("netns", "list").splitlines():
        if is_abandoned(line.split()[0]):
            ip("netns", "del", line.split()[0], check=False)
    for line in ip("-o", "link", "show", "type", "bridge").splitlines():
        name = line.split(":")[1].strip()
        if is_abandoned(name):
            ip("link", "del", name, check=False)


class PodNetwork:
    """One pod's namespace.  It belongs to the pod, not to its containers: those come and go."""

    def __init__(self, network, number):
        self.name = f"{PREFIX}{os.getpid()}p{number}"
        self.ip = f"{network.prefix}.{number}"
        outside, inside = f"{PREFIX}{os.getpid()}v{number}"[-15:], "eth0"
        ip("netns", "add", self.name)
        ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name)
        ip("link", "set", outside, "master", network.bridge, "up")
        within = ("-n", self.name)
        ip(*within, "link", "set", "lo", "up")
        ip(*within, "addr", "add", f"{self.ip}/24", "dev", inside)
        ip(*within, "link", "set", inside, "up")
        ip(*within, "route", "add", "default", "via", network.host_ip)

    @property
    def path(self):
        return f"/run/netns/{self.name}"

    def remove(self):
        ip("netns", "del", self.name, check=False)


class Network:
    """A /24 of its own; the host has .1, and of its own loopback single ports can be let in."""

    def __init__(self):
        sweep()
        chance = random.SystemRandom()
        self.prefix = f"10.{chance.randint(64, 250)}.{chance.randint(0, 255)}"
        self.host_ip = f"{self.prefix}.1"
        self.bridge = f"{PREFIX}{os.getpid()}b{chance.randint(0, 99)}"
        self.relays = {}
        self.taken = 1
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", f"{self.host_ip}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")

    def add_pod(self):
        self.taken += 1  # no address is used twice: a late packet must not meet a stranger
        return PodNetwork(self, self.taken)

    def relay(self, port):
        """Lets pods reach 127.0.0.1:port as host_ip:port; returns the proxy, which can fail too."""
        if port not in self.relays:
            self.relays[port] = Proxy(port, port=port, host=self.host_ip)
        return self.relays[port]

    def stop(self):
        for relay in self.relays.values():
            relay.stop()
        ip("link", "del", self.bridge, check=False)
