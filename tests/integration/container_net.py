"""container_net.py - networks between containers: a bridge in a namespace of its own, names, ports.

A network is a network namespace that holds nothing but a bridge: no packet of it reaches the
machine's own network, and nothing of the machine's is changed.  What is published is carried by
the container's supervisor, connection by connection, as Docker's userland proxy does.
"""
# SPDX-License-Identifier: MIT
import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import threading

import namespaces as ns

DNS_SERVER = "127.0.0.11"  # where Docker's own answers, for those who name it as a resolver
NOT_FOUND = 3
KIND_A, KIND_AAAA = 1, 28


def ip(namespace, *commands):
    """Runs ip(8) once for all commands, inside a network namespace given by its file."""
    text = "\n".join(commands)
    done = subprocess.run(["nsenter", f"--net={namespace}", "ip", "-batch", "-"], input=text,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip: {done.stderr.strip()} (of: {text})")


def loopback(pid, ipv4=True):
    """`lo` of a new namespace; without IPv4 there is ::1 and nothing else."""
    ip(f"/proc/{pid}/ns/net", "link set lo up",
       *([] if ipv4 else ["addr flush dev lo", "addr add ::1/128 dev lo nodad"]))


class Network:
    """A named network of one store; several processes may use it at the same time."""

    def __init__(self, store, name):
        self.name, self.folder = name, os.path.join(store, "networks", name)
        self.namespace = os.path.join(self.folder, "net")
        self.leases_path = os.path.join(self.folder, "leases.json")

    @contextlib.contextmanager
    def locked(self):
        with open(os.path.join(self.folder, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def exists(self):
        return os.path.isdir(self.folder)

    def create(self, index, ipv4=True, ipv6=False):
        os.makedirs(self.folder, exist_ok=True)
        with self.locked():
            self.write({"index": index, "ipv4": ipv4, "ipv6": ipv6, "leases": {}})
        return self

    def read(self):
        with open(self.leases_path, encoding="ascii") as file:
            return json.load(file)

    def write(self, state):
        with open(self.leases_path + ".new", "w", encoding="ascii") as file:
            json.dump(state, file)
        os.rename(self.leases_path + ".new", self.leases_path)

    def hold(self):
        """The namespace is a mount: where another mount namespace made it, it is made again."""
        if os.path.exists(self.namespace) and \
                os.stat(self.namespace).st_dev != os.stat(self.folder).st_dev:
            return
        with open(self.namespace, "w", encoding="ascii"):
            pass
        subprocess.run(["unshare", f"--net={self.namespace}", "true"], check=True)
        ip(self.namespace, "link set lo up", "link add bridge0 type bridge",
           "link set bridge0 type bridge forward_delay 0", "link set bridge0 up")

    def attach(self, pid, container, device):
        """Gives a container's namespace an interface; returns its addresses, IPv4 and IPv6."""
        with self.locked():
            self.hold()
            state = self.read()
            taken = set(state["leases"].values())
            number = next(n for n in range(2, 250) if n not in taken)
            state["leases"][container] = number
            self.write(state)
        outer = f"v{number}"
        # By the address, as Docker: who takes an address over is found at once by the others' caches.
        mac = f"02:42:0a:59:{state['index']:02x}:{number:02x}"
        with contextlib.suppress(OSError):
            ip(self.namespace, f"link del {outer}")  # of one that ended a moment ago
        ip(self.namespace, f"link add {outer} type veth peer name {device} address {mac} "
           f"netns {pid}",
           f"link set {outer} master bridge0", f"link set {outer} up")
        addresses = [f"10.89.{state['index']}.{number}" if state["ipv4"] else None,
                     f"fd00:89:{state['index']:x}::{number:x}" if state["ipv6"] else None]
        ip(f"/proc/{pid}/ns/net", f"link set {device} up",
           *([f"addr add {addresses[0]}/24 dev {device}"] if addresses[0] else []),
           *([f"addr add {addresses[1]}/64 dev {device} nodad"] if addresses[1] else []))
        return addresses

    def detach(self, container):
        if not self.exists():
            return
        with self.locked():
            state = self.read()
            state["leases"].pop(container, None)
            self.write(state)

    def remove(self):
        ns.unmount(self.namespace)
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)


def in_namespace(namespace, make):
    """Calls `make` on a thread that has moved there; a socket stays where it was made."""
    result, trouble = [], []

    def work():
        try:
            ns.setns(namespace, ns.NEWNET)
            result.append(make())
        except OSError as error:
            trouble.append(error)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return result[0]


# Names.

class Names:
    """A name server at 127.0.0.11 of one container; `look_up` knows (IPv4, IPv6) of a name."""

    def __init__(self, pid, look_up):
        self.look_up = look_up

        def make():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind((DNS_SERVER, 53))
            return server
        self.server = in_namespace(f"/proc/{pid}/ns/net", make)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, sender = self.server.recvfrom(512)
            except OSError:
                return
            with contextlib.suppress(OSError, IndexError, struct.error, UnicodeDecodeError):
                self.server.sendto(self.answer(question), sender)

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("ascii"))
            at += 1 + question[at]
        kind, = struct.unpack("!H", question[at + 1:at + 3])
        found = self.look_up(".".join(labels).lower())
        address = None
        if found and kind in (KIND_A, KIND_AAAA):
            address = found[0] if kind == KIND_A else found[1]
        packed = b""
        if address:
            family = socket.AF_INET if kind == KIND_A else socket.AF_INET6
            data = socket.inet_pton(family, address)
            packed = struct.pack("!HHHIH", 0xc00c, kind, 1, 1, len(data)) + data
        code = 0 if found else NOT_FOUND
        header = question[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, 1 if packed else 0, 0, 0)
        return header + question[12:at + 5] + packed

    def close(self):
        self.server.close()


# Published ports.

class Port:
    """Listens on the machine's loopback (or `address`) and carries every connection inside."""

    def __init__(self, pid, address, port, inside):
        self.namespace, self.inside = f"/proc/{pid}/ns/net", inside
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.server = socket.socket(family, socket.SOCK_STREAM)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind((address, port))
        self.server.listen(512)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        # This thread moves, and those that it starts are born there: they only dial.
        with contextlib.suppress(OSError):
            ns.setns(self.namespace, ns.NEWNET)
        while True:
            try:
                outer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(outer,), daemon=True).start()

    def carry(self, outer):
        with outer:
            try:
                inner = socket.create_connection(self.inside, 5)
            except OSError:
                return
            with inner:
                inner.settimeout(None)
                back = threading.Thread(target=copy, args=(inner, outer), daemon=True)
                back.start()
                copy(outer, inner)
                back.join()

    def close(self):
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
