"""docs_pages.py - the pages of docs/deploy as programs: every ```sh block runs exactly as it stands.

A page is one `sh -e` in a copy of the repository, alone in namespaces of its own: all ports are free
there, and what it leaves running ends with it.  A ```console block shows what the block before it
prints; a block of a file's kind repeats a file of the repository, or a part of it.
"""
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import signal
import subprocess
import sys

from process import PYTHON, REPOSITORY, plain_environment

FENCE = re.compile(r"^( *)```([a-z]*)$")
NOT_RUN = re.compile(r"^\*Not run by our tests: it needs .+\.\*$")
FILES = ("yaml", "toml", "ini", "json", "dockerfile", "nginx", "typescript")
MARK = "@@ block at line "

# What differs from one run to the next, and is written on a page as it once was.
VARIES = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    r"\d+(?:\.\d+)? (?:ms|s|min)\b",
    r"\b[0-9a-f]{12,64}\b",
    r"\bpid \d+",
)
_TOKEN = re.compile("(" + "|".join([r"\s*…\s*", r"\s+", *VARIES]) + ")")


class Block:
    """What stands between two fences, and how it is meant."""

    def __init__(self, page, kind, line, indent):
        self.page, self.kind, self.line, self.indent = page, kind, line, indent
        self.lines = []
        self.closed = False
        self.wanted = True  # False after the line which says that our tests don't run it
        self.named = None   # the last path in backticks of the paragraph before

    def describe(self, paragraph):
        """Takes what the paragraph before it says about it."""
        self.wanted = not (paragraph and NOT_RUN.match(paragraph[-1].strip()))
        for name in re.findall(r"`([A-Za-z0-9_./-]+)`", " ".join(paragraph)):
            if os.path.isfile(os.path.join(REPOSITORY, name)):
                self.named = name

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    @property
    def runs(self):
        return self.kind == "sh" and self.wanted

    def __repr__(self):
        return f"{self.page}:{self.line}"


class Page:
    """One page: its blocks in order, and its prose without them."""

    def __init__(self, path, text=None):
        self.path = path
        self.name = os.path.basename(path)
        if text is None:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.text, self.blocks, self.prose = text, [], []
        self.parse()

    def parse(self):
        block, paragraph, ended = None, [], False
        for number, line in enumerate(self.text.splitlines(), 1):
            fence = FENCE.match(line)
            if block and not (fence and fence.group() == " " * block.indent + "```"):
                block.lines.append(line.removeprefix(" " * block.indent))
            elif block:
                block.closed, block, paragraph = True, None, []
            elif fence:
                block = Block(self.name, fence.group(2), number, len(fence.group(1)))
                block.describe(paragraph)
                self.blocks.append(block)
            else:
                self.prose.append(line)
                if line.strip():
                    paragraph = [line] if ended else [*paragraph, line]
                ended = not line.strip()

    def runnable(self):
        return [block for block in self.blocks if block.runs]

    def shown_after(self, block):
        """The ```console blocks that show what this block printed."""
        found, mine = [], False
        for other in self.blocks:
            if other.kind == "sh":
                mine = other is block
            elif mine and other.kind == "console":
                found.append(other)
        return found

    def script(self):
        """The blocks as one script; lines of ours, between them, tell their outputs apart."""
        return "".join(f"printf '\\n%s\\n' '{MARK}{block.line}'\n{block.text}"
                       for block in self.runnable())

    def outputs(self, printed):
        """What each block printed, by its line."""
        parts = re.split(rf"^{MARK}(\d+)$\n?", printed, flags=re.MULTILINE)
        return {int(line): text for line, text in zip(parts[1::2], parts[2::2])}


def shown_pattern(shown):
    """A ```console block as a pattern: white space is white space, `…` is anything."""
    made = []
    for token in filter(None, _TOKEN.split(shown.strip())):
        if token.strip() == "…":
            made.append(r"[\s\S]*?")
        elif token.isspace():
            made.append(r"\s+")
        else:
            varies = (form for form in VARIES if re.fullmatch(form, token))
            made.append(next(varies, re.escape(token)))
    return "".join(made)


def shows(shown, printed):
    return re.search(shown_pattern(shown), printed) is not None


def _bare(lines):
    """Lines without the indentation that all of them share, and without blank ones."""
    lines = [line.rstrip() for line in lines if line.strip()]
    shared = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [line[shared:] for line in lines]


def is_part(part, whole):
    """Whether the lines of `part` stand in `whole` one after the other; a line `…` leaves some out."""
    pieces, piece = [], []
    for line in part.splitlines():
        if line.strip().lstrip("#/ ") == "…":
            pieces.append(piece)
            piece = []
        else:
            piece.append(line)
    lines, start = [line for line in whole.splitlines() if line.strip()], 0
    for wanted in filter(None, map(_bare, [*pieces, piece])):
        found = next((at for at in range(start, len(lines) - len(wanted) + 1)
                      if _bare(lines[at:at + len(wanted)]) == wanted), None)
        if found is None:
            return False
        start = found + len(wanted)
    return True


class Stage:
    """What a page may count on.

    servers   "postgres" (127.0.0.1:5432, role, database app), "redis" (:6379), "app" (:8000)
    tools     whether `probity` and `probityd` of the build under test are in PATH
    path      folders that come first in PATH, below the repository
    env       further variables
    machine   whether it runs on a booted host of its own instead (machine.py), and nothing but that
    timeout   seconds for the whole page
    """

    def __init__(self, servers=(), tools=False, path=(), env=None, machine=False,
                 timeout=300):
        self.machine = machine
        self.servers, self.tools, self.path = tuple(servers), tools, tuple(path)
        self.env, self.timeout = dict(env or {}), timeout


def copy_repository(target):
    """All files of the tree, with what is not committed yet; no build, no history."""
    listed = subprocess.run(["git", "-C", REPOSITORY, "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, copied = os.path.join(REPOSITORY, name), os.path.join(target, name)
        if os.path.lexists(source):
            os.makedirs(os.path.dirname(copied), exist_ok=True)
            shutil.copy2(source, copied, follow_symlinks=False)
    return target


def container_store(folder):
    """Containers, networks and volumes of this page alone, over the images that everybody shares."""
    shared = os.environ.get("PROBITY_CONTAINERS") or os.path.join(
        os.environ.get("PROBITY_BUILD", folder), "containers")
    own = os.path.join(folder, "containers")
    os.makedirs(own)
    for name in ("layers", "layers-run"):
        os.makedirs(os.path.join(shared, name), exist_ok=True)
    for name in ("layers", "layers-run", "base", "driver"):
        os.symlink(os.path.join(os.path.abspath(shared), name), os.path.join(own, name))
    return own


def remove_containers(env):
    """Those that the page has left: their processes have ended with it, their files have not."""
    left = os.path.join(env["PROBITY_CONTAINERS"], "containers")
    if os.path.isdir(left) and os.listdir(left):
        docker = os.path.join(REPOSITORY, "tests", "shims", "docker")
        subprocess.run([docker, "rm", "-f", *os.listdir(left)], env=env, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stage_environment(stage, folder, network):
    path = [os.path.join(folder, "tree", name) for name in stage.path]
    if stage.tools:
        path.append(os.environ["PROBITY_BUILD"])
    env = plain_environment({"PROBITY_BUILD": os.environ.get("PROBITY_BUILD"),
                             "PROBITY_CONTAINERS": container_store(folder), **stage.env})
    env.update({"HOME": os.path.join(folder, "home"), "PATH": ":".join([*path, env["PATH"]]),
                # The first process of the page's namespaces holds it open, for those who build.
                "PROBITY_PAGE_NET": f"/proc/1/fd/{network}"})
    return env


def run_page(page, stage, folder):
    """Runs the page; returns what is wrong with it, as text, or nothing."""
    copy_repository(os.path.join(folder, "tree"))
    os.makedirs(os.path.join(folder, "home"))
    script, output = os.path.join(folder, "page.sh"), os.path.join(folder, "output")
    with open(script, "w", encoding="utf-8") as file:
        file.write(page.script())
    if stage.machine:
        return judge(page, *run_on_machine(page, stage, folder))
    with open(output, "wb") as sink, open("/proc/self/ns/net", "rb") as network, subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             PYTHON, os.path.abspath(__file__), folder, *stage.servers],
            stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            env=(env := stage_environment(stage, folder, network.fileno())),
            pass_fds=[network.fileno()]) as child:
        try:
            code = child.wait(stage.timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            code = f"nothing within {stage.timeout} s"
    remove_containers(env)
    with open(output, encoding="utf-8", errors="replace") as file:
        return judge(page, page.outputs(file.read()), code)


def run_on_machine(page, stage, folder):
    """Runs the page as root of a host that has booted; its ports are its own."""
    import machine  # pylint: disable=import-outside-toplevel
    host = machine.Machine(folder, shared={folder: "/root/page"})
    try:
        host.start(60)
        done = host.run("/bin/sh", "-c", "cd /root/page/tree && exec sh -e ../page.sh 2>&1",
                        check=False, timeout=stage.timeout)
        return page.outputs(done.stdout), done.returncode
    except subprocess.TimeoutExpired as late:
        return page.outputs((late.stdout or b"").decode()), f"nothing within {stage.timeout} s"
    finally:
        host.stop()


def judge(page, outputs, code):
    if code != 0:
        last = max(outputs, default=0)
        return f"{page.name}:{last}: the shell ended with {code}:\n{outputs.get(last, '')[-4000:]}"
    for block in page.runnable():
        printed = outputs.get(block.line)
        if printed is None:
            return f"{block}: the shell ended before it, as if all were well"
        for shown in page.shown_after(block):
            if not shows(shown.text, printed):
                return f"{shown}: this shows:\n{shown.text}but the block printed:\n{printed}"
    return None


# Inside: the first process of the page's namespaces.

def start_servers(folder, names):
    """Servers at the ports where people expect them: nobody else is in this network."""
    import servers  # pylint: disable=import-outside-toplevel
    made = {"postgres": lambda: servers.Postgres(os.path.join(folder, "servers"), port=5432),
            "redis": lambda: servers.Redis(os.path.join(folder, "servers"), port=6379),
            "app": lambda: servers.FakeApp(port=8000)}
    for name in names:
        server = made[name]()
        if name != "app":
            server.start()


def wait_for(child):
    """Waits for the shell, and for every orphan in between: nobody else does here."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def inside(folder, *names):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.makedirs(os.path.join(folder, "servers"), exist_ok=True)
    start_servers(folder, names)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.chdir(os.path.join(folder, "tree"))
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
            signal.signal(number, signal.SIG_DFL)
        os.execvp("sh", ["sh", "-e", os.path.join(folder, "page.sh")])
    code = wait_for(child)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    inside(*sys.argv[1:])
