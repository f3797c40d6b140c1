"""container_init.py - what becomes a container's first process, and what joins one that runs.

Everything here runs in a fork that ends in execve(2); what can't be done is one line on stderr and
the exit status that Docker has for it.
"""
# SPDX-License-Identifier: MIT
import os
import resource
import socket
import stat

import namespaces as ns

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
CANNOT_RUN, CANNOT_EXECUTE, NOT_FOUND = 125, 126, 127


def under(root, path):
    """Where the path leads in that root: an image's links are its own, /var/run for instance."""
    at, rest, links = root, [part for part in path.split("/") if part], 40
    while rest:
        part = rest.pop(0)
        if part in ("..", "."):
            at = os.path.dirname(at) if part == ".." and at != root else at
            continue
        step = os.path.join(at, part)
        if os.path.islink(step) and links:
            links -= 1
            target = os.readlink(step)
            at = root if target.startswith("/") else at
            rest = [word for word in target.split("/") if word] + rest
        else:
            at = step
    return at


# The file system.

def make_root(spec):
    """Mounts everything below the image's root and moves there."""
    root = spec["root"]
    ns.mount(None, "/", None, ns.MS_REC | ns.MS_PRIVATE)
    ns.mount(root, root, None, ns.MS_BIND | ns.MS_REC)
    for folder in ("proc", "sys", "dev", "etc"):
        os.makedirs(under(root, folder), exist_ok=True)
    ns.mount("proc", under(root, "proc"), "proc", ns.MS_NOSUID | ns.MS_NODEV | ns.MS_NOEXEC)
    mount_sys(under(root, "sys"))
    make_devices(under(root, "dev"))
    for name, source in spec["files"].items():
        bind_file(source, under(root, name), False)
    for target, options in spec["tmpfs"].items():
        mount_tmpfs(under(root, target), options)
    for source, target, mode in spec["binds"]:
        bind_path(source, under(root, target), "ro" in mode.split(","))
    if spec["read_only"]:
        ns.mount(None, root, None, ns.MS_REMOUNT | ns.MS_BIND | ns.MS_RDONLY)
    ns.pivot_root(root)


def mount_sys(target):
    try:
        ns.mount("sysfs", target, "sysfs", ns.MS_RDONLY | ns.MS_NOSUID | ns.MS_NODEV | ns.MS_NOEXEC)
    except OSError:
        ns.bind("/sys", target, True)


def make_devices(dev):
    ns.mount("tmpfs", dev, "tmpfs", ns.MS_NOSUID, "mode=755,size=64k")
    for name in DEVICES:
        ready = os.stat(f"/dev/{name}")
        os.mknod(f"{dev}/{name}", stat.S_IFCHR | 0o666, ready.st_rdev)
        os.chmod(f"{dev}/{name}", 0o666)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
                         ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{dev}/{name}")
    for name, kind, data in (("shm", "tmpfs", "mode=1777,size=64m"),
                             ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620,gid=5")):
        os.mkdir(f"{dev}/{name}")
        ns.mount(kind, f"{dev}/{name}", kind, ns.MS_NOSUID | ns.MS_NOEXEC, data)


def mount_tmpfs(target, options):
    """As runc: owned by root, with the mode that the image's folder has, else 1777."""
    mode = "1777"
    if os.path.isdir(target):
        mode = f"{stat.S_IMODE(os.stat(target).st_mode):o}"
    os.makedirs(target, exist_ok=True)
    flags, data = ns.MS_NOSUID | ns.MS_NODEV | ns.MS_NOEXEC, []
    for option in filter(None, options.split(",")):
        flag = {"ro": ns.MS_RDONLY, "noexec": ns.MS_NOEXEC, "nosuid": ns.MS_NOSUID,
                "nodev": ns.MS_NODEV}.get(option)
        if flag:
            flags |= flag
        elif option == "exec":
            flags &= ~ns.MS_NOEXEC
        elif "=" in option:
            data.append(option)
    if not any(part.startswith("mode=") for part in data):
        data.append(f"mode={mode}")
    ns.mount("tmpfs", target, "tmpfs", flags, ",".join(data))


def bind_path(source, target, read_only):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        ns.bind(source, target, read_only)
    else:
        bind_file(source, target, read_only)


def bind_file(source, target, read_only):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.lexists(target):
        with open(target, "w", encoding="ascii"):
            pass
    ns.bind(source, target, read_only)


# The account.

def find_account(text, root="/"):
    """USER[:GROUP] as an image's USER has it; returns uid, gid, groups, home.

    A number that /etc/passwd doesn't know gets group 0 and the home folder /, as Docker does it.
    """
    user, _, group = (text or "0").partition(":")
    entry = next((line for line in entries(root, "etc/passwd", 7) if user in (line[0], line[2])),
                 None)
    if entry is None and not user.isdigit():
        raise OSError(f"no user {user} in the image's /etc/passwd")
    uid = int(entry[2]) if entry else int(user)
    gid, home = (int(entry[3]), entry[5]) if entry else (0, "/")
    groups = [int(line[2]) for line in entries(root, "etc/group", 4)
              if entry and not group and entry[0] in line[3].split(",")]
    if group:
        known = next((line for line in entries(root, "etc/group", 4) if group in (line[0], line[2])),
                     None)
        if known is None and not group.isdigit():
            raise OSError(f"no group {group} in the image's /etc/group")
        gid = int(known[2]) if known else int(group)
    return uid, gid, groups or [gid], home


def entries(root, name, fields):
    try:
        with open(under(root, name), encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip("\n").split(":") for line in file]
    except FileNotFoundError:
        return []
    return [line for line in lines if len(line) >= fields]


# The program.

def execute(command, spec, user=None, workdir=None, env=None):
    """Becomes the command; the root and the namespaces are the container's already."""
    try:
        uid, gid, groups, home = find_account(user if user is not None else spec["user"])
        env = {"PATH": DEFAULT_PATH, "HOSTNAME": spec["hostname"], "HOME": home, **spec["env"],
               **(env or {})}
        enter_workdir(workdir or spec["workdir"] or "/")
        for descriptor in (0, 1, 2):
            give(descriptor, uid)
        ns.limit_capabilities(ns.DOCKER_CAPABILITIES if spec["capabilities"] is None
                              else spec["capabilities"])
        if spec["no_new_privileges"]:
            ns.forbid_new_privileges()
        ns.become(uid, gid, groups)
        ns.die_with_parent()  # forgotten by the kernel when the account changes
        os.umask(0o022)
        ns.default_signals()
    except OSError as error:
        fail(CANNOT_RUN, str(error))
    try:
        os.execvpe(command[0], command, env)
    except (FileNotFoundError, NotADirectoryError):
        fail(NOT_FOUND, f"{command[0]}: not found in the container")
    except OSError as error:
        fail(CANNOT_EXECUTE, f"{command[0]}: {error.strerror}")


def give(descriptor, uid):
    """The account may open /dev/stdout anew, as under Docker.  Only pipes are ours to give away."""
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, uid, -1)
    except OSError:
        pass


def enter_workdir(path):
    if not os.path.isdir(path):
        os.makedirs(path)
    os.chdir(path)


def fail(code, text):
    os.write(2, f"container: {text}\n".encode())
    os._exit(code)


def first_process(spec):
    """The rest of a fork that is process 1 of its namespaces already."""
    try:
        os.setsid()
        if spec["memory_limit_as"]:
            resource.setrlimit(resource.RLIMIT_AS, (spec["memory_limit_as"],) * 2)
        socket.sethostname(spec["hostname"])
        make_root(spec)
    except OSError as error:
        fail(CANNOT_RUN, str(error))
    execute(spec["command"], spec)


def join(pid, spec, command, **options):
    """Forks a process inside the container of `pid`; returns the one to wait for."""
    child = os.fork()
    if child == 0:
        try:
            ns.die_with_parent()
            enter_cgroup(spec.get("cgroup"))
            for name, kind in (("ipc", ns.NEWIPC), ("uts", ns.NEWUTS), ("net", ns.NEWNET),
                               ("pid", ns.NEWPID), ("mnt", ns.NEWNS)):
                ns.setns(f"/proc/{pid}/ns/{name}", kind)
        except OSError as error:
            fail(CANNOT_RUN, str(error))
        inner = os.fork()
        if inner == 0:
            ns.die_with_parent()
            os.setsid()
            execute(command, spec, **options)
        os._exit(exit_code(os.waitpid(inner, 0)[1]))
    return child


def enter_cgroup(path):
    if path:
        with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")


def exit_code(status):
    """As a shell counts: 128 and the signal for who was killed."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
