"""kube_sandbox.py - a container as namespaces make it: own root, processes, name; pod's network.

No registry is needed: an image is a command and what of this machine it sees, or a whole root.
"""
# SPDX-License-Identifier: MIT
import os
import shlex
import signal
import subprocess
import time

from process import REPOSITORY, _libc, PR_SET_PDEATHSIG, children_of

TOOLS = "/usr/sbin:/usr/bin:/sbin:/bin"


class Image:
    """What stands behind an image's name.

    command  ENTRYPOINT and CMD in one; a manifest's `command` takes its place, `args` its tail
    env      the image's own environment
    user     its USER, where the manifest has no runAsUser
    mounts   paths of this machine that it holds, or {path here: path there}; the repository and the
             build under test are always there
    root     a folder that is the whole root, instead of this machine's /usr and /etc
    folder   its WORKDIR
    """

    def __init__(self, command, env=None, user=0, mounts=(), root=None, folder=None):
        self.command = [str(word) for word in command]
        self.env = {"PATH": TOOLS, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1", **{k: str(v) for k, v in (env or {}).items()}}
        self.user = user
        mounts = mounts if isinstance(mounts, dict) else {str(path): str(path) for path in mounts}
        if root is None:
            for path in (REPOSITORY, os.environ.get("PROBITY_BUILD")):
                if path and not path.startswith("/usr"):
                    mounts.setdefault(os.path.abspath(path), os.path.abspath(path))
        self.mounts = mounts
        self.root, self.folder = root, folder

    @classmethod
    def of(cls, config, root):
        """A built image: Docker's configuration of it, and its files."""
        return cls((config.get("Entrypoint") or []) + (config.get("Cmd") or []), root=root,
                   env=dict(row.split("=", 1) for row in config.get("Env") or []),
                   folder=config.get("WorkingDir") or None)

    def command_for(self, container):
        if container.get("command"):
            return container["command"] + (container.get("args") or [])
        if container.get("args"):
            return self.command[:1] + container["args"]
        return self.command


def quote(*words):
    return " ".join(shlex.quote(str(word)) for word in words)


def skeleton(root, own_etc):
    """This machine's programs and nothing of its state, read-only, on a root of its own."""
    lines = [quote("mount", "-t", "tmpfs", "-o", "mode=755,size=64m", "tmpfs", root)]
    for name in sorted(os.listdir("/")):
        path, there = "/" + name, os.path.join(root, name)
        if os.path.islink(path):
            lines.append(quote("ln", "-s", os.readlink(path), there))
        elif name == "etc" and own_etc:  # something is to be mounted below it
            lines.append(quote("cp", "-a", path, there))
        elif name in ("usr", "etc", "bin", "sbin", "lib", "lib32", "lib64"):
            lines += bind(path, there, read_only=True)
    lines.append(quote("mkdir", "-p", *(os.path.join(root, name) for name in
                                        ("proc", "dev", "run", "tmp", "var/lib", "var/log"))))
    lines.append(quote("chmod", "1777", os.path.join(root, "tmp")))
    return lines


def bind(path, there, read_only):
    make = quote("mkdir", "-p", there)
    if os.path.isfile(path):
        make = quote("mkdir", "-p", os.path.dirname(there)) + " && " + quote("touch", there)
    lines = [f"[ -e {quote(there)} ] || {{ {make}; }}"]
    lines.append(quote("mount", "--rbind", path, there))
    if read_only:
        lines.append(quote("mount", "-o", "remount,bind,ro", path, there))
    return lines


class Sandbox:
    """One run of one container."""

    def __init__(self, root, image, spec, pod_spec, mounts, network):
        self.root, self.image, self.spec, self.network = root, image, spec, network
        self.mounts = mounts  # [(path here, path there, read only)]
        context = {**(pod_spec.get("securityContext") or {}), **(spec.get("securityContext") or {})}
        self.user = context.get("runAsUser", image.user)
        self.group = context.get("runAsGroup", self.user)
        self.read_only = context.get("readOnlyRootFilesystem", False)
        if context.get("runAsNonRoot") and self.user == 0:
            raise RuntimeError("container has runAsNonRoot and image will run as root")
        self.child = self.first = None
        self.killed = False

    def script(self, hostname):
        root = self.root
        lines = ["set -e", "path=$PATH", f"PATH={TOOLS}", quote("hostname", hostname)]
        if self.image.root:
            lines += [quote("mount", "--rbind", self.image.root, root)]
        else:
            lines += skeleton(root, any(there.startswith("/etc/") and not os.path.exists(there)
                                        for _, there, _ in self.mounts))
        for path, there, read_only in self.mounts:
            lines += bind(path, root + there, read_only)
        for path, there in self.image.mounts.items():
            lines += bind(path, root + there, read_only=True)
        lines += [quote("mount", "-t", "proc", "proc", root + "/proc"),
                  quote("mount", "--rbind", "/dev", root + "/dev")]
        if self.read_only:
            how = "remount,bind,ro" if self.image.root else "remount,ro"
            lines.append(quote("mount", "-o", how, root))
        where = self.spec.get("workingDir") or self.image.folder
        command = self.image.command_for(self.spec)
        lines.append("PATH=$path; exec /usr/sbin/chroot " + quote(
            f"--userspec={self.user}:{self.group}", "--groups=", root,
            *(["/usr/bin/env", "-C", where] if where else []), *command))
        return "\n".join(lines)

    def start(self, hostname, env, log):
        os.makedirs(self.root, exist_ok=True)
        parent = os.getpid()

        def after_fork():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)
        # Its root stays root's own until chroot gives it away: what it may not do is kept by the
        # kernel, as the restricted profile has it.
        keep = "-all,+sys_admin,+sys_chroot,+setuid,+setgid,+dac_override,+chown,+fowner"
        self.child = subprocess.Popen(
            ["nsenter", f"--net={self.network}", "unshare", "--mount", "--uts", "--pid", "--fork",
             "--kill-child=KILL", "setpriv", "--no-new-privs", f"--bounding-set={keep}", "--",
             "/bin/sh", "-c", self.script(hostname)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            env={**env}, start_new_session=True, preexec_fn=after_fork)
        self.env = env

    def pid(self):
        """The process that is number 1 inside, as this machine counts; None before it is there."""
        if self.first is None and self.child is not None and self.child.poll() is None:
            found = children_of(self.child.pid)
            self.first = found[0] if found else None
        return self.first

    def exit_code(self):
        """None while it runs; 128 + n after signal n."""
        code = self.child.poll() if self.child else None
        if code is not None and self.killed:  # unshare can't end by that signal, and says 1
            return 128 + signal.SIGKILL
        return 128 - code if code is not None and code < 0 else code

    def signal(self, number):
        pid = self.pid()
        if pid is not None and self.exit_code() is None:
            self.killed = self.killed or number == signal.SIGKILL
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def is_entered(self):
        """Whether the command runs already, and no longer what builds its root."""
        try:
            return self.pid() is not None and os.readlink(f"/proc/{self.pid()}/root") != "/"
        except OSError:
            return False

    def run(self, command, timeout):
        """Runs a command inside, as `kubectl exec` does; (exit code or None for too late, text)."""
        deadline = time.monotonic() + timeout
        while not self.is_entered():
            if self.exit_code() is not None or time.monotonic() > deadline:
                return 126, "the container is not running"
            time.sleep(0.02)
        words = ["nsenter", "-t", str(self.pid()), "-m", "-u", "-n", "-p", "-r", "-w",
                 "-S", str(self.user), "-G", str(self.group), "--", *command]
        child = subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 start_new_session=True)
        try:
            text, _ = child.communicate(timeout=max(0.01, deadline - time.monotonic()))
            return child.returncode, text.decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            for pid in children_of(child.pid):
                os.kill(pid, signal.SIGKILL)
            child.communicate()
            return None, "no answer in time"
