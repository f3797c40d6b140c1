"""kube_probes.py - probes and hooks as the kubelet understands them."""
# SPDX-License-Identifier: MIT
import http.client
import socket
import threading
import time

BODY_BYTES = 10 * 1024  # the kubelet reads no more and closes
DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1,
            "successThreshold": 1, "failureThreshold": 3}


def port_number(port, spec):
    """A probe names a port by its number, or by its name among the container's own."""
    if isinstance(port, int):
        return port
    for row in spec.get("ports") or []:
        if row.get("name") == port:
            return row["containerPort"]
    raise KeyError(f"container {spec['name']} has no port {port}")


def http_get(action, address, timeout):
    """Returns (status, what it said); every byte within the timeout."""
    deadline = time.monotonic() + timeout
    link = http.client.HTTPConnection(address[0], address[1], timeout=timeout)
    headers = {"User-Agent": "kube-probe/1.32", "Accept": "*/*", "Connection": "close"}
    headers.update({row["name"]: row["value"] for row in action.get("httpHeaders") or []})
    try:
        link.connect()
        link.sock.settimeout(max(0.001, deadline - time.monotonic()))
        link.request("GET", action.get("path") or "/", headers=headers)
        answer = link.getresponse()
        link.sock and link.sock.settimeout(max(0.001, deadline - time.monotonic()))
        body = answer.read(BODY_BYTES)
        if time.monotonic() > deadline:
            raise socket.timeout("timed out")
        return answer.status, body.decode("utf-8", "replace")
    finally:
        link.close()


def act(action, container, timeout):
    """One look, or one hook: whether it succeeded, and why not."""
    try:
        if "exec" in action:
            code, text = container.exec(action["exec"]["command"], timeout)
            return code == 0, f"{'no answer in time' if code is None else code}: {text.strip()}"
        if "httpGet" in action:
            wanted = action["httpGet"]
            address = (wanted.get("host") or container.pod.ip,
                       port_number(wanted["port"], container.spec))
            status, text = http_get(wanted, address, timeout)
            return 200 <= status < 400, f"HTTP status {status}: {text[:200]}"
        if "tcpSocket" in action:
            wanted = action["tcpSocket"]
            address = (wanted.get("host") or container.pod.ip,
                       port_number(wanted["port"], container.spec))
            socket.create_connection(address, timeout).close()
            return True, ""
        if "sleep" in action:
            time.sleep(min(timeout, action["sleep"]["seconds"]))
            return True, ""
    except (OSError, http.client.HTTPException) as error:
        return False, f"{type(error).__name__}: {error}"
    raise KeyError(f"what action is this: {action}")


class Prober:
    """One probe of one run of a container, on a thread of its own."""

    def __init__(self, kind, container, spec, gate):
        self.kind, self.container, self.gate = kind, container, gate
        self.spec = {**DEFAULTS, **spec}
        self.passing = kind == "liveness"  # what holds until it has been tried often enough
        self.judged = False
        self.why = "not tried yet"
        self.looks = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.ended.set()

    def wait_gate(self):
        while not self.gate.is_set() and not self.ended.is_set():
            self.gate.wait(0.1)

    def run(self):
        self.wait_gate()
        self.ended.wait(self.spec["initialDelaySeconds"])
        last, streak = None, 0
        while not self.ended.is_set():
            begun = time.monotonic()
            okay, why = act(self.spec, self.container, self.spec["timeoutSeconds"])
            if self.ended.is_set():
                return
            self.looks += 1
            streak = streak + 1 if okay == last else 1
            last = okay
            if not okay:
                self.container.pod.say(f"{self.container.name}: {self.kind} probe failed: {why}")
            if streak >= self.spec["successThreshold" if okay else "failureThreshold"]:
                self.why = why
                self.judge(okay)
            self.ended.wait(max(0, begun + self.spec["periodSeconds"] - time.monotonic()))

    def judge(self, okay):
        changed = okay != self.passing or not self.judged
        self.passing, self.judged = okay, True
        if changed or (self.kind != "readiness" and not okay):
            self.container.judged(self, okay)
        if self.kind == "startup" and okay:
            self.ended.set()
