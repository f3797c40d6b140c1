"""The check of Redis on real servers: what a PONG hides, each trouble with words of its own."""
# SPDX-License-Identifier: MIT
import os
import shutil
import socket
import threading
import time

import pytest

from certificates import Authority
from process import wait_until
from servers import Redis

LIMITS = ("degraded: {memory: 90, connections: 80, evicted_per_minute: 60, blocked_clients: 1, "
          "replication_lag: 10s}")


class TlsRedis(Redis):
    """One that speaks only TLS."""

    def __init__(self, folder, certificate):
        super().__init__(folder, settings={
            "tls-cert-file": certificate.path, "tls-key-file": certificate.key,
            "tls-auth-clients": "no"})

    def command(self):
        command = super().command()
        return [*command, "--port", "0", "--tls-port", str(self.port)]

    def ready(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, database=0, port=None):
        return super().url(database, port).replace("redis://", "rediss://")


class World:
    """Some servers and one probityd that looks at all of them."""

    def __init__(self, start, folder):
        os.makedirs(folder)
        self.start, self.folder = start, folder
        self.socket = os.path.join(folder, "redis.sock")
        self.master = self.add("master", save="3600 1", unixsocket=self.socket,
                               unixsocketperm="777", **{"repl-diskless-sync-delay": "0"})
        self.replica = self.add("replica", replicaof=f"127.0.0.1 {self.master.port}")
        # A replica that takes writes: its link alone decides.
        self.writable = self.add("writable", replicaof=f"127.0.0.1 {self.master.port}",
                                 **{"replica-read-only": "no"})
        self.cluster = self.add("cluster", **{"cluster-enabled": "yes"})
        self.cache = self.add("cache", **{"maxmemory-policy": "allkeys-random"})
        self.plain = self.add("plain", save="3600 1")
        self.acl()
        authority = Authority(os.path.join(folder, "authority"))
        self.tls = {name: start.add(TlsRedis(os.path.join(folder, name), certificate))
                    for name, certificate in (
                        ("good", authority.issue()), ("expired", authority.expired()),
                        ("other", authority.issue("DNS:db.example")),
                        ("stranger", Authority(os.path.join(folder, "stranger")).issue()))}
        checks = self.checks()
        self.stack = start.stack(app=None, postgres=False, redis=False, env={
            "PROBITY_TLS_CA": authority.path,
            "PROBITY_CHECKS": "".join(
                f"- {{name: {name}, kind: redis, url: '{url}', interval: 250ms, timeout: 250ms, "
                f"fresh_interval: 1s, max_age: 2s, {more or LIMITS}}}\n"
                for name, (url, more) in checks.items())})

    def add(self, name, **settings):
        return self.start.add(Redis(os.path.join(self.folder, name), settings=settings))

    def acl(self):
        client = self.master.client()
        client.execute_command("ACL", "SETUSER", "few", "on", ">pw", "-@all", "+ping")
        client.execute_command("ACL", "SETUSER", "some", "on", ">p:w@", "-@all", "+ping", "+info",
                               "+select")

    def checks(self):
        """name: (url, more of the row)"""
        def at(server, login="", database=0):
            return server.url(database).replace("//", f"//{login}")
        return {
            "master": (at(self.master), None),
            "unix": (f"unix://{self.socket}?db=3", None),
            "some": (at(self.master, "some:p%3Aw%40@", 3), None),
            "few": (at(self.master, "few:pw@"), None),
            "wrong": (at(self.master, "some:wrong@"), None),
            "no-such-database": (at(self.master, database=99), None),
            "replica": (at(self.replica), None),
            "writable": (at(self.writable), None),
            "cluster": (at(self.cluster), None),
            "cache": (at(self.cache), None),
            "plain": (at(self.plain), None),
            "tls-good": (at(self.tls["good"]), None),
            "tls-expired": (at(self.tls["expired"]), None),
            "tls-expired-unverified": (at(self.tls["expired"]), "tls: {verify: false}"),
            "tls-other": (at(self.tls["other"]), None),
            "tls-stranger": (at(self.tls["stranger"]), None),
            "tls-stranger-unverified": (at(self.tls["stranger"]) + "?ssl_cert_reqs=none", None),
            "tls-missing": (at(self.tls["good"]).replace("rediss", "redis"), None),
        }

    def words(self):
        return self.stack.get("/health/ready").json()["checks"]

    def wait_for(self, check, word, timeout=6.0):
        last = []

        def says():
            last[:] = [self.words()[check]]
            return last[0] == word if isinstance(word, str) else word(last[0])
        try:
            wait_until(says, timeout, f"{check} to say {word!r}", every=0.02)
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {last}") from None

    def component(self, check):
        return self.stack.get(f"/health/detailed/{check}", token=True).json()


@pytest.fixture(scope="module")
def world(shared):
    return World(shared, shared.subfolder())


AT_FIRST = {
    "master": "ok", "unix": "ok", "some": "ok", "plain": "ok", "cache": "ok", "writable": "ok",
    "few": "degraded: permission denied",
    "wrong": "error: authentication failed",
    "no-such-database": "error: database does not exist",
    "replica": "error: read-only",
    "cluster": "error: cluster down",
    "tls-good": "ok",
    "tls-expired": "error: tls: certificate expired",
    "tls-expired-unverified": "degraded: tls: certificate expired",
    "tls-other": "error: tls: certificate for another name",
    "tls-stranger": "error: tls: certificate not trusted",
    "tls-stranger-unverified": "ok",
    "tls-missing": "error: connection closed",
}


def test_each_server_and_each_way_to_it_has_its_word(world):
    last = []

    def all_say():
        last[:] = [world.words()]
        return last[0] == AT_FIRST
    try:
        wait_until(all_say, 8, "all words")
    except AssertionError:
        assert last[0] == AT_FIRST
    assert "+info" in world.component("few")["hint"]


def test_facts_are_the_servers_own(world):
    facts = world.component("master")
    assert facts["role"] == "master" and facts["max_clients"] > 100
    assert facts["blocked_clients"] == 0 and facts["last_save"] == "ok"
    wait_until(lambda: world.component("writable")["master_link"] == "up", 3)
    unknown = world.component("few")
    assert unknown["memory_used_mb"] is None and unknown["connected_clients"] is None


def test_limits_make_it_degraded(world):
    client, cache = world.plain.client(), world.cache.client()
    used = int(client.info("memory")["used_memory"])
    world.plain.config_set("maxmemory", int(used * 1.05))
    world.wait_for("plain", lambda word: word.startswith("degraded: 9")
                   and word.endswith(" percent of memory used"))
    world.plain.config_set("maxmemory", used // 2)
    world.wait_for("plain", "degraded: out of memory")
    world.plain.config_set("maxmemory", 0)
    world.wait_for("plain", "ok")

    used = int(cache.info("memory")["used_memory"])
    world.cache.config_set("maxmemory", used + 200_000)
    for number in range(4000):
        cache.set(f"key-{number}", "x" * 1000)

    waiting = [world.plain.client() for _ in range(2)]
    threads = [threading.Thread(target=one.blpop, args=("nothing", 3)) for one in waiting]
    for thread in threads:
        thread.start()
    world.wait_for("plain", "degraded: 2 clients blocked")
    for thread in threads:
        thread.join()
    world.wait_for("plain", "ok")
    world.wait_for("cache", lambda word: word.startswith("degraded: evicting ")
                   and word.endswith(" keys a minute"), 8)


def test_a_full_table_of_clients_shows(world):
    client = world.plain.client()
    before = client.config_get("maxclients")["maxclients"]
    now = client.info("clients")["connected_clients"]
    # Ours, the client's, the kept one's and its passing one.
    world.plain.config_set("maxclients", now + 1)
    world.wait_for("plain", lambda word: word.endswith("percent of connections used")
                   or word.endswith("too many connections"))
    world.plain.config_set("maxclients", now)
    world.wait_for("plain", "error: too many connections")
    client.config_set("maxclients", before)
    world.wait_for("plain", "ok")


def test_a_password_that_is_new_shows(world):
    client = world.plain.client()  # its connection stays as it is, like the kept one of the check
    client.config_set("requirepass", "new")
    try:
        world.wait_for("plain", "error: authentication required")
    finally:
        client.config_set("requirepass", "")
    world.wait_for("plain", "ok")


def test_a_script_that_does_not_end_shows(world):
    client = world.plain.client()
    client.config_set("lua-time-limit", 50)
    other = world.plain.client()

    def run():
        try:
            other.eval("while true do end", 0)
        except Exception:  # pylint: disable=broad-except
            pass
    thread = threading.Thread(target=run)
    thread.start()
    try:
        world.wait_for("plain", "error: busy with a script")
    finally:
        wait_until(lambda: client.script_kill() is not None, 5)
        thread.join()
    world.wait_for("plain", "ok")


def test_a_disk_that_takes_nothing_shows(world):
    client = world.plain.client()
    client.set("a key", "to save")
    folder = os.path.join(world.plain.folder, "redis")
    shutil.rmtree(folder)  # root may write to a folder that is read-only
    client.execute_command("BGSAVE")
    # Redis stops writes, and says so to a PING too.
    world.wait_for("plain", "error: persistence failing")
    assert world.component("plain")["last_save"] == "err"
    world.plain.config_set("stop-writes-on-bgsave-error", "no")
    world.wait_for("plain", "degraded: persistence failing")
    # A folder of that name would be another one: it needs a restart, which makes it.
    world.plain.kill9()
    world.plain.start()
    world.wait_for("plain", "ok")


def test_a_server_that_loads_is_not_ok(world):
    client = world.plain.client()
    for number in range(2000):
        client.set(f"key-{number}", "x" * 100)
    client.save()
    world.plain.settings.update({"key-load-delay": 500,
                                 "loading-process-events-interval-bytes": 1024})
    world.plain.kill9()
    world.plain.spawn()
    world.wait_for("plain", "error: loading")
    world.plain.settings.pop("key-load-delay")
    world.wait_for("plain", "ok", 10)


def test_a_replica_whose_master_dies_shows(world):
    world.master.kill9()
    try:
        world.wait_for("writable", "error: replication link down")
        world.wait_for("replica", "error: replication link down")
        world.wait_for("master", "error: connection refused")
        assert world.component("writable")["master_link"] == "down"
    finally:
        world.master.start()
        world.acl()
    world.wait_for("writable", "ok")
    world.wait_for("replica", "error: read-only")
