"""container_supervisor.py FOLDER - keeps one container: its processes, output, health and state.

FOLDER holds spec.json (what to run, from containers.py) and gets state.json, in the words of
`docker inspect`, and log.jsonl, a line per piece of output as Docker's json-file has it.
"""
# SPDX-License-Identifier: MIT
import contextlib
import datetime
import glob
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time

import namespaces as ns
from container_init import exit_code, first_process, join
from container_net import Names, Network, Port, loopback

MEMORY_V1, MEMORY_V2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
HEALTH_OUTPUT_BYTES = 4096
RESTART_PAUSE_MAX = 60.0


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def write_json(path, value):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.rename(path + ".new", path)


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Cgroup:
    """A memory limit by cgroup v1 or v2; RLIMIT_AS, which counts more strictly, where neither works."""

    def __init__(self, name, memory_bytes):
        self.path = None
        for top, limit in ((MEMORY_V1, "memory.limit_in_bytes"), (MEMORY_V2, "memory.max")):
            path = os.path.join(top, f"probity-{name}")
            with contextlib.suppress(OSError):
                os.mkdir(path)
                self.path = path
                with open(os.path.join(path, limit), "w", encoding="ascii") as file:
                    file.write(str(memory_bytes))
                return
        self.remove()

    def killed(self):
        """How many processes the limit has cost."""
        for name in ("memory.oom_control", "memory.events"):
            with contextlib.suppress(OSError, StopIteration):
                with open(os.path.join(self.path, name), encoding="ascii") as file:
                    return next(int(line.split()[1]) for line in file
                                if line.startswith("oom_kill "))
        return 0

    def remove(self):
        if self.path:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
            self.path = None


class Output:
    """Both streams of the container into the log; pipes, as under Docker."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")  # pylint: disable=consider-using-with
        self.selector, self.ends = selectors.DefaultSelector(), []
        for stream in ("stdout", "stderr"):
            reader, writer = os.pipe()
            self.selector.register(reader, selectors.EVENT_READ, stream)
            self.ends.append(writer)
        self.thread = threading.Thread(target=self.copy, daemon=True)

    def start(self):
        for end in self.ends:
            os.close(end)
        self.thread.start()

    def copy(self):
        while self.selector.get_map():
            for key, _ in self.selector.select():
                data = os.read(key.fd, 65536)
                if data:
                    self.file.write(json.dumps({"log": data.decode("utf-8", "replace"),
                                                "stream": key.data, "time": now()}) + "\n")
                    self.file.flush()
                else:
                    self.selector.unregister(key.fd)
                    os.close(key.fd)

    def finish(self):
        self.thread.join(5)
        self.file.close()


class Supervisor:
    def __init__(self, folder):
        self.folder = folder
        self.spec = read_json(os.path.join(folder, "spec.json"))
        self.store = self.spec["store"]
        self.lock = threading.Lock()
        self.state = {"Status": "created", "Running": False, "Pid": 0, "ExitCode": 0,
                      "OOMKilled": False, "Error": "", "StartedAt": "", "FinishedAt": "",
                      "RestartCount": 0, "Supervisor": os.getpid(), "Networks": {}, "Ports": {}}
        self.cgroup = None
        self.parts = []
        self.ended = threading.Event()

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, **changes):
        with self.lock:
            self.state.update(changes)
            write_json(self.path("state.json"), self.state)

    # Life.
    def run(self):
        pause = 0.1
        self.prepare()
        while True:
            started = time.monotonic()
            code = self.live_once()
            if time.monotonic() - started > 10:
                pause = 0.1
            if not self.again(code):
                break
            self.save(Status="restarting", Running=False, Pid=0, ExitCode=code,
                      RestartCount=self.state["RestartCount"] + 1)
            time.sleep(pause)
            pause = min(pause * 2, RESTART_PAUSE_MAX)
        self.clean_up()
        self.save(Status="exited", Running=False, Pid=0, ExitCode=code, FinishedAt=now())

    def again(self, code):
        policy, _, most = self.spec["restart"].partition(":")
        if os.path.exists(self.path("stopped")) or policy in ("", "no"):
            return False
        if policy == "on-failure":
            return code != 0 and (not most or self.state["RestartCount"] < int(most))
        return True

    def prepare(self):
        done = subprocess.run([*self.spec["buildah"], "mount", self.spec["id"]],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"buildah mount: {done.stderr.strip()}")
        self.spec["root"] = done.stdout.strip()
        if self.spec["memory_bytes"]:
            self.cgroup = Cgroup(self.spec["id"], self.spec["memory_bytes"])
            self.spec["cgroup"] = self.cgroup.path
            if not self.cgroup.path:
                self.spec["memory_limit_as"] = self.spec["memory_bytes"]
        write_json(self.path("spec.json"), self.spec)

    def clean_up(self):
        subprocess.run([*self.spec["buildah"], "umount", self.spec["id"]], capture_output=True,
                       check=False)
        if self.cgroup:
            self.cgroup.remove()

    def live_once(self):
        output = Output(self.path("log.jsonl"))
        middle, pid, go, ready = self.spawn(output)
        output.start()
        try:
            self.connect(pid)
        except OSError as error:
            os.kill(middle, signal.SIGKILL)
            os.waitpid(middle, 0)
            self.disconnect()
            self.save(Error=str(error))
            return 125
        self.ended = threading.Event()
        os.write(go, b"g")
        os.close(go)
        os.read(ready, 1)  # its end is closed by execve(2): who joins now finds all in its place
        os.close(ready)
        self.save(Status="running", Running=True, Pid=pid, StartedAt=now(),
                  **({"Health": {"Status": "starting", "FailingStreak": 0, "Log": []}}
                     if self.spec["health"] else {}))
        if self.spec["health"]:
            threading.Thread(target=self.watch_health, args=(pid, self.ended), daemon=True).start()
        code = exit_code(os.waitpid(middle, 0)[1])
        self.ended.set()
        output.finish()
        self.disconnect()
        if self.cgroup and self.cgroup.killed():
            self.save(OOMKilled=True)
        return code

    def spawn(self, output):
        """Two forks: only the child of one who has left a pid namespace is born in the new one."""
        told, tell = os.pipe()
        go_read, go_write = os.pipe()
        ready_read, ready_write = os.pipe()
        middle = os.fork()
        if middle == 0:
            os.close(go_write)
            self.leave(output, tell, go_read)
        for end in (tell, go_read, ready_write):
            os.close(end)
        text = b""
        while not text.endswith(b"\n"):
            piece = os.read(told, 64)
            if not piece:
                break
            text += piece
        os.close(told)
        if not text:
            raise OSError("the container's namespaces could not be made")
        return middle, int(text), go_write, ready_read

    def leave(self, output, tell, go):
        try:
            ns.die_with_parent()
            os.setsid()
            if self.cgroup and self.cgroup.path:
                with open(os.path.join(self.cgroup.path, "cgroup.procs"), "w",
                          encoding="ascii") as file:
                    file.write("0")
            os.dup2(output.ends[0], 1)
            os.dup2(output.ends[1], 2)
            network = self.spec["network"]
            flags = ns.NEWNS | ns.NEWUTS | ns.NEWIPC | ns.NEWPID
            if network.startswith("container:"):
                ns.setns(f"/proc/{self.peer()['Pid']}/ns/net", ns.NEWNET)
            elif network != "host":
                flags |= ns.NEWNET
            ns.unshare(flags)
            pid = os.fork()
            if pid == 0:
                ns.die_with_parent()
                os.close(tell)
                if not os.read(go, 1):
                    os._exit(125)
                first_process(self.spec)
            os.write(tell, f"{pid}\n".encode())
            os.closerange(3, 1024)
            os._exit(exit_code(os.waitpid(pid, 0)[1]))
        except OSError as error:
            os.write(2, f"container: {error}\n".encode())
        os._exit(125)

    def peer(self):
        other = self.spec["network"].partition(":")[2]
        return read_json(os.path.join(self.store, "containers", other, "state.json"))

    # Network.
    def connect(self, pid):
        network = self.spec["network"]
        if network == "host" or network.startswith("container:"):
            return
        loopback(pid, ipv4=network != "ipv6")
        if network in ("none", "ipv6"):
            return
        found = {}
        for number, name in enumerate([network, *self.spec["networks"]]):
            addresses = Network(self.store, name).attach(pid, self.spec["id"], f"eth{number}")
            found[name] = {"IPAddress": addresses[0] or "", "GlobalIPv6Address": addresses[1] or "",
                           "Aliases": self.spec["aliases"]}
        self.save(Networks=found)
        self.write_hosts(found)
        self.parts.append(Names(pid, self.look_up))
        first = next(iter(found.values()))
        inside = first["IPAddress"] or first["GlobalIPv6Address"]
        ports = {}
        for address, outer, inner in self.spec["ports"]:
            port = Port(pid, address, outer, (inside, inner))
            self.parts.append(port)
            ports.setdefault(f"{inner}/tcp", []).append(
                {"HostIp": address, "HostPort": str(port.port)})
        self.save(Ports=ports)

    def write_hosts(self, found):
        with open(self.path("hosts"), "a", encoding="ascii") as file:
            for entry in found.values():
                for address in filter(None, (entry["IPAddress"], entry["GlobalIPv6Address"])):
                    file.write(f"{address}\t{self.spec['hostname']}\n")

    def disconnect(self):
        for part in self.parts:
            part.close()
        self.parts = []
        for name in self.state["Networks"]:
            Network(self.store, name).detach(self.spec["id"])

    def look_up(self, name):
        """Whoever of our networks runs under that name, as it is now."""
        for path in glob.glob(os.path.join(self.store, "containers", "*", "state.json")):
            with contextlib.suppress(OSError, ValueError, KeyError):
                state = read_json(path)
                if not state["Running"]:
                    continue
                spec = read_json(os.path.join(os.path.dirname(path), "spec.json"))
                if name not in (spec["name"], spec["hostname"], *spec["aliases"]):
                    continue
                for network, entry in state["Networks"].items():
                    if network in self.state["Networks"]:
                        return entry["IPAddress"], entry["GlobalIPv6Address"]
        return None

    # Health, as the engine's documentation has it.
    def watch_health(self, pid, ended):
        health = self.spec["health"]
        started, streak, status = time.monotonic(), 0, "starting"
        while True:
            early = status == "starting" and time.monotonic() - started < health["start_period"]
            pause = health["start_interval"] if early and health["start_interval"] \
                else health["interval"]
            if ended.wait(pause):
                return
            begun = now()
            in_start_period = time.monotonic() - started < health["start_period"]
            code, text = self.ask_health(pid, health)
            if ended.is_set():
                return
            if code == 0:
                streak, status = 0, "healthy"
            elif status != "starting" or not in_start_period:
                streak += 1
                status = "unhealthy" if streak >= health["retries"] else status
            log = self.state["Health"]["Log"][-4:] + [
                {"Start": begun, "End": now(), "ExitCode": code, "Output": text}]
            self.save(Health={"Status": status, "FailingStreak": streak, "Log": log})

    def ask_health(self, pid, health):
        reader, writer = os.pipe()
        child = self.fork_with_output(pid, health["test"], writer)
        os.close(writer)
        text, deadline = b"", time.monotonic() + health["timeout"]
        with selectors.DefaultSelector() as selector:
            selector.register(reader, selectors.EVENT_READ)
            while selector.select(max(deadline - time.monotonic(), 0)):
                piece = os.read(reader, 4096)
                if not piece:
                    break
                text = (text + piece)[:HEALTH_OUTPUT_BYTES]
        os.close(reader)
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return exit_code(status), text.decode("utf-8", "replace")
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return -1, f"Health check exceeded timeout ({health['timeout']:g}s)"

    def fork_with_output(self, pid, command, writer):
        child = os.fork()
        if child:
            return child
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.closerange(3, 1024)
        ns.die_with_parent()
        inner = join(pid, self.spec, command)
        os._exit(exit_code(os.waitpid(inner, 0)[1]))


def main():
    folder = sys.argv[1]
    supervisor = Supervisor(folder)
    if supervisor.spec["attached"]:
        ns.die_with_parent()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # who stops a container asks its first process
    try:
        supervisor.run()
    except OSError as error:
        supervisor.save(Status="exited", Running=False, Pid=0, ExitCode=125, Error=str(error),
                        FinishedAt=now())
    if supervisor.spec["auto_remove"]:
        subprocess.run([*supervisor.spec["buildah"], "rm", supervisor.spec["id"]],
                       capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
