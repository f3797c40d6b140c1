"""containers.py - builds images with buildah and runs them as their configuration says.

There is no engine on this machine, and none is needed: buildah builds and unpacks, and the
processes get the namespaces, mounts, account and limits that Docker would give them.  Needs root.
Images that can't be fetched are made from Debian packages (BASE) or stand-ins (tests/shims/images).
"""
# SPDX-License-Identifier: MIT
import contextlib
import fcntl
import functools
import glob
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time

from container import Container, ContainerError
from container_init import under
from container_net import Network
from container_supervisor import now, write_json
from process import REPOSITORY

BASE = "docker.io/library/debian:bookworm-slim"
BASE_MAX_AGE_S = 7 * 86400
# What the image of that name on Docker Hub leaves out as well.
SLIM = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*",
        "/usr/share/groff/*", "/usr/share/lintian/*", "/usr/share/linda/*")
STAND_INS = os.path.join(REPOSITORY, "tests", "shims", "images")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
MISSING = "nobody may run containers here: it takes root, buildah and mmdebstrap"


def supported():
    """Whether this machine can do it at all, for pytest.mark.skipif."""
    return os.geteuid() == 0 and bool(shutil.which("buildah")) and bool(shutil.which("mmdebstrap"))


def seconds(value, default=0.0):
    """A duration as Dockerfiles (nanoseconds in an image) and compose files (1m30s) have it."""
    if value in (None, "", 0):
        return default
    if isinstance(value, (int, float)):
        return value / 1e9
    return sum(float(number) * UNITS[unit] for number, unit in DURATION.findall(value))


def full_name(name):
    """`probity` is docker.io/library/probity:latest to Docker and localhost/probity to buildah."""
    return name if ":" in name.rpartition("/")[2] else name + ":latest"


class Image:
    def __init__(self, engine, name, data):
        self.engine, self.name, self.id = engine, name, data["FromImageID"]
        self.config = data["Docker"].get("config") or {}

    @property
    def labels(self):
        return self.config.get("Labels") or {}

    def health(self):
        return read_health(self.config.get("Healthcheck"))

    @contextlib.contextmanager
    def mounted(self):
        """The image's files, to look at."""
        name = "look-" + secrets.token_hex(4)
        self.engine.buildah("from", "--pull-never", "--name", name, self.id)
        try:
            yield self.engine.buildah("mount", name).strip()
        finally:
            self.engine.buildah("rm", name)


def read_health(config):
    """Of an image or `docker run --health-…`; None where nothing is to be asked."""
    test = (config or {}).get("Test") or []
    if not test or test[0] == "NONE":
        return None
    command = ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
    return {"test": command, "interval": seconds(config.get("Interval"), 30.0),
            "timeout": seconds(config.get("Timeout"), 30.0),
            "start_period": seconds(config.get("StartPeriod")),
            "start_interval": seconds(config.get("StartInterval")),
            "retries": config.get("Retries") or 3}


class Engine:
    """Images, networks, volumes and containers of one folder, which several processes may share.

    PROBITY_CONTAINERS names the folder; by default it stands beside the build under test, so that
    a second run finds the base and the layers that have not changed.
    """

    def __init__(self, store=None):
        build = os.environ.get("PROBITY_BUILD")
        store = store or os.environ.get("PROBITY_CONTAINERS") or \
            (build and os.path.join(build, "containers"))
        if not store:
            raise ContainerError("PROBITY_CONTAINERS is not set: it names the folder for images")
        if not supported():
            raise ContainerError(MISSING)
        self.store, self.made = os.path.abspath(store), []
        for name in ("containers", "networks", "volumes", "layers"):
            os.makedirs(os.path.join(self.store, name), exist_ok=True)

    def path(self, *names):
        return os.path.join(self.store, *names)

    @contextlib.contextmanager
    def locked(self, name):
        with open(self.path(f"{name}.lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # Tools.
    @functools.cached_property
    def driver(self):
        """overlay where the folder's file system can hold it, else vfs, which copies everything."""
        remembered = self.path("driver")
        with contextlib.suppress(FileNotFoundError):
            with open(remembered, encoding="ascii") as file:
                return file.read()
        with self.locked("driver"):
            tries = [self.path("try", name) for name in ("lower", "upper", "work", "merged")]
            for folder in tries:
                os.makedirs(folder, exist_ok=True)
            options = f"lowerdir={tries[0]},upperdir={tries[1]},workdir={tries[2]}"
            done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, tries[3]],
                                  capture_output=True, check=False)
            if done.returncode == 0:
                subprocess.run(["umount", tries[3]], check=False)
            shutil.rmtree(self.path("try"), ignore_errors=True)
            driver = "overlay" if done.returncode == 0 else "vfs"
            with open(remembered, "w", encoding="ascii") as file:
                file.write(driver)
        return driver

    def tool(self, name):
        return [name, "--root", self.path("layers"), "--runroot", self.path("layers-run"),
                "--storage-driver", self.driver]

    def buildah(self, *arguments):
        done = subprocess.run([*self.tool("buildah"), *arguments], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise ContainerError(f"buildah {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    # Images.
    def base(self):
        """Debian's own packages under the name that Dockerfiles use; made once, and anew each week."""
        marker = self.path("base")
        with self.locked("base"):
            fresh = os.path.exists(marker) and time.time() - os.stat(marker).st_mtime < BASE_MAX_AGE_S
            if fresh and self.has(BASE):
                return BASE
            archive = self.path("base.tar")
            run_outside(["mmdebstrap", "--quiet", "--variant=minbase",
                         *(f"--dpkgopt=path-exclude={path}" for path in SLIM),
                         "--dpkgopt=path-include=/usr/share/doc/*/copyright",
                         "bookworm", archive])
            name = "base-" + secrets.token_hex(4)
            self.buildah("from", "--name", name, "scratch")
            self.buildah("add", name, archive, "/")
            self.buildah("config", "--cmd", "bash", "--env",
                         "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", name)
            self.buildah("commit", "--quiet", "--format", "docker", name, BASE)
            self.buildah("rm", name)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(archive)
            with open(marker, "w", encoding="ascii"):
                pass
        return BASE

    def has(self, name):
        try:
            self.buildah("inspect", "--type", "image", name)
            return True
        except ContainerError:
            return False

    def image(self, name):
        """An image that is here; for the few names of tests/shims/images a stand-in is made."""
        try:
            data = self.buildah("inspect", "--type", "image", name)
        except ContainerError:
            if not self.provide(name):
                raise ContainerError(
                    f"no image {name}: build it first; registries are not asked") from None
            data = self.buildah("inspect", "--type", "image", name)
        return Image(self, name, json.loads(data))

    def provide(self, name):
        """Makes the base, or a stand-in from Debian's packages, for a name on Docker Hub."""
        short = name.removeprefix("docker.io/").removeprefix("library/")
        kind = short.partition(":")[0].partition("@")[0]
        if kind == "debian":
            self.base()
            self.buildah("tag", BASE, full_name(name))
            return True
        folder = os.path.join(STAND_INS, kind)
        if "/" in kind or not os.path.isdir(folder):
            return False
        print(f"{name}: a stand-in made of Debian's packages", file=sys.stderr)
        self.build(folder, tag=name)
        return True

    def build(self, context, tag, dockerfile=None, target=None, arguments=None, output=None):
        """Builds a Dockerfile; its steps really run, and what has not changed is not run again."""
        dockerfile = dockerfile or os.path.join(context, "Dockerfile")
        for name in foreign_images(dockerfile):
            if not self.has(name) and not self.provide(name):
                raise ContainerError(f"FROM {name}: this image can't be fetched here")
        command = [*self.tool("buildah"), "bud", "--layers", "--force-rm", "--isolation", "chroot",
                   "--pull=never", "--format", "docker", "--file", dockerfile]
        for name, value in (arguments or {}).items():
            command += ["--build-arg", f"{name}={value}"]
        if target:
            command += ["--target", target]
        log = self.path("build.log") if output is None else None
        with self.locked("build-" + re.sub(r"\W", "-", tag)):
            with contextlib.ExitStack() as files:
                out = files.enter_context(open(log, "w", encoding="utf-8")) if log else output
                done = subprocess.run(outside([*command, "--tag", tag, context]), stdout=out,
                                      stderr=subprocess.STDOUT if log else None, check=False)
        if done.returncode != 0:
            raise ContainerError(f"building {tag} failed" + (f"; log {log}:\n{tail(log)}"
                                                             if log else ""))
        return self.image(tag)

    # Networks and volumes.
    def network(self, name, ipv4=True, ipv6=False):
        """The network of that name, made where there is none."""
        network = Network(self.store, name)
        with self.locked("networks"):
            if not network.exists():
                taken = {Network(self.store, other).read()["index"]
                         for other in os.listdir(self.path("networks"))}
                network.create(next(n for n in range(1, 255) if n not in taken), ipv4, ipv6)
                self.made.append(network)
        return network

    def volume(self, name, root=None, target=None):
        """A named volume; an empty one gets what the image has at that place, as Docker does it."""
        folder = self.path("volumes", name)
        fresh = not os.path.isdir(folder)
        os.makedirs(folder, exist_ok=True)
        source = root and under(root, target)
        if fresh and source and os.path.isdir(source):
            subprocess.run(["cp", "-a", source + "/.", folder], check=True)
            status = os.stat(source)
            os.chown(folder, status.st_uid, status.st_gid)
            os.chmod(folder, status.st_mode & 0o7777)
        return folder

    # Containers.
    def run(self, image, command=None, **options):
        """Starts a container and returns it; see create() for the options."""
        return self.create(image, command, **options).start()

    def create(self, image, command=None, *, name=None, entrypoint=None, env=None, read_only=False,
               tmpfs=None, binds=(), volumes=(), user=None, memory_bytes=0, network="host",
               networks=(), aliases=(), ports=(), workdir=None, hostname=None, health=None,
               stop_signal=None, stop_timeout=10.0, restart="no", auto_remove=False,
               capabilities=None, no_new_privileges=False, add_hosts=(), labels=None,
               attached=True):
        """Makes a container and does not start it.

        tmpfs    {path: "size=1m,mode=1777"}     binds    [(source, target, "ro")]
        volumes  [(name, target, "rw")]          ports    [("127.0.0.1", 8080, 80)]
        network  "host", "none" (lo alone), "ipv6" (::1 and nothing else), "container:ID", or the
                 name of one that network() makes; `networks` are further ones
        attached it ends with the process that made it; not so for a command-line tool
        """
        image = image if isinstance(image, Image) else self.image(image)
        identity = secrets.token_hex(16)
        folder = self.path("containers", identity)
        config = image.config
        args = self.arguments(config, entrypoint, command)
        environment = dict(pair.split("=", 1) for pair in config.get("Env") or [])
        environment.update({key: str(value) for key, value in (env or {}).items()})
        if network not in ("host", "none", "ipv6") and not network.startswith("container:"):
            self.network(network)
        self.buildah("from", "--pull-never", "--name", identity, image.id)
        os.makedirs(folder)
        image_volumes = [target for target in config.get("Volumes") or {}
                         if target not in {entry[1] for entry in (*binds, *volumes)}
                         and target not in (tmpfs or {})]
        spec = {
            "id": identity, "name": name or "c" + identity[:12], "image": image.name,
            "image_id": image.id, "store": self.store, "buildah": self.tool("buildah"),
            "command": args, "env": environment, "user": user if user is not None
            else config.get("User", ""), "workdir": workdir or config.get("WorkingDir", ""),
            "hostname": hostname or identity[:12], "read_only": read_only, "tmpfs": tmpfs or {},
            "binds": [list(entry) for entry in binds], "memory_bytes": memory_bytes,
            "memory_limit_as": 0, "network": network, "networks": list(networks),
            "aliases": list(aliases), "ports": [list(port) for port in ports],
            "health": image.health() if health is None else health or None,
            "stop_signal": stop_signal or config.get("StopSignal") or "SIGTERM",
            "stop_timeout": stop_timeout, "restart": restart, "auto_remove": auto_remove,
            "capabilities": capabilities, "no_new_privileges": no_new_privileges,
            "labels": {**image.labels, **(labels or {})}, "attached": attached, "created": now()}
        wanted = [*volumes, *((f"{identity[:16]}-{number}", target, "rw")
                              for number, target in enumerate(image_volumes))]
        if wanted:
            with image.mounted() as root:
                for source, target, mode in wanted:
                    spec["binds"].append([self.volume(source, root, target), target, mode])
        spec["files"] = self.write_files(folder, spec, add_hosts)
        with open(os.path.join(folder, "owner"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        write_json(os.path.join(folder, "spec.json"), spec)
        write_json(os.path.join(folder, "state.json"),
                   {"Status": "created", "Running": False, "Pid": 0, "ExitCode": 0, "Error": "",
                    "Networks": {}, "Ports": {}, "RestartCount": 0})
        return Container(self, identity)

    @staticmethod
    def arguments(config, entrypoint, command):
        first = entrypoint if entrypoint is not None else config.get("Entrypoint") or []
        first = shlex.split(first) if isinstance(first, str) else list(first)
        rest = list(command) if command else []
        if not rest and entrypoint is None:
            rest = list(config.get("Cmd") or [])
        if not first + rest:
            raise ContainerError("no command specified")
        return first + rest

    @staticmethod
    def write_files(folder, spec, add_hosts):
        files = {"hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
                          + "".join(f"{address}\t{host}\n" for host, address in add_hosts),
                 "hostname": spec["hostname"] + "\n",
                 "resolv.conf": "nameserver 127.0.0.11\noptions ndots:0\n"}
        if spec["network"] == "host":
            with contextlib.suppress(FileNotFoundError):
                with open("/etc/resolv.conf", encoding="utf-8") as file:
                    files["resolv.conf"] = file.read()
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return {f"etc/{name}": os.path.join(folder, name) for name in files}

    def containers(self):
        found = [Container(self, os.path.basename(path))
                 for path in glob.glob(self.path("containers", "*"))
                 if os.path.exists(os.path.join(path, "spec.json"))]
        return sorted(found, key=lambda container: container.spec["created"])

    def container(self, name):
        """By name, or by the beginning of its id."""
        for container in self.containers():
            if container.spec["name"] == name or (len(name) >= 4
                                                  and container.id.startswith(name)):
                return container
        raise ContainerError(f"No such container: {name}")

    def close(self):
        """Ends and removes what this process started."""
        for container in self.containers():
            if container.spec["attached"] and container.owner() in (os.getpid(), None):
                container.remove(force=True)
        for network in self.made:
            if network.exists() and not network.read()["leases"]:
                network.remove()


def foreign_images(dockerfile):
    """The images that a Dockerfile's FROM and COPY --from name and it doesn't make itself."""
    stages, found, values = set(), [], {}
    with open(dockerfile, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if len(words) > 1 and words[0].upper() == "ARG" and "=" in words[1]:
                name, _, value = words[1].partition("=")
                values[name] = value.strip("\"'")
            if len(words) > 1 and words[0].upper() == "FROM":
                rest = [word for word in words[1:] if not word.startswith("--")]
                name = re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], ""), rest[0])
                if name not in stages and name != "scratch":
                    found.append(name)
                if len(rest) == 3:
                    stages.add(rest[2])
            for name in re.findall(r"^COPY.* --from=(\S+)", line, re.IGNORECASE):
                if name not in stages and not name.isdigit():
                    found.append(name)
    return found


def outside(command):
    """Where the page or test lives in a network of its own, builds use the one it came from."""
    network = os.environ.get("PROBITY_PAGE_NET")
    return ["nsenter", f"--net={network}", *command] if network else command


def run_outside(command):
    done = subprocess.run(outside(command), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ContainerError(f"{command[0]}: {done.stderr.strip()[-500:]}")


def tail(path, lines=25):
    with open(path, encoding="utf-8", errors="replace") as file:
        return "\n".join(file.read().splitlines()[-lines:])
