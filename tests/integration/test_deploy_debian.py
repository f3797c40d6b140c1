"""The Debian package and its units, on a booted host: install, upgrade, rotate, hang, purge."""
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import subprocess

import pytest

import machine
from docs_pages import copy_repository
from process import REPOSITORY, plain_environment, wait_until

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("machine"),
              pytest.mark.skipif(not machine.supported(), reason="needs root and systemd-nspawn")]

with open(os.path.join(REPOSITORY, "debian", "changelog"), encoding="utf-8") as changelog:
    VERSION = re.match(r"probity \((.*)\)", changelog.read()).group(1)
NEXT = VERSION + "+next1"

SITE = """server {
    listen 80;
    access_log /var/log/nginx/access.log probity;
    include /usr/share/probity/nginx/probity-server.conf;
    location / { return 200 "ok"; }
}
"""
# Asks on one kept connection until told to stop; prints every answer that is no 200.
LOAD = """
import http.client, os, sys
count, link = 0, http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
while not os.path.exists("/run/enough"):
    link.request("GET", sys.argv[1])
    answer = link.getresponse()
    body = answer.read()
    count += 1
    if answer.status != 200:
        print(answer.status, body, flush=True)
print("asked", count)
"""


def build(tree, *options):
    done = subprocess.run(["dpkg-buildpackage", "-us", "-uc", "-b", *options], cwd=tree,
                          env=plain_environment({"DEB_BUILD_OPTIONS": "nocheck parallel=2"}),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The package as it is, and the next version: the same with another number."""
    folder = str(tmp_path_factory.mktemp("packages"))
    tree = copy_repository(os.path.join(folder, "tree"))
    build(tree)
    path = os.path.join(tree, "debian", "changelog")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f"({VERSION})", f"({NEXT})", 1))
    # Packed anew, and not compiled.
    subprocess.run("rm -rf debian/.debhelper debian/*.debhelper debian/*.substvars "
                   "debian/debhelper-build-stamp", shell=True, cwd=tree, check=True)
    build(tree, "-nc")
    shutil.rmtree(tree)
    return folder


@pytest.fixture
def host(folder, packages):
    made = machine.Machine(folder, shared={packages: "/packages"})
    made.start(60)
    yield made
    made.stop()


def install(host, version=VERSION):
    return host.sh(f"DEBIAN_FRONTEND=noninteractive dpkg -i /packages/probity_{version}_*.deb 2>&1")


def configure(host):
    """What README.Debian says."""
    host.write("/etc/nginx/conf.d/probity.conf", "include /usr/share/probity/nginx/probity-http.conf;\n")
    host.write("/etc/nginx/sites-available/default", SITE)
    host.sh("cd / && runuser -u postgres -- psql -q -c \"CREATE ROLE app LOGIN PASSWORD 'a-secret'\" "
            "-c 'CREATE DATABASE app OWNER app'")
    host.write("/etc/probity/credentials/DATABASE_URL", "postgresql://app:a-secret@127.0.0.1/app\n")
    host.sh("echo PROBITY_ACCESS_LOG=/var/log/nginx/access.log >>/etc/probity/probity.env")
    host.sh("nginx -t 2>&1 && systemctl reload nginx")
    host.run("systemctl", "start", "probity-migrate")
    host.run("systemctl", "enable", "probity.socket", "probity.service")
    host.run("systemctl", "restart", "probity.service")
    wait_ready(host)


def wait_ready(host):
    host.run("curl", "-fsS", "--retry", "30", "--retry-delay", "1", "--retry-all-errors",
             "http://127.0.0.1/health/ready")


def counted(host):
    text = host.sh("cd / && runuser -u postgres -- psql -At -c "
                   "'SELECT coalesce(sum(total), 0) FROM probity.route_minutes' app")
    return int(text)


def as_probity(host, *command):
    """With the daemon's environment, as the documentation says."""
    return host.run("systemd-run", "--quiet", "--pipe", "--wait",
                    "-p", "EnvironmentFile=/etc/probity/probity.env",
                    "-p", "LoadCredential=probity:/etc/probity/credentials", *command).stdout


class Load:
    """Asks without a pause while something is done to the host."""

    def __init__(self, host, path="/health/ready"):
        self.host, self.path = host, path

    def __enter__(self):
        self.host.sh("rm -f /run/enough")
        self.child = subprocess.Popen(self.host.inside("python3", "-c", LOAD, self.path),
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.host.sh("touch /run/enough")
        self.said = self.child.communicate(timeout=30)[0].splitlines()
        assert self.said[-1].startswith("asked ") and int(self.said[-1].split()[1]) > 100, self.said
        self.failed = self.said[:-1]


def test_a_package_is_installed_upgraded_and_purged(host):
    said = install(host)
    assert "warning" not in said.lower(), said
    states = host.sh("systemctl list-unit-files --no-legend 'probity*'").split()
    assert states.count("disabled") == 4, states
    assert host.sh("systemctl is-active probity.socket probity.service || true").split() == \
        ["inactive", "inactive"]
    assert host.sh("stat -c %a%U:%G /etc/probity/probity.env /etc/probity/credentials").split() == \
        ["640root:root", "700root:root"]
    host.sh("man -w probityd probity")

    # Nothing configured is no failure to start, but an answer that says what is missing.
    host.run("systemctl", "start", "probity.socket", "probity.service")
    unset = host.run("probity", "probe", "ready", check=False)
    assert unset.returncode == 1 and "no check is configured" in unset.stdout + unset.stderr
    assert "no check is configured" in host.show("probity", "StatusText")

    configure(host)
    wait_until(lambda: host.show("probity", "StatusText") == "ready", 5)
    host.sh("curl -fsS http://127.0.0.1/")
    wait_until(lambda: counted(host) > 0, 20, "requests in the ledger")

    # An upgrade keeps the configuration, the socket and every request.
    before = host.show("probity", "MainPID")
    socket = host.sh("stat -c %i /run/probity/probity.sock")
    with Load(host) as load:
        said = install(host, NEXT)
        wait_until(lambda: host.show("probity", "MainPID") not in (before, "0"), 20)
        host.run("systemctl", "restart", "probity")
        host.run("systemctl", "reload", "probity")
    assert load.failed == []
    assert host.sh("stat -c %i /run/probity/probity.sock") == socket
    assert host.sh("dpkg-query -W -f '${Version}' probity") == NEXT
    assert "PROBITY_ACCESS_LOG=" in host.sh("cat /etc/probity/probity.env")
    assert "obsolete" not in host.sh("dpkg-query -W -f '${Conffiles}' probity")

    # What goes away is what the package and its daemon made.
    host.sh("ls /var/lib/private/probity/history")
    host.sh("rm /etc/nginx/conf.d/probity.conf && sed -i '/probity/d' /etc/nginx/sites-available/default "
            "&& systemctl reload nginx")
    host.sh("dpkg --remove probity 2>&1")
    assert host.sh("ls /etc/probity /var/lib/private/probity").split() != []
    assert host.sh("systemctl --no-legend list-units 'probity*' --state=active").strip() == ""
    host.sh("dpkg --purge probity 2>&1")
    left = host.sh("ls -d /etc/probity /var/lib/probity /var/lib/private/probity /run/probity "
                   "/var/log/nginx/probity.log* /etc/systemd/system/*/probity* 2>/dev/null || true")
    assert left.split() == [], left
    assert "not-installed" in host.sh("dpkg-query -W -f '${db:Status-Status}' probity 2>&1 || "
                                      "echo not-installed")


def test_the_units_hold_what_they_promise(host):
    install(host)
    configure(host)

    # Nobody's account, nobody's rights, and no secret where others look.
    pid = host.show("probity", "MainPID")
    status = host.sh(f"cat /proc/{pid}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split()[0] != "0" and int(fields["CapEff"], 16) == 0
    assert int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
    assert "a-secret" not in host.sh(f"cat /proc/{pid}/environ; systemctl show probity")
    rating = host.sh("systemd-analyze security --no-pager probity.service | tail -n 1")
    assert float(rating.split(":")[1].split()[0]) <= 2.0, rating
    assert "a call that" not in host.journal("probity")

    # A crash is nobody's outage for longer than a restart takes.
    host.run("systemctl", "kill", "--signal=KILL", "probity.service")
    wait_until(lambda: host.show("probity", "MainPID") not in (pid, "0"), 20)
    wait_ready(host)

    # A configuration that can't be read: nginx says 503, and what is mended heals by itself.
    host.sh("echo PROBITY_CHECK_FALL=many >>/etc/probity/probity.env; systemctl restart probity || true")
    for _ in range(5):
        assert "503" in host.sh("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/health/ready")
    assert "PROBITY_CHECK_FALL" in host.journal("probity")
    host.sh("sed -i /PROBITY_CHECK_FALL/d /etc/probity/probity.env")
    wait_until(lambda: host.show("probity", "ActiveState") == "active", 20)
    wait_ready(host)

    # A process that hangs is replaced.
    host.sh("mkdir -p /run/systemd/system/probity.service.d; printf '[Service]\\nWatchdogSec=6s\\n' "
            ">/run/systemd/system/probity.service.d/quick.conf; systemctl daemon-reload; "
            "systemctl restart probity")
    pid = host.show("probity", "MainPID")
    host.run("systemctl", "kill", "--signal=STOP", "probity.service")
    wait_until(lambda: "Watchdog timeout" in host.journal("probity"), 30, "the watchdog")
    host.run("systemctl", "kill", "--signal=CONT", "probity.service", check=False)
    wait_until(lambda: host.show("probity", "MainPID") not in (pid, "0"), 30)
    wait_ready(host)

    # Who goes down says so first, and nginx hands it out.
    host.run("systemctl", "start", "probity-drain")
    stopping = subprocess.Popen(host.inside("systemctl", "stop", "probity-drain"))
    wait_until(lambda: "draining" in host.sh("curl -s http://127.0.0.1/health/ready"), 5)
    assert "200" in host.sh("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/health")
    assert stopping.wait(30) == 0
    host.run("systemctl", "restart", "probity")
    wait_ready(host)


ROTATIONS = {
    "as Debian's nginx has it": ("compress", "delaycompress"),
    "compressed at once": ("compress",),
    "named by the date": ("compress", "delaycompress", "dateext", "dateformat -%s"),
}


@pytest.mark.parametrize("options", ROTATIONS.values(), ids=ROTATIONS.keys())
def test_no_rotation_loses_a_line(host, options):
    install(host)
    configure(host)
    rules = ("daily", "rotate 14", "notifempty", "create 0640 www-data adm", "sharedscripts", *options,
             "postrotate", "  invoke-rc.d nginx rotate >/dev/null 2>&1", "endscript")
    host.write("/etc/rotate.conf", "\n".join(["/var/log/nginx/access.log {", *rules, "}", ""]))
    total = int(host.sh("wc -l </var/log/nginx/access.log"))
    for down in (False, False, True):  # and once while nobody reads
        if down:
            host.run("systemctl", "stop", "probity.socket", "probity.service")
        with Load(host, "/rotated") as load:
            host.sh("sleep 0.3")
            host.run("logrotate", "--force", "--state", "/run/rotated", "/etc/rotate.conf")
            host.sh("sleep 1.1")
        assert load.failed == []
        total += int(load.said[-1].split()[1])
        if down:
            host.run("systemctl", "start", "probity.socket", "probity.service")
        if down and "delaycompress" not in options:
            as_probity(host, "probity", "backfill", *host.sh("ls /var/log/nginx/access.log*").split())
        wait_until(lambda: counted(host) == total, 30, f"{total} requests in the ledger")


def test_the_package_has_no_errors(packages):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning",
                           os.path.join(packages, f"probity_{VERSION}_amd64.changes")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
