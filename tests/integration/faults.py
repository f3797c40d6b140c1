"""faults.py - the ground on which the fault matrix stands: servers, and ways to hurt and heal them."""
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import time

import fcgi
from certificates import Authority, Certificate
from process import PYTHON, REPOSITORY, Process, free_port, port_answers, wait_until
from servers import Postgres, Probityd, Redis

INTERVAL, TIMEOUT, FRESH, MAX_AGE = 0.5, 0.5, 1.0, 2.5  # seconds; Celery looks every second
NAMES = {"postgres": "database", "redis": "redis", "celery": "celery", "http": "app"}

# getaddrinfo() that hangs while a file is there, for what is a name.
RESOLVER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))
            dlsym(RTLD_NEXT, "getaddrinfo");

    while (host != NULL && strcmp(host, "localhost") == 0
           && access(getenv("HANGING_NAMES"), F_OK) == 0)
        usleep(10000);
    return real(host, port, hints, found);
}
"""


def compile_resolver(folder):
    path = os.path.join(folder, "resolver.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", path, "-"], input=RESOLVER,
                   text=True, check=True)
    return path


class HttpApp(Process):
    """An application that can be killed; `status` is what it answers with."""

    name = "app"

    def __init__(self, folder, certificate=None):
        super().__init__(folder)
        self.port, self.certificate = free_port(), None
        if certificate:
            self.show(certificate)
        self.status_path = os.path.join(self.folder, "status")

    def command(self):
        files = [self.certificate.path, self.certificate.key] if self.certificate else []
        return [PYTHON, os.path.join(REPOSITORY, "tests", "fakes", "app.py"), str(self.port),
                self.status_path, *files]

    def ready(self):
        return port_answers(self.port)

    def answer(self, status):
        with open(self.status_path + ".new", "w", encoding="ascii") as file:
            file.write(str(status))
        os.rename(self.status_path + ".new", self.status_path)

    def show(self, certificate):
        own = Certificate(os.path.join(self.folder, "server"))
        self.certificate = own.install(certificate)


class TlsPostgres(Postgres):
    def __init__(self, folder, authority, **options):
        super().__init__(folder, **options)
        self.certificate = authority.issue()

    def write_configuration(self):
        own = Certificate(os.path.join(self.data, "server"))
        own.install(self.certificate, account=self.account)
        self.settings.update(ssl="on", ssl_cert_file="server.pem", ssl_key_file="server.key")
        super().write_configuration()

    def show(self, certificate):
        self.certificate = certificate
        self.write_configuration()
        self.superuser_sql("SELECT pg_reload_conf()")


class TlsRedis(Redis):
    """Speaks TLS at a second port."""

    def __init__(self, folder, authority, settings=None):
        certificate = authority.issue()
        self.tls_port = free_port()
        super().__init__(folder, settings={
            "tls-port": self.tls_port, "tls-auth-clients": "no", "tls-ca-cert-file": authority.path,
            "tls-cert-file": certificate.path, "tls-key-file": certificate.key,
            "repl-diskless-sync-delay": "0", **(settings or {})})
        self.certificate = certificate

    def show(self, certificate):
        self.client().config_set("tls-cert-file", certificate.path, "tls-key-file", certificate.key)

    def tls_url(self, authority):
        login = f":{self.settings['requirepass']}@" if "requirepass" in self.settings else ""
        return f"rediss://{login}localhost:{self.tls_port}/0?ssl_ca_certs={authority.path}"


class SmallDisk:
    """While it is entered, Redis and the broker save to file systems of one megabyte."""

    BYTES = 1 << 20

    def __init__(self, ground):
        self.ground = ground

    @staticmethod
    def can_be_had():
        return os.geteuid() == 0 and subprocess.run(
            ["unshare", "--mount", "true"], check=False).returncode == 0

    def folder(self, server):
        return os.path.join(getattr(self.ground, server).folder, "redis")

    def __enter__(self):
        for server in ("redis", "broker"):
            getattr(self.ground, server).kill9()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.BYTES}", "tmpfs",
                            self.folder(server)], check=True)
            getattr(self.ground, server).start()
            self.ground.forget_admin(server)
            self.ground.admin(server).config_set("save", "3600 1")
        revive_worker(self.ground)

    def __exit__(self, *_):
        for server in ("redis", "broker"):
            getattr(self.ground, server).kill9()
            subprocess.run(["umount", self.folder(server)], check=True)
            getattr(self.ground, server).start()
            self.ground.forget_admin(server)
        revive_worker(self.ground)

    def fill(self, server):
        with open(os.path.join(self.folder(server), "filler"), "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        self.save(server)

    def free(self, server):
        os.unlink(os.path.join(self.folder(server), "filler"))
        self.save(server)

    def save(self, server):
        client = self.ground.admin(server)
        client.bgsave()
        wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"], 5)


class Ground:
    """All servers once, and one daemon for each way to them:

    direct    by their addresses
    proxied   through proxies that can swallow packets, or lead elsewhere
    named     by names, which a resolver of ours looks up
    encrypted over TLS
    """

    def __init__(self, start):
        self.start = start
        self.folder = start.subfolder()
        os.makedirs(self.folder, exist_ok=True)
        self.authority = Authority(os.path.join(self.folder, "ca"))
        self.good, self.expired = self.authority.issue(), self.authority.expired()
        self.postgres = start.add(
            TlsPostgres(start.subfolder(), self.authority, template=start.template,
                        settings={"max_connections": 30}), start=False)
        self.redis = start.add(TlsRedis(start.subfolder(), self.authority,
                                        {"requirepass": "redis-password"}), start=False)
        self.broker = start.add(TlsRedis(start.subfolder(), self.authority,
                                         {"requirepass": "broker-password"}), start=False)
        self.http = start.add(HttpApp(start.subfolder()), start=False)
        for part in (self.redis, self.broker, self.http):
            part.spawn()
        self.postgres.start()
        for part in (self.redis, self.broker, self.http):
            part.wait_ready()
        self.worker = start.celery(self.broker.url())
        self.daemons, self.proxies, self.https = {}, {}, None
        self.hanging = os.path.join(self.folder, "names-hang")
        self.crowd, self.admins = [], {}
        self.disk = SmallDisk(self)

    # Ways.
    def way(self, name):
        """The daemon that looks that way, started when it is first asked for."""
        if name not in self.daemons:
            made = Probityd(self.start.subfolder(), {**self.settings(), **getattr(self, name)()})
            self.daemons[name] = self.start.add(made)
            # The end of a sanitised process takes a second that nobody here wants to wait for.
            wait_until(lambda: set(self.checks(name).values()) == {"ok"}, 15,
                       f"every check to be ok: {name}")
        return self.daemons[name]

    @staticmethod
    def settings():
        return {"PROBITY_CHECK_INTERVAL": f"{INTERVAL * 1000:.0f}ms",
                "PROBITY_CHECK_TIMEOUT": f"{TIMEOUT * 1000:.0f}ms",
                "PROBITY_CHECK_FRESH_INTERVAL": f"{FRESH * 1000:.0f}ms",
                "PROBITY_CHECK_MAX_AGE": f"{MAX_AGE * 1000:.0f}ms",
                "PROBITY_CELERY_INTERVAL": "1s", "PROBITY_CELERY_TIMEOUT": "1s",
                "PROBITY_CELERY_MAX_AGE": "4s", "PROBITY_LEDGER_URL": "postgresql://127.0.0.1:1/x"}

    def direct(self):
        return {"DATABASE_URL": self.postgres.url(), "REDIS_URL": self.redis.url(),
                "CELERY_BROKER_URL": self.broker.url(),
                "PROBITY_APP": f"http://127.0.0.1:{self.http.port}/"}

    def proxied(self):
        for kind, port in (("postgres", self.postgres.port), ("redis", self.redis.port),
                           ("celery", self.broker.port), ("http", self.http.port)):
            self.proxies[kind] = self.start.proxy(port)
        ports = {kind: proxy.port for kind, proxy in self.proxies.items()}
        return {"DATABASE_URL": self.postgres.url(port=ports["postgres"]),
                "REDIS_URL": self.redis.url(port=ports["redis"]),
                "CELERY_BROKER_URL": self.broker.url(port=ports["celery"]),
                "PROBITY_APP": f"http://127.0.0.1:{ports['http']}/"}

    def named(self):
        # A sanitizer's runtime wants to be the first library; here it may be the second.
        options = Probityd(self.start.subfolder()).environment()["ASAN_OPTIONS"]
        return {**{name: url.replace("127.0.0.1", "localhost")
                   for name, url in self.direct().items()},
                "LD_PRELOAD": compile_resolver(self.folder), "HANGING_NAMES": self.hanging,
                "ASAN_OPTIONS": options + ":verify_asan_link_order=0"}

    def encrypted(self):
        self.https = self.start.add(HttpApp(self.start.subfolder(), self.authority.issue()))
        return {"DATABASE_URL": self.postgres.url(
                    query=f"?sslmode=verify-full&sslrootcert={self.authority.path}"),
                "REDIS_URL": self.redis.tls_url(self.authority),
                "CELERY_BROKER_URL": self.broker.tls_url(self.authority),
                "PROBITY_APP": f"https://localhost:{self.https.port}/",
                "PROBITY_TLS_CA": self.authority.path}

    # What is said.
    def ask(self, way):
        with fcgi.Client(self.daemons[way].socket_path) as client:
            status, _, body = client.ask("/health/ready", keep=False)
        return status, json.loads(body)

    def checks(self, way):
        return self.ask(way)[1]["checks"]

    def status(self, way):
        return self.ask(way)[0]

    def admin(self, server):
        if server not in self.admins:
            self.admins[server] = getattr(self, server).client()
            self.admins[server].ping()
        return self.admins[server]

    def forget_admin(self, server):
        if server in self.admins:
            self.admins.pop(server).close()


# Ways to hurt and to heal: functions of the ground.

def method(part, name, *arguments):
    """Calls a method of one of the ground's servers."""
    def call(ground):
        getattr(getattr(ground, part), name)(*arguments)
    return call


def proxy(kind, name):
    def call(ground):
        getattr(ground.proxies[kind], name)()
    return call


def postgres_set(name, value):
    """ALTER SYSTEM, in force at once."""
    def call(ground):
        ground.postgres.superuser_sql(f"ALTER SYSTEM SET {name} = {value}")
        ground.postgres.superuser_sql("SELECT pg_reload_conf()")
    return call


def postgres_password(password):
    def call(ground):
        ground.postgres.superuser_sql(f"ALTER ROLE app PASSWORD '{password}'")
    return call


def redis_set(server, **values):
    """CONFIG SET over a connection that was there before, so that it always comes through."""
    def call(ground):
        for name, value in values.items():
            ground.admin(server).config_set(name, value)
    return call


def redis_call(server, *words):
    def call(ground):
        ground.admin(server).execute_command(*words)
    return call


def show_certificate(server, expired):
    def call(ground):
        part = getattr(ground, server)
        part.show(ground.expired if expired else ground.good)
    return call


def names_hang(hang):
    def call(ground):
        if hang:
            with open(ground.hanging, "w", encoding="ascii"):
                pass
        elif os.path.exists(ground.hanging):
            os.unlink(ground.hanging)
    return call


def revive_worker(ground):
    ground.worker.kill9()
    ground.worker.start()


def both(*steps):
    def call(ground):
        for step in steps:
            step(ground)
    return call


def crowd_comes(ground):
    """Takes every connection that Postgres has for an ordinary role, also those that a check held
    only for the moment in which we came."""
    import psycopg2  # pylint: disable=import-outside-toplevel
    for _ in range(4):
        try:
            while len(ground.crowd) < 100:
                ground.crowd.append(psycopg2.connect(ground.postgres.url()))
        except psycopg2.OperationalError:
            time.sleep(0.1)


def crowd_goes(ground):
    while ground.crowd:
        ground.crowd.pop().close()


def start_as_standby_that_waits(ground):
    """It lets nobody in, as while it replays its log after a crash."""
    ground.postgres.kill9()
    with open(os.path.join(ground.postgres.data, "standby.signal"), "w", encoding="ascii"):
        pass
    ground.postgres.settings.update(hot_standby="off")
    ground.postgres.spawn()


def start_as_primary(ground):
    ground.postgres.kill9()
    os.unlink(os.path.join(ground.postgres.data, "standby.signal"))
    del ground.postgres.settings["hot_standby"]
    ground.postgres.start()


def load_slowly(server):
    """Dies, and comes back with a data set that takes three seconds to read."""
    def call(ground):
        part = getattr(ground, server)
        client = ground.admin(server)
        with client.pipeline() as pipe:
            for number in range(3000):
                pipe.set(f"filler-{number}", "x" * 64)
            pipe.execute()
        client.save()
        part.kill9()
        part.settings.update({"key-load-delay": "1000",
                              "loading-process-events-interval-bytes": "1024"})
        ground.forget_admin(server)
        part.spawn()
    return call


def load_quickly(server):
    def call(ground):
        part = getattr(ground, server)
        part.wait_ready()
        for name in ("key-load-delay", "loading-process-events-interval-bytes"):
            part.settings.pop(name)
            ground.admin(server).config_set(name, {"key-load-delay": 0}.get(name, 2097152))
        ground.admin(server).flushall()
    return call


def follow(server, master):
    """A failover that leaves us with a replica."""
    def call(ground):
        other = getattr(ground, master)
        client = ground.admin(server)
        client.config_set("masterauth", other.settings["requirepass"])
        client.execute_command("REPLICAOF", "127.0.0.1", other.port)
    return call
