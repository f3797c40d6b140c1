"""docker_compose.py - `docker compose` for the stand-in: docker-compose reads the file, this runs it."""
# SPDX-License-Identifier: MIT
import argparse
import os
import shutil
import subprocess
import sys
import time

import yaml

import docker_look
from container import ContainerError
from containers import read_health, seconds

KNOWN = {"build", "cap_drop", "command", "container_name", "depends_on", "deploy", "entrypoint",
         "environment", "expose", "healthcheck", "hostname", "image", "init", "labels", "mem_limit",
         "networks", "ports", "profiles", "read_only", "restart", "security_opt",
         "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes", "working_dir", "logging",
         "cpus", "pids_limit", "scale", "pull_policy"}
SIZES = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
PATIENCE_S = 300


def plain(value):
    """Without the second dollar that docker-compose keeps, so that its output can be its input."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


class Project:
    def __init__(self, engine, options):
        self.engine = engine
        self.files = options.file or [next(
            (name for name in ("compose.yaml", "compose.yml", "docker-compose.yaml",
                               "docker-compose.yml") if os.path.exists(name)), "compose.yaml")]
        self.env_file = options.env_file
        folder = os.path.basename(os.path.abspath(os.path.dirname(self.files[0]) or "."))
        self.name = options.project_name or os.environ.get("COMPOSE_PROJECT_NAME") \
            or self.env_value("COMPOSE_PROJECT_NAME") or folder
        self.model = plain(yaml.safe_load(self.config()))
        for name, service in self.model["services"].items():
            unknown = set(service) - KNOWN
            if unknown:
                raise ContainerError(f"compose: {name}: {', '.join(sorted(unknown))}: "
                                     "not known here")

    def env_value(self, wanted):
        """Of the .env beside the file, or of what --env-file names."""
        path = self.env_file or os.path.join(os.path.dirname(self.files[0]), ".env")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    name, _, value = line.strip().partition("=")
                    if name == wanted:
                        return value
        return None

    def config(self, *arguments):
        """What docker-compose makes of the files: checked, completed, variables put in."""
        if not shutil.which("docker-compose"):
            raise ContainerError("docker-compose is missing: ./scripts/deps deploy")
        command = ["docker-compose", "--project-name", self.name]
        for path in self.files:
            command += ["--file", path]
        if self.env_file:
            command += ["--env-file", self.env_file]
        done = subprocess.run([*command, "config", *arguments], capture_output=True, text=True,
                              check=False)
        sys.stderr.write(done.stderr)
        if done.returncode != 0:
            raise ContainerError("compose: the file was refused")
        return done.stdout

    # Names.
    def container_name(self, service):
        return self.model["services"][service].get("container_name") or f"{self.name}-{service}-1"

    def container(self, service):
        return self.engine.container(self.container_name(service))

    def find(self, service):
        try:
            return self.container(service)
        except ContainerError:
            return None

    def network_name(self, name):
        given = (self.model.get("networks") or {}).get(name) or {}
        return given.get("name") or f"{self.name}_{name}"

    def volume_name(self, name):
        given = (self.model.get("volumes") or {}).get(name) or {}
        return given.get("name") or f"{self.name}_{name}"

    def order(self, wanted):
        """The services and what they depend on, those first that others wait for."""
        found = []

        def visit(name):
            for other in self.dependencies(name):
                visit(other)
            if name not in found:
                found.append(name)
        for name in wanted or [name for name, service in self.model["services"].items()
                               if not service.get("profiles")]:
            if name not in self.model["services"]:
                raise ContainerError(f"compose: no such service: {name}")
            visit(name)
        return found

    def dependencies(self, name):
        given = self.model["services"][name].get("depends_on") or {}
        if isinstance(given, list):
            return {other: "service_started" for other in given}
        return {other: entry["condition"] for other, entry in given.items()}

    # Life.
    def image_name(self, name):
        service = self.model["services"][name]
        return service.get("image") or f"{self.name}-{name}"

    def build(self, name):
        build = self.model["services"][name]["build"]
        build = {"context": build} if isinstance(build, str) else build
        file = build.get("dockerfile")
        self.engine.build(build["context"], self.image_name(name),
                          os.path.join(build["context"], file) if file else None,
                          build.get("target"), build.get("args"), output=sys.stderr)

    def start(self, name, force_build=False):
        present = self.find(name)
        if present:
            return present if present.alive() else present.start()
        service = self.model["services"][name]
        if service.get("build") and (force_build or not self.engine.has(self.image_name(name))):
            self.build(name)
        print(f"starting {self.container_name(name)}", file=sys.stderr)
        return self.create(name).start()

    def create(self, name, command=None, **changes):
        service = self.model["services"][name]
        image = self.engine.image(self.image_name(name))
        networks = service.get("networks") or {"default": None}
        names = [self.network_name(network) for network in networks]
        for network, full in zip(networks, names):
            options = (self.model.get("networks") or {}).get(network) or {}
            self.engine.network(full, ipv6=bool(options.get("enable_ipv6")))
        aliases = [name, *(alias for entry in dict.fromkeys(networks) for alias in
                           ((networks[entry] or {}).get("aliases", [])
                            if isinstance(networks, dict) else []))]
        options = {
            "name": self.container_name(name), "entrypoint": service.get("entrypoint"),
            "env": {key: value for key, value in (service.get("environment") or {}).items()
                    if value is not None},
            "read_only": bool(service.get("read_only")), "tmpfs": self.tmpfs(service),
            "user": service.get("user"), "memory_bytes": memory(service), "network": names[0],
            "networks": names[1:], "aliases": aliases, "ports": list(ports(service)),
            "workdir": service.get("working_dir"), "hostname": service.get("hostname"),
            "health": self.health(service, image), "stop_signal": service.get("stop_signal"),
            "stop_timeout": seconds(service.get("stop_grace_period"), 10.0),
            "restart": service.get("restart", "no"), "attached": False,
            "capabilities": [] if "ALL" in service.get("cap_drop", []) else None,
            "no_new_privileges": any(text.startswith("no-new-privileges")
                                     for text in service.get("security_opt", [])),
            "labels": {"com.docker.compose.project": self.name,
                       "com.docker.compose.service": name}}
        options["binds"], options["volumes"] = self.volumes(service)
        command = command or service.get("command")
        if isinstance(command, str):
            import shlex  # pylint: disable=import-outside-toplevel
            command = shlex.split(command)
        return self.engine.create(image, command, **{**options, **changes})

    @staticmethod
    def health(service, image):
        given = service.get("healthcheck")
        if not given:
            return None
        if given.get("disable"):
            return {}
        config = dict(image.config.get("Healthcheck") or {})
        test = given.get("test")
        if test:
            config["Test"] = ["CMD-SHELL", test] if isinstance(test, str) else test
        for name, field in (("interval", "Interval"), ("timeout", "Timeout"),
                            ("start_period", "StartPeriod"), ("start_interval", "StartInterval")):
            if given.get(name):
                config[field] = seconds(given[name]) * 1e9
        if given.get("retries"):
            config["Retries"] = int(given["retries"])
        return read_health(config) or {}

    @staticmethod
    def tmpfs(service):
        given = service.get("tmpfs") or []
        given = [given] if isinstance(given, str) else given
        found = dict(text.partition(":")[::2] for text in given)
        for entry in service.get("volumes") or []:
            if isinstance(entry, dict) and entry["type"] == "tmpfs":
                found[entry["target"]] = ",".join(
                    f"{name}={value}" for name, value in (entry.get("tmpfs") or {}).items())
        return found

    def volumes(self, service):
        binds, volumes = [], []
        for entry in service.get("volumes") or []:
            if isinstance(entry, str):
                source, target, mode = (entry.split(":") + ["rw"])[:3]
            elif entry["type"] == "tmpfs":
                continue
            else:
                source, target = entry["source"], entry["target"]
                mode = "ro" if entry.get("read_only") else "rw"
            if source.startswith("/"):
                binds.append((source, target, mode))
            else:
                volumes.append((self.volume_name(source), target, mode))
        return binds, volumes

    def await_dependencies(self, name):
        for other, condition in self.dependencies(name).items():
            container = self.container(other)
            if condition == "service_healthy":
                self.await_health(other, container)
            elif condition == "service_completed_successfully" and container.wait(PATIENCE_S) != 0:
                raise ContainerError(f"service {other} didn't complete successfully: exit "
                                     f"{container.exit_code}\n{container.logs()[-2000:]}")

    @staticmethod
    def await_health(name, container):
        deadline = time.monotonic() + PATIENCE_S
        while container.health != "healthy":
            if not container.alive() or container.health == "unhealthy" \
                    or container.state["RestartCount"] > 3 or time.monotonic() > deadline:
                raise ContainerError(f"dependency failed to start: container {container.name} is "
                                     f"{container.health or 'without health'}"
                                     f"{'' if container.alive() else ' (exited)'}: {name}\n"
                                     + container.logs()[-2000:])
            time.sleep(0.1)


def memory(service):
    text = service.get("mem_limit") or ((service.get("deploy") or {}).get("resources") or {}).get(
        "limits", {}).get("memory")
    if not text:
        return 0
    text = str(text).lower().removesuffix("b")
    return int(text) if text.isdigit() else int(text[:-1]) * SIZES[text[-1]]


def ports(service):
    for entry in service.get("ports") or []:
        if isinstance(entry, dict):
            yield (entry.get("host_ip") or "127.0.0.1", int(entry.get("published") or 0),
                   int(entry["target"]))
        else:
            parts = str(entry).removesuffix("/tcp").split(":")
            yield (parts[-3] if len(parts) > 2 else "127.0.0.1",
                   int(parts[-2]) if len(parts) > 1 else 0, int(parts[-1]))


# Commands.

def do_config(project, options):
    print(project.config(*options.arguments), end="")


def do_build(project, options):
    for name in project.order(options.arguments):
        if project.model["services"][name].get("build"):
            project.build(name)


def do_up(project, options):
    words = options.arguments
    wait = "--wait" in words
    if not wait and not {"-d", "--detach"} & set(words):
        raise ContainerError("compose up: only with -d or --wait here")
    names = project.order([word for word in words if not word.startswith("-")])
    for name in names:
        project.await_dependencies(name)
        project.start(name, "--build" in words)
    if wait:
        for name in names:
            container = project.container(name)
            if container.health is not None:
                project.await_health(name, container)


def do_down(project, options):
    for name in reversed(project.order([])):
        container = project.find(name)
        if container:
            container.stop()
            container.remove()
    for name in list((project.model.get("networks") or {"default": None})) + ["default"]:
        network = project.engine.network(project.network_name(name))
        network.remove()
    if {"-v", "--volumes"} & set(options.arguments):
        for name in project.model.get("volumes") or {}:
            shutil.rmtree(project.engine.path("volumes", project.volume_name(name)),
                          ignore_errors=True)


def do_ps(project, options):
    docker_look.do_ps(project.engine, [
        *options.arguments, "--filter", f"name={project.name}-"])


def each(project, names, action):
    for name in project.order(names) if not names else names:
        container = project.find(name)
        if container:
            action(container)


def grace(words):
    """-t SECONDS and the services behind it."""
    time_limit, names, words = None, [], list(words)
    while words:
        word = words.pop(0)
        if word in ("-t", "--timeout", "-s", "--signal"):
            time_limit = words.pop(0)
        else:
            names.append(word)
    return time_limit, names


def do_stop(project, options):
    limit, names = grace(options.arguments)
    each(project, names or list(reversed(project.order([]))),
         lambda container: container.stop(float(limit) if limit else None))


def do_start(project, options):
    each(project, options.arguments, lambda container: container.start())


def do_restart(project, options):
    limit, names = grace(options.arguments)

    def restart(container):
        container.stop(float(limit) if limit else None)
        container.start()
    each(project, names, restart)


def do_kill(project, options):
    number, names = grace(options.arguments)
    each(project, names, lambda container: container.signal(number) if number
         else container.kill())


def do_logs(project, options):
    names = [word for word in options.arguments if not word.startswith("-")]
    for name in names or project.order([]):
        container = project.find(name)
        for line in container.logs().splitlines() if container else ():
            print(line if "--no-log-prefix" in options.arguments else f"{container.name}  | {line}")


def do_exec(project, options):
    words = [word for word in options.arguments]
    while words and words[0].startswith("-"):
        if words.pop(0) not in ("-T", "-i", "-t", "-it"):
            raise ContainerError("compose exec: only -T is known here")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    return project.container(words[0]).exec_here(words[1:])


def do_run(project, options):
    words, env = list(options.arguments), {}
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-e", "--env"):
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        elif word not in ("--rm", "-T", "--no-deps"):
            raise ContainerError(f"compose run: {word} is not known here")
    name = words.pop(0)
    for other in project.order([name])[:-1]:
        project.await_dependencies(other)
        project.start(other)
    project.await_dependencies(name)
    service = project.model["services"][name]
    container = project.create(
        name, words or None, name=f"{project.name}-{name}-run-{os.getpid()}", attached=True,
        aliases=[], ports=[], health={}, env={**(service.get("environment") or {}), **env})
    container.start()
    try:
        return docker_look.follow(container)
    finally:
        container.remove(force=True)


def do_version(_project, _options):
    print("a stand-in for docker compose")


def main(engine, words):
    parser = argparse.ArgumentParser(prog="docker compose", add_help=False, allow_abbrev=False)
    parser.add_argument("-f", "--file", action="append")
    parser.add_argument("-p", "--project-name")
    parser.add_argument("--env-file")
    parser.add_argument("--profile", action="append")
    parser.add_argument("command")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(words)
    known = globals().get(f"do_{options.command}")
    if not known:
        raise ContainerError(f"compose {options.command} is not known here")
    return known(None if options.command == "version" else Project(engine, options), options)
