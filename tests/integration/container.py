"""container.py - one container: started, asked, stopped, looked into.  containers.py makes them."""
# SPDX-License-Identifier: MIT
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from container_init import exit_code, find_account, join
from container_supervisor import read_json
from process import is_running, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))


class ContainerError(RuntimeError):
    """What an engine would refuse, in one line."""


class Container:
    """One container; all it knows lies in its folder, so that several processes may handle it."""

    def __init__(self, engine, identity):
        self.engine, self.id = engine, identity
        self.folder = engine.path("containers", identity)
        self.supervisor = None

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def spec(self):
        return read_json(self.path("spec.json"))

    @property
    def name(self):
        return self.spec["name"]

    @property
    def state(self):
        """As `docker inspect` has it under State; somebody who was killed is seen to be dead."""
        state = read_json(self.path("state.json"))
        supervisor = state.get("Supervisor")
        if state["Status"] in ("running", "restarting") and not is_running(supervisor):
            state.update(Status="exited", Running=False, Pid=0, ExitCode=137)
        return state

    @property
    def pid(self):
        """Of its first process, as the machine counts."""
        return self.state["Pid"]

    @property
    def root(self):
        """Its files, as the container sees them (from outside of its mounts)."""
        return f"/proc/{self.pid}/root"

    @property
    def exit_code(self):
        return self.state["ExitCode"]

    @property
    def health(self):
        """starting, healthy or unhealthy; None where nobody asks."""
        return self.state.get("Health", {}).get("Status")

    def alive(self):
        with contextlib.suppress(FileNotFoundError):
            return self.state["Status"] in ("running", "restarting")
        return False

    def owner(self):
        with contextlib.suppress(OSError, ValueError):
            with open(self.path("owner"), encoding="ascii") as file:
                owner = int(file.read())
            return owner if is_running(owner) else None
        return None

    # Life.
    def start(self, stdin=subprocess.DEVNULL):
        if self.alive():
            return self
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path("stopped"))
        with open(self.path("supervisor.log"), "ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "container_supervisor.py"), self.folder],
                stdin=stdin, stdout=log, stderr=log, start_new_session=True, cwd="/")
        wait_until(self.started, 30, f"the container to start ({self.folder})")
        error = self.exists() and self.state.get("Error")
        if error:
            raise ContainerError(error)
        return self

    def exists(self):
        return os.path.exists(self.path("state.json"))

    def started(self):
        if self.supervisor.poll() is not None:
            return True
        return self.state["Status"] != "created" \
            and self.state.get("Supervisor") == self.supervisor.pid

    def wait(self, timeout=None):
        """Until it has ended; returns its exit code."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.alive():
            if deadline is not None and time.monotonic() > deadline:
                raise AssertionError(f"container {self.name} still runs after {timeout} s:\n"
                                     + self.logs()[-2000:])
            time.sleep(0.02)
        if self.supervisor:
            self.supervisor.wait()
        return self.exit_code if self.exists() else 0

    def signal(self, number):
        if isinstance(number, str):
            number = int(number) if number.isdigit() else \
                signal.Signals["SIG" + number.upper().removeprefix("SIG")]
        pid = self.pid
        if not pid:
            raise ContainerError(f"container {self.name} is not running")
        os.kill(pid, number)

    def stop(self, timeout=None):
        """The image's STOPSIGNAL, and KILL after the time that the platform gives; returns the code."""
        with open(self.path("stopped"), "w", encoding="ascii"):
            pass
        if self.alive():
            with contextlib.suppress(ProcessLookupError, ContainerError):
                self.signal(self.spec["stop_signal"])
            try:
                self.wait(self.spec["stop_timeout"] if timeout is None else timeout)
            except AssertionError:
                self.kill()
        return self.wait(30)

    def kill(self):
        """As the kernel does it: without a word."""
        with open(self.path("stopped"), "w", encoding="ascii"):
            pass
        with contextlib.suppress(ProcessLookupError, ContainerError):
            self.signal(signal.SIGKILL)
        self.wait(30)

    def remove(self, force=False):
        if self.alive():
            if not force:
                raise ContainerError(f"container {self.name} is running: stop it first")
            self.kill()
        if not self.exists():
            return
        spec = self.spec
        with contextlib.suppress(ContainerError):
            self.engine.buildah("rm", self.id)
        for source, _, _ in spec["binds"]:  # volumes that nobody has named
            if os.path.basename(source).startswith(self.id[:16] + "-"):
                shutil.rmtree(source, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Looking in.
    def logs(self, streams=("stdout", "stderr")):
        return "".join(entry["log"] for entry in self.log_entries() if entry["stream"] in streams)

    def log_entries(self):
        try:
            with open(self.path("log.jsonl"), encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def exec(self, *command, user=None, workdir=None, env=None, timeout=60, feed=None):
        """Runs a command inside; returns subprocess.CompletedProcess with text."""
        return subprocess.run(self.exec_command(command, user, workdir, env), capture_output=True,
                              text=True, input=feed, timeout=timeout, check=False)

    def exec_here(self, command, user=None, workdir=None, env=None):
        """The same on our own input and output; returns the exit status."""
        return subprocess.run(self.exec_command(command, user, workdir, env),
                              check=False).returncode

    def exec_command(self, command, user=None, workdir=None, env=None):
        arguments = {"command": list(command), "user": user, "workdir": workdir, "env": env}
        return [sys.executable, os.path.join(HERE, "container.py"), self.folder,
                json.dumps(arguments)]

    def processes(self):
        """Pids, as the machine counts, of all that run in its pid namespace."""
        mine = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{entry}/ns/pid") == mine:
                    found.append(int(entry))
        return found

    def account(self):
        """uid, gid, groups and home of its USER, by the image's own /etc/passwd."""
        return find_account(self.spec["user"], self.root)

    def wait_healthy(self, timeout=60.0):
        def healthy():
            if not self.alive():
                raise RuntimeError(f"container {self.name} ended with {self.exit_code}:\n"
                                   + self.logs()[-2000:])
            return self.health == "healthy"
        wait_until(healthy, timeout, f"container {self.name} to become healthy: "
                   f"{self.state.get('Health')}", every=0.1)
        return self


def main():
    """container.py FOLDER JSON - what exec() is made of: a process that joins and becomes it."""
    spec, state = (read_json(os.path.join(sys.argv[1], name)) for name in ("spec.json", "state.json"))
    options = json.loads(sys.argv[2])
    command = options.pop("command")
    if not state["Pid"]:
        sys.exit("container: it is not running")
    child = join(state["Pid"], spec, command, **options)
    sys.exit(exit_code(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
