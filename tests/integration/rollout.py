"""rollout.py - the rolling deploy played through: the world around it, the accounts, and the table.

Two instances of the service stand behind a real HAProxy, with a real Postgres and Redis, under load
that never pauses; railway.py and rollout_kubelet.py replace one by the other as the platforms do.
scripts/rollout is the program, test_deploy_rollout.py the short version.
"""
# SPDX-License-Identifier: MIT
import collections
import glob
import json
import os
import re
import shutil
import signal

from haproxy import HAProxy
from process import PYTHON, REPOSITORY, Process, can_reach, children_of
from recount import recount
from servers import Postgres, Redis, build_path

APP = os.path.join(REPOSITORY, "tests", "integration", "rollout_app.py")
GOOD_SECONDS, BAD_SECONDS = 30, 8  # until a good version must be ready; how long a bad one may try
LOAD = os.path.join(REPOSITORY, "tests", "integration", "load.py")
NOBODY = "nobody"


class Container(Process):
    """A process in a PID namespace of its own: with its first process all of it ends, at once.

    It runs as nobody where that can be, as images do.
    """

    def __init__(self, folder, name, command, env):
        self.name = name
        super().__init__(folder)
        self.words, self.env = command, env
        self.reports = os.path.join(self.folder, "log", "sanitizer")
        lowered = os.geteuid() == 0 and can_reach(NOBODY, build_path("probity")) \
            and can_reach(NOBODY, REPOSITORY)
        self.as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] \
            if lowered else []

    def command(self):
        for path, _, _ in os.walk(self.folder):
            if self.as_nobody:
                shutil.chown(path, NOBODY, "nogroup")
        alone = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
        return ["unshare", *alone, "--pid", "--fork", "--kill-child", "--mount-proc",
                *self.as_nobody, *self.words]

    def environment(self):
        options = f"log_path={self.reports}:exitcode=99:print_stacktrace=1"
        return {"ASAN_OPTIONS": options, "UBSAN_OPTIONS": options, **self.env}

    def signal(self, number):
        """To the first process of the namespace."""
        for pid in children_of(self.pid):
            os.kill(pid, number)

    def kill(self):
        """What a platform does when its patience is over: all processes are gone at once."""
        if self.alive():
            self.signal(signal.SIGKILL)
        self.reap()

    def reports_of_sanitizers(self):
        found = []
        for path in glob.glob(self.reports + "*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                found.append(f"{path}:\n{file.read()}")
        return found


# Ours, nginx's, Python's, a sanitizer's.
_complaint = re.compile(r'"level": "error"|\[(error|crit|alert|emerg)\]|^Traceback|Sanitizer')


def complaints_in(log):
    """The lines of a good version's log that it should not have."""
    return [line for line in log.splitlines() if _complaint.search(line)]


def logs_below(folder):
    return sorted(glob.glob(os.path.join(folder, "access.log*")))


class Load(Process):
    """load.py as a process of its own, and what it has written so far."""

    name = "load"

    def __init__(self, folder, port):
        super().__init__(folder)
        self.port, self.path, self.read_to = port, os.path.join(self.folder, "load"), 0
        self.records = []

    def command(self):
        return [PYTHON, LOAD, str(self.port), self.path]

    def news(self):
        """The requests that have ended since it was last asked."""
        with open(self.path, encoding="utf-8") as file:
            file.seek(self.read_to)
            text = file.read()
        whole = text[:text.rfind("\n") + 1]
        self.read_to += len(whole.encode())
        found = [Record(*json.loads(line)) for line in whole.splitlines()]
        self.records += found
        return found

    def finish(self):
        """No new requests; those under way end."""
        self.stop(timeout=20)
        return self.news()


class Record(collections.namedtuple("Record", "started seconds kind trouble reused by")):
    @property
    def ended(self):
        return self.started + self.seconds


class Figures:
    """What a stretch of load looked like from the clients' side."""

    def __init__(self, records):
        self.requests = len(records)
        self.failures = [record for record in records if record.trouble]
        quick = [record for record in records
                 if record.kind in ("kept", "new") and not record.trouble]
        times = sorted(record.seconds for record in quick)
        self.p99 = times[int(len(times) * 0.99)] if times else 0.0
        ends = sorted(record.ended for record in quick)
        self.gap = max((after - before for before, after in zip(ends, ends[1:])), default=0.0)

    def describe_failures(self, since):
        return [f"    failed {record.started - since:+.2f} s, {record.kind}"
                f"{' on a used connection' if record.reused else ''}, after {record.seconds:.2f} s: "
                f"{record.trouble}" for record in self.failures]


class Bad:
    """A version that must never be switched to: what is wrong with it, and what its log says (an
    expression), for it could also be refused for another reason."""

    def __init__(self, says, env=None, before=None, after=None):
        self.says, self.env = says, env or (lambda world: {})
        self.before = before or (lambda world: None)
        self.after = after or (lambda world: None)


def wrong_password(world):
    return {"DATABASE_URL": world.database_url(password="wrong")}


def make_stranger(world):
    """A role that may log in, and nothing else."""
    world.postgres.superuser_sql(
        f"CREATE ROLE stranger LOGIN PASSWORD '{world.postgres.password}'")


def drop_stranger(world):
    world.postgres.superuser_sql("DROP ROLE stranger")


def change_checksum(world):
    """As if a migration that is applied already had been edited afterwards."""
    world.postgres.superuser_sql("UPDATE probity.schema_migrations SET checksum = 'x' || checksum")


def restore_checksum(world):
    world.postgres.superuser_sql(
        "UPDATE probity.schema_migrations SET checksum = substr(checksum, 2)")


BAD = {
    "password": Bad("authentication failed", wrong_password),
    "deaf": Bad("connection refused", lambda world: {"ROLLOUT_FAULT": "deaf"}),
    "grant": Bad("permission denied", lambda world: {"DATABASE_URL": world.database_url("stranger")},
                 make_stranger, drop_stranger),
    "checksum": Bad("checksum", None, change_checksum, restore_checksum),
    "crash": Bad("the command ended with 3|connection refused", lambda world: {"ROLLOUT_FAULT": "crash"}),
    "syntax": Bad("PROBITY_CHECKS", lambda world: {"PROBITY_CHECKS": "- name: [unclosed"}),
}


class World:
    """Everything around the instances: their servers, the balancer, the load, and the accounts."""

    def __init__(self, folder, mode, template=None):
        self.folder = str(folder)
        self.postgres = Postgres(os.path.join(self.folder, "postgres"), template=template)
        self.redis = Redis(os.path.join(self.folder, "redis"))
        self.balancer = HAProxy(os.path.join(self.folder, "haproxy"), mode)
        self.load = Load(os.path.join(self.folder, "load"), self.balancer.port)
        self.log_folders = {}    # by the version's name
        self.start_seconds = 0   # how long the next version's application takes until it listens
        self.host = "127.0.0.1"  # where instances find the servers

    def start(self):
        for part in (self.postgres, self.redis, self.balancer):
            part.start()
        return self

    def stop(self):
        for part in (self.load, self.balancer, self.redis, self.postgres):
            part.stop()

    def database_url(self, user="app", password=None):
        return self.postgres.url(user, password=password).replace("127.0.0.1", self.host)

    def env(self, bad=None):
        """The settings of a version, whatever the platform."""
        redis = self.redis.url().replace("127.0.0.1", self.host)
        return {"DATABASE_URL": self.database_url(), "REDIS_URL": redis,
                "PROBITY_NGINX_TEMPLATE": os.path.join(REPOSITORY, "nginx", "nginx.conf.template"),
                "PROBITY_REQUIRE": "app,database,redis", "ROLLOUT_START_SECONDS": str(self.start_seconds),
                **(bad.env(self) if bad else {})}

    # The accounts.
    def logs(self):
        return [path for folder in sorted(set(self.log_folders.values()))
                for path in logs_below(folder)]

    def in_tables(self):
        rows = self.postgres.sql(
            "SELECT o.name, sum(m.total)::bigint, sum(m.bad)::bigint FROM probity.indicator_minutes m "
            "JOIN probity.objectives o USING (service, indicator_id) GROUP BY 1")
        return {name: [total, bad] for name, total, bad in rows}

    def committed(self):
        """How far each log is counted: bytes by path."""
        return dict(self.postgres.sql("SELECT path, \"offset\"::bigint FROM probity.positions"))

    def check_accounts(self, lost=None):
        """The complaints about the ledger; all instances have ended.  `lost` are the ends of logs
        that went away with their disks before they were counted: {path: lines}."""
        wanted, got = recount(self.logs()), self.in_tables()
        if lost:
            wanted = less(wanted, self.recount_lines(lost))
        found = [] if wanted == got else [f"the ledger has {got}, the logs have {wanted}"]
        return found + ([] if lost is not None else self.check_lines())

    def recount_lines(self, lost):
        path = os.path.join(self.folder, "lost.log")
        with open(path, "wb") as file:
            file.writelines(line for lines in lost.values() for line in lines)
        return recount([path])

    def uncounted(self):
        """The lines of each log that are beyond what is committed."""
        found, committed = {}, self.committed()
        for path in self.logs():
            with open(path, "rb") as file:
                file.seek(committed.get(path, 0))
                found[path] = file.readlines()
        return found

    def check_lines(self):
        """Every request that the load got an answer to stands in the log of who answered it."""
        answered = collections.Counter(record.by for record in self.load.records
                                       if not record.trouble)
        logged = collections.Counter()
        for name, folder in self.log_folders.items():
            logged[name] = sum(count_lines(path) for path in logs_below(folder))
        return [f"{name} answered {answered[name]} requests and logged {logged[name]}"
                for name in sorted(answered | logged) if answered[name] != logged[name]]


def less(sums, others):
    return {name: [total - others[name][0], bad - others[name][1]]
            for name, (total, bad) in sums.items()}


def count_lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)
