"""The tree of --enable-bundle: carried into roots that hold glibc and nothing else, or nothing at all,
it does everything; what it takes from its surroundings is found there, or asked for."""
# SPDX-License-Identifier: MIT
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from certificates import Authority
from process import REPOSITORY, Process, children_of, plain_environment

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakes"))

from fake_web import FakeWeb  # noqa: E402

pytestmark = [pytest.mark.long,
              pytest.mark.skipif(os.geteuid() != 0, reason="a root of its own needs root")]

PREFIX = "/opt/probity"
BUILD = os.path.join(REPOSITORY, ".build", "bundle")
BOUND_BYTES = 40 << 20  # nginx included
RESOLVER = "127.0.0.77"
GLIBC = "libc.so.6 libm.so.6 libresolv.so.2 ld-linux-*.so.*"


class Names(threading.Thread):
    """A name server that knows every name below bundle.test, as an IPv4 address."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((RESOLVER, 53))
        self.start()

    def run(self):
        while True:
            query, asker = self.socket.recvfrom(512)
            end = query.index(b"\0", 12) + 5
            known = b"\6bundle\4test\0\0\1" in query  # type A; others get an answer without records
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + socket.inet_aton("127.0.0.1")
            self.socket.sendto(query[:2] + b"\x81\x80\0\1" + (b"\0\1" if known else b"\0\0") + b"\0" * 4
                               + query[12:end] + (answer if known else b""), asker)


class Root:
    """A root that holds a tree and /etc/resolv.conf; and glibc, if wanted."""

    def __init__(self, folder, tree, place, glibc=False):
        self.folder, self.place = folder, place
        for name in ("etc", "proc", "tmp", "run"):
            os.makedirs(os.path.join(folder, name))
        shutil.copytree(tree, folder + place, symlinks=True)
        self.write("/etc/resolv.conf", f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n")
        if glibc:
            multiarch = glob.glob("/lib/*-linux-gnu*/libc.so.6")[0].rsplit("/", 1)[0]
            os.makedirs(folder + multiarch)
            for pattern in GLIBC.split():
                for path in glob.glob(os.path.join(multiarch, pattern)):
                    shutil.copy(path, folder + multiarch)
            shutil.copytree("/lib64", folder + "/lib64")

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.folder + path), exist_ok=True)
        with open(self.folder + path, "w", encoding="ascii") as file:
            file.write(text)

    def command(self, name, *arguments):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={self.folder}",
                "--mount-proc", f"{self.place}/bin/{name}", *arguments]

    def run(self, name, *arguments, env=None):
        return subprocess.run(self.command(name, *arguments), env=plain_environment(env),
                              capture_output=True, text=True, timeout=60, check=False)


class Daemon(Process):
    name = "probityd"

    def __init__(self, folder, root, env):
        super().__init__(folder)
        self.root, self.env = root, env

    def command(self):
        return self.root.command("probityd")

    def environment(self):
        return self.env

    def ready(self):
        return self.root.run("probity", "probe", "ready", "-q", env=self.env).returncode == 0

    def libraries(self):
        """What the running process has loaded, as its own root names it."""
        with open(f"/proc/{children_of(self.pid)[0]}/maps", encoding="ascii") as maps:
            lines = [line.split() for line in maps if ".so" in line]
        return {line[5].removeprefix(self.root.folder) for line in lines}


def make(*arguments):
    done = subprocess.run(["make", "-s", *arguments], cwd=BUILD, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def files_below(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names)


def total_bytes(paths):
    return sum(os.path.getsize(path) for path in paths if not os.path.islink(path))


def build(kind, target):
    """One build for both kinds: what they differ in are the programs' last link and the copies."""
    os.makedirs(BUILD, exist_ok=True)
    subprocess.run([os.path.join(REPOSITORY, "configure"), "-q", f"--prefix={PREFIX}",
                    f"--enable-bundle={kind}", "CFLAGS=-O1"], cwd=BUILD, check=True)
    make(f"-j{os.cpu_count()}")
    make("install-strip", f"DESTDIR={target}")
    return target


@pytest.fixture(scope="module")
def trees(shared):
    """Both kinds of tree, each in a folder that stands for the root of an image."""
    return {kind: build(kind, os.path.join(shared.path, kind)) for kind in ("yes", "libc")}


class World:
    """Servers that are known by names alone, one of them by a certificate of our own authority."""

    def __init__(self, shared):
        self.names = Names()
        self.postgres, self.redis = shared.postgres(), shared.redis()
        self.authority = Authority(os.path.join(shared.path, "authority"))
        self.web = shared.add(FakeWeb({"/": (200, b"ok")},
                                      self.authority.issue("DNS:web.bundle.test")), start=False)

    def env(self):
        return {
            "PROBITY_APP": f"https://web.bundle.test:{self.web.port}/",
            "DATABASE_URL": self.postgres.url().replace("127.0.0.1", "db.bundle.test"),
            "REDIS_URL": self.redis.url().replace("127.0.0.1", "redis.bundle.test"),
            "PROBITY_LISTEN": "/run/probity.sock", "PROBITY_STATE_DIR": "/tmp",
            "JWT_SECRET_KEY": "k" * 32, "PROBITY_ACCESS_LOG": "/tmp/access.log",
        }

    def certificate(self):
        with open(self.authority.path, encoding="ascii") as file:
            return file.read()

    def hashed(self):
        """The name by which OpenSSL looks for the authority in a folder."""
        return subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", self.authority.path],
                              capture_output=True, text=True, check=True).stdout.strip() + ".0"


@pytest.fixture(scope="module")
def world(shared):
    return World(shared)


def everything_works(start, root, world):
    """Migrate, doctor, the daemon, and the question whether it is ready."""
    root.write("/tmp/access.log", "")
    done = root.run("probity", "migrate", "upgrade", env=world.env())
    assert done.returncode == 0, done.stdout + done.stderr
    daemon = start.add(Daemon(start.subfolder(), root, world.env()))
    done = root.run("probity", "doctor", env=world.env())
    assert done.returncode == 0, done.stdout + done.stderr
    return daemon.libraries()


def test_the_plain_tree_works_at_another_place_beside_nothing_but_glibc(start, trees, world):
    root = Root(start.subfolder(), trees["yes"] + PREFIX, "/srv/moved", glibc=True)
    root.write("/etc/ssl/certs/" + world.hashed(), world.certificate())
    loaded = everything_works(start, root, world)
    assert len([path for path in loaded if path.startswith("/srv/moved/lib/probity/")]) > 20
    for path in loaded:
        assert path.startswith("/srv/moved/") or "/libc.so" in path or "/libm.so" in path \
            or "/libresolv.so" in path or "/ld-linux-" in path


def test_the_tree_with_glibc_works_where_there_is_nothing_at_all(start, trees, world):
    root = Root(start.subfolder(), trees["libc"] + PREFIX, PREFIX)
    root.write("/etc/ssl/cert.pem", world.certificate())
    loaded = everything_works(start, root, world)
    assert all(path.startswith(PREFIX + "/lib/probity/") for path in loaded)


def test_libraries_of_the_image_are_not_taken_for_ours(start, trees):
    root = Root(start.subfolder(), trees["yes"] + PREFIX, PREFIX, glibc=True)
    root.write("/usr/local/lib/libpq.so.5", "not a library")
    done = root.run("probity", "version", env={"LD_LIBRARY_PATH": "/usr/local/lib"})
    assert done.returncode == 0, done.stderr


def test_what_an_image_lacks_is_named(start, trees, world):
    root = Root(start.subfolder(), trees["libc"] + PREFIX, PREFIX)
    done = root.run("probity", "doctor", "app", env=world.env())
    assert "no authorities are on this system: install ca-certificates" in done.stdout
    zone = "Europe/Berlin"
    root.write("/tmp/slo.yaml", f"""
apiVersion: openslo/v1
kind: SLO
metadata: {{ name: monthly }}
spec:
  service: app
  indicator: {{ metadata: {{ name: a }}, spec: {{ thresholdMetric: {{ metricSource: {{ type: probity, spec: {{}} }} }} }} }}
  timeWindow: [{{ duration: 1M, isRolling: false, calendar: {{ startTime: "2026-01-01 00:00:00", timeZone: {zone} }} }}]
  budgetingMethod: Occurrences
  objectives: [{{ op: lt, value: 500, target: 0.95 }}]
""")
    done = root.run("probity", "slo", "lint", "/tmp/slo.yaml")
    assert f'no time zone "{zone}": it has none but UTC: install tzdata' in done.stdout + done.stderr
    root.write("/tmp/slo.yaml", open(root.folder + "/tmp/slo.yaml", encoding="ascii").read()
               .replace(zone, "UTC"))
    done = root.run("probity", "slo", "lint", "/tmp/slo.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_tree_and_nginx_stay_below_the_bound(trees, capsys):
    listing = subprocess.run(["dpkg-query", "-L", "nginx", "nginx-common"], capture_output=True,
                             text=True, check=True).stdout.split("\n")
    nginx = total_bytes([path for path in listing if os.path.isfile(path)])
    for kind, folder in trees.items():
        tree = total_bytes(files_below(folder))
        with capsys.disabled():
            print(f"\n--enable-bundle={kind}: {tree / (1 << 20):.1f} MiB, "
                  f"with nginx {(tree + nginx) / (1 << 20):.1f} of {BOUND_BYTES >> 20} MiB")
        assert tree + nginx <= BOUND_BYTES


def test_every_library_brings_its_licence(trees):
    tree = trees["libc"] + PREFIX
    licences = os.path.join(tree, "share/doc/probity/licences")
    brought = set(os.listdir(licences))
    assert {"libc6", "libpq5", "libssl3", "zlib1g"} <= brought
    for name in brought:
        with open(os.path.join(licences, name), encoding="utf-8",
                  errors="replace") as file:
            referred = set(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", file.read()))
        assert {"common-" + other for other in referred} <= brought, name
    for library in os.listdir(os.path.join(tree, "lib/probity")):
        owners = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True,
                                check=True).stdout
        assert {line.split(":")[0] for line in owners.splitlines()} & brought, library


def test_uninstall_takes_away_what_install_has_brought(trees, start):
    target = start.subfolder()
    make("install", f"DESTDIR={target}")
    # What the last configure was for: the tree with glibc.
    assert files_below(target) == [path.replace(trees["libc"], target)
                                   for path in files_below(trees["libc"])]
    make("uninstall", f"DESTDIR={target}")
    assert not files_below(target)
