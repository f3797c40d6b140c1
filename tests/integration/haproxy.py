"""haproxy.py - Debian's HAProxy with slots for instances that come and go, moved by its runtime API."""
# SPDX-License-Identifier: MIT
import os
import socket

from process import Process, free_port, port_answers

# Nothing is tried twice: what a platform's proxy might hide is to be seen.
CONFIGURATION = """\
global
    stats socket {folder}/haproxy.sock mode 600 level admin
    nbthread 1
defaults
    mode {mode}
    retries 0
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
    timeout client-fin 1s
frontend clients
    bind 127.0.0.1:{port}
    default_backend service
backend service
    balance roundrobin
    {options}
{servers}"""


class HAProxy(Process):
    """`http`: each request goes where the slots say at that moment, as at a platform's edge.
    `tcp`: a connection stays where it once went, as with kube-proxy."""

    name = "haproxy"

    def __init__(self, folder, mode="http", slots=10):
        super().__init__(folder)
        self.mode, self.port = mode, free_port()
        self.free = [f"s{number}" for number in range(slots)]
        self.held = {}

    def command(self):
        path = os.path.join(self.folder, "haproxy.cfg")
        options = "http-response set-header X-Server %s" if self.mode == "http" else ""
        servers = "".join(f"    server {name} 127.0.0.1:1 disabled\n" for name in self.free)
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(folder=self.folder, mode=self.mode, port=self.port,
                                            options=options, servers=servers))
        return ["haproxy", "-db", "-f", path]

    def ready(self):
        return port_answers(self.port)

    def order(self, text):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(os.path.join(self.folder, "haproxy.sock"))
            link.sendall(text.encode() + b"\n")
            parts = []
            while part := link.recv(65536):
                parts.append(part)
        answer = b"".join(parts).decode().strip()
        if answer and "changed" not in answer and "no need" not in answer:
            raise RuntimeError(f"haproxy: {text}: {answer}")

    def add(self, address):
        """From now on new requests (or connections) go to that (host, port), too."""
        if address not in self.held:
            self.held[address] = self.free.pop(0)
            host, port = address
            self.order(f"set server service/{self.held[address]} addr {host} port {port}")
        self.order(f"set server service/{self.held[address]} state ready")

    def remove(self, address):
        """Nothing new goes there; what is under way goes on."""
        if address in self.held:
            self.order(f"set server service/{self.held[address]} state drain")

    def forget(self, address):
        """The instance is gone, and its slot is free for another one."""
        if address in self.held:
            slot = self.held.pop(address)
            self.order(f"set server service/{slot} state maint")
            self.free.append(slot)
