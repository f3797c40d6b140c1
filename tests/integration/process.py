"""process.py - child processes that never outlive us, and the small things every server needs."""
# SPDX-License-Identifier: MIT
import ctypes
import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time

PYTHON = "/usr/bin/python3"  # Debian's own: the only one that has the modules from Debian's packages
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Timeout(AssertionError):
    """Something that was waited for did not happen."""


def wait_until(condition, timeout=10.0, what=None, every=0.02):
    """Calls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    trouble = None
    while True:
        try:
            value = condition()
            trouble = None
            if value:
                return value
        except RuntimeError:  # hopeless: the process has ended, the build is missing
            raise
        except Exception as error:  # pylint: disable=broad-except
            trouble = error
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise Timeout(f"waited {timeout} s for {name}" + (f": {trouble}" if trouble else ""))
        time.sleep(every)


def free_port():
    """A free loopback port outside the range from which the kernel takes clients' ports."""
    for _ in range(200):
        port = random.SystemRandom().randint(15000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free loopback port found")


def port_answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def can_reach(account, path):
    """Whether `account` may walk to `path`: a checkout below /root is closed to everybody else."""
    entry = pwd.getpwnam(account)
    while path != "/":
        status = os.stat(path)
        mine = status.st_uid == entry.pw_uid and status.st_mode & 0o100
        if not (mine or status.st_mode & 0o001):
            return False
        path = os.path.dirname(path)
    return True


def is_running(pid):
    """Whether the process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def plain_environment(extra=None):
    """What a child inherits: enough to run, nothing that would configure it behind our back."""
    kept = ("PATH", "HOME", "LANG", "TERM", "TMPDIR", "USER", "LOGNAME")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env["PATH"] = env.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    env.update({"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"})
    env.update(extra or {})
    return {name: str(value) for name, value in env.items() if value is not None}


def is_stopped(pid):
    """Whether every thread of the process stands still (or is gone)."""
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(path, encoding="ascii", errors="replace") as stat:
                if stat.read().rpartition(")")[2].split()[0] not in "TtZX":
                    return False
        except (FileNotFoundError, ProcessLookupError):
            continue
    return True


class Process:
    """One server: started in a session of its own, stopped as a whole, logging into a file."""

    name = "process"
    death_signal = signal.SIGKILL  # what the kernel sends it when we die without stopping it
    stop_signal = signal.SIGTERM

    def __init__(self, folder, account=None):
        self.folder = str(folder)
        self.log_path = os.path.join(self.folder, "log", f"{self.name}.log")
        self.account = account if os.geteuid() == 0 else None
        self.child = None
        self.stopped = set()
        os.makedirs(os.path.dirname(self.log_path), exist_ok=True)

    # What a server says about itself.
    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def ready(self):
        return True

    # Life.
    def start(self, timeout=30.0):
        self.spawn()
        return self.wait_ready(timeout)

    def wait_ready(self, timeout=30.0):
        def is_ready():
            if not self.alive():
                raise RuntimeError(f"{self.name} ended with {self.child.returncode}; "
                                   f"log {self.log_path}:\n{self.log_tail()}")
            return self.ready()
        wait_until(is_ready, timeout, f"{self.name} to become ready (log: {self.log_path})")
        return self

    def spawn(self):
        """Starts it, unless it runs already, and does not wait."""
        if self.alive():
            return self
        death_signal = self.death_signal
        parent = os.getpid()

        def after_fork():
            _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
        with open(self.log_path, "ab", buffering=0) as log:
            self.child = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=plain_environment(self.environment()),
                start_new_session=True, preexec_fn=after_fork)
        return self

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        os.kill(self.pid, number)

    def sigstop(self):
        self.freeze([self.pid])

    def freeze(self, pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            self.stopped.add(pid)
        # A thread on a busy core goes on for some milliseconds after kill(2) has returned.
        wait_until(lambda: all(map(is_stopped, pids)), 5, "processes to stop")

    def sigcont(self):
        for pid in self.stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.stopped.clear()

    thaw = sigcont

    def kill9(self):
        """The process dies at once, and so does what shares its group."""
        if self.alive():
            self.signal(signal.SIGKILL)
        self.reap()

    def stop(self, timeout=10.0):
        """Asks it to end, and makes it: nothing of its group is left afterwards."""
        if self.child is None:
            return None
        self.sigcont()
        if self.alive():
            self.signal(self.stop_signal)
            try:
                self.child.wait(timeout)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
        return self.reap()

    def reap(self):
        self.child.wait()
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.sigcont()  # a stopped child of a killed parent would never notice
        return self.child.returncode

    def restart(self):
        self.stop()
        return self.start()

    # Looking in.
    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=12):
        return "\n".join(self.log().splitlines()[-lines:])

    def status(self, field):
        """A line of /proc/PID/status, for instance RssAnon, as a number of KiB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise KeyError(field)

    def own(self, path):
        """Makes a folder that the server's account may write."""
        os.makedirs(path, exist_ok=True)
        if self.account:
            shutil.chown(path, self.account)
        return path


def children_of(pid):
    """The direct children of a process."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                    if int(stat.read().rpartition(")")[2].split()[1]) == pid:
                        found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
