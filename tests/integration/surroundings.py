"""surroundings.py - networks, name servers and roots as a platform may have them."""
# SPDX-License-Identifier: MIT
import contextlib
import functools
import os
import subprocess

import pytest

import namespaces as ns
from process import Process


@functools.cache
def has_networks():
    """Whether we may make one: a container's root without CAP_NET_ADMIN may not even use it."""
    return subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"],
                          capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def own_network(*addresses):
    """This thread, and whatever it starts, has a network of its own: `lo` with these addresses."""
    if not has_networks():
        pytest.skip("a network of its own wants root and CAP_NET_ADMIN")
    with open("/proc/thread-self/ns/net", "rb") as outside:
        ns.unshare(ns.NEWNET)
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for address in addresses:
                subprocess.run(["ip", "address", "add", address, "dev", "lo", "nodad"], check=True)
            yield
        finally:
            ns.setns(f"/proc/thread-self/fd/{outside.fileno()}", ns.NEWNET)


class NameServer(Process):
    """dnsmasq at port 53 of an own network: knows what it is told, and nothing of *.internal else."""

    name = "dnsmasq"

    def __init__(self, folder):
        super().__init__(folder)
        self.hosts = os.path.join(self.folder, "hosts")
        self.resolv = os.path.join(self.folder, "resolv.conf")
        self.tell({})
        with open(self.resolv, "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:2\n")

    def command(self):
        return ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-hosts", "--no-resolv",
                "--local=/internal/", f"--addn-hosts={self.hosts}", "--port=53", "--user=root",
                "--listen-address=127.0.0.1", "--bind-interfaces", "--no-negcache", "--log-queries"]

    def tell(self, names):
        """{"db.internal": "fd00::10"}: from now on, and nothing else."""
        with open(self.hosts, "w", encoding="ascii") as file:
            file.writelines(f"{address} {name}\n" for name, address in names.items())
        if self.alive():
            self.signal(1)

    def ready(self):
        return "started" in self.log()

    def wrap(self):
        """For a command that is to ask this server: its /etc/resolv.conf is another one."""
        return ["unshare", "--mount", "sh", "-c",
                f"mount --bind {self.resolv} /etc/resolv.conf && exec \"$@\"", "sh"]


def bare(writable, *hidden, uid=12345):
    """A command prefix: a read-only root but for one folder, an account that nobody knows (in group
    0, as OpenShift has it), no HOME, nothing under the hidden folders."""
    mounts = "".join(f"mount -t tmpfs -o ro none {folder} && " for folder in hidden)
    return ["unshare", "--mount", "sh", "-c",
            f"mount --bind {writable} {writable} && mount -o remount,ro,bind / && {mounts}"
            f"exec setpriv --reuid={uid} --regid=0 --clear-groups "
            "env -u HOME -u USER -u LOGNAME -u TMPDIR \"$@\"", "sh"]
