"""machine.py - a Debian host with systemd as its PID 1: booted in a container, gone at the end.

The root is made once from Debian's packages and never written to: what happens in a machine lives in
memory.  It has a network of its own, loopback alone, so its ports 80 and 5432 are nobody else's.
"""
# SPDX-License-Identifier: MIT
import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import time

from process import REPOSITORY, Process, children_of, plain_environment, wait_until

# What a server of that kind has, and what it takes to build Probity there.
PACKAGES = ("systemd", "systemd-sysv", "dbus", "libnss-systemd", "nginx-light", "postgresql-15",
            "logrotate", "python3-minimal", "curl", "ca-certificates", "procps", "man-db",
            "build-essential", "debhelper")
MAX_AGE_S = 7 * 86400
HIERARCHIES = ("unified", "systemd")


def supported():
    """Whether this machine can do it at all, for pytest.mark.skipif."""
    return os.geteuid() == 0 and all(map(shutil.which, ("systemd-nspawn", "mmdebstrap", "nsenter")))


def all_packages():
    listed = subprocess.run([os.path.join(REPOSITORY, "scripts", "deps"), "--list", "build"],
                            capture_output=True, text=True, check=True).stdout.split()
    return sorted({*PACKAGES, *listed})


def root():
    """The folder with the root; PROBITY_MACHINES names where it is kept."""
    kept = os.environ.get("PROBITY_MACHINES") or os.path.join(os.environ["PROBITY_BUILD"], "machines")
    packages = all_packages()
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    os.makedirs(kept, exist_ok=True)
    path = os.path.join(kept, name)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path) or time.time() - os.stat(path).st_ctime > MAX_AGE_S:
            shutil.rmtree(path, ignore_errors=True)
            shutil.rmtree(path + ".new", ignore_errors=True)
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase",
                            "--include=" + ",".join(packages), "bookworm", path + ".new"],
                           env=plain_environment(), check=True, capture_output=True)
            os.rename(path + ".new", path)
    return path


class Machine(Process):
    """run() runs commands in it; folders in `shared` ({outside: inside}) are seen by both."""

    name = "machine"

    def __init__(self, folder, shared=None, network=False):
        super().__init__(folder)
        self.shared, self.network = dict(shared or {}), network
        self.label = "probity-" + secrets.token_hex(4)

    def command(self):
        binds = [f"--bind={outside}:{inside}" for outside, inside in self.shared.items()]
        # A control group of its own in both hierarchies: units of two machines have the same names.
        groups = " ".join(f"/sys/fs/cgroup/{name}/{self.label}" for name in HIERARCHIES
                          if os.path.isdir(f"/sys/fs/cgroup/{name}"))
        enter = f"for group in {groups}; do mkdir $group; echo $$ >$group/cgroup.procs; done; "
        return ["/bin/sh", "-c", enter + 'exec "$@"', "sh", "systemd-nspawn", "--quiet",
                "--register=no", "--keep-unit", "--directory=" + root(), "--machine=" + self.label,
                "--volatile=overlay", *([] if self.network else ["--private-network"]), *binds,
                "--boot", "systemd.firstboot=no"]

    @property
    def leader(self):
        """Its PID 1, as we see it."""
        return children_of(self.pid)[0]

    def ready(self):
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def inside(self, *command):
        return ["nsenter", f"--target={self.leader}", "--all", "--wdns=/", *command]

    def run(self, *command, feed=None, check=True, timeout=120):
        """Returns the completed process, with its output as text."""
        done = subprocess.run(self.inside(*command), input=feed, text=True, capture_output=True,
                              timeout=timeout, check=False, env=plain_environment())
        assert done.returncode == 0 or not check, \
            f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def sh(self, script, **options):
        return self.run("/bin/sh", "-ec", script, **options).stdout

    def write(self, path, text):
        self.run("/bin/sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path, feed=text)

    def show(self, unit, *properties):
        """Properties of a unit as systemctl has them; one alone comes by itself."""
        text = self.run("systemctl", "show", unit, *("--property=" + name for name in properties)).stdout
        found = dict(line.split("=", 1) for line in text.splitlines())
        return found[properties[0]] if len(properties) == 1 else found

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit, check=False).stdout

    def stop(self, timeout=20.0):
        code = super().stop(timeout)
        for name in HIERARCHIES:
            for folder, _, _ in os.walk(f"/sys/fs/cgroup/{name}/{self.label}", topdown=False):
                with contextlib.suppress(OSError):
                    wait_until(lambda folder=folder: os.rmdir(folder) is None, 2)
        return code
