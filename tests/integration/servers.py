"""servers.py - real servers, each private to whoever starts it: loopback ports, own folders.

The demo stack (scripts/demo/stack.py) and every integration test start their servers here, so that
what people try and what is tested is the same thing.
"""
# SPDX-License-Identifier: MIT
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from process import (PYTHON, REPOSITORY, Process, can_reach, children_of, free_port,
                     is_running, plain_environment, port_answers, wait_until)
from proxy import Proxy  # noqa: F401  (a server like the others, for those who import from here)

POSTGRES_BIN = "/usr/lib/postgresql/15/bin"
DEMO = os.path.join(REPOSITORY, "scripts", "demo")


def build_path(name):
    """Where the build under test is: PROBITY_BUILD names its folder."""
    folder = os.environ.get("PROBITY_BUILD")
    if not folder:
        raise RuntimeError("PROBITY_BUILD is not set: it names the build folder to be tested")
    path = os.path.join(folder, name)
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is missing: build first")
    return path


class Postgres(Process):
    """A PostgreSQL 15 cluster with a role and a database `app`, durable as Debian's default is."""

    name = "postgres"
    death_signal = signal.SIGINT  # a fast shutdown, should we die ourselves
    stop_signal = signal.SIGINT
    password = "app-password"

    def __init__(self, folder, port=None, template=None, settings=None):
        super().__init__(folder, account="postgres")
        # A checkout below /root is closed to the account, which then needs one capability.
        self.closed_home = self.account and not can_reach(self.account, self.folder)
        self.port = port or free_port()
        self.data = os.path.join(self.folder, "postgres")
        self.template = template
        self.backends = []
        self.settings = {"max_connections": 40, "shared_buffers": "16MB", **(settings or {})}

    def as_account(self, *command):
        if not self.account:
            return list(command)
        walk = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                "--pdeathsig=INT", *(walk if self.closed_home else []), *command]

    def command(self):
        self.write_configuration()
        return self.as_account(f"{POSTGRES_BIN}/postgres", "-D", self.data)

    def write_configuration(self):
        """Into a file, so that pg_ctl and the same command by hand find it too."""
        settings = {"listen_addresses": "127.0.0.1", **self.settings, "port": self.port,
                    "unix_socket_directories": ""}
        with open(os.path.join(self.data, "probity.conf"), "w", encoding="ascii") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self, timeout=60.0):
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self.create()
        return super().start(timeout)

    def create(self):
        if self.template is None:
            self.initdb()
            return
        with open(self.template + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(os.path.join(self.template, "PG_VERSION")):
                self.data, own = self.template, self.data
                self.initdb()
                self.data = own
        subprocess.run(["cp", "-a", self.template, self.data], check=True)

    def initdb(self):
        """Makes the cluster: owned by the account, complete or not there at all."""
        fresh = self.data + ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        os.mkdir(fresh, 0o700)
        if os.geteuid() == 0:
            shutil.chown(fresh, "postgres", "postgres")
        secret = os.path.join(self.folder, "postgres.password")
        with open(secret, "w", encoding="ascii") as file:
            file.write(self.password + "\n")
        os.chmod(secret, 0o644)
        self.run(f"{POSTGRES_BIN}/initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")
        os.unlink(secret)
        self.run(f"{POSTGRES_BIN}/postgres", "--single", "-D", fresh, "postgres",
                 feed=f"CREATE ROLE app LOGIN PASSWORD '{self.password}'\n"
                      "CREATE DATABASE app OWNER app\n")
        with open(os.path.join(fresh, "postgresql.conf"), "a", encoding="ascii") as file:
            file.write("include_if_exists = 'probity.conf'\n")
        os.rename(fresh, self.data)

    def run(self, *command, feed=None):
        command = self.as_account(*command)
        done = subprocess.run(command, input=feed, capture_output=True, text=True, cwd="/",
                              env=plain_environment(), check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {(done.stderr or done.stdout).strip()}")

    def copy(self, folder, port):
        """A server of its own that holds what this one holds now; it is not started."""
        made = Postgres(folder, port=port)
        made.own(made.data)
        os.chmod(made.data, 0o700)
        self.run(f"{POSTGRES_BIN}/pg_basebackup", "-D", made.data, "-c", "fast", "-X", "stream",
                 "-d", self.url("postgres", "postgres"))
        return made

    def ready(self):
        return self.sql("SELECT 1") == [(1,)]

    def url(self, user="app", database="app", port=None, password=None, query=""):
        return (f"postgresql://{user}:{password or self.password}@127.0.0.1:{port or self.port}"
                f"/{database}{query}")

    def sql(self, text, parameters=None, user="app", database="app"):
        """Runs one statement in a connection of its own; returns its rows, if it has any."""
        import psycopg2  # pylint: disable=import-outside-toplevel
        try:
            link = psycopg2.connect(self.url(user, database), connect_timeout=5)
        except psycopg2.OperationalError as error:
            raise OSError(str(error).strip()) from error
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(text, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            link.close()

    def superuser_sql(self, text, parameters=None, database="app"):
        return self.sql(text, parameters, user="postgres", database=database)

    def freeze_postmaster(self):
        """New connections hang; those that there are go on."""
        self.freeze([self.pid])

    def freeze_backends(self):
        """What there is hangs; new connections are taken."""
        self.freeze(children_of(self.pid))

    def freeze_all(self):
        self.freeze_postmaster()
        self.freeze_backends()

    def reap(self):
        """Backends outlive a killed postmaster by some milliseconds, and keep a new one away."""
        backends = self.backends
        code = super().reap()
        wait_until(lambda: not any(map(is_running, backends)), 10, "the old backends to end")
        return code

    def kill9(self):
        self.backends = children_of(self.pid) if self.alive() else []
        super().kill9()

    def stop(self, timeout=10.0):
        self.backends = []
        return super().stop(timeout)


class PgBouncer(Process):
    """In transaction mode.  By default one server connection for everybody: what one client leaves
    behind, the next one meets."""

    name = "pgbouncer"

    def __init__(self, folder, postgres, pool_size=1):
        super().__init__(folder, account="postgres")
        self.postgres, self.port, self.pool_size = postgres, free_port(), pool_size

    def command(self):
        path = os.path.join(self.folder, "pgbouncer.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"[databases]\napp = host=127.0.0.1 port={self.postgres.port} dbname=app "
                       f"user=app password={self.postgres.password}\n"
                       f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
                       "unix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
                       f"default_pool_size = {self.pool_size}\nmax_client_conn = 1000\n")
        os.chmod(path, 0o644)
        command = ["/usr/sbin/pgbouncer", path]
        if not self.account:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                "--pdeathsig=TERM", *command]

    def ready(self):
        return port_answers(self.port)

    def lead_to(self, postgres):
        """Another server from now on; clients keep their connections."""
        self.postgres = postgres
        self.command()
        self.signal(signal.SIGHUP)

    def url(self):
        return f"postgresql://app@127.0.0.1:{self.port}/app"


class Redis(Process):
    name = "redis"

    def __init__(self, folder, port=None, settings=None):
        super().__init__(folder)
        self.port = port or free_port()
        self.settings = {"save": "", "appendonly": "no", "maxmemory": "64mb", **(settings or {})}

    def command(self):
        data = self.own(os.path.join(self.folder, "redis"))
        settings = {"bind": "127.0.0.1", **self.settings, "port": self.port, "dir": data}
        path = os.path.join(data, "redis.conf")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{name} {json.dumps(str(value))}\n"
                            for name, value in settings.items())
        return ["redis-server", path]

    def url(self, database=0, port=None):
        password = self.settings.get("requirepass")
        login = f":{password}@" if password else ""
        return f"redis://{login}127.0.0.1:{port or self.port}/{database}"

    def client(self, database=0):
        import redis  # pylint: disable=import-outside-toplevel
        return redis.Redis.from_url(self.url(database), decode_responses=True, socket_timeout=5)

    def ready(self):
        return self.client().ping()

    def config_set(self, name, value):
        return self.client().config_set(name, value)


class CeleryWorker(Process):
    """Debian's Celery with the demo's tasks; ready once it has answered a ping."""

    name = "celery"

    def __init__(self, folder, broker, node="demo", queues="celery", pool="threads",
                 concurrency=2, key_prefix=None):
        super().__init__(folder)
        self.broker = broker
        self.key_prefix = key_prefix
        self.options = ["-n", f"{node}@%h", "-Q", queues, "-P", pool, "-c", str(concurrency)]
        self.node = node

    def command(self):
        app = "tasks"
        if self.key_prefix:
            app = "prefixed"
            with open(os.path.join(self.folder, f"{app}.py"), "w", encoding="ascii") as file:
                file.write("from tasks import app\napp.conf.broker_transport_options = "
                           f"{self.transport_options()!r}\n")
        return [PYTHON, "-m", "celery", "--app", app, "--workdir", DEMO, "worker",
                "--loglevel", "INFO", *self.options]

    def environment(self):
        return {"CELERY_BROKER_URL": self.broker, "C_FORCE_ROOT": "1",
                "PYTHONPATH": f"{DEMO}:{self.folder}"}

    def transport_options(self):
        return {"global_keyprefix": self.key_prefix} if self.key_prefix else {}

    def ready(self):
        return "ready." in self.log_tail(50) and self.ping()

    def ping(self):
        answers = self.control("ping", timeout=0.5, limit=1)
        return any(name.startswith(self.node + "@") for answer in answers for name in answer)

    def control(self, method, *arguments, **options):
        """Calls a method of Celery's own app.control, over this worker's broker."""
        with self.app() as app:
            return getattr(app.control, method)(*arguments, **options)

    def send(self, task, *arguments):
        with self.app() as app:
            app.send_task(task, arguments)

    def app(self):
        from celery import Celery  # pylint: disable=import-outside-toplevel
        app = Celery(broker=self.broker)
        app.conf.broker_transport_options = self.transport_options()
        return app


class App(Process):
    """The demo application: FastAPI under uvicorn."""

    name = "app"

    def __init__(self, folder, port=None, broker=None):
        super().__init__(folder)
        self.port = port or free_port()
        self.broker = broker

    def command(self):
        return [PYTHON, "-m", "uvicorn", "--app-dir", DEMO, "--host", "127.0.0.1",
                "--port", str(self.port), "--no-access-log", "app:app"]

    def environment(self):
        return {"CELERY_BROKER_URL": self.broker}

    def ready(self):
        return port_answers(self.port)

    @property
    def health_url(self):
        return f"http://127.0.0.1:{self.port}/internal/health"


class FakeApp:
    """An application in this process, for tests that only want its health route: set `status`,
    `delay` (seconds before the answer) and `body` at any time."""

    def __init__(self, port=0, status=200):
        self.status, self.delay, self.body, self.seen = status, 0, b'{"status": "ok"}', 0
        self.wake = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.seen += 1
                if fake.delay:
                    fake.wake.wait(fake.delay)
                try:
                    self.send_response(fake.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(fake.body)))
                    self.end_headers()
                    self.wfile.write(fake.body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.health_url = f"http://127.0.0.1:{self.port}/internal/health"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.wake.set()
        self.server.shutdown()
        self.server.server_close()


NGINX_MAIN = """\
daemon off;
worker_processes {workers};
pid {folder}/nginx/nginx.pid;
error_log {folder}/log/nginx.log notice;
{user}
events {{ worker_connections 2048; }}
http {{
    default_type text/plain;
    keepalive_requests 1000000;
    keepalive_timeout 75s;
    client_body_temp_path {folder}/nginx/body;
    proxy_temp_path {folder}/nginx/proxy;
    fastcgi_temp_path {folder}/nginx/fastcgi;
    uwsgi_temp_path {folder}/nginx/uwsgi;
    scgi_temp_path {folder}/nginx/scgi;
    access_log off;
    include {folder}/nginx/probity-http.conf;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        access_log {access_log} {log_format};
        include {folder}/nginx/probity-server.conf;
{locations}
    }}
}}
"""

# What a test asks when it wants an event of a certain kind and no application.
TEST_LOCATIONS = """\
        location /ok { return 200 "ok"; }
        location /missing { return 404 "missing"; }
        location /fail { return 500 "fail"; }
"""


class Nginx(Process):
    """nginx with the two files of nginx/ as they are, but for the paths in them."""

    name = "nginx"
    death_signal = signal.SIGTERM  # with SIGKILL its worker would stay behind

    def __init__(self, folder, socket_path, port=None, app_port=None, log_options="", workers=1,
                 locations=""):
        super().__init__(folder)
        self.port = port or free_port()
        self.socket_path = socket_path
        self.access_log = os.path.join(self.folder, "log", "access.log")
        self.log_options = log_options
        self.workers = workers
        self.locations = locations + (f"        location / {{ proxy_pass http://127.0.0.1:"
                                      f"{app_port}; }}\n" if app_port else TEST_LOCATIONS)

    def command(self):
        self.write_configuration()
        return ["nginx", "-e", self.log_path, "-p", self.folder,
                "-c", os.path.join(self.folder, "nginx", "nginx.conf")]

    def write_configuration(self):
        folder = os.path.join(self.folder, "nginx")
        os.makedirs(folder, exist_ok=True)
        for name in ("probity-http.conf", "probity-server.conf"):
            with open(os.path.join(REPOSITORY, "nginx", name), encoding="utf-8") as file:
                text = file.read()
            text = text.replace("/run/probity/probity.sock", self.socket_path)
            text = text.replace("/var/log/nginx/", os.path.join(self.folder, "log") + "/")
            if name == "probity-http.conf":
                log_format = re.search(r"^\s*log_format\s+(\S+)", text, re.MULTILINE).group(1)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        # Under a closed home folder nobody else can reach the socket: then workers stay root.
        closed = os.geteuid() == 0 and not can_reach("www-data", self.folder)
        user = "user root;" if closed else "user www-data root;" if os.geteuid() == 0 else ""
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX_MAIN.format(
                folder=self.folder, port=self.port, user=user, workers=self.workers,
                log_format=f"{log_format} {self.log_options}".strip(),
                access_log=self.access_log, locations=self.locations))

    def ready(self):
        return port_answers(self.port)

    def worker_pids(self):
        return children_of(self.pid)

    def reopen(self):
        """nginx opens its logs anew: the second half of a rotation by rename."""
        before = os.stat(self.access_log).st_ino if os.path.exists(self.access_log) else None
        self.signal(signal.SIGUSR1)

        def reopened():
            inode = os.stat(self.access_log).st_ino
            return inode != before and all(inode in open_inodes(pid) for pid in self.worker_pids())
        wait_until(reopened, 5, "nginx to open its log anew")

    def rotate(self, number=1):
        """Rotation by rename and USR1; returns the old file's new path."""
        moved = f"{self.access_log}.{number}"
        os.rename(self.access_log, moved)
        self.reopen()
        return moved

    def reload(self):
        self.write_configuration()
        self.signal(signal.SIGHUP)


def open_inodes(pid):
    found = set()
    for path in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            found.add(os.stat(path).st_ino)
        except OSError:
            continue
    return found


class Probityd(Process):
    """The daemon under test.  Whatever a sanitizer has to say goes into files of its own."""

    name = "probityd"

    def __init__(self, folder, env=None, account=None):
        super().__init__(folder, account)
        self.socket_path = os.path.join(self.folder, "probity.sock")
        self.reports = os.path.join(self.folder, "log", "sanitizer")
        self.env = dict(env or {})
        self.wrap = []  # a command that runs it in other surroundings
        self.expected_end = False

    def command(self):
        self.expected_end = False
        return [*self.wrap, build_path("probityd")]

    def environment(self):
        options = f"log_path={self.reports}:exitcode=99:print_stacktrace=1"
        return {"PROBITY_LISTEN": self.socket_path,
                "PROBITY_STATE_DIR": os.path.join(self.folder, "state"),
                "PROBITY_DRAIN_SECONDS": "0", "LOG_FORMAT": "json",
                "ASAN_OPTIONS": options + ":detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": options, "TSAN_OPTIONS": options + ":second_deadlock_stack=1",
                **self.env}

    def ready(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            return probe.connect_ex(self.socket_path) == 0

    def kill9(self):
        self.expected_end = True
        super().kill9()

    def stop(self, timeout=15.0):
        self.expected_end = True
        return super().stop(timeout)

    def log_lines(self):
        """The daemon's log as objects; a line that is not JSON comes as {"raw": line}."""
        found = []
        for line in self.log().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"raw": line})
        return found

    def said(self, text):
        """The lines of the log that hold `text`."""
        return [line for line in self.log().splitlines() if text in line]

    def troubles(self):
        """What a test must not end with: reports of a sanitizer, a crash nobody asked for."""
        found = []
        for path in glob.glob(self.reports + "*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                found.append(f"{path}:\n{file.read()}")
        if self.child and not self.expected_end and not self.alive():
            found.append(f"probityd ended by itself with {self.child.returncode}:\n"
                         + self.log_tail())
        return found


class Serve(Probityd):
    """`probity serve`: nginx, probityd and perhaps a command, as a container runs them."""

    name = "serve"

    def __init__(self, folder, env=None, command=None, port=None, wrapper=()):
        super().__init__(folder, env)
        self.port = port or free_port()
        self.argv, self.wrap = command, list(wrapper)
        self.program = None  # another tool than that of the build
        self.logs = os.path.join(self.folder, "logs")
        self.access_log = os.path.join(self.logs, "access.log")

    def command(self):
        super().command()
        return [*self.wrap, self.program or build_path("probity"), "serve",
                *(["--", *self.argv] if self.argv else [])]

    def environment(self):
        template = os.path.join(REPOSITORY, "nginx", "nginx.conf.template")
        return {"PORT": self.port, "PROBITY_LOG_DIR": self.logs, "PROBITY_REQUIRE": "none",
                "PROBITY_NGINX_TEMPLATE": template, **super().environment()}

    def ready(self):
        return port_answers(self.port) and super().ready()

    def part(self, name):
        """The process id of a part, by the beginning of its command line; or None."""
        for pid in children_of(self.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().replace(b"\0", b" ").decode()
            except FileNotFoundError:
                continue
            if words.split(" ")[0].split("/")[-1].rstrip(":") == name and is_running(pid):
                return pid
        return None


def run_tool(*arguments, env=None, timeout=60):
    """Runs the tool `probity`; returns the completed process with its text."""
    return subprocess.run([build_path("probity"), *arguments], env=plain_environment(env),
                          capture_output=True, text=True, timeout=timeout, check=False)
