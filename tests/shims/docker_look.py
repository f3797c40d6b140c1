"""docker_look.py - what the stand-in for docker shows of its containers: inspect, ps, logs."""
# SPDX-License-Identifier: MIT
import argparse
import json
import os
import re
import sys
import time

from container import ContainerError
from containers import full_name

HERE = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ContainerError(f"{self.prog}: {message} (this docker is a stand-in; "
                             f"see {HERE})")


def parser_for(name):
    return Parser(prog=f"docker {name}", add_help=False, allow_abbrev=False)


def follow(container, streams=("stdout", "stderr"), skip=0):
    """Prints the output as it comes; returns the exit code when the container has ended."""
    while True:
        alive = container.alive()
        entries = container.log_entries()
        for entry in entries[skip:]:
            if entry["stream"] in streams:
                print(entry["log"], end="", flush=True,
                      file=sys.stdout if entry["stream"] == "stdout" else sys.stderr)
        skip = len(entries)
        if not alive:
            return container.wait()
        time.sleep(0.05)


def do_logs(engine, arguments):
    parser = parser_for("logs")
    parser.add_argument("-f", "--follow", action="store_true")
    parser.add_argument("-n", "--tail", default="all")
    parser.add_argument("-t", "--timestamps", action="store_true")
    parser.add_argument("name")
    options = parser.parse_args(arguments)
    container = engine.container(options.name)
    if options.follow:
        follow(container)
        return
    if options.tail != "all":
        sys.stdout.writelines(container.logs().splitlines(True)[-int(options.tail):])
        return
    for entry in container.log_entries():
        print(entry["log"], end="", flush=True,
              file=sys.stdout if entry["stream"] == "stdout" else sys.stderr)


def describe(container):
    """As much of `docker inspect` as there is."""
    spec, state = container.spec, container.state
    networks, ports = state.pop("Networks"), state.pop("Ports")
    first = next(iter(networks.values()), {})
    return {"Id": container.id, "Created": spec["created"], "Name": "/" + spec["name"],
            "Image": "sha256:" + spec["image_id"], "State": state,
            "RestartCount": state.get("RestartCount", 0),
            "Config": {"Image": spec["image"], "User": spec["user"], "Hostname": spec["hostname"],
                       "Env": [f"{name}={value}" for name, value in spec["env"].items()],
                       "Cmd": spec["command"], "WorkingDir": spec["workdir"],
                       "StopSignal": spec["stop_signal"], "Labels": spec["labels"]},
            "HostConfig": {"ReadonlyRootfs": spec["read_only"], "Memory": spec["memory_bytes"],
                           "Tmpfs": spec["tmpfs"], "NetworkMode": spec["network"],
                           "RestartPolicy": {"Name": spec["restart"]}},
            "Mounts": [{"Source": source, "Destination": target, "RW": mode != "ro"}
                       for source, target, mode in spec["binds"]],
            "NetworkSettings": {"Networks": networks, "Ports": ports,
                                "IPAddress": first.get("IPAddress", "")}}


def do_inspect(engine, arguments):
    parser = parser_for("inspect")
    parser.add_argument("-f", "--format")
    parser.add_argument("--type")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(arguments)
    found = []
    for name in options.names:
        try:
            found.append(describe(engine.container(name)))
        except ContainerError:
            image = engine.image(name)
            found.append({"Id": "sha256:" + image.id, "RepoTags": [full_name(name)],
                          "Config": image.config})
    if options.format:
        for entry in found:
            print(fill(options.format, entry))
    else:
        print(json.dumps(found, indent=4))


def fill(template, entry):
    """Go's template language as far as {{.A.B}} and {{json .A}}."""
    def value(match):
        words = match[1].split()
        as_json = words[0] == "json"
        path = words[1] if as_json else words[0]
        if len(words) > 2 or not path.startswith("."):
            raise ContainerError(f"the template {match[0]} is not known here")
        at = entry
        for name in filter(None, path.split(".")):
            if not isinstance(at, dict) or name not in at:
                raise ContainerError(f"template: map has no entry for key {name!r}")
            at = at[name]
        return json.dumps(at) if as_json or isinstance(at, (dict, list)) else \
            str(at).lower() if isinstance(at, bool) else str(at)
    return re.sub(r"{{\s*(.+?)\s*}}", value, template)


def status_of(container):
    state = container.state
    if state["Status"] == "running":
        return "Up" + (f" ({container.health})" if container.health else "")
    if state["Status"] == "exited":
        return f"Exited ({state['ExitCode']})"
    return state["Status"].capitalize()


def do_ps(engine, arguments):
    parser = parser_for("ps")
    parser.add_argument("-a", "--all", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("--no-trunc", action="store_true")
    parser.add_argument("--format")
    parser.add_argument("-f", "--filter", action="append", default=[])
    options = parser.parse_args(arguments)
    rows = []
    for container in engine.containers():
        if not options.all and not container.alive():
            continue
        row = {"ID": container.id[:12], "Image": container.spec["image"],
               "Names": container.name, "Status": status_of(container),
               "State": container.state["Status"], "Ports": ", ".join(
                   f"{entry['HostIp']}:{entry['HostPort']}->{inner}"
                   for inner, outer in container.state["Ports"].items() for entry in outer)}
        wanted = [text.partition("=")[::2] for text in options.filter]
        if all(value in row[{"name": "Names", "health": "Status", "status": "State"}[name]]
               for name, value in wanted):
            rows.append(row)
    if options.quiet:
        print("".join(row["ID"] + "\n" for row in rows), end="")
    elif options.format:
        for row in rows:
            print(fill(options.format.removeprefix("table "), row))
    else:
        table(rows, ("ID", "Image", "Status", "Ports", "Names"))


def table(rows, names):
    widths = [max([len(name), *(len(row[name]) for row in rows)]) for name in names]
    for row in [dict(zip(names, map(str.upper, names))), *rows]:
        print("   ".join(row[name].ljust(width) for name, width in zip(names, widths)).rstrip())
